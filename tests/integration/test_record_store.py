"""What `rag.storing.chroma` promises, of Chroma in a folder and on a server; and libraries whose record is on a server."""

import contextlib
import gc
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from rag import (
    Chunk,
    DocumentRecord,
    Library,
    LibraryDamagedError,
    LibraryError,
    LibraryLockedError,
    NewerSchemaError,
    Progress,
    Settings,
    StorageError,
)
from rag.storing import chroma_client
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import connect, disconnect, make_shared, open_shared
from rag.storing.cluster.membership import Membership
from rag.storing.cluster.rows import SharedIndex, SharedRows
from rag.storing.cluster.store import SharedStore
from rag.storing.database import Database
from rag.storing.lease import EXPIRY_SECONDS, RENEWAL_SECONDS, Lease
from rag.storing.protocol import WRITE_BATCH, IndexName
from tests.chroma_proxy import ChromaProxy
from tests.chroma_server import ChromaServer
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_earlier_libraries import Counting, check, unpacked
from ui.commands import terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests, as teams have one: each test has libraries of its own on it."""
    with ChromaServer(tmp_path_factory.mktemp("chroma") / "server") as server:
        yield server.url


class OpenStore(Protocol):
    """Opens an index of the test's own database; all are closed at its end."""

    def __call__(self, library_id: str = "one", *, description: str = "an index", **options: Any) -> ChromaStore: ...


@pytest.fixture(params=["folder", "server", "cluster on sqlite", "cluster on postgresql"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    if request.param.startswith("cluster"):
        yield from _shared_stores(request, tmp_path)
        return
    on_server, here = request.param == "server", secrets.token_hex(4)
    url = request.getfixturevalue("chroma_url") if on_server else None
    with ExitStack() as stack:

        def opened(library_id: str = "one", *, description: str = "an index", **options: Any) -> ChromaStore:
            name = IndexName(f"{here}{library_id}" if on_server else "", "f1", description)
            folder = tmp_path / library_id  # in a folder, each library has a database to itself
            client = connect(folder, url)
            stack.callback(disconnect, client)
            return ChromaStore(client, name, **options)

        yield opened


def _shared_stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """As `open_store`, where records are in a database; each library has one of its own."""
    url = request.getfixturevalue("chroma_url")
    postgres = request.getfixturevalue("postgres") if request.param.endswith("postgresql") else None
    members: dict[str, tuple[Database, Membership]] = {}
    with ExitStack() as stack:

        def opened(library_id: str = "one", *, description: str = "an index", is_read_only: bool = False, **options: Any) -> ChromaStore:
            if library_id not in members:
                file = tmp_path / f"{library_id}.sqlite3"
                database = (
                    Database.schema(postgres.database(), "footnote_library", "library") if postgres else Database.file(file, "library")
                )
                stack.callback(database.close)
                members[library_id] = database, Membership(database, candidate=True, seconds=600)
                stack.callback(members[library_id][1].close)
            database, member = members[library_id]
            client = connect(Path(), url)
            stack.callback(disconnect, client)
            term = None if is_read_only else member.term
            rows = SharedRows(database, "f1", term, client)
            name = f"chunks-{rows.library().id}-f1-1"
            if term and not rows.indexes():
                make_shared(client, name, description, "")
                rows.add_indexes([SharedIndex("f1", name, description)])
            chunks = open_shared(client, name, description, "", is_writer=term is not None, may_take=False)
            assert chunks
            return SharedStore(client, chunks, rows, options.get("keyword_ready", dict), term)

        yield opened


RECORD = DocumentRecord("a" * 64, "a.txt", "", "text/plain", ("upload:a.txt",), 1, 3, (), ("1",), "2026-01-01T00:00:00+00:00", 9, "")
OTHER = replace(RECORD, id="b" * 64, name="b.txt")


def chunks(document_id: str, count: int) -> list[Chunk]:
    return [Chunk(document_id, n, 1, 10 * n, 10 * n + 9, f"word no. {n}", "A > B", " ", ((10 * n + 2, "A > C"),)) for n in range(count)]


def unit(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


ROWS = np.stack([unit(1, 0), unit(1, 1), unit(-1, 0)])


@pytest.fixture
def store(open_store: OpenStore) -> ChromaStore:
    """With one document and its chunks."""
    opened = open_store()
    opened.put(chunks(RECORD.id, 3), ROWS)
    assert opened.nearest(unit(1, 0), 5, None) == {}
    opened.commit([RECORD])
    return opened


def test_chunks_are_seen_when_their_record_is_there_and_not_before(store: ChromaStore) -> None:
    found = store.nearest(unit(1, 0), 5, None)
    assert list(found) == [chunk.key for chunk in chunks(RECORD.id, 3)]
    assert list(found.values()) == pytest.approx([1, 2**-0.5, -1], abs=1e-5)
    assert all(-1 <= cosine <= 1 for cosine in found.values())
    store.put(chunks(OTHER.id, 3), ROWS)  # a draft among whole documents
    assert {document_id for document_id, _ in store.nearest(unit(1, 0), 50, None)} == {RECORD.id}
    assert store.nearest(unit(1, 0), 50, [OTHER.id]) == {}


def test_a_search_does_not_go_through_all_documents(open_store: OpenStore) -> None:
    class Counted(dict[str, DocumentRecord]):
        walks = 0

        def keys(self) -> Any:
            self.walks += 1
            return super().keys()

        def __iter__(self) -> Iterator[str]:
            self.walks += 1
            return super().__iter__()

    ready = Counted({OTHER.id: OTHER})
    store = open_store(keyword_ready=lambda: ready)
    store.put(chunks(OTHER.id, 3), ROWS)
    assert len(store.nearest(unit(1, 0), 5, None)) == 3
    walks = ready.walks
    assert [len(store.nearest(unit(1, 0), count, None)) for count in (1, 2)] == [1, 2]
    assert ready.walks == walks
    store.commit([RECORD])
    store.put(chunks(RECORD.id, 3), ROWS)
    assert len(store.nearest(unit(1, 0), 9, None)) == 6


def test_given_chunks_are_compared_and_read(store: ChromaStore) -> None:
    first, second, _ = chunks(RECORD.id, 3)
    keys = [second.key, first.key, ("f" * 64, 0)]
    assert store.cosines(unit(1, 0), keys) == pytest.approx({first.key: 1.0, second.key: 2**-0.5}, abs=1e-5)
    assert store.chunks(keys) == {first.key: first, second.key: second}
    assert store.cosines(unit(1, 0), []) == {}
    assert store.chunks([]) == {}
    assert (store.count(RECORD.id), store.count(OTHER.id), store.dimensions) == (3, 0, 2)


def test_all_is_there_again_but_drafts_when_it_is_reopened(store: ChromaStore, open_store: OpenStore) -> None:
    many = 2 * WRITE_BATCH + 5
    store.put(chunks(OTHER.id, many), np.tile(unit(1, 0), (many, 1)))
    store.close()
    again = open_store()
    assert again.records == {RECORD.id: RECORD}
    assert again.chunks((RECORD.id, n) for n in range(3)) == {chunk.key: chunk for chunk in chunks(RECORD.id, 3)}
    assert again.count(OTHER.id) == 0
    again.remove(RECORD.id)
    again.remove(RECORD.id)
    again.close()
    again.close()
    assert (open_store().records, open_store().dimensions) == ({}, None)


def test_a_large_index_is_searched_more_widely_once_it_is_reopened(
    store: ChromaStore, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def width() -> int:
        return int(store._chunks.configuration_json["hnsw"]["ef_search"])

    before = width()
    store.close()
    for most, is_read_only, expected in ((1, True, before), (1, False, 2 * before), (50_000, False, 2 * before)):
        monkeypatch.setattr(chroma_client, "MOST_AT_FIRST", most)
        store = open_store(is_read_only=is_read_only)
        assert width() == expected
        assert list(store.nearest(unit(1, 0), 1, None)) == [(RECORD.id, 0)]
        store.close()


def test_drafts_of_a_keyword_ready_document_are_seen_and_stay(store: ChromaStore, open_store: OpenStore) -> None:
    store.put(chunks(OTHER.id, 3), ROWS)
    store.close()
    again = open_store(keyword_ready=lambda: {OTHER.id: OTHER})
    if isinstance(again, SharedStore):  # they are embedded again
        assert again.count(OTHER.id) == 0
        again.put(chunks(OTHER.id, 3), ROWS)
    assert {document_id for document_id, _ in again.nearest(unit(1, 0), 50, None)} == {RECORD.id, OTHER.id}
    again.commit([OTHER])
    assert again.records == {RECORD.id: RECORD, OTHER.id: OTHER}


def test_who_is_not_the_writer_deletes_no_drafts_and_writes_nothing(store: ChromaStore, open_store: OpenStore) -> None:
    store.put(chunks(OTHER.id, 3), ROWS)  # of a document that another is adding
    reader = open_store(is_read_only=True)
    writes: list[Callable[[], object]] = [
        lambda: reader.put(chunks(OTHER.id, 3), ROWS),
        lambda: reader.commit([OTHER]),
        lambda: reader.remove(RECORD.id),
        reader.drop_other_indexes,
    ]
    for write in writes:
        with pytest.raises(StorageError, match="read-only"):
            write()
    assert (reader.records, reader.count(RECORD.id), store.count(OTHER.id)) == ({RECORD.id: RECORD}, 3, 3)


def test_an_index_that_is_not_what_its_name_says_is_refused(store: ChromaStore, open_store: OpenStore) -> None:
    with pytest.raises(StorageError, match="belongs to another index"):
        open_store(description="another index")


def test_two_libraries_never_touch_each_other(store: ChromaStore, open_store: OpenStore) -> None:
    other = open_store("two")
    other.put(chunks(OTHER.id, 3), ROWS)
    other.commit([OTHER])
    assert (store.other_records(), other.other_records()) == ([], [])
    other.remove(RECORD.id)
    other.drop_other_indexes()
    other.close()
    store.close()
    assert (list(open_store().records), list(open_store("two").records)) == ([RECORD.id], [OTHER.id])
    assert open_store().count(RECORD.id) == 3


def test_a_writer_whose_lease_was_taken_over_writes_nothing(chroma_url: str) -> None:
    now = time.time()
    clients = [connect(Path(), chroma_url) for _ in range(2)]
    slept = ChromaStore(clients[0], IndexName("slept", "f1", "an index"), lease=Lease(clients[0], "slept", clock=lambda: now))
    slept.put(chunks(RECORD.id, 3), ROWS)
    taker = Lease(clients[1], "slept", clock=lambda: now + EXPIRY_SECONDS + 1)
    now += EXPIRY_SECONDS + 2
    writes: list[Callable[[], object]] = [
        lambda: slept.put(chunks(OTHER.id, 3), ROWS),
        lambda: slept.commit([RECORD]),
        lambda: slept.remove(RECORD.id),
        slept.drop_other_indexes,
    ]
    for write in writes:
        with pytest.raises(LibraryLockedError, match="taken over"):
            write()
    assert (slept.count(RECORD.id), slept.count(OTHER.id)) == (3, 0)
    slept.close()
    taker.release()
    disconnect(clients[1])


def test_a_newer_lease_is_refused(chroma_url: str) -> None:
    client = connect(Path(), chroma_url)
    client.create_collection("lease-newer", embedding_function=None, metadata={"schema": 99})
    with pytest.raises(NewerSchemaError, match="lease"):
        Lease(client, "newer")
    disconnect(client)


def test_a_server_that_goes_away_while_a_document_is_added_costs_nothing(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    (tmp_path / "boats.txt").write_text(LONG)
    with ChromaServer(tmp_path / "server") as server:
        library = open_library(chroma_url=server.url)
        assert library.add(tmp_path / "tea.txt").all_searchable

        def kill(step: Progress) -> None:
            if step.state == "keyword_ready" and step.fraction > 0.4:
                server.kill()

        for work in (lambda: library.add(tmp_path / "boats.txt", progress=kill), library.documents):
            with pytest.raises(StorageError, match="Chroma server"):
                work()
        server.start()
        assert [(record.name, record.state) for record in library.documents()] == [("tea.txt", "ready"), ("boats.txt", "keyword_ready")]
        assert library.document("boats.txt").indexed > 0.2  # what was embedded before is not embedded again
        assert library.add(tmp_path / "boats.txt").all_searchable
        assert [record.state for record in library.documents()] == ["ready", "ready"]
        assert len(library.vectors()) == sum(record.chunks for record in library.documents())
        library.close()


def test_a_library_on_a_server_is_there_again_when_it_is_reopened(tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "leave.txt").write_text("Unused leave may be carried over until March.", encoding="utf-8")
    (tmp_path / "tea.txt").write_text("Tea is served at four.", encoding="utf-8")
    settings = Settings(chroma_url=chroma_url)
    with Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library:
        assert library.add([tmp_path / "leave.txt", tmp_path / "tea.txt"]).all_searchable
        library.remove("tea.txt")
    with Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library:
        assert [record.name for record in library.documents()] == ["leave.txt"]
        assert library.retrieve("unused leave")[0].text.startswith("Unused leave")
    del library
    gc.collect()  # a connection that was left open fails the test


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense"])
def test_a_server_that_does_not_answer_is_named(tmp_path: Path, url: str) -> None:
    with (
        Library.open(tmp_path / "library", Settings(chroma_url=url), embedder=BagOfWordsEmbedder()) as library,
        pytest.raises(StorageError, match=url),
    ):
        library.documents()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Chroma leaves a connection open that is refused
def test_a_token_opens_a_chroma_server_and_who_has_none_is_told(tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    with ChromaProxy(chroma_url, "let-me-in") as proxy:
        for token in (None, "wrong"):
            settings = Settings(chroma_url=proxy.url, chroma_token=token)
            with (
                Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library,
                pytest.raises(StorageError, match="RAG_CHROMA_TOKEN"),
            ):
                library.documents()
        settings = Settings(chroma_url=proxy.url, chroma_token="let-me-in")
        assert "let-me-in" not in repr(settings)
        with Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library:
            assert library.add(tmp_path / "tea.txt").all_searchable
            assert library.retrieve("tea")[0].text == "Tea is served at four."


LONG = "\n\n".join(f"Boat {n} passes the pier at noon, seen by keeper {n * 7}. " * 9 for n in range(100))

ADD = """
import sys
from rag import Library, Settings
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_earlier_libraries import Counting, check, unpacked
folder, url, file = sys.argv[1:]
with Library.open(folder, Settings(chroma_url=url), embedder=BagOfWordsEmbedder(seconds_a_batch=0.05)) as library:
    print(len(library.documents()), flush=True)
    library.add(file, progress=lambda step: print(step.state, flush=True))
"""


def test_libraries_on_one_server_never_touch_each_other(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    for name in ("boats", "tea"):
        (tmp_path / f"{name}.txt").write_text(LONG if name == "boats" else "Tea is served at four.")
    arguments = [sys.executable, "-c", ADD, str(tmp_path / "one"), chroma_url, str(tmp_path / "boats.txt")]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as adding:
        assert adding.stdout
        while adding.stdout.readline() != "keyword_ready\n":
            pass
        for _ in range(2):  # opening, adding and closing beside one that is adding
            with open_library("other", chroma_url=chroma_url) as other:
                assert other.add(tmp_path / "tea.txt").all_searchable
                assert [record.name for record in other.documents()] == ["tea.txt"]
                assert {passage.document for passage in other.retrieve("boats and tea", top_k=50)} == {"tea.txt"}
    assert adding.returncode == 0
    one = open_library("one", chroma_url=chroma_url)
    (record,) = one.documents()
    assert (record.name, record.indexed) == ("boats.txt", 1)
    assert len(one.vectors()) == record.chunks > 64


def test_one_library_on_a_server_has_one_writer(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    first = open_library("first", chroma_url=chroma_url)
    first.add(tmp_path / "tea.txt")
    shutil.copytree(tmp_path / "first", tmp_path / "second", ignore=shutil.ignore_patterns("lock"))  # as on another machine
    second = open_library("second", chroma_url=chroma_url)
    with pytest.raises(LibraryLockedError, match=rf"in use by process {os.getpid()} on "):
        second.documents()
    first.close()
    assert [record.name for record in second.documents()] == ["tea.txt"]


TAKE_AND_DIE = """
import os, sys
from pathlib import Path
from rag.storing.chroma_client import connect
from rag.storing.lease import Lease
Lease(connect(Path(), sys.argv[1]), "l1")
os._exit(0)
"""


def test_a_lease_is_taken_over_when_its_holder_is_dead_or_was_not_heard_of(chroma_url: str) -> None:
    client = connect(Path(), chroma_url)
    now = time.time()
    subprocess.run([sys.executable, "-c", TAKE_AND_DIE, chroma_url], cwd=ROOT, check=True)
    slept = Lease(client, "l1", clock=lambda: now)  # the process that had it is gone
    with pytest.raises(LibraryLockedError):
        Lease(client, "l1", clock=lambda: now + EXPIRY_SECONDS - 1)
    taker = Lease(client, "l1", clock=lambda: now + EXPIRY_SECONDS + 1)
    slept.check()  # it does not know yet: no time has passed for it
    now += 2 * RENEWAL_SECONDS + 1
    with pytest.raises(LibraryLockedError, match="taken over"):
        slept.check()
    slept.release()  # which takes nothing from the other
    with pytest.raises(LibraryLockedError):
        Lease(client, "l1", clock=lambda: now + EXPIRY_SECONDS)
    taker.check()
    taker.release()
    Lease(client, "l1").release()
    disconnect(client)


def test_of_many_that_want_a_lease_one_gets_it(chroma_url: str) -> None:
    taken: list[Lease] = []
    clients: list[Any] = []
    begin = threading.Barrier(8)

    def take() -> None:
        client = connect(Path(), chroma_url)
        begin.wait()
        with contextlib.suppress(LibraryLockedError):
            taken.append(Lease(client, "l2"))
        clients.append(client)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    taken[0].release()
    for client in clients:
        disconnect(client)


def test_a_server_without_the_library_is_told_and_costs_no_file(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    with open_library() as library:  # its record is in its folder
        library.add(tmp_path / "tea.txt")
    with open_library(chroma_url=chroma_url) as wrong:
        for _ in range(2):
            with pytest.raises(LibraryDamagedError, match=r"has nothing of this library.*files of 1 documents.*RAG_CHROMA_URL"):
                wrong.documents()
    with open_library() as library:
        assert [record.name for record in library.documents()] == ["tea.txt"]
        assert library.damaged_copies() == []


def test_an_earlier_library_on_a_server_is_brought_up_to_date(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    """Its collections were not named after their library, and its records had vectors."""
    unpacked(tmp_path / "library")
    source, server = connect(tmp_path / "library" / "chroma", None), connect(Path(), chroma_url)
    for collection in source.list_collections():
        found = collection.get(include=["embeddings", "documents", "metadatas"])
        copy = server.create_collection(collection.name, embedding_function=None, metadata=collection.metadata)
        copy.add(found["ids"], found["embeddings"], found["metadatas"], found["documents"])
    disconnect(source)
    for _ in range(2):
        embedder = Counting()
        with open_library(chroma_url=chroma_url, embedder=embedder) as library:
            assert len(library.documents()) == 5
            assert embedder.texts == 0
            check(library)
    names = [each.name.split("-") for each in server.list_collections() if library_id(tmp_path / "library") in each.name]
    assert sorted(kind for kind, *_ in names) == ["chunks", "chunks", "lease", "records", "records"]
    assert not [each.name for each in server.list_collections() if each.name.count("-") == 1 and not each.name.startswith("lease")]
    disconnect(server)


def test_a_reader_leaves_an_earlier_record_on_a_server_as_it_is(chroma_url: str) -> None:
    client = connect(Path(), chroma_url)
    client.create_collection("documents-reader-f1", embedding_function=None, metadata={"schema": 1, "index": "an index"})
    with pytest.raises(StorageError, match=r"earlier version\. Open it once where its folder can be written"):
        ChromaStore(client, IndexName("reader", "f1", "an index"), is_read_only=True)
    assert [each.name for each in client.list_collections() if "-reader-" in each.name] == ["documents-reader-f1"]
    disconnect(client)


def test_two_libraries_of_one_name_on_a_server_are_two(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    (tmp_path / "boats.txt").write_text("Boats pass at noon.")
    libraries = [open_library(f"{owner}/library", chroma_url=chroma_url) for owner in ("anna", "ben")]
    for library, name in zip(libraries, ("tea.txt", "boats.txt"), strict=True):
        library.add(tmp_path / name)
    assert [[record.name for record in library.documents()] for library in libraries] == [["tea.txt"], ["boats.txt"]]


def test_a_read_command_without_the_folder_names_the_libraries_of_the_server(
    open_library: OpenLibrary, tmp_path: Path, chroma_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    with open_library(chroma_url=chroma_url) as library:
        library.add(tmp_path / "tea.txt")
    id_ = library_id(library.folder)
    client = connect(Path(), chroma_url)
    client.get_or_create_collection("strangers", embedding_function=None)
    disconnect(client)
    shutil.rmtree(library.folder)
    monkeypatch.setenv("RAG_CHROMA_URL", chroma_url)
    for _ in range(2):  # the folder is missing, then empty
        with pytest.raises(LibraryError, match=rf"no library.*{id_} \(documents: 1\).*library\.json"):
            listing(library.folder)
        library.folder.mkdir(exist_ok=True)
    (library.folder / "library.json").write_text(json.dumps({"schema": 1, "id": id_}))
    with open_library(chroma_url=chroma_url) as again:
        assert [record.name for record in again.documents()] == ["tea.txt"]
        assert again.retrieve("tea")[0].text == "Tea is served at four."


def listing(folder: Path) -> None:
    with terminal.open_library(folder):
        pass


def library_id(folder: Path) -> str:
    return str(json.loads((folder / "library.json").read_text())["id"])
