"""A file is found by its words as soon as it is read, while its vectors are still to be made."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from rag import Answer, Chunk, DocumentNotFoundError, DocumentRecord, Library, Passage, Progress
from rag.embedding.protocol import Embedder, Embeddings
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import WRITE_BATCH, IndexName, connect
from rag.types import ChunkKey
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from ui.uploading.indexer import Indexer

LEAVE = "Unused leave of up to five days may be carried over until the end of March."
TEA = "Tea is served at four in the small hall, with biscuits."
STILL = "still being indexed"


class Counting(BagOfWordsEmbedder):
    """Remembers the texts that it has embedded, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        self.texts += texts
        return super().embed_documents(texts)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "leave.txt").write_text(LEAVE)
    (folder / "tea.txt").write_text(TEA)
    return folder


def complete(library: Library) -> None:
    while library.index_next():
        pass


def long_text(name: str, chunks: int) -> str:
    """So many chunks, each of its own words."""
    return "\n\n".join(" ".join([f"{name}{n}", *(f"word{n}x{m}" for m in range(150))]) + "." for n in range(chunks))


def test_a_file_is_found_by_its_words_before_its_vectors_are_made(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    report = library.add(files, wait=False)
    assert [outcome.status for outcome in report.outcomes] == ["added", "added"]
    assert [(record.name, record.indexed) for record in library.documents()] == [("leave.txt", 0), ("tea.txt", 0)]
    early = library.retrieve("When is tea served?")
    assert (early[0].document, early[0].text) == ("tea.txt", TEA)
    assert STILL in library.ask("When is tea served?").notice
    assert STILL not in library.ask("When is tea served?", documents=[]).notice
    complete(library)
    assert library.keyword_ready() == []
    late = library.retrieve("When is tea served?")
    assert (late[0].score, late[0].cosine) == pytest.approx((early[0].score, early[0].cosine), abs=1e-5)
    assert replace(late[0], score=0, cosine=0) == replace(early[0], score=0, cosine=0)
    assert STILL not in library.ask("When is tea served?").notice


def test_the_real_model_says_how_near_a_passage_is_that_has_no_vector_yet(open_library: OpenLibrary, files: Path, minilm: Embedder) -> None:
    library = open_library(embedder=minilm)
    library.add(files, wait=False)

    def best(question: str) -> tuple[Passage, Answer]:
        return library.retrieve(question)[0], library.ask(question)

    early, said = best("How long may I carry over unused leave?")
    complete(library)
    late, said_late = best("How long may I carry over unused leave?")
    assert (early.text, early.document) == (late.text, late.document)
    assert early.cosine == pytest.approx(late.cosine, abs=1e-4)
    assert (said.text, said.finish) == (said_late.text, said_late.finish)


def test_it_is_found_from_the_first_moment_of_indexing_on(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    seen: list[tuple[int, str, list[str]]] = []

    def look(step: Progress) -> None:
        if step.state == "keyword_ready" and not step.outcome:
            seen.append((step.file, step.state, [passage.document for passage in library.retrieve("tea leave", documents=None)]))

    library.add(files, progress=look)
    assert {file for file, _, _ in seen} == {1, 2}
    assert seen[0][2] == ["leave.txt"]
    assert set(seen[1][2]) == {"leave.txt", "tea.txt"}


def test_the_chunks_that_have_vectors_are_found_by_them(open_library: OpenLibrary, files: Path) -> None:
    (files / "long.txt").write_text(long_text("boat", WRITE_BATCH + 5))
    library = open_library()
    library.add(files / "long.txt", wait=False)
    library.index_next()
    (record,) = library.keyword_ready()
    assert record.indexed == pytest.approx(WRITE_BATCH / record.chunks)
    (third,) = library.chunks([(record.id, 3)]).values()
    near = library._index.store.nearest(BagOfWordsEmbedder().embed_query(third.text), 3, None)
    assert next(iter(near)) == third.key
    for word in ("boat3", f"boat{WRITE_BATCH + 2}"):
        assert word in library.retrieve(f"Which is {word}?", top_k=1)[0].text


def test_the_same_text_is_embedded_once(open_library: OpenLibrary, files: Path) -> None:
    (files / "again.md").write_text(f"{TEA}\n")
    (files / "once more.txt").write_text(f"\n{TEA}")
    embedder = Counting()
    library = open_library(embedder=embedder)
    assert len(library.add(files).outcomes) == 4
    assert embedder.texts.count(TEA) == 1
    assert len(library.retrieve("tea", top_k=10)) == 2  # copies are shown once
    assert {record.indexed for record in library.documents()} == {1}


def test_small_files_share_a_write(open_library: OpenLibrary, files: Path) -> None:
    for n in range(WRITE_BATCH):
        (files / f"{n}.txt").write_text(f"Note {n} is about boat{n}.")
    library = open_library()
    library.add(files, wait=False)
    assert library.index_next()
    assert sum(record.indexed == 1 for record in library.documents()) == WRITE_BATCH
    assert library.index_next()
    assert not library.index_next()
    assert library.keyword_ready() == []


def test_what_waits_goes_on_with_the_next_adding(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add(files / "leave.txt", wait=False)
    library.close()
    again = open_library()
    assert [record.name for record in again.keyword_ready()] == ["leave.txt"]
    assert again.retrieve("unused leave")[0].text == LEAVE
    assert [outcome.status for outcome in again.add(files).outcomes] == ["unchanged", "added"]
    assert again.keyword_ready() == []


def test_what_waits_for_another_model_is_indexed_again(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add(files / "tea.txt")
    library.add(files / "leave.txt", wait=False)
    library.close()
    other = open_library(embedder=BagOfWordsEmbedder(name="other"))
    assert (other.documents(), {record.name for record in other.left_behind()}) == ([], {"leave.txt", "tea.txt"})
    assert other.reindex().all_searchable
    assert {(record.name, record.indexed) for record in other.documents()} == {("leave.txt", 1), ("tea.txt", 1)}
    assert other.retrieve("unused leave")[0].text == LEAVE
    other.close()
    back = open_library()
    assert back.documents() == []
    assert {record.name for record in back.left_behind()} == {"leave.txt", "tea.txt"}


def test_what_is_removed_while_it_waits_is_gone(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add(files, wait=False)
    library.remove("tea.txt")
    assert {passage.document for passage in library.retrieve("tea leave", top_k=10)} == {"leave.txt"}
    library.close()
    again = open_library()
    complete(again)
    assert [record.name for record in again.documents()] == ["leave.txt"]
    assert len(list((again.folder / "originals").iterdir())) == 1


def test_a_second_place_of_a_waiting_document_is_kept(open_library: OpenLibrary, files: Path) -> None:
    (files / "copy.txt").write_text(TEA)
    library = open_library()
    library.add([files / "tea.txt", files / "copy.txt"], wait=False)
    library.close()
    again = open_library()
    complete(again)
    assert [record.sources for record in again.documents()] == [(str(files / "tea.txt"), str(files / "copy.txt"))]


def test_chunks_of_a_keyword_ready_document_are_seen_and_not_swept(tmp_path: Path) -> None:
    record = DocumentRecord("a" * 64, "a.txt", "", "text/plain", ("upload:a.txt",), 1, 2, (), ("1",), "2026", 9, "")
    chunks = [Chunk(record.id, n, 1, 0, 5, "words") for n in range(2)]
    rows = np.eye(2, dtype=np.float32)
    with ExitStack() as stack:

        def store(keyword_ready: dict[str, DocumentRecord]) -> ChromaStore:
            opened = ChromaStore(connect(tmp_path, None), IndexName("", "f1", "an index"), lambda: keyword_ready)
            stack.callback(opened.close)
            return opened

        first = store({record.id: record})
        first.put(chunks, rows)
        assert list(first.nearest(rows[1], 1, None)) == [(record.id, 1)]
        first.close()
        second = store({record.id: record})
        found, embeddings = second.embeddings(chunk.key for chunk in chunks)
        assert {key: row.tolist() for key, row in zip(found, embeddings, strict=True)} == {(record.id, 0): [1, 0], (record.id, 1): [0, 1]}
        second.close()
        assert store({}).embeddings(chunk.key for chunk in chunks)[0] == []


def test_threads_may_add_remove_ask_and_index_at_a_time(open_library: OpenLibrary, files: Path) -> None:
    library = open_library(embedder=BagOfWordsEmbedder(seconds_a_batch=0.005))
    problems: list[BaseException] = []

    def guarded(work: int) -> None:
        try:
            for n in range(8):
                (files / f"{work}-{n}.txt").write_text(long_text(f"ship{work}y{n}z", 6))
                assert library.add(files / f"{work}-{n}.txt", wait=work == 0).all_searchable
                assert library.retrieve(f"ship{work}y{n}z3")[0].document == f"{work}-{n}.txt"
                if n % 3 == 2:
                    library.remove(f"{work}-{n}.txt")
                elif work == 1:
                    library.index_next()
        except BaseException as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    complete(library)
    records = library.documents()
    assert {record.name for record in records} == {f"{work}-{n}.txt" for work in range(3) for n in range(8) if n % 3 != 2}
    assert isinstance(library._index.store, ChromaStore)
    assert library._index.store._chunks.count() == sum(record.chunks for record in records)
    assert all(library._index.store.count(record.id) == record.chunks for record in records)


@pytest.fixture
def indexer(open_library: OpenLibrary, files: Path) -> Iterator[Indexer]:
    """Of a library whose last adding was stopped."""
    library = open_library()
    library.add(files / "leave.txt", wait=False)
    library.close()
    working = Indexer(open_library())
    yield working
    working.close()


def test_the_page_goes_on_with_what_waits_by_itself(indexer: Indexer, files: Path) -> None:
    indexer.submit(files / "tea.txt", "tea.txt", keep=True)
    indexer.start()
    until = time.monotonic() + 30
    while indexer.is_busy and time.monotonic() < until:
        time.sleep(0.02)
    assert (indexer.is_busy, indexer.problem) == (False, "")
    assert [(record.name, record.indexed) for record in indexer._library.documents()] == [("leave.txt", 1), ("tea.txt", 1)]


class Passing:
    """A store in which documents arrive as soon as it was looked into."""

    def __init__(self, store: ChromaStore, arrive: Callable[[], object]) -> None:
        self._store = store
        self._arrive = arrive

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        found = self._store.chunks(keys)
        self._arrive()
        return found


def test_a_chunk_is_found_while_it_passes_from_those_that_wait_to_those_that_are_stored(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    (outcome,) = library.add(files / "tea.txt", wait=False).outcomes
    opened = library._index._opened
    assert opened
    assert isinstance(opened.store, ChromaStore)
    library._index._opened = replace(opened, store=cast(ChromaStore, Passing(opened.store, library.index_next)))
    assert library.chunks([(outcome.document_id, 0)])
    assert library.document("tea.txt").indexed == 1


def test_the_same_bytes_may_be_added_and_removed_at_a_time(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library()
    statuses: list[str] = []

    def add(name: str) -> None:
        for _ in range(15):
            (tmp_path / name).write_text("Boats pass the pier.")
            statuses.append(library.add(tmp_path / name, wait=False).outcomes[0].status)

    adding = [threading.Thread(target=add, args=(name,)) for name in ("a.txt", "b.txt")]
    for thread in adding:
        thread.start()
    while any(thread.is_alive() for thread in adding):
        for record in library.documents():
            with suppress(DocumentNotFoundError):
                library.remove(record.id)
    for thread in adding:
        thread.join()
    assert len(statuses) == 30
    assert set(statuses) <= {"added", "unchanged", "duplicate", "replaced"}
