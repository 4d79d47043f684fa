"""A library's searches limited to some documents: by what they say of themselves, what was said of them, and words of the question."""

import asyncio
import io
import json
import os
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF

from rag import Filters, Library, NothingMatchesError
from rag.embedding.protocol import Embedder
from rag.types import DocumentRecord
from tests.conftest import OpenLibrary
from tests.office_files import docx, packed, w
from ui.commands.cli import main

MAIL = (
    b"From: Ann <ann@example.com>\nDate: Tue, 5 Mar 2024 10:00:00 +0000\nSubject: Visit\n\nThe auditors arrive at nine and leave at noon.\n"
)
GERMAN = "Die Kaution beträgt drei Monatsmieten und ist bei der Übergabe der Räume an den Vermieter zu zahlen."
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
    "<dc:creator>Bo Berg</dc:creator><dcterms:created>2020-01-02T00:00:00Z</dcterms:created>"
    "<dcterms:modified>2021-06-07T08:09:10Z</dcterms:modified></cp:coreProperties>"
)


def report(year: int, revenue: str) -> bytes:
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_author("Nordlicht AG")
    pdf.set_creation_date(datetime(year + 1, 2, 3))
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.text(72, 100, f"The revenue of Nordlicht was {revenue} million euros.")
    return bytes(pdf.output())


def with_properties(file: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return packed({name: archive.read(name) for name in archive.namelist()} | {"docProps/core.xml": CORE})


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "Contracts").mkdir(parents=True)
    (folder / "report-2021.pdf").write_bytes(report(2021, "twelve"))
    (folder / "report-2022.pdf").write_bytes(report(2022, "fifteen"))
    (folder / "visit.eml").write_bytes(MAIL)
    (folder / "plan.docx").write_bytes(with_properties(docx(w("The plan is to paint the boats."))))
    lease = folder / "Contracts" / "Mietvertrag.txt"
    lease.write_text(GERMAN, encoding="utf-8")
    os.utime(lease, (1_600_000_000, 1_600_000_000))
    return folder


@pytest.fixture
def library(open_library: OpenLibrary, files: Path) -> Library:
    library = open_library(min_confidence=0.0)
    assert library.add(files).all_searchable
    return library


def found(library: Library, question: str, where: Any) -> set[str]:
    return {passage.document for passage in library.retrieve(question, where=where)}


def test_documents_say_when_they_are_from_and_whose(library: Library) -> None:
    told = {each.name: (each.date, each.date_source, each.author, each.language) for each in library.documents()}
    assert told["report-2022.pdf"] == ("2023-02-03", "document", "Nordlicht AG", "en")
    assert told["visit.eml"][:3] == ("2024-03-05", "document", "Ann <ann@example.com>")
    assert told["plan.docx"][:3] == ("2021-06-07", "document", "Bo Berg")
    assert told["Mietvertrag.txt"] == ("2020-09-13", "file", "", "de")


def test_only_what_filters_leave_is_searched(library: Library) -> None:
    question = "What was the revenue of Nordlicht, when do auditors arrive, and what is the Kaution?"
    assert found(library, question, Filters(kinds=("mail",))) == {"visit.eml"}
    assert found(library, question, {"date": {"$gte": "2023"}}) == {"report-2022.pdf", "visit.eml"}
    assert found(library, question, Filters(folder="Contracts", languages=("de",))) == {"Mietvertrag.txt"}
    assert found(library, question, Filters(documents=("report-*.PDF",), until="2022")) == {"report-2021.pdf"}
    assert {each.document for each in library.retrieve(question, documents=["*.pdf"])} == {"report-2021.pdf", "report-2022.pdf"}
    assert [each.name for each in library.documents(Filters(kinds=("word",)))] == ["plan.docx"]
    with pytest.raises(NothingMatchesError, match=r"kind slides.*pdf \(2\)"):
        library.retrieve(question, where=Filters(kinds=("slides",)))


def test_metadata_is_kept_with_a_document(open_library: OpenLibrary, library: Library, files: Path) -> None:
    library.add(files / "report-2021.pdf", metadata={"fiscal": 2021, "owner": "Bo"})
    assert found(library, "revenue", {"fiscal": 2021}) == {"report-2021.pdf"}
    assert library.add(files / "report-2021.pdf").outcomes[0].status == "unchanged"
    (files / "report-2021.pdf").write_bytes(report(2021, "thirteen"))
    assert library.add(files).all_searchable  # a new version
    (passage,) = library.retrieve("revenue", where={"owner": {"$in": ["Bo", "Cy"]}})
    assert "thirteen" in passage.text
    library.remove("report-2021.pdf", keep=True)
    library.restore("report-2021.pdf")
    assert library.document("report-2021.pdf").metadata == {"fiscal": 2021, "owner": "Bo"}
    library.close()
    assert open_library().document("report-2021.pdf").metadata == {"fiscal": 2021, "owner": "Bo"}
    with pytest.raises(ValueError, match="at least one value"):
        open_library("other").add(files, metadata={"tags": []})


def test_a_question_that_says_where_to_look_is_answered_from_there(library: Library) -> None:
    answer = library.ask("What was the revenue in the 2022 report?")
    assert (answer.only, {each.document for each in answer.passages}) == ("report-2022.pdf", {"report-2022.pdf"})
    everywhere = library.ask("What was the revenue in the 2022 report?", where=Filters(reads_question=False))
    assert everywhere.only == ""
    assert {each.document for each in everywhere.passages} > {"report-2022.pdf"}


def test_where_that_does_not_answer_all_is_searched(open_library: OpenLibrary, library: Library) -> None:
    library.close()
    strict = open_library(min_confidence=1.0)
    answer = strict.ask("When do the auditors arrive according to report-2021.pdf?")
    assert answer.only == ""
    assert "Nothing in report-2021.pdf answers this" in answer.notice
    assert "visit.eml" in {each.document for each in answer.passages}


def test_a_stream_takes_filters_too(library: Library) -> None:
    async def last() -> set[str]:
        answers = [answer async for answer in library.stream("What was the revenue?", where={"date": {"$lt": "2023"}, "kind": "pdf"})]
        return {each.document for each in answers[-1].passages}

    assert asyncio.run(last()) == {"report-2021.pdf"}


def test_documents_of_an_earlier_version_are_described_later(library: Library) -> None:
    index = library._index
    for record in library.documents():
        bare = DocumentRecord(**{name: getattr(record, name) for name in record.__slots__[:13]})
        index.update(bare)
    assert library.documents(Filters(languages=("de",))) == []
    while library.index_next():
        pass
    told = {each.name: (each.date, each.date_source, each.author, each.language) for each in library.documents()}
    assert told["report-2022.pdf"] == ("2023-02-03", "document", "Nordlicht AG", "en")
    assert told["Mietvertrag.txt"] == ("2020-09-13", "file", "", "de")


def test_the_command_line_filters(
    open_library: OpenLibrary, minilm: Embedder, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library("real", embedder=minilm)
    folder = str(library.folder)
    library.add(files)
    library.close()

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["rag", *arguments, "--library", folder])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *capsys.readouterr()

    assert run("add", str(files / "visit.eml"), "--meta", "room=12", "--meta", 'tags=["red", "new"]')[0] == 0
    status, out, _ = run("list", "--kind", "pdf", "--since", "2023", "--json")
    assert status == 0
    assert [(each["name"], each["kind"]) for each in map(json.loads, out.splitlines())] == [("report-2022.pdf", "pdf")]
    assert "visit.eml" in run("list", "--where", '{"room": {"$gte": 12}, "tags": {"$contains": "red"}}')[1]
    assert "one type" in " ".join(run("add", str(files), "--meta", 'tags=["red", 1]')[2].replace("│", " ").split())
    assert "The library has kinds" in run("list", "--folder", "Nowhere")[2]
    assert "slides" in run("list", "--kind", "slide")[2]
    assert "no object in JSON" in " ".join(run("list", "--where", "[]")[2].replace("│", " ").split())
