"""The index of a cluster's library: one server writes, others follow, and whoever has lost the lease does no harm."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from rag import Library, LibraryDamagedError, LibraryLockedError, NewerSchemaError, Settings, StorageError
from rag.storing.chroma_client import connect, disconnect
from rag.storing.cluster.rows import SharedRows
from rag.storing.cluster.store import SharedStore
from rag.storing.database import Database, sql
from rag.storing.lexical_files import FOLLOWED
from tests.chroma_server import ChromaServer
from tests.cluster_index import IndexServer, chunks_of, numbered, vectors
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_membership import expire, until
from tests.postgres_server import PostgresServer


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ChromaServer(tmp_path_factory.mktemp("chroma") / "server") as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Connects one more server to the test's database."""
    if request.param == "sqlite":
        return lambda: Database.file(tmp_path / "library.sqlite3", "library")
    url = request.getfixturevalue("postgres").database()
    return lambda: Database.schema(url, "footnote_library", "library")


class Start(Protocol):
    """Starts one more server of the test's cluster; all are closed at its end."""

    def __call__(self, name: str = "one", *, candidate: bool = True, **options: Any) -> IndexServer: ...


@pytest.fixture
def start(database: Callable[[], Database], chroma_url: str, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(name: str = "one", *, candidate: bool = True, **options: Any) -> IndexServer:
            given: dict[str, Any] = {"files": tmp_path / "files", "chroma_url": chroma_url} | options
            return stack.enter_context(IndexServer(tmp_path / name, database(), candidate=candidate, **given))

        yield started


def take_over(server: IndexServer, database: Callable[[], Database]) -> None:
    """As if the one that writes had not been heard of for long."""
    with database() as opened:
        expire(opened)
    until(lambda: server.membership.is_writer)
    _ = server.index.store
    server.index.reopen()


def wake(server: IndexServer) -> None:
    """It notices that it has lost the lease."""
    assert server.membership.term
    server.membership.renew(server.membership.term)
    server.index.reopen()


def test_a_replica_follows_what_is_added_changed_and_removed(start: Start) -> None:
    writer = start("writer")
    tea = writer.add("tea.txt", "Tea is served at four")
    replica = start("replica", candidate=False)
    assert (replica.names, replica.found("tea"), replica.near("Tea is served at four")) == (
        ["tea.txt"],
        ["tea.txt"],
        ["Tea is served at four"],
    )
    boats = writer.add("boats.txt", *numbered("boat", 40))
    writer.index.update(replace(tea, name="green.txt"))
    replica.following.look()
    assert replica.names == ["green.txt", "boats.txt"]
    assert replica.found("green") == ["green.txt"]
    assert len(replica.found("boat")) == 40
    assert set(replica.near("boat number 3")) == {*numbered("boat", 40), "Tea is served at four"}
    writer.index.grow(replace(boats, chunks=42), chunks_of(boats, ["a pier", "a quay"], 40), vectors(["a pier", "a quay"]))
    replica.following.look()
    assert (replica.found("pier"), replica.found("quay"), replica.near("a pier", 1)) == (["boats.txt"], ["boats.txt"], ["a pier"])
    assert replica.index.lexical.count == writer.index.lexical.count == 43
    writer.remove(tea)
    writer.add("coffee.txt", "Coffee is served at five")
    assert replica.following.state().records == 0
    replica.following.look()
    assert replica.names == ["boats.txt", "coffee.txt"]
    assert (replica.found("tea"), replica.found("coffee"), replica.index.store.count(tea.id)) == ([], ["coffee.txt"], 0)
    state = replica.following.state()
    assert (state.records, state.is_open, state.problem) == (0, True, "")
    assert 0 <= (state.seconds or 0) < 60


def test_a_replica_writes_nothing(start: Start) -> None:
    writer = start("writer")
    tea = writer.add("tea.txt", "Tea is served at four")
    replica = start("replica", candidate=False)
    writes: list[Callable[[], object]] = [
        lambda: replica.index.store.commit([tea]),
        lambda: replica.index.store.put(chunks_of(tea, ["Tea"]), vectors(["Tea"])),
        lambda: replica.index.remove(tea.id),
        replica.index.store.drop_other_indexes,
    ]
    for write in writes:
        with pytest.raises(StorageError, match="read-only"):
            write()
    assert (writer.names, replica.names) == (["tea.txt"], ["tea.txt"])


def test_drafts_of_the_writer_are_not_seen_by_replicas_and_hide_nothing(start: Start) -> None:
    writer = start("writer")
    writer.add("tea.txt", "Tea is served at four")
    replica = start("replica", candidate=False)
    many = list(numbered("tea", 300))
    draft = writer.add_keyword_ready("draft.txt", *many)
    writer.index.store.put(chunks_of(draft, many), vectors(["Tea is served at four"] * 300))
    for server in (replica, start("late", candidate=False)):
        assert server.near("Tea is served at four", 5) == ["Tea is served at four"]
        assert server.names == ["tea.txt"]
    assert len(writer.near("Tea is served at four", 50)) == 50
    writer.index.commit([draft])
    replica.following.look()
    assert len(replica.near("Tea is served at four", 50)) == 50


def test_another_takes_over_and_restores_what_was_not_yet_ready(start: Start, database: Callable[[], Database]) -> None:
    first, second = start("first"), start("second")
    with pytest.raises(StorageError, match="No server has written to this library yet"):
        _ = second.index.store
    ready, draft = first.add("tea.txt", "Tea is served at four"), first.add_keyword_ready("boats.txt", "Boats pass at noon", "and at night")
    first.index.store.put(chunks_of(draft, ["Boats pass at noon"]), vectors(["Boats pass at noon"]))
    assert second.names == ["tea.txt"]
    take_over(second, database)
    assert [orphan.name for orphan in second.restored] == ["boats.txt"]
    assert second.index.store.count(draft.id) == 0  # what had been embedded by a dead writer is swept
    again = second.add_keyword_ready("boats.txt", "Boats pass at noon", "and at night")
    second.embed(again, "Boats pass at noon", "and at night")
    wake(first)
    assert (first.names, second.names) == (["tea.txt", "boats.txt"], ["tea.txt", "boats.txt"])
    assert first.index.keyword_ready.records == {}
    assert sorted(first.near("boats")) == sorted(second.near("boats")) == ["Boats pass at noon", "Tea is served at four", "and at night"]
    second.remove(ready)
    first.following.look()
    assert (first.names, first.found("tea")) == (["boats.txt"], [])
    take_over(first, database)  # what it had left keyword-ready was seen to by the other: it does not come back
    assert (first.names, first.restored, first.index.keyword_ready.records) == (["boats.txt"], [], {})


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_document_whose_writer_falls_asleep_while_it_adds_it_keeps_its_name_or_is_not_there(
    start: Start, database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch, *, is_noted: bool
) -> None:
    first, second = start("first"), start("second")
    first.add("boats.txt", "Boats pass at noon")
    expect = SharedRows.expect

    def sleep(rows: SharedRows, document_id: str) -> None:
        if is_noted:
            expect(rows, document_id)
        raise LibraryLockedError("Another server writes.")

    monkeypatch.setattr(SharedRows, "expect", sleep)
    with pytest.raises(LibraryLockedError):
        first.add_keyword_ready("tea.txt", "Tea is served at four")
    take_over(second, database)
    assert [orphan.name for orphan in second.restored] == (["tea.txt"] if is_noted else [])
    assert [orphan.name for orphan in second.originals.isolated()] == ([] if is_noted else ["tea.txt"])


def test_the_first_documents_of_a_cluster_may_be_keyword_ready_alone(start: Start, database: Callable[[], Database]) -> None:
    first, second = start("first"), start("second")
    first.add_keyword_ready("tea.txt", "Tea is served at four")
    take_over(second, database)
    assert (second.names, [orphan.name for orphan in second.restored]) == ([], ["tea.txt"])


def test_a_server_that_is_started_again_goes_on_with_what_was_keyword_ready(start: Start) -> None:
    first = start("one")
    draft = first.add_keyword_ready("tea.txt", "Tea is served at four")
    first.close()
    again = start("one")
    assert (again.names, again.restored, again.index.keyword_ready.stored(draft.id)) == (["tea.txt"], [], 0)
    assert again.found("tea") == ["tea.txt"]
    again.embed(draft, "Tea is served at four")
    assert again.near("tea") == ["Tea is served at four"]


def test_a_removed_document_does_not_come_back_although_its_file_was_left(start: Start, database: Callable[[], Database]) -> None:
    first, second = start("first"), start("second")
    tea = first.add("tea.txt", "Tea is served at four")
    first.index.store.remove(tea.id)  # and a crash came before its file was deleted
    take_over(second, database)
    assert (second.names, second.restored) == ([], [])
    assert not second.originals.path(tea.id, "text/plain").exists()


def test_a_document_that_was_to_be_added_again_is(start: Start, database: Callable[[], Database]) -> None:
    first, second = start("first"), start("second")
    tea = first.add("tea.txt", "Tea is served at four")
    first.remove(tea)
    again = first.add("tea.txt", "Tea is served at four")
    first.index.forget(again.id)  # and a crash came before it was added again
    take_over(second, database)
    assert [orphan.id for orphan in second.restored] == [tea.id]


class Late:
    """Requests to Chroma that one server has sent, and that arrive when another has taken over."""

    def __init__(self, server: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
        store = server.index.store
        assert isinstance(store, SharedStore)
        self._chunks = store._chunks
        self._requests: list[Callable[[], object]] = []
        for verb in ("upsert", "delete"):
            monkeypatch.setattr(self._chunks, verb, self._kept(getattr(self._chunks, verb)))

    def _kept(self, send: Callable[..., object]) -> Callable[..., None]:
        return lambda *given, **named: self._requests.append(lambda: send(*given, **named))

    def arrive(self) -> None:
        assert self._requests
        for request in self._requests:
            request()


TEXTS = ("Tea is served at four", "and cake at five", "on the terrace")


def whole(server: IndexServer, *texts: str) -> None:
    """Everything that is there is right: each chunk once, and found by words and by meaning."""
    assert sorted(server.near(texts[0])) == sorted(texts)
    assert len(server.found("served")) == sum("served" in text for text in texts)
    for record in server.index.store.records.values():
        keys = [(record.id, ordinal) for ordinal in range(record.chunks)]
        assert len(server.index.store.chunks(keys)) == len(server.index.store.embeddings(keys)[0]) == record.chunks
        assert server.index.store.count(record.id) == record.chunks


def test_chunks_deleted_late_leave_a_document_that_was_added_again(
    start: Start, database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = start("first"), start("second")
    tea = first.add("tea.txt", *TEXTS)
    late = Late(first, monkeypatch)
    first.index.store.remove(tea.id)
    take_over(second, database)
    again = second.add("tea.txt", *TEXTS)
    assert again.id == tea.id
    late.arrive()
    whole(second, *TEXTS)
    whole(start("replica", candidate=False), *TEXTS)


def test_a_removal_that_goes_on_late_deletes_nothing_of_a_document_that_was_added_again(
    start: Start, database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept before it asked which chunks there are; and it has not noticed yet that it has lost the lease."""
    first, second = start("first"), start("second")
    tea = first.add("tea.txt", *TEXTS)
    store = first.index.store
    assert isinstance(store, SharedStore)
    get, slept = store._chunks.get, list[bool]()

    def asked(**named: Any) -> Any:
        if not slept:
            slept.append(True)
            take_over(second, database)
            second.add("tea.txt", *TEXTS)
        return get(**named)

    monkeypatch.setattr(store._chunks, "get", asked)
    monkeypatch.setattr(store, "_check_writer", lambda: None)  # as if it slept right after the check
    first.index.store.remove(tea.id)
    assert slept
    whole(second, *TEXTS)


def test_chunks_put_late_are_not_seen(start: Start, database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = start("first"), start("second")
    first.add("other.txt", "Coffee is served at five")
    draft = first.add_keyword_ready("tea.txt", *TEXTS)
    late = Late(first, monkeypatch)
    first.index.store.put(chunks_of(draft, ["late and wrong"] * 5), vectors(["Tea is served at four"] * 5))
    take_over(second, database)
    again = second.add_keyword_ready("tea.txt", *TEXTS)
    second.embed(again, *TEXTS)
    late.arrive()
    whole(second, *TEXTS, "Coffee is served at five")
    with pytest.raises(LibraryLockedError):
        first.index.store.commit([replace(draft, chunks=5)])
    first.close()
    third = start("third")
    take_over(third, database)  # deletes them
    whole(third, *TEXTS, "Coffee is served at five")
    store = third.index.store
    assert isinstance(store, SharedStore)
    assert store._chunks.count() == 4


def test_pages_that_ocr_adds_late_do_not_replace_those_that_were_added(
    start: Start, database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = start("first"), start("second")
    tea = first.add("tea.txt", *TEXTS)
    late = Late(first, monkeypatch)
    first.index.store.put(chunks_of(tea, ["another page"], 3), vectors(["another page"]))
    take_over(second, database)
    second.index.grow(replace(tea, chunks=4), chunks_of(tea, ["the right page"], 3), vectors(["the right page"]))
    late.arrive()
    whole(second, *TEXTS, "the right page")
    whole(start("replica", candidate=False), *TEXTS, "the right page")


def test_indexes_dropped_late_are_not_those_that_were_made_again(
    start: Start, database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = start("old", description="old model")
    old.add("tea.txt", *TEXTS)
    old.close()
    first, second = start("first", description="new model"), start("second", description="old model")
    first.add("tea.txt", *TEXTS)
    store = first.index.store
    assert isinstance(store, SharedStore)
    dropped: list[str] = []
    monkeypatch.setattr(store._client, "delete_collection", dropped.append)
    store.drop_other_indexes()
    monkeypatch.undo()
    take_over(second, database)
    second.add("tea.txt", *TEXTS)
    for name in dropped:
        store._client.delete_collection(name)
    whole(second, *TEXTS)


def test_a_request_without_an_answer_that_arrives_later_does_no_harm(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = start()
    tea = writer.add("tea.txt", *TEXTS)
    store = writer.index.store
    assert isinstance(store, SharedStore)
    arriving: list[Callable[[], object]] = []
    for verb in ("delete", "upsert"):
        send = getattr(store._chunks, verb)

        def unanswered(*given: Any, _send: Any = send, **named: Any) -> None:
            arriving.append(lambda: _send(*given, **named))
            raise httpx.ReadTimeout("no answer")

        monkeypatch.setattr(store._chunks, verb, unanswered)
    store.remove(tea.id)  # it is removed: the chunks wait
    with pytest.raises(StorageError):
        store.put(chunks_of(tea, ["wrong"] * 3), vectors(["wrong"] * 3))
    monkeypatch.undo()
    writer.index.lexical.remove([tea.id])
    writer.index.put_whole([tea], chunks_of(tea, TEXTS), vectors(TEXTS))
    for request in arriving:
        request()
    whole(writer, *TEXTS)


def test_a_keyword_index_catches_up_from_where_it_was_left(start: Start) -> None:
    writer, replica = start("writer"), start("replica", candidate=False)
    tea, boats = writer.add("tea.txt", "Tea is served at four"), writer.add("boats.txt", "Boats pass at noon")
    assert replica.found("tea") == ["tea.txt"]
    replica.close()
    assert (replica.folder / "lexical" / FOLLOWED).exists()
    writer.remove(tea)
    writer.index.update(replace(boats, name="ships.txt"))
    writer.add("coffee.txt", "Coffee is served at five")
    for _ in range(2):
        with start("replica", candidate=False) as again:
            assert (again.found("served"), again.found("ships"), again.index.lexical.count) == (["coffee.txt"], ["ships.txt"], 2)
        (replica.folder / "lexical" / FOLLOWED).unlink()  # then all is put again
    version = writer.index.commit_words()
    shutil.copytree(writer.folder / "lexical", replica.folder.with_name("new") / "lexical")  # as from a snapshot
    writer.remove(writer.add("late.txt", "Too late"))
    with start("new", candidate=False) as new:
        assert (new.found("served"), new.found("ships"), new.found("late")) == (["coffee.txt"], ["ships.txt"], [])
        assert new.index.commit_words() > version


def test_a_replica_that_was_cut_off_for_long_compares_all(start: Start, database: Callable[[], Database]) -> None:
    writer, replica = start("writer"), start("replica", candidate=False)
    tea = writer.add("tea.txt", "Tea is served at four")
    assert replica.names == ["tea.txt"]
    writer.remove(tea)
    writer.add("boats.txt", "Boats pass at noon")
    writer.close()
    with database() as opened:
        with opened.writing() as connection:
            connection.execute(sql("UPDATE records SET removed = removed - 10000000"))
        _ = start("next").index.store  # which forgets what was removed so long ago
        with opened.reading() as connection:
            assert connection.execute(sql("SELECT count(*) FROM records")).scalar() == 1
    replica.following.look()
    assert (replica.names, replica.found("tea"), replica.found("boats")) == (["boats.txt"], [], ["boats.txt"])


def test_fields_that_a_newer_program_stored_stay(start: Start, database: Callable[[], Database]) -> None:
    writer = start()
    tea = writer.add("tea.txt", "Tea is served at four")
    with database() as opened:
        with opened.writing() as connection:
            connection.execute(sql('UPDATE records SET record = replace(record, \'{"id"\', \'{"mood": "calm", "id"\')'))
        writer.index.update(replace(tea, name="green.txt"))
        with opened.reading() as connection:
            stored = str(connection.execute(sql("SELECT record FROM records")).scalar())
    assert '"calm"' in stored
    assert '"green.txt"' in stored


def test_a_replica_of_an_older_version_is_refused(start: Start, database: Callable[[], Database], chroma_url: str) -> None:
    writer = start("writer")
    writer.add("tea.txt", "Tea is served at four")
    client = connect(Path(), chroma_url)
    store = writer.index.store
    assert isinstance(store, SharedStore)
    chunks = store._chunks
    chunks.modify(metadata={**(chunks.metadata or {}), "schema": 99})
    with pytest.raises(NewerSchemaError, match="newer version"):
        _ = start("replica", candidate=False).index.store
    disconnect(client)
    with database() as opened, opened.writing() as connection:
        if opened.kind == "sqlite":
            connection.exec_driver_sql("PRAGMA user_version = 99")
        else:
            connection.execute(sql("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(NewerSchemaError, match="newer version"):
        start("late", candidate=False)


def test_servers_with_other_settings_are_told(start: Start) -> None:
    start("writer").add("tea.txt", "Tea is served at four")
    with pytest.raises(StorageError, match=r"another embedding model or chunk size \(an index\)"):
        _ = start("replica", candidate=False, description="another").index.store


def test_the_wrong_chroma_server_is_noticed(start: Start, database: Callable[[], Database], tmp_path: Path) -> None:
    with ChromaServer(tmp_path / "wrong") as wrong:
        writer = start("writer")
        tea = writer.add("tea.txt", "Tea is served at four")
        for candidate in (False, True):
            server = start(f"wrong {candidate}", candidate=candidate, chroma_url=wrong.url)
            with pytest.raises(LibraryDamagedError, match=r"has nothing of this library.*RAG_CHROMA_URL"):
                _ = server.index.store
        with database() as opened:
            expire(opened)
        until(lambda: server.membership.is_writer)
        with pytest.raises(LibraryDamagedError):
            _ = server.index.store
        server.index.allow_rebuilding()
        assert server.names == []
        assert [orphan.id for orphan in server.restored] == [tea.id]
        server.close()


def test_a_database_without_the_library_is_noticed(start: Start, tmp_path: Path, chroma_url: str) -> None:
    writer = start("writer")
    tea = writer.add("tea.txt", "Tea is served at four")
    empty = Database.file(tmp_path / "empty.sqlite3", "library")
    with IndexServer(tmp_path / "other", empty, chroma_url, files=tmp_path / "files") as other:
        with pytest.raises(LibraryDamagedError, match=r"The database has nothing of this library.*RAG_DATABASE_URL"):
            _ = other.index.store
        other.index.allow_rebuilding()
        assert (other.names, [orphan.id for orphan in other.restored]) == ([], [tea.id])
    assert writer.near("Tea is served at four") == ["Tea is served at four"]


def test_two_clusters_that_share_a_chroma_server_never_touch(start: Start, tmp_path: Path, chroma_url: str) -> None:
    writer = start("writer")
    tea = writer.add("tea.txt", *TEXTS)
    database = Database.file(tmp_path / "second.sqlite3", "library")
    with IndexServer(tmp_path / "second", database, chroma_url, files=tmp_path / "second files") as second:
        assert second.names == []
        second.add("tea.txt", *TEXTS)
        second.remove(tea)
        second.index.drop_other_indexes()
    whole(writer, *TEXTS)


def test_a_copy_of_a_database_must_not_use_the_same_collections(postgres: PostgresServer, tmp_path: Path, chroma_url: str) -> None:
    url = postgres.database()
    name = url.rpartition("/")[2]
    with IndexServer(
        tmp_path / "writer", Database.schema(url, "footnote_library", "library"), chroma_url, files=tmp_path / "files"
    ) as writer:
        writer.add("tea.txt", *TEXTS)
    postgres.cut_off(name)
    postgres.execute(f'CREATE DATABASE "{name}_copy" TEMPLATE "{name}"')
    for candidate in (False, True):
        database = Database.schema(f"{url}_copy", "footnote_library", "library")
        with IndexServer(tmp_path / f"copy {candidate}", database, chroma_url, files=tmp_path / "files", candidate=candidate) as copy:
            with pytest.raises(StorageError, match="another database"):
                _ = copy.index.store
            if candidate:
                copy.index.allow_rebuilding()
                whole(copy, *TEXTS)  # it was only moved
                copy.opener.may_rebuild = False
    with (
        IndexServer(tmp_path / "writer", Database.schema(url, "footnote_library", "library"), chroma_url, files=tmp_path / "files") as old,
        pytest.raises(StorageError, match="another database"),
    ):
        _ = old.index.store


def test_documents_whose_chunks_a_chroma_server_has_lost_are_made_again(start: Start, database: Callable[[], Database]) -> None:
    writer = start("writer")
    writer.add("boats.txt", "Boats pass at noon")
    tea = writer.add("tea.txt", *TEXTS)
    store = writer.index.store
    assert isinstance(store, SharedStore)
    chunks = store._chunks
    chunks.delete(ids=chunks.get(where={"document_id": tea.id}, include=[])["ids"][1:])
    second = start("second")
    take_over(second, database)
    assert (second.names, [orphan.id for orphan in second.restored]) == (["boats.txt"], [tea.id])


def test_a_replica_answers_on_while_the_database_or_chroma_is_away(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()

    def server(name: str, **options: Any) -> IndexServer:
        return IndexServer(
            tmp_path / name, Database.schema(url, "footnote_library", "library"), chroma.url, files=tmp_path / "files", **options
        )

    with ChromaServer(tmp_path / "chroma") as chroma, ExitStack() as stack:
        writer = stack.enter_context(server("writer"))
        writer.add("tea.txt", *TEXTS)
        replica = stack.enter_context(server("replica", candidate=False, starts=True))
        until(lambda: replica.following.state().is_open)
        postgres.stop()
        until(lambda: replica.following.state().problem)
        whole(replica, *TEXTS)
        assert (replica.following.state().seconds or 0) > 0
        postgres.start()
        until(lambda: not replica.following.state().problem)
        writer.add("boats.txt", "Boats pass at noon")
        until(lambda: replica.names == ["tea.txt", "boats.txt"])
        until(lambda: replica.found("boats") == ["boats.txt"])
        opened = replica.index.store
        chroma.kill()
        with pytest.raises(StorageError, match="Chroma server"):
            replica.near("tea")
        with pytest.raises(StorageError):
            writer.add("late.txt", "Too late")
        chroma.start()
        assert len(replica.near("tea")) == 4
        assert replica.index.store is opened  # nothing had to be opened again
        late = writer.add("late.txt", "Too late")
        until(lambda: replica.found("late") == ["late.txt"])
        with postgres.read_only(url):
            with pytest.raises(StorageError):
                writer.remove(late)
            assert len(replica.near("tea")) == 5
        writer.remove(late)
        until(lambda: replica.found("late") == [])


def test_servers_that_start_before_the_others_wait_for_them(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()
    with ChromaServer(tmp_path / "chroma") as chroma, ExitStack() as stack:
        chroma.kill()
        replica, writer = (
            stack.enter_context(
                IndexServer(
                    tmp_path / name,
                    Database.schema(url, "footnote_library", "library"),
                    chroma.url,
                    files=tmp_path / "files",
                    candidate=name == "writer",
                    starts=True,
                )
            )
            for name in ("replica", "writer")
        )
        until(lambda: "No Chroma server answers" in replica.following.state().problem)
        chroma.start()
        until(lambda: writer.following.state().is_open and replica.following.state().is_open)
        writer.add("tea.txt", "Tea is served at four")
        until(lambda: replica.found("tea") == ["tea.txt"])


def test_roles_change_without_a_restart(start: Start, database: Callable[[], Database]) -> None:
    first, second = start("first", starts=True, seconds=2.0), start("second", starts=True, seconds=2.0)
    until(lambda: first.following.state().is_open)
    first.add("tea.txt", *TEXTS)
    until(lambda: second.names == ["tea.txt"])
    for before, after in ((first, second), (second, first), (first, second)):
        hand_over(before, after, database)
    assert len(first.names) == 4


def hand_over(before: IndexServer, after: IndexServer, database: Callable[[], Database]) -> None:
    """One sleeps, and the other writes in its place."""
    with before.membership._turn, database() as opened:  # it does not renew the lease meanwhile
        expire(opened)
        until(lambda: after.membership.is_writer)
        with pytest.raises(LibraryLockedError):
            before.add("late.txt", "Too late")
    until(lambda: after.membership.state().role == "writer")
    name = f"{after.membership.epoch}.txt"
    after.add(name, f"Word{after.membership.epoch} is served")
    until(lambda: name in before.names)


def test_a_library_on_a_chroma_server_is_moved_in_once(start: Start, tmp_path: Path, chroma_url: str) -> None:
    _old_library(tmp_path / "one", chroma_url=chroma_url)
    vector = BagOfWordsEmbedder().embed_query("tea")
    server = start("one", files=tmp_path / "one", description=_description(tmp_path))
    assert sorted(server.names) == ["boats.txt", "tea.txt"]
    assert (server.found("tea"), server.restored) == (["tea.txt"], [])
    assert len(server.index.store.nearest(vector, 10, None)) == 2
    with (
        pytest.raises(LibraryDamagedError, match="nothing of this library"),
        Library.open(tmp_path / "one", Settings(chroma_url=chroma_url), embedder=BagOfWordsEmbedder()) as alone,
    ):
        alone.documents()
    replica = start("two", candidate=False, description=_description(tmp_path))
    assert sorted(replica.names) == ["boats.txt", "tea.txt"]
    server.remove(next(record for record in server.index.records.values() if record.name == "tea.txt"))
    server.close()
    with start("one", files=tmp_path / "one", description=_description(tmp_path)) as again:
        assert again.names == ["boats.txt"]


def test_a_library_in_a_folder_is_moved_in_once(start: Start, tmp_path: Path) -> None:
    _old_library(tmp_path / "one")
    vector = BagOfWordsEmbedder().embed_query("tea")
    server = start("one", files=tmp_path / "one", description=_description(tmp_path))
    assert sorted(server.names) == ["boats.txt", "tea.txt"]
    assert len(server.index.store.nearest(vector, 10, None)) == 2
    assert server.found("tea") == ["tea.txt"]
    server.remove(next(record for record in server.index.records.values() if record.name == "tea.txt"))
    server.close()
    with start("one", files=tmp_path / "one", description=_description(tmp_path)) as again:
        assert again.names == ["boats.txt"]
    with Library.open(tmp_path / "one", embedder=BagOfWordsEmbedder()) as alone:
        assert len(alone.documents()) == 2  # what was moved stays as it was


def _old_library(folder: Path, **settings: Any) -> None:
    given = folder.with_name("given")
    given.mkdir()
    (given / "tea.txt").write_text("Tea is served at four.")
    (given / "boats.txt").write_text("Boats pass at noon.")
    with Library.open(folder, Settings(**settings), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(given).all_searchable


def _description(folder: Path) -> str:
    from rag.embedding.checked import CheckedEmbedder
    from rag.ingesting.chunking import index_identity

    return index_identity(CheckedEmbedder(BagOfWordsEmbedder()), Settings().chunk_tokens)
