"""What is kept survives: reopening, another model, another process, another Chroma."""

import hashlib
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag import Chunk, DocumentRecord, Library, LibraryLockedError, Settings, StorageError
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import connect
from rag.storing.protocol import WRITE_BATCH, IndexName
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


INDEX = IndexName("", "f1", "an index")
RECORD = DocumentRecord("a" * 64, "a.txt", "", "text/plain", ("upload:a.txt",), 1, 3, (), ("1",), "2026-01-01T00:00:00+00:00", 9, "")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChromaStore]:
    opened = ChromaStore(connect(tmp_path, None), INDEX)
    yield opened
    opened.close()


def chunks(document_id: str, count: int) -> list[Chunk]:
    return [Chunk(document_id, n, 1, 10 * n, 10 * n + 9, f"word no. {n}") for n in range(count)]


def unit(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


ROWS = np.stack([unit(1, 0), unit(1, 1), unit(-1, 0)])


def test_chunks_are_seen_when_their_record_is_there_and_not_before(store: ChromaStore) -> None:
    store.put(chunks(RECORD.id, 3), ROWS)
    assert store.nearest(unit(1, 0), 5, None) == {}
    store.commit([RECORD])
    found = store.nearest(unit(1, 0), 5, None)
    assert list(found) == [chunk.key for chunk in chunks(RECORD.id, 3)]
    assert list(found.values()) == pytest.approx([1, 2**-0.5, -1], abs=1e-5)
    assert all(-1 <= cosine <= 1 for cosine in found.values())


def test_given_chunks_are_compared_and_read(store: ChromaStore) -> None:
    store.put(chunks(RECORD.id, 3), ROWS)
    store.commit([RECORD])
    first, second, _ = chunks(RECORD.id, 3)
    keys = [second.key, first.key, ("f" * 64, 0)]
    assert store.cosines(unit(1, 0), keys) == pytest.approx({first.key: 1.0, second.key: 2**-0.5}, abs=1e-5)
    assert store.chunks(keys) == {first.key: first, second.key: second}
    assert store.cosines(unit(1, 0), []) == {}
    assert store.chunks([]) == {}


def test_half_a_document_does_not_show_among_whole_ones(store: ChromaStore) -> None:
    store.put(chunks(RECORD.id, 3), ROWS)
    store.commit([RECORD])
    store.put(chunks("b" * 64, 3), ROWS)
    assert {document_id for document_id, _ in store.nearest(unit(1, 0), 50, None)} == {RECORD.id}
    assert store.nearest(unit(1, 0), 50, ["b" * 64]) == {}


def test_half_a_document_is_swept_at_the_next_open(tmp_path: Path) -> None:
    many = 2 * WRITE_BATCH + 5
    store = ChromaStore(connect(tmp_path, None), INDEX)
    store.put(chunks(RECORD.id, 3), ROWS)
    store.commit([RECORD])
    store.put(chunks("b" * 64, many), np.tile(unit(1, 0), (many, 1)))
    store.close()
    store = ChromaStore(connect(tmp_path, None), INDEX)
    store.close()
    assert counts(tmp_path) == {"chunks-f1": 3, "records-f1": 1}


def test_who_is_not_the_writer_sweeps_and_writes_nothing(tmp_path: Path, store: ChromaStore) -> None:
    store.put(chunks("b" * 64, 3), ROWS)  # of a document that another is adding
    reader = ChromaStore(connect(tmp_path, None), INDEX, is_read_only=True)
    assert counts(tmp_path)["chunks-f1"] == 3
    with pytest.raises(StorageError, match="read-only"):
        reader.put(chunks("c" * 64, 3), ROWS)
    with pytest.raises(StorageError, match="read-only"):
        reader.remove("b" * 64)
    assert counts(tmp_path)["chunks-f1"] == 3
    reader.close()


def test_an_index_that_is_not_what_its_name_says_is_refused(tmp_path: Path, store: ChromaStore) -> None:
    with pytest.raises(StorageError, match="belongs to another index"):
        ChromaStore(connect(tmp_path, None), IndexName("", "f1", "another index"))


def counts(chroma: Path) -> dict[str, int]:
    client = connect(chroma, None)
    try:
        return {collection.name: collection.count() for collection in client.list_collections()}
    finally:
        client.close()  # type: ignore[attr-defined]


def test_an_index_is_named_by_what_it_is(open_library: OpenLibrary, filled: Library) -> None:
    filled.close()
    fingerprint = hashlib.sha256(b"bag-of-words:words cosine chunker=3 tokens=200").hexdigest()[:16]
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
