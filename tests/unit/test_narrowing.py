"""Words of a question that say where to look."""

from typing import Any

import pytest

from rag import DocumentRecord
from rag.retrieving.narrowing import narrowed

TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "eml": "message/rfc822",
    "txt": "text/plain",
}


def record(name: str, title: str = "", language: str = "en", date: str = "", folder: str = "") -> DocumentRecord:
    kept: dict[str, Any] = {"language": language, "date": date, "date_source": "document" if date else "unknown"}
    return DocumentRecord(name, name, title, TYPES[name[-3:]], (f"/files/{folder}{name}",), 1, 1, (), ("1",), "2026", 1, "", **kept)


RECORDS = [
    record("handbook.pdf", "Employee Handbook"),
    record("annual-report-2021.pdf", date="2022-02-01"),
    record("annual-report-2022.pdf", date="2023-02-01"),
    record("Contoso_2022_annual_report.pdf"),
    record("3M_2018_10K.pdf"),
    record("3M_2019_10K.pdf"),
    record("Kaufvertrag.pdf", language="de"),
    record("lease.txt", "Lease agreement", folder="Contracts/"),
    record("Geschaeftsbericht 2020.pdf", language="de"),
    record("rapport annuel 2019.pdf", language="fr"),
    record("budget.csv"),
    record("visit.eml", "Visit", date="2024-03-05"),
    record("later.eml", "Later", date="2024-04-05"),
    record("cover.txt", "Health insurance"),
]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What was the revenue in the annual report 2021?", "annual-report-2021.pdf"),
        ("What does the revenue in the 2022 report include?", "annual-report-2022.pdf, Contoso_2022_annual_report.pdf"),
        ("What was the revenue in Contoso's 2022 annual report?", "Contoso_2022_annual_report.pdf"),
        ("How large was the capital expenditure in the 2018 10-K?", "3M_2018_10K.pdf"),
        ("According to handbook.pdf, how long is leave?", "handbook.pdf"),
        ("How long is leave according to the employee handbook?", "handbook.pdf"),
        ('What is covered in "Health insurance"?', "cover.txt"),
        ("How high is the deposit in the German contract?", "Kaufvertrag.pdf"),
        ("Wie hoch ist die Kaution im deutschen Vertrag?", "Kaufvertrag.pdf"),
        ("Wie hoch war der Umsatz im Geschäftsbericht 2020?", "Geschaeftsbericht 2020.pdf"),
        ("Quel était le chiffre d'affaires dans le rapport annuel 2019 ?", "rapport annuel 2019.pdf"),
        ("¿Cuál fue el ingreso según el informe de 2021?", "annual-report-2021.pdf"),
        ("What did Ann say in emails from March 2024?", "visit.eml"),
        ("What do we pay for travel in the spreadsheet?", "budget.csv"),
        ("Who has signed in the Contracts folder?", "lease.txt"),
        ("When is the rent due in folder Contracts?", "lease.txt"),
        ("Was there a loss in the 2021 report and a gain in the 2022 report of Contoso?", None),
    ],
)
def test_a_plain_statement_names_its_documents(question: str, names: str | None) -> None:
    found = narrowed(question, RECORDS)
    if names is None:
        assert found
        assert len(found.documents) == 3
    else:
        assert found
        assert found.label == names


@pytest.mark.parametrize(
    "question",
    [
        "How long is leave?",
        "What happened in 2022?",
        "In 2022 reports of theft rose. Why?",
        "Which documents are needed in 2022?",
        "What is covered in health insurance?",
        "May I cancel in an email?",
        "What is said in the report?",
        "What was the revenue in the 2023 report?",  # not there
        "What was the revenue in the 2022 sustainability report?",  # not there either
        "Wie hoch war der Umsatz im Quartalsbericht 2020?",
        "How did revenue change from the 2021 report to the 2022 report?",
        "Compare the deposit in the German contract with ours.",
        "¿Qué se dijo del documento de 2019?",
        "What is the title of the employee handbook?",  # a question about it, which another document may answer
    ],
)
def test_anything_less_plain_hides_nothing(question: str) -> None:
    assert narrowed(question, RECORDS) is None


def test_a_library_that_is_all_meant_is_not_narrowed() -> None:
    assert narrowed("What was the revenue in the 2021 report?", RECORDS[1:2]) is None
    assert narrowed("What is said in the PDFs about leave?", RECORDS[:3]) is None
