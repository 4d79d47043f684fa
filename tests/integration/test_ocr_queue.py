"""Scanned pages are read one by one while what there is of their documents is searched, by an engine that is a stand-in."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw

from rag import Library, UnreadableFileError
from rag.formats.pdf import PDF
from rag.formats.protocol import FileToOpen
from rag.formats.recogniser import Recogniser
from rag.types import DocumentRecord, Progress
from tests.conftest import OpenLibrary
from tests.ocr_engine.rapidocr import BLANK, CRASH, HANG, STEP

ENGINE = Path(__file__).parents[1] / "ocr_engine"
ROOT = Path(__file__).parents[2]
OWN = "The pier of Bremen was built of oak in the year of the great flood, and it is two hundred metres long."
GARBLED = "Bcdfg hjklm npqrs tvwxz bcdfg hjklm npqrs tvwxz bcdfg hjklm npqrs tvwxz bcdfg hjklm"


def scan(path: Path, *pages: int | str) -> Path:
    """A PDF whose pages are pictures that the stand-in reads, or texts."""
    pdf = FPDF(unit="pt", format=(300, 200))
    for page in pages:
        pdf.add_page()
        if isinstance(page, str):
            pdf.set_font("Helvetica", size=8)
            pdf.multi_cell(0, 10, page)
            continue
        picture = Image.new("L", (300, 200), 255)
        ImageDraw.Draw(picture).rectangle((10, 10, 290, 190), page * STEP)
        pdf.image(picture, 0, 0, 300)
    path.write_bytes(bytes(pdf.output()))
    return path


@pytest.fixture
def open_scans(open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Library]:
    """Opens a library whose OCR is the stand-in."""
    monkeypatch.syspath_prepend(str(ENGINE))
    return lambda: open_library(ocr=True)


def step_until(library: Library, is_so: Callable[[DocumentRecord], bool], name: str = "scan.pdf") -> DocumentRecord:
    until = time.monotonic() + 60
    while not is_so(record := library.document(name)):
        assert time.monotonic() < until
        library.index_next()
    return record


def complete(library: Library) -> None:
    while library.index_next():
        pass


def texts(library: Library, record: DocumentRecord) -> list[str]:
    """Its chunks, each as it stands on its page."""
    chunks = library.chunks((record.id, n) for n in range(record.chunks)).values()
    for chunk in chunks:
        assert library.pages.text(record.id, chunk.page)[chunk.start : chunk.end] == chunk.text
    return [f"{chunk.page}: {chunk.text}" for chunk in chunks]


def test_pages_with_text_are_searched_at_once_and_scanned_ones_as_they_are_read(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    library = open_scans()
    outcome = library.add(scan(tmp_path / "scan.pdf", 3, OWN, 5), wait=False).outcomes[0]
    assert outcome.message == "Added: 3 pages; OCR still has to read pages 1, 3."
    (before,) = library.retrieve("How long is the pier?", top_k=1)
    assert before.page == 2
    record = step_until(library, lambda record: record.ocr_waiting == (3,))
    assert (record.state, record.ocr_pages, record.empty_pages, record.ocr_share) == ("ready", (1,), (3,), 0.5)
    assert library.retrieve("Which holds crates3?")[0].page == 1
    assert "still to read" in library.ask("Which holds crates3?").notice
    complete(library)
    record = library.document("scan.pdf")
    assert (record.ocr_waiting, record.ocr_pages, record.empty_pages, record.ocr_share) == ((), (1, 3), (), 1.0)
    assert [text[:11] for text in texts(library, record)] == ["2: The pier", "1: Storeroo", "3: Storeroo"]
    (after,) = library.retrieve("How long is the pier?", top_k=1)
    assert (after.start, after.end, after.text) == (before.start, before.end, before.text)
    assert library.retrieve("Which holds crates5?")[0].page == 3
    outline = [citation.passage.page for citation in library.ask("What is scan.pdf about?").citations]
    assert outline == sorted(outline)
    assert len(outline) > 1
    assert {finding.state for finding in library.examine() if finding.part in {"record", "vectors", "keywords"}} == {"ok"}
    assert library.vectors().embeddings.shape[0] == record.chunks


def test_adding_waits_until_all_is_read(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    library = open_scans()
    steps: list[Progress] = []
    paths = [scan(tmp_path / "scan.pdf", 3, BLANK, 5), scan(tmp_path / "photo.pdf", BLANK)]
    added, photo = library.add(paths, progress=steps.append).outcomes
    assert added.message == "Added: 3 pages; OCR read pages 1, 3; no text on page 2 (blank or scanned)."
    assert (added.chunks, library.document("scan.pdf").chunks) == (2, 2)
    assert (photo.status, photo.message) == ("no_text", "photo.pdf has no text: OCR found no words on its page.")
    fractions = [step.fraction for step in steps if step.path.endswith("scan.pdf")]
    assert fractions == sorted(fractions)
    assert any(step.is_ocr for step in steps)
    assert library.retrieve("Which holds crates5?", documents=["photo.pdf"]) == []
    assert library.ask("What is this document about?", documents=["photo.pdf"]).finish == "not_found"


def test_a_page_that_ends_its_process_costs_itself_alone(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    library = open_scans()
    (outcome,) = library.add(scan(tmp_path / "scan.pdf", 3, CRASH, 5)).outcomes
    told = "Added: 3 pages; OCR read pages 1, 3; page 2 could not be read by OCR; to try again, add the file again."
    assert (outcome.status, outcome.message) == ("added", told)
    assert library.document("scan.pdf").ocr_failed == (2,)
    library.add(tmp_path / "scan.pdf", wait=False)
    assert library.document("scan.pdf").ocr_waiting == (2,)


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(ENGINE))
    with closing(Recogniser(is_wanted=True, seconds=1)) as recogniser:
        file = FileToOpen(scan(tmp_path / "scan.pdf", HANG), "scan.pdf", PDF, ocr=tmp_path)
        with pytest.raises(UnreadableFileError, match=r"Page 1 of scan\.pdf could not be read by OCR: it took longer than 1 s"):
            recogniser.read(file, 1).result()


def test_a_text_that_proves_illegible_gives_way(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    names = "Aurelio Bettina Cosima Dietmar Eleonore Friedhelm Gisela Hannelore Ignazio Joachim Katarina Leopold Melitta"
    library = open_scans()
    library.add(scan(tmp_path / "scan.pdf", OWN, names, GARBLED), wait=False, metadata={"year": 2022})
    assert [text[:11] for text in texts(library, library.document("scan.pdf"))] == ["1: The pier", "2: Aurelio "]
    complete(library)
    record = library.document("scan.pdf")
    assert (record.ocr_waiting, record.metadata) == ((), {"year": 2022})
    assert [text[:11] for text in texts(library, record)] == ["1: The pier", "2: Storeroo", "3: Storeroo"]
    assert library.retrieve("Aurelio Bettina Cosima", top_k=1)[0].cosine < 0.2


def test_without_ocr_scanned_pages_wait_until_there_is_some(
    open_library: OpenLibrary, open_scans: Callable[[], Library], tmp_path: Path
) -> None:
    library = open_library()
    (outcome,) = library.add(scan(tmp_path / "scan.pdf", OWN, 5, "")).outcomes
    told = "no text on pages 2-3 (blank or scanned); to read scanned pages by OCR, set RAG_OCR=true and start Footnote again."
    assert outcome.message == f"Added: 3 pages; {told}"
    assert library.document("scan.pdf").ocr_waiting == (2,)
    assert "still to read" not in library.ask("Which holds crates5?").notice
    library.close()
    later = open_scans()
    complete(later)
    assert later.document("scan.pdf").ocr_pages == (2,)
    assert later.retrieve("Which holds crates5?")[0].page == 2


def test_what_is_removed_or_replaced_meanwhile_leaves_nothing(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    library = open_scans()
    path = scan(tmp_path / "scan.pdf", 3, 5, 7)
    library.add(path, wait=False)
    library.index_next()
    library.remove("scan.pdf")
    complete(library)
    assert not list((library.folder / "ocr").glob("*"))
    library.add(path, wait=False)
    step_until(library, lambda record: record.ocr_waiting == (2, 3))
    scan(path, 9)
    library.add(path, wait=False)
    complete(library)
    assert [record.ocr_pages for record in library.documents()] == [(1,)]
    assert library.retrieve("Which holds crates3?", top_k=1)[0].text.startswith("Storeroom 9")


def test_words_that_a_crash_kept_from_the_keyword_index_are_put_there_again(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    library = open_scans()
    library.add(scan(tmp_path / "scan.pdf", 11, 13), wait=False)
    step_until(library, lambda record: record.ocr_waiting == (2,))
    library.close()
    shutil.copytree(library.folder / "lexical", tmp_path / "before")
    resumed = open_scans()
    complete(resumed)
    assert resumed.document("scan.pdf").ocr_pages == (1, 2)
    resumed.close()
    shutil.rmtree(library.folder / "lexical")
    (tmp_path / "before").rename(library.folder / "lexical")
    again = open_scans()
    assert again.retrieve("Which holds crates13?")[0].page == 2
    assert {finding.state for finding in again.examine() if finding.part in {"record", "vectors", "keywords"}} == {"ok"}


KILLED = """
import sys
from rag import Library, Settings
from tests.fakes import BagOfWordsEmbedder
library = Library.open(sys.argv[1], Settings(ocr=True), embedder=BagOfWordsEmbedder())
library.add(sys.argv[2], wait=False)
while library.index_next():
    print(len(library.document("scan.pdf").ocr_pages), flush=True)
"""


def test_a_kill_in_the_midst_costs_nothing_that_was_read(open_scans: Callable[[], Library], tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", *range(1, 8))
    places = os.pathsep.join(map(str, (ENGINE, ROOT)))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "library"), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": places}) as process:
        assert process.stdout
        assert any(line.strip() == "3" for line in process.stdout)
        process.send_signal(signal.SIGKILL)
    library = open_scans()
    record = library.document("scan.pdf")
    assert len(record.ocr_pages) >= 3
    assert library.retrieve("Which holds crates3?")[0].page == 3
    assert {finding.state for finding in library.examine() if finding.part in {"record", "vectors", "keywords"}} == {"ok"}
    complete(library)
    record = library.document("scan.pdf")
    assert record.ocr_pages == tuple(range(1, 8))
    assert len(texts(library, record)) == record.chunks == 7
    assert library.retrieve("Which holds crates7?")[0].page == 7


def test_a_library_of_before_reads_its_pages_without_text() -> None:
    fields = {"id": "a" * 64, "name": "a.pdf", "chunks": 1, "pages": 3, "media_type": "application/pdf", "empty_pages": json.dumps([2])}
    from rag.storing.schema import read_record

    assert (found := read_record(fields))
    assert found.ocr_waiting == (2,)
    assert (book := read_record(fields | {"media_type": "text/plain"}))
    assert book.ocr_waiting == ()
