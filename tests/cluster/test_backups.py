"""A backup of a cluster while its writer works, restored to another database, Chroma server and bucket."""

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rag import LibraryError, Settings, UnreadableFileError
from rag.storing.backups import BackupFolder
from rag.storing.places import Places
from tests.chroma_server import ChromaServer
from tests.cluster.harness import Cluster
from tests.cluster.whole import check_whole, contents_of, made_files
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server
from ui.backups import back_up_cluster, restore_to_cluster
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, s3: S3Server, chroma: ChromaServer) -> Iterator[Cluster]:
    """A cluster with some documents, one of them removed."""
    with Cluster(tmp_path_factory.mktemp("worked"), postgres, s3, chroma) as cluster:
        library = cluster.start("writer").ready().library
        for name, data in made_files(100, 6).items():
            library.add_bytes(data, name)
        library.set_metadata("100.txt", {"year": 2026})
        library.remove("101.txt", keep=True)
        yield cluster


def backed_up(cluster: Cluster, target: Path) -> str:
    return cluster.rag("backup", "make", target)


def test_a_backup_of_a_working_cluster_comes_back_elsewhere(
    worked: Cluster, tmp_path: Path, postgres: PostgresServer, s3: S3Server
) -> None:
    library, target = worked.writer().library, tmp_path / "backups"
    before = made_files(100, 6)
    del before["101.txt"]
    expected = contents_of(library, before)
    is_over = threading.Event()
    added = dict[str, bytes]()

    def go_on() -> None:
        number = 200
        while not is_over.is_set():
            ((name, data),) = made_files(number, 1, 2).items()
            library.add_bytes(data, name)
            added[name] = data
            if number % 2:
                library.remove(name, keep=False)
                del added[name]
            number += 1

    user = threading.Thread(target=go_on)
    user.start()
    try:
        backed_up(worked, target)
    finally:
        is_over.set()
        user.join()
    worked.rag("backup", "check", target)
    assert len(list((target / "parts").rglob("*"))) > 0
    parts = len(BackupFolder(target).read().parts)
    read = len(list((target / "parts").glob("*/*")))
    backed_up(worked, target)
    assert len(list((target / "parts").glob("*/*"))) < 2 * read, "what is there is not copied again"
    assert parts

    with ChromaServer(tmp_path / "chroma") as chroma, Cluster(tmp_path / "elsewhere", postgres, s3, chroma) as other:
        first = BackupFolder(target).names()[0]
        other.rag("backup", "restore", target, "--name", first)
        with pytest.raises(AssertionError, match="is not empty"):
            other.rag("backup", "restore", target)
        restored = other.start("server").ready().library
        assert contents_of(restored, before) == expected
        assert restored.document("100.txt").metadata == {"year": 2026}
        assert [each.name for each in restored.removed()] == ["101.txt"]
        assert {record.name for record in restored.documents()} <= {*before, *made_files(200, 200, 2)}
        for record in restored.documents():
            assert restored.pages.text(record.id, 1)
        check_whole(other)
        restored.restore("101.txt")
        assert restored.add_text("Bread is baked at five.", "bakery.txt").status == "added"
        check_whole(other)


def settings_of(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in cluster.settings.items():
        monkeypatch.setenv(name, value)
    return Settings()


def rows_of(postgres: PostgresServer, cluster: Cluster, schema: str) -> dict[str, list[object]]:
    """All that a schema holds, by table."""
    database = urlsplit(cluster.database_url).path.strip("/")
    tables = postgres.execute(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'", database)
    found = {name: postgres.execute(f"SELECT * FROM {schema}.{name} ORDER BY 1", database) for (name,) in tables}
    assert any(map(len, found.values()))
    return found  # type: ignore[return-value]


@pytest.mark.soak
def test_documents_that_change_while_they_are_copied_are_whole_or_left_out(
    worked: Cluster, tmp_path: Path, postgres: PostgresServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, target = worked.writer().library, tmp_path / "backups"
    ((name, data),) = made_files(300, 1, 2).items()
    library.add_bytes(data, name)
    conversations = Conversations(ConversationStore.of(Places(tmp_path, worked.database_url)))
    mine = conversations.of("zoe")
    mine.begin(mine.resume(None), "When does the ferry leave?")
    conversations.close()
    names = {record.name for record in library.documents()}

    def change(what: str) -> None:
        """Between the copy of the tables and that of chunks and files."""
        if what == "main library":
            library.remove(name, keep=False)
            library.remove("102.txt", keep=False)
            library.add_bytes(made_files(102, 1)["102.txt"], "102.txt")  # the same again: its chunks have other ids
            library.add_text("Too late for this one.", "late.txt")

    with monkeypatch.context() as patched:
        backup, kept = back_up_cluster(target, settings_of(worked, patched), change)
    assert kept.left_out == 1
    assert kept.problems == ()
    assert list(BackupFolder(target).problems(backup)) == []
    with ChromaServer(tmp_path / "chroma") as chroma, Cluster(tmp_path / "beside", postgres, s3, chroma) as other:
        with monkeypatch.context() as patched:
            restore_to_cluster(target, backup, settings_of(other, patched), lambda _: None)
        restored = other.start("server").ready().library
        assert {record.name for record in restored.documents()} == names - {name}
        check_whole(other)
        assert rows_of(postgres, other, "footnote_conversations") == rows_of(postgres, worked, "footnote_conversations")


@pytest.mark.soak
def test_a_damaged_backup_leaves_nothing_behind(
    worked: Cluster, tmp_path: Path, postgres: PostgresServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backups"
    backed_up(worked, target)
    backups = BackupFolder(target)
    backup = backups.read()
    chunks = next(part for part in backup.parts if part.path.startswith("chunks/"))
    backups.path(chunks.sha256).write_bytes(b"damaged")
    with ChromaServer(tmp_path / "chroma") as chroma, Cluster(tmp_path / "nowhere", postgres, s3, chroma) as other:
        with pytest.raises(UnreadableFileError, match="damaged"):
            restore_to_cluster(target, backup, settings_of(other, monkeypatch), lambda _: None)
        assert s3.keys("nowhere/") == {}
        assert other.start("server").ready().library.documents() == []


@pytest.mark.soak
def test_a_backup_of_another_kind_is_refused(worked: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "backups"
    backed_up(worked, target)
    with pytest.raises(AssertionError, match="is one of a cluster"):
        worked.rag("backup", "restore", target, tmp_path / "folder")
    with pytest.raises(LibraryError, match="is not empty"):
        restore_to_cluster(target, BackupFolder(target).read(), settings_of(worked, monkeypatch), lambda _: None)
