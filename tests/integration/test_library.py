"""The library as its user holds it: what is in it, taking out of it, looking at its pages."""

import io
import shutil
import threading
from pathlib import Path

import pytest
from PIL import Image

from rag import DocumentNotFoundError, Library, Settings, StorageError
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

OARS = "Oars are kept in the boathouse. The boathouse is locked at night."
SAILS = "Sails are mended in winter. A torn sail costs a race."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two documents called notes.txt, and a PDF of two pages, in a library that is copied for each test."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    (folder / "a" / "notes.txt").write_text(OARS)
    (folder / "b" / "notes.txt").write_text(SAILS)
    (folder / "harbour.pdf").write_bytes(documents.plain_pdf("The harbour has\ntwo piers.", "Ships moor at the\nouter pier."))
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add([folder / "a", folder / "b", folder / "harbour.pdf"]).all_searchable
    return folder


@pytest.fixture
def library(open_library: OpenLibrary, made: Path, tmp_path: Path) -> Library:
    shutil.copytree(made / "library", tmp_path / "library")
    return open_library()


def test_documents_come_in_the_order_they_were_added(library: Library) -> None:
    records = library.documents()
    assert [record.name for record in records] == ["notes.txt", "notes.txt", "harbour.pdf"]
    assert [record.added for record in records] == sorted(record.added for record in records)
    assert all(record.added.endswith("+00:00") for record in records)


def test_a_document_goes_by_its_name_its_id_and_the_beginning_of_its_id(library: Library) -> None:
    record = library.documents()[2]
    assert library.document("harbour.pdf") == library.document(record.id) == library.document(record.id[:8]) == record
    for name in (record.id[:7], "harbour", "nothing.pdf", "", "0" * 64):
        with pytest.raises(DocumentNotFoundError, match="There is no document"):
            library.document(name)


def test_a_name_of_two_documents_is_told_with_their_ids(library: Library) -> None:
    one, other, _ = library.documents()
    with pytest.raises(DocumentNotFoundError, match=f"2 documents are called 'notes.txt'.*{one.id[:12]}, {other.id[:12]}"):
        library.document("notes.txt")


@pytest.mark.parametrize("digits", [64, 8])
def test_removing_takes_everything_of_a_document_and_nothing_else(library: Library, digits: int) -> None:
    one, other, harbour = library.documents()
    original = library.pages.original(one.id)
    assert library.remove(one.id[:digits]) == one
    assert library.documents() == [other, harbour]
    assert not original.exists()
    assert library.pages.original(other.id).read_text() == SAILS
    assert {passage.document_id for passage in library.retrieve("Oars in the boathouse", top_k=50)} == {other.id, harbour.id}
    assert library.remove("notes.txt") == other  # its name is its own now


def test_what_cannot_be_told_apart_is_not_removed(library: Library) -> None:
    for name in ("notes.txt", "nothing.txt"):
        with pytest.raises(DocumentNotFoundError):
            library.remove(name)
    assert len(library.documents()) == 3


def test_a_removed_document_can_be_added_again(library: Library, made: Path) -> None:
    library.remove("harbour.pdf")
    assert [outcome.status for outcome in library.add(made / "harbour.pdf").outcomes] == ["added"]
    assert library.retrieve("Where do ships moor?")[0].page == 2


def test_a_page_is_drawn(library: Library) -> None:
    harbour = library.document("harbour.pdf")
    small = Image.open(io.BytesIO(library.pages.image(harbour.id, 2, scale=0.5)))
    assert (small.format, small.size) == ("PNG", (298, 421))
    assert library.pages.image(harbour.id, 1) != library.pages.image(harbour.id, 2)


def test_words_are_marked_where_they_stand(library: Library) -> None:
    passage = library.retrieve("Where do ships moor?", top_k=1)[0]
    assert (passage.document, passage.page, passage.text) == ("harbour.pdf", 2, "Ships moor at the\nouter pier.")
    marks = library.pages.look(passage.document_id, passage.page, passage.start, passage.end).marks
    assert len(marks) == 2
    for left, top, right, bottom in marks:
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
    picture = Image.open(io.BytesIO(library.pages.image(passage.document_id, passage.page))).convert("L")
    left, top, right, bottom = marks[0]
    inside = picture.crop((int(left * picture.width), int(top * picture.height), int(right * picture.width), int(bottom * picture.height)))
    assert min(inside.tobytes()) < 100  # there is ink


@pytest.mark.parametrize("page", [0, 3, -1, 10**9])
def test_a_page_that_is_not_there_is_told(library: Library, page: int) -> None:
    harbour = library.document("harbour.pdf")
    for look in (
        lambda: library.pages.image(harbour.id, page),
        lambda: library.pages.look(harbour.id, page, 0, 5).marks,
        lambda: library.pages.text(harbour.id, page),
    ):
        with pytest.raises(DocumentNotFoundError, match=rf"harbour\.pdf has no page {page}; it has 2"):
            look()


def test_places_that_are_not_there_have_no_marks(library: Library) -> None:
    harbour = library.document("harbour.pdf")
    for start, end in ((0, 0), (5, 2), (-3, 4), (0, 10_000)):
        assert list(library.pages.look(harbour.id, 1, start, end).marks) == []


def test_the_text_of_a_page_is_that_of_its_chunks(library: Library) -> None:
    for passage in library.retrieve("harbour", top_k=50):
        assert library.pages.text(passage.document_id, passage.page)[passage.start : passage.end] == passage.text


def test_a_document_that_is_gone_has_no_pages(library: Library) -> None:
    with pytest.raises(DocumentNotFoundError):
        library.pages.image("0" * 64, 1)
    with pytest.raises(DocumentNotFoundError):
        library.pages.original("0" * 64)


def test_several_threads_may_use_it(library: Library, tmp_path: Path) -> None:
    problems: list[BaseException] = []

    def guarded(work: int) -> None:
        try:
            for n in range(6):
                if work == 0:
                    (tmp_path / f"new{n}.txt").write_text(f"Buoy number {n} blinks. " * 80)
                    assert library.add(tmp_path / f"new{n}.txt").all_searchable
                else:
                    assert library.retrieve("Where do ships moor?", top_k=3)[0].document == "harbour.pdf"
                    assert library.pages.image(library.document("harbour.pdf").id, 1)
        except BaseException as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(library.documents()) == 9


def test_a_folder_that_cannot_be_one_is_told(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"The library .*file.* cannot be used.*Choose a folder"):
        open_library("file")
    with pytest.raises(StorageError, match="cannot be used"):
        open_library("file/below")


def test_opening_and_closing_is_cheap_and_harmless(open_library: OpenLibrary) -> None:
    library = open_library("other")
    library.close()
    library.close()
    assert {path.name for path in library.folder.iterdir()} <= {"lock"}
    assert open_library("other").documents() == []


def test_a_library_is_for_its_owner_alone(made: Path) -> None:
    assert (made / "library").stat().st_mode & 0o077 == 0


def test_chunks_are_whole_sentences_where_that_is_possible(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("The tide turns at noon. " * 40)
    library = open_library("small", chunk_tokens=32)
    (outcome,) = library.add(tmp_path / "long.txt").outcomes
    chunks = library.chunks([(outcome.document_id, ordinal) for ordinal in range(outcome.chunks)]).values()
    assert len(chunks) == outcome.chunks == library.documents()[0].chunks > 5
    assert all(chunk.text.startswith("The tide") and chunk.text.endswith("noon.") and len(chunk.text.split()) <= 32 for chunk in chunks)
