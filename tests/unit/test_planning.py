"""Questions about several documents, things or times: which have parts, what is asked for each, and which documents each means."""

import pytest

from rag.retrieving.naming import NamedDocuments
from rag.retrieving.planning import hints_at_parts, parts_by_rule
from rag.types import DocumentRecord


def named(*names: str) -> NamedDocuments:
    return NamedDocuments([DocumentRecord(name, name, "", "text/plain", (), 1, 1, (), ("1",), "", 1, "") for name in names])


PLANS = named("Acme_Basic_Details.pdf", "Acme_Health_Plus_Details.pdf", "staff_handbook.pdf", "travel_rules.pdf")
REPORTS = named(*(f"{company}_{year}.pdf" for company in ("Velmar", "Quorum") for year in (2019, 2020, 2021)))
CONTRACTS = named("contract_oslo.txt", "contract_rome.txt", "contract_bern.txt")


def asked(question: str, documents: NamedDocuments) -> list[tuple[str, str]]:
    """The name and the query of each part."""
    return [(part.name, part.searched) for part in parts_by_rule(question, documents)]


@pytest.mark.parametrize(
    "question",
    [
        "Compare the deductible of Basic and Plus",
        "Is the deductible in Basic higher than in Plus?",
        "Does Basic have a higher deductible than Plus?",
        "What are Basic's and Plus's copays?",
        "What is the difference between Acme Basic and Acme Health Plus?",
        "deductible: Basic vs. Plus",
        "compare the deductible of basic and plus",
        "Vergleiche den Selbstbehalt von Basic und Plus",
        "Worin unterscheidet sich Basic von Plus?",
        "Quelle est la différence de franchise entre Basic et Plus ?",
        "¿Cuál es la diferencia entre Basic y Plus?",
        "Qual è la differenza tra Basic e Plus?",
        "Qual é a diferença entre Basic e Plus?",
        "Wat is het verschil tussen Basic en Plus?",
        "Vad är skillnaden mellan Basic och Plus?",
        "В чём разница между Basic и Plus?",
        "Jaký je rozdíl mezi Basic a Plus?",
        "Jaka jest różnica między Basic i Plus?",
        "Ποια είναι η διαφορά μεταξύ Basic και Plus;",
        "Basic ile Plus arasındaki fark nedir?",
        "Care este diferența dintre Basic și Plus?",
        "Basic和Plus的免赔额有什么区别？",
        "BasicとPlusの違いは何ですか",
        "ما الفرق بين Basic و Plus؟",
        "Basic और Plus के बीच क्या अंतर है?",
        "Basic과 Plus의 차이는 무엇인가요?",
    ],
)
def test_what_is_compared_by_name_is_searched_in_its_own_document(question: str) -> None:
    parts = {part.documents: part for part in parts_by_rule(question, PLANS)}
    assert set(parts) == {("Acme_Basic_Details.pdf",), ("Acme_Health_Plus_Details.pdf",)}
    basic, plus = (parts[record.id,].searched.casefold() for record in PLANS.records[:2])
    assert "basic" in basic
    assert "basic" not in plus
    assert "plus" in plus
    assert "plus" not in basic


@pytest.mark.parametrize(
    "question",
    [
        "How did Velmar's revenue change from 2019 to 2021?",
        "Wie hat sich der Umsatz von Velmar von 2019 bis 2021 entwickelt?",
        "Comment les ventes de Velmar ont-elles évolué de 2019 à 2021 ?",
        "¿Cómo cambiaron las ventas de Velmar de 2019 a 2021?",
        "Come sono cambiate le vendite di Velmar? Confronta 2019 e 2021",
        "Как изменилась выручка Velmar с 2019 по 2021 год?",
        "Jak se změnily tržby Velmar od 2019 do 2021?",
        "Jak zmieniły się przychody Velmar od 2019 do 2021?",
        "Velmar的收入从2019年到2021年有什么变化？",
        "Velmarの売上高は2019年から2021年にどう変化しましたか",
        "Was Velmar's revenue in 2021 higher than in 2019?",
        "What do Velmar's 2019 and 2021 reports say about revenue?",
    ],
)
def test_times_are_parts_each_in_the_document_of_its_year(question: str) -> None:
    assert {part.documents for part in parts_by_rule(question, REPORTS)} == {("Velmar_2019.pdf",), ("Velmar_2021.pdf",)}


def test_the_query_of_a_part_is_the_question_about_it_alone() -> None:
    assert asked("Is the deductible in Basic higher than in Plus?", PLANS) == [
        ("Basic", "Is the deductible in Basic?"),
        ("Plus", "Is the deductible in Plus?"),
    ]
    assert asked("Does Basic have a higher deductible than Plus?", PLANS) == [
        ("Basic", "Does Basic have a deductible?"),
        ("Plus", "Does Plus have a deductible?"),
    ]
    assert asked("revenue for Velmar and Quorum in 2020", REPORTS) == [
        ("Velmar", "revenue for Velmar in 2020"),
        ("Quorum", "revenue for Quorum in 2020"),
    ]


def test_names_and_times_are_combined() -> None:
    four = parts_by_rule("What was Velmar's and Quorum's capex in 2019 and 2020?", REPORTS)
    assert [(part.name, part.documents) for part in four] == [
        (f"{company} {year}", (f"{company}_{year}.pdf",)) for company in ("Velmar", "Quorum") for year in (2019, 2020)
    ]
    two = parts_by_rule("Compare Velmar's capex in 2019 with Quorum's in 2021", REPORTS)
    assert [part.documents for part in two] == [("Velmar_2019.pdf",), ("Quorum_2021.pdf",)]


def test_a_name_that_no_document_has_is_a_part_where_the_question_compares() -> None:
    basic, gold = parts_by_rule("Compare the deductible of Basic and Gold", PLANS)
    assert (basic.documents, gold.name, gold.documents) == (("Acme_Basic_Details.pdf",), "Gold", ())


def test_documents_that_a_question_counts_are_its_parts() -> None:
    for question in ("Which of the three contracts has the longest notice period?", "Compare the notice period of the 3 contracts"):
        assert [part.documents for part in parts_by_rule(question, CONTRACTS)] == [(record.id,) for record in CONTRACTS.records]
    assert parts_by_rule("Compare the notice period of the two contracts", CONTRACTS) == ()


def test_years_limit_no_search_where_few_documents_are_called_by_one() -> None:
    few = named(*PLANS.labels, "letter_2019.txt", "minutes_2021.txt")
    assert [part.documents for part in parts_by_rule("How did revenue change from 2019 to 2021?", few)] == [(), ()]


def test_what_documents_are_about_tells_them_where_their_names_do_not() -> None:
    filings = [DocumentRecord(f"{n}.pdf", f"{n}.pdf", "", "application/pdf", (), 1, 1, (), ("1",), "", 1, "") for n in range(3)]
    documents = NamedDocuments(
        filings, lambda name: {f"{place}.pdf": 3.0 for place, word in enumerate(("Velmar", "Quorum")) if word in name}
    )
    for question in ("Did Velmar have more goodwill than Quorum?", "Which had more goodwill: Velmar or Quorum?"):
        assert [part.documents for part in parts_by_rule(question, documents)] == [("0.pdf",), ("1.pdf",)]


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between gross and net pay?",
        "Terms and conditions",
        "Is the office open from Monday to Friday?",
        "What is spent on research and development?",
        "What health benefits does Plus have for employees and their children?",
        "Who led the project from 2019 to 2021?",
        "How many people lived there between 2019 and 2021?",
        "How much higher was the rate from 2000 to 2005 compared to 1995 to 2000?",
        "What is the role of Basic, Inc. in the venture?",
        "How much more does it cost for every 10,000 passages?",
        "Was kosten Reisen und Unterkunft?",
        "Who did Anna and Bob meet in Paris?",
        "What did Basic & Plus Bank earn?",
        "Which of LT-1 to LT-8 has the most shares?",
        "Compare the rules that staff a travel office with those of last year",
        "",
        "and",
    ],
)
def test_a_question_about_one_thing_has_no_parts(question: str) -> None:
    assert asked(question, PLANS) == []


def test_the_model_is_asked_of_questions_that_say_that_they_compare() -> None:
    assert hints_at_parts("What is the difference between gross and net pay?")
    assert not hints_at_parts("What is the deductible of Plus, and who pays it?")


def test_comparisons_are_a_subject_too() -> None:
    assert not asked("Does the survey say that gaps in Alpha and Beta lead to unfair comparisons?", PLANS)
    assert [name for name, _ in asked("Are there comparisons between Alpha and Beta?", PLANS)] == ["Alpha", "Beta"]
