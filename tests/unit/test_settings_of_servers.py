"""Kept settings in the database of a cluster: what one server changes counts on the others soon, and no change is lost."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.errors import SettingsError, StorageError
from rag.storing import settings_stores
from rag.storing.database import Database
from rag.storing.kept_settings import Connection, KeptSettings, SettingsKeeper
from ui.commands.cli import main

Opened = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Opens the one database, for one more server."""
    with ExitStack() as closes:
        if request.param == "postgresql":
            url = request.getfixturevalue("postgres").database()
            yield lambda: closes.enter_context(Database.schema(url, "footnote_settings", "settings"))
        else:
            yield lambda: closes.enter_context(Database.file(tmp_path / "settings.sqlite3", "settings"))


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is looked at with each use."""
    monkeypatch.setattr(settings_stores, "SECONDS_BETWEEN_LOOKS", 0.0)


@pytest.mark.usefixtures("looking")
def test_what_one_server_keeps_counts_on_the_others(opened: Opened, tmp_path: Path) -> None:
    here, there = (SettingsKeeper(tmp_path / name, opened()) for name in ("here", "there"))
    assert here.now == there.now == KeptSettings()
    here.change(lambda kept: kept.connected(Connection("Work", "http://models/v1", SecretStr("a key"))))
    assert there.now.connection == here.now.connection == Connection("Work", "http://models/v1", SecretStr("a key"))
    there.change(lambda kept: kept.with_values(top_k=7))
    assert here.now == there.now == SettingsKeeper(tmp_path / "new", opened()).now
    assert here.now.values == {"top_k": 7}
    assert list(tmp_path.glob("*/settings.json")) == []


def test_questions_in_between_ask_nothing_of_the_database(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[str]()

    class Counted(Database):
        @contextmanager
        def reading(self) -> Any:
            looks.append("read")
            with super().reading() as connection:
                yield connection

    database = opened()
    counted = SettingsKeeper(tmp_path, Counted(database._source))
    assert counted.now == KeptSettings()
    began = len(looks)
    for _ in range(100):
        assert counted.now == KeptSettings()
    assert len(looks) - began <= 2  # a slow machine may take more than a second
    monkeypatch.setattr(settings_stores, "SECONDS_BETWEEN_LOOKS", 0.0)
    assert counted.now == KeptSettings()
    assert len(looks) > began


@pytest.mark.usefixtures("looking")
def test_changes_at_the_same_time_are_all_kept(opened: Opened, tmp_path: Path) -> None:
    keepers = [SettingsKeeper(tmp_path, opened()) for _ in range(4)]

    def connect(number: int) -> None:
        for turn in range(5):
            connection = Connection(f"{number} {turn}", "http://here/v1")
            keepers[number].change(lambda kept, added=connection: kept.connected(added))  # type: ignore[misc]

    threads = [threading.Thread(target=connect, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.name for each in keepers[0].now.connections} == {f"{number} {turn}" for number in range(4) for turn in range(5)}


@pytest.mark.usefixtures("looking")
def test_the_file_of_a_single_machine_is_taken_over_once(opened: Opened, tmp_path: Path) -> None:
    alone = SettingsKeeper(tmp_path)
    alone.change(lambda kept: kept.with_values(top_k=7))
    here = SettingsKeeper(tmp_path, opened())
    assert here.now.values == {"top_k": 7}
    alone.change(lambda kept: kept.with_values(top_k=9))
    assert here.now.values == SettingsKeeper(tmp_path, opened()).now.values == {"top_k": 7}
    here.change(lambda kept: kept.with_values(top_k=None))
    assert (SettingsKeeper(tmp_path, opened()).now.values, alone.now.values) == ({}, {"top_k": 9})


def test_a_damaged_file_is_not_taken_over(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(SettingsError, match=r"settings\.json cannot be used"):
        _ = SettingsKeeper(tmp_path, opened()).now
    (tmp_path / "settings.json").unlink()
    assert SettingsKeeper(tmp_path, opened()).now == KeptSettings()


@pytest.mark.usefixtures("looking")
def test_a_bad_change_changes_nothing(opened: Opened, tmp_path: Path) -> None:
    here, there = (SettingsKeeper(tmp_path, opened()) for _ in range(2))
    here.change(lambda kept: kept.with_values(top_k=7))
    with pytest.raises(SettingsError, match="top_k"):
        there.change(lambda kept: kept.with_values(top_k=0))
    assert here.now.values == there.now.values == {"top_k": 7}


def test_what_was_read_last_counts_while_the_database_is_away(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = request.getfixturevalue("postgres").database()
    with Database.schema(url, "footnote_settings", "settings") as database:
        keeper = SettingsKeeper(tmp_path, database)
        keeper.change(lambda kept: kept.with_values(top_k=7))
        monkeypatch.setattr(settings_stores, "SECONDS_BETWEEN_LOOKS", 0.0)
        with request.getfixturevalue("postgres").read_only(url):
            with pytest.raises(StorageError, match="read-only"):
                keeper.change(lambda kept: kept.with_values(top_k=8))
            assert keeper.now.values == {"top_k": 7}

        class Away(Database):
            def reading(self) -> Any:
                raise StorageError("The database is away.")

        keeper._store._database = Away(database._source)  # type: ignore[attr-defined]
        with caplog.at_level(logging.WARNING):
            assert keeper.now.values == {"top_k": 7}
        assert "those that were read last count" in caplog.text


def test_the_command_line_changes_what_the_servers_share(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = request.getfixturevalue("postgres").database()
    monkeypatch.setenv("RAG_DATABASE_URL", url)
    monkeypatch.setenv("RAG_LIBRARY", str(tmp_path / "cache"))
    for arguments in (["set", "top_k", "7"], ["connect", "http://models/v1", "--name", "Work"], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["rag", "settings", *arguments])
        with suppress(SystemExit):
            main()
    assert '"value": 7' in capsys.readouterr().out
    with Database.schema(url, "footnote_settings", "settings") as database:
        kept = SettingsKeeper(tmp_path, database).now
    assert (kept.values, [each.name for each in kept.connections]) == ({"top_k": 7}, ["Work"])
    assert not (tmp_path / "cache").exists()
