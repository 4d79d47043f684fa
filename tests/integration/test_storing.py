"""What is kept survives: reopening, another model, another process, another Chroma."""

import hashlib
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rag import Library, LibraryLockedError, Settings
from rag.storing.chroma_client import connect
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder, FailingEmbedder

ROOT = Path(__file__).parents[2]
QUESTION = "Where do ships moor?"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("storing") / "files"
    folder.mkdir()
    (folder / "harbour.pdf").write_bytes(documents.labelled_pdf())
    (folder / "notes.txt").write_text("Ships moor at the outer pier. " * 60)
    (folder / "vault.pdf").write_bytes(documents.encrypted_pdf(password="sesame"))
    return folder


@pytest.fixture(scope="module")
def made(files: Path) -> Path:
    """A library of these files, copied for each test."""
    with Library.open(files.parent / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(files, passwords=["sesame"]).all_searchable
    return library.folder


@pytest.fixture
def filled(open_library: OpenLibrary, made: Path, tmp_path: Path) -> Library:
    shutil.copytree(made, tmp_path / "library")
    return open_library()


def test_everything_is_there_after_reopening(open_library: OpenLibrary, filled: Library, files: Path) -> None:
    records, passages = filled.documents(), filled.retrieve(QUESTION, top_k=50)
    filled.close()
    again = open_library()
    assert again.documents() == records
    assert again.retrieve(QUESTION, top_k=50) == passages
    assert [outcome.status for outcome in again.add(files).outcomes] == ["unchanged"] * 3
    assert again.pages.image(again.document("vault.pdf").id, 1).startswith(b"\x89PNG")


def test_what_was_removed_stays_removed(open_library: OpenLibrary, filled: Library) -> None:
    filled.remove("notes.txt")
    filled.close()
    again = open_library()
    assert [record.name for record in again.documents()] == ["harbour.pdf", "vault.pdf"]
    assert {passage.document for passage in again.retrieve(QUESTION, top_k=50)} == {"harbour.pdf", "vault.pdf"}
    assert len(list((again.folder / "originals").iterdir())) == 2


@pytest.mark.parametrize("change", ["model", "chunks"])
def test_another_model_or_chunk_size_is_another_index(open_library: OpenLibrary, filled: Library, change: str) -> None:
    records = filled.documents()
    filled.close()
    embedder = BagOfWordsEmbedder(name="other" if change == "model" else "words")
    other = open_library(embedder=embedder, chunk_tokens=32 if change == "chunks" else 200)
    assert other.documents() == []
    assert other.retrieve(QUESTION) == []
    assert other.left_behind() == records
    assert all(other.folder.joinpath("originals", f"{record.id}{Path(record.name).suffix}").exists() for record in records)

    report = other.reindex()
    assert [(outcome.document, outcome.status) for outcome in report.outcomes] == [(record.name, "added") for record in records]
    assert [(record.id, record.name, record.sources, record.password) for record in other.documents()] == [
        (record.id, record.name, record.sources, record.password) for record in records
    ]
    assert other.retrieve(QUESTION)[0].document == "notes.txt"
    assert other.left_behind() == []
    assert other.reindex().outcomes == ()
    other.close()

    back = open_library()  # the old index is gone
    assert back.documents() == []
    assert [record.id for record in back.left_behind()] == [record.id for record in records]


def test_what_cannot_be_indexed_again_stays_in_the_old_index(open_library: OpenLibrary, filled: Library) -> None:
    records = filled.documents()
    filled.pages.original(records[1].id).write_bytes(b"")
    filled.close()
    other = open_library(embedder=BagOfWordsEmbedder(name="other"))
    assert [outcome.status for outcome in other.reindex().outcomes] == ["added", "unreadable", "added"]
    assert other.left_behind() == [records[1]]
    other.close()
    assert open_library().documents() == records


def test_one_library_is_open_once_in_a_process(open_library: OpenLibrary) -> None:
    library = open_library()
    with pytest.raises(
        LibraryLockedError, match=rf"The library {re.escape(str(library.folder))} is in use by .*process \d+.*Stop that first"
    ):
        open_library()
    library.close()
    assert open_library().documents() == []


HOLDER = """
import sys
from rag import Library
from tests.fakes import BagOfWordsEmbedder
library = Library.open(sys.argv[1], embedder=BagOfWordsEmbedder())
print(len(library.documents()), flush=True)
sys.stdin.read()
"""


def test_another_process_is_told_who_holds_it_until_that_one_dies(open_library: OpenLibrary, filled: Library) -> None:
    filled.close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(filled.folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "3\n"
        with pytest.raises(
            LibraryLockedError, match=rf"in use by `-c.*process {holder.pid} on {re.escape(socket.gethostname())}, since 20"
        ):
            open_library()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert open_library().retrieve(QUESTION)[0].document == "notes.txt"


def test_a_lock_whose_holder_cannot_be_read_still_holds(open_library: OpenLibrary) -> None:
    library = open_library()
    for rubbish in ("", "[]", "{}", "null", "\x00"):
        (library.folder / "holder.json").write_text(rubbish)
        with pytest.raises(LibraryLockedError, match="in use by another process"):
            open_library()


def counts(chroma: Path) -> dict[str, int]:
    client = connect(chroma, None)
    try:
        return {collection.name: collection.count() for collection in client.list_collections()}
    finally:
        client.close()  # type: ignore[attr-defined]


def test_an_index_is_named_by_what_it_is(open_library: OpenLibrary, filled: Library) -> None:
    filled.close()
    fingerprint = hashlib.sha256(b"bag-of-words:words cosine chunker=4 tokens=200").hexdigest()[:16]
    found = counts(filled.folder / "chroma")
    assert found == {f"chunks-{fingerprint}": 5 + 3 + 1, f"records-{fingerprint}": 3}


def test_indexing_again_that_fails_loses_nothing(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "boats.txt").write_text("Small boats pass at noon. Large ones wait for the tide.")
    with open_library() as library:
        library.add(tmp_path / "boats.txt")
    broken = FailingEmbedder(RuntimeError("the model broke"), after=0)
    with open_library(embedder=broken, chunk_tokens=16) as other, pytest.raises(RuntimeError):
        other.reindex()
    with open_library() as library:
        (record,) = library.documents()
        assert library.retrieve("boats at noon")[0].document_id == record.id
        assert library.pages.original(record.id).read_text().startswith("Small boats")


def test_what_is_removed_does_not_come_back_with_an_older_index(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "boats.txt").write_text("Small boats pass at noon.")
    with open_library() as library:
        library.add(tmp_path / "boats.txt")
    with open_library(chunk_tokens=16) as other:
        other.add(tmp_path / "boats.txt")
        other.remove("boats.txt")
        assert other.left_behind() == []
    with open_library() as library:
        assert library.documents() == []
