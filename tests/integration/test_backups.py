"""Backups while a library is held, searched and added to: whole, incremental, refused where they are not, and restored as they were."""

import json
import resource
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from rag import Library, LibraryError, LibraryLockedError, NewerSchemaError, Settings, StorageError, UnreadableFileError
from rag.storing.backups import Backup, BackupFolder
from rag.storing.kept_settings import Connection
from rag.storing.lock import LibraryLock
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import ApiServer
from ui.backups import back_up
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore
from ui.commands import cli
from ui.people.store import People

PASSWORD = "a password of zoe's"
QUESTION = "When does the ferry leave?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def made(folder: Path, target: Path) -> Backup:
    return back_up(folder, target, Settings(), lambda _: None)


def restored(target: Path, folder: Path, name: str = "") -> Path:
    backups = BackupFolder(target)
    backups.restore(backups.read(name), folder)
    return folder


def people_of(folder: Path) -> People:
    return People(folder / "people.sqlite3", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def documents_in(folder: Path) -> dict[str, str]:
    """The name and the text of each document, of a library in which nothing is wrong, and which finds them."""
    with Library.open(folder, embedder=BagOfWordsEmbedder()) as library:
        while library.index_next():  # what was not embedded at that moment
            pass
        assert [finding for finding in library.examine() if finding.state != "ok"] == []
        assert library.retrieve(QUESTION)[0].text == "The ferry leaves at noon."
        return {record.name: library.pages.text(record.id, 1) for record in library.documents()}


def files_in(folder: Path) -> list[str]:
    """The text of each document's file."""
    return sorted(file.read_text() for file in (folder / "originals").iterdir())


def test_a_server_that_is_used_is_backed_up_and_comes_back_as_it_was(open_library: OpenLibrary, folder: Path, target: Path) -> None:
    library = open_library()
    library.add_text("The ferry leaves at noon.", "ferry.txt", metadata={"year": 2024})
    library.change_settings(lambda kept: kept.connected(Connection("Work", "http://localhost:1/v1", SecretStr("a key"))))
    with open_library("library/libraries/0123abcd") as other:
        other.add_text("Bread is baked at five.", "bakery.txt")
    with people_of(folder) as people:
        zoe = people.add("zoë", PASSWORD, "administrator")
        assert zoe
    conversations = Conversations(ConversationStore.open(folder / "conversations.sqlite3"))
    mine = conversations.of(zoe.id)
    conversation = mine.resume(None)
    mine.begin(conversation, QUESTION)
    (folder / "audit").mkdir()
    (folder / "audit" / "2026-11.jsonl").write_text('{"action": "sign_in"}\n')

    is_over, added = threading.Event(), list[str]()

    def go_on() -> None:
        while not is_over.is_set():
            name = f"{len(added)}.txt"
            library.add_text(f"Note {name} of the harbour.", name)
            added.append(name)
            assert library.retrieve(QUESTION)[0].document == "ferry.txt"

    user = threading.Thread(target=go_on)
    with ApiServer(library) as server:
        library.announce(server.url)
        user.start()
        backup = made(folder, target)
        is_over.set()
        user.join()
    conversations.close()
    assert list(BackupFolder(target).problems(backup)) == []

    back = restored(target, target.with_name("back"))
    found = documents_in(back)
    assert found.pop("ferry.txt") == "The ferry leaves at noon."
    assert found == {name: f"Note {name} of the harbour." for name in added[: len(found)]}  # of one moment
    assert files_in(back / "libraries" / "0123abcd") == ["Bread is baked at five."]
    with people_of(back) as people:
        assert people.checked("zoë", PASSWORD) == zoe
    kept = Conversations(ConversationStore.open(back / "conversations.sqlite3")).of(zoe.id)
    assert [turn.question for turn in kept.turns(conversation)] == [QUESTION]
    assert json.loads((back / "settings.json").read_text())["connections"][0]["api_key"] == "a key"
    assert (back / "audit" / "2026-11.jsonl").read_text() == '{"action": "sign_in"}\n'
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (back, back / "settings.json", back / "people.sqlite3")}
    assert modes == {"back": 0o700, "settings.json": 0o600, "people.sqlite3": 0o600}
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in (target, *target.glob("*.json"), *target.glob("parts/**/*"))} == {0}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library and its backup."""
    made_once = tmp_path_factory.mktemp("once")
    with Library.open(made_once / "library", embedder=BagOfWordsEmbedder()) as library:
        library.add_text("The ferry leaves at noon.", "ferry.txt")
    made(made_once / "library", made_once / "backups")
    return made_once


@pytest.fixture
def backed_up(once: Path, tmp_path: Path, target: Path) -> Backup:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return BackupFolder(target).read()


def held_by(target: Path) -> set[str]:
    return {file.name for file in target.glob("parts/*/*")}


def test_what_an_earlier_backup_has_is_not_copied_again(backed_up: Backup, open_library: OpenLibrary, folder: Path, target: Path) -> None:
    before = held_by(target)
    again = made(folder, target)
    assert (again.name > backed_up.name, held_by(target)) == (True, before)
    with open_library() as library:
        library.add_text("Bread is baked at five.", "bakery.txt")
        library.remove("ferry.txt")
        (original,) = (folder / "originals").iterdir()
    made(folder, target)
    assert original.stem in held_by(target) - before
    assert files_in(restored(target, folder.with_name("first"), backed_up.name)) == ["The ferry leaves at noon."]
    backups = BackupFolder(target)
    assert backups.remove_old(1) == 2
    assert files_in(restored(target, folder.with_name("last"))) == ["Bread is baked at five."]
    assert held_by(target) == {part.sha256 for part in backups.read().parts}


def test_what_holds_something_is_not_restored_to_nor_backed_up_into_itself(backed_up: Backup, folder: Path, target: Path) -> None:
    with pytest.raises(LibraryError, match="is not empty, and nothing there is overwritten"):
        restored(target, folder)
    for wrong in (folder, folder / "backups", folder.parent):
        with pytest.raises(LibraryError, match="cannot lie in that folder, nor around it"):
            made(folder, wrong)
    with pytest.raises(LibraryError, match="There is no library at"):
        made(folder.with_name("nothing"), target)
    lock = LibraryLock(folder)  # of a process that is no server
    with pytest.raises(LibraryLockedError):
        made(folder, target)
    lock.release()
    assert BackupFolder(target).names() == [backed_up.name]


def test_a_damaged_or_newer_backup_is_refused_and_leaves_nothing(backed_up: Backup, folder: Path, target: Path) -> None:
    listed = target / f"{backed_up.name}.json"
    whole = json.loads(listed.read_text())
    back = folder.with_name("back")

    def refused(said: str, error: type[Exception] = UnreadableFileError) -> None:
        with pytest.raises(error, match=said):
            restored(target, back)
        assert not back.exists() or list(back.iterdir()) == []

    listed.write_text(json.dumps(whole)[:-50])
    refused("is damaged")
    listed.write_text(json.dumps(whole | {"layout": 2}))
    refused("newer version of Footnote", NewerSchemaError)
    listed.write_text(json.dumps(whole | {"schemas": {"records": 9}}))
    refused("newer version of Footnote", NewerSchemaError)
    whole["parts"][0]["path"] = "../elsewhere"
    listed.write_text(json.dumps(whole))
    refused("its list is not the one that was written")
    listed.write_text(json.dumps({**whole, "parts": []}))
    refused("its list is not the one that was written")
    listed.unlink()
    refused("There is no backup in")


def test_a_part_that_is_missing_or_changed_is_told(backed_up: Backup, folder: Path, target: Path) -> None:
    backups, back = BackupFolder(target), folder.with_name("back")
    part = next(each for each in backed_up.parts if each.path == "chroma/chroma.sqlite3")
    kept = backups.path(part.sha256)
    kept.write_bytes(b"x" + kept.read_bytes()[1:])
    assert list(backups.problems(backed_up)) == ["chroma/chroma.sqlite3 has changed"]
    with pytest.raises(UnreadableFileError, match=r"chroma\.sqlite3 has changed"):
        backups.restore(backed_up, back)
    kept.unlink()
    assert list(backups.problems(backed_up)) == ["chroma/chroma.sqlite3 cannot be read (No such file or directory)"]
    with pytest.raises(UnreadableFileError, match=r"chroma\.sqlite3 is missing"):
        backups.restore(backed_up, back)
    assert list(back.iterdir()) == []
    assert made(folder, target)
    restored(target, back)  # the next backup keeps it anew


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """What a full disk does to who writes more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_no_backup_that_looks_whole(backed_up: Backup, open_library: OpenLibrary, folder: Path, target: Path) -> None:
    with open_library() as library:
        library.add_text("Bread is baked at five.", "bakery.txt")
    for size in (100_000, 2_000):
        with files_no_larger_than(size), pytest.raises(StorageError, match="The backup could not be written to"):
            made(folder, target)
        assert BackupFolder(target).names() == [backed_up.name]
        assert list(target.glob("parts/*.partial")) == []
    with files_no_larger_than(2_000), pytest.raises(StorageError, match="The backup could not be restored to"):
        restored(target, folder.with_name("back"))
    assert list(folder.with_name("back").iterdir()) == []
    assert list(BackupFolder(target).problems(backed_up)) == []


def test_the_commands(folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RAG_EMBEDDING_MODEL", "plugin:tests.fakes:NamedWords?x")
    monkeypatch.setenv("RAG_LIBRARY", str(folder))

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["rag", "backup", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        return int(end.value.code or 0), " ".join((told.out + told.err).split())

    assert run("list", str(target)) == (1, f"Error: There is no backup in {target}. It holds: nothing that `rag backup make` wrote.")
    with Library.open(folder) as library:
        library.add_text("The ferry leaves at noon.", "ferry.txt")
    for _ in range(2):
        assert run("make", str(target), "--keep", "1")[0] == 0
    status, told = run("list", str(target), "--json")
    (name,) = BackupFolder(target).names()
    assert (status, json.loads(told)["name"]) == (0, name)
    assert name in run("list", str(target))[1]
    assert "is whole" in run("check", str(target))[1]
    assert "not in" in run("check", str(target), "--name", "2001")[1]
    assert run("restore", str(target), str(folder))[0] == 1
    assert f"Restored backup {name}" in run("restore", str(target), str(folder.with_name("back")))[1]
    assert files_in(folder.with_name("back")) == ["The ferry leaves at noon."]
    next(iter(target.glob("parts/*/*"))).write_bytes(b"")
    status, told = run("check", str(target))
    assert (status, "has changed." in told) == (1, True)
