"""The audit log: its chain, its files, what becomes of it on a bad disk, and what a request leaves in it."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner, Result

from ui.commands.cli import app
from ui.people.audit import TRAIL, AuditLog, Trail, identify, note, note_of
from ui.people.audit_reading import Wanted, as_csv, as_lines, records_of, verified
from ui.people.recording import recorded_people
from ui.people.store import People

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now


def log_in(folder: Path, clock: Clock, **given: int) -> AuditLog:
    return AuditLog(folder / "audit", now=clock, most_bytes=given.get("most_bytes", 10_000_000), days=given.get("days", 180))


def written(folder: Path) -> list[Path]:
    return sorted((folder / "audit").glob("*.jsonl"))


def test_two_processes_and_their_threads_write_one_chain(tmp_path: Path) -> None:
    """Two logs of one folder keep apart as two processes do: by the lock of its file."""
    logs = [AuditLog(tmp_path / "audit", most_bytes=4_000) for _ in range(2)]

    def write(log: AuditLog, name: str) -> None:
        for number in range(20):
            note_of(Trail(log, name=name), "test", {"number": number})

    threads = [threading.Thread(target=write, args=(log, f"{place} {n}")) for place, log in enumerate(logs) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain = verified(tmp_path / "audit")
    assert (chain.records, chain.breaks) == (80, ())
    assert len(written(tmp_path)) > 2
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "audit").iterdir()} == {0o600}
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o700
    for name in {record["name"] for record in records_of(tmp_path / "audit", Wanted())}:
        numbers = [record["facts"]["number"] for record in records_of(tmp_path / "audit", Wanted(person=name))]
        assert numbers == [*reversed(range(20))]


@pytest.mark.parametrize(
    ("harm", "breaks"),
    [
        (lambda lines: [*lines[:2], lines[2].replace("two", "TWO"), *lines[3:]], 1),
        (lambda lines: [*lines[:2], *lines[3:]], 1),
        (lambda lines: [*lines[:2], lines[0], *lines[2:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 2),
        (lambda lines: [*lines[:2], "no record\n", *lines[3:]], 2),
        (lambda lines: lines[:4], 0),  # the end is what nothing comes after
        (lambda lines: lines, 0),
    ],
)
def test_what_was_done_to_the_lines_is_found(tmp_path: Path, harm: object, breaks: int) -> None:
    log = AuditLog(tmp_path / "audit")
    for name in ("zero", "one", "two", "three", "four"):
        note_of(Trail(log), "test", {"name": name})
    last = verified(tmp_path / "audit").last
    (path,) = written(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    harmed = harm(lines)  # type: ignore[operator]
    path.write_text("".join(harmed), encoding="utf-8")
    assert len(verified(tmp_path / "audit").breaks) == breaks
    is_cut = len(harmed) == 4 and not breaks
    assert len(verified(tmp_path / "audit", kept=last).breaks) == breaks + (is_cut or harmed[-1] != lines[-1])
    assert verified(tmp_path / "audit", kept="0" * 64).breaks


def test_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    note_of(Trail(AuditLog(tmp_path / "audit")), "before", {})
    (path,) = written(tmp_path)
    path.write_bytes(path.read_bytes() + b'{"action":"half')
    note_of(Trail(AuditLog(tmp_path / "audit")), "after", {})
    assert [record["action"] for record in records_of(tmp_path / "audit", Wanted())] == ["after", "before"]
    assert len(verified(tmp_path / "audit").breaks) == 1


def test_files_are_of_a_day_and_go_when_they_are_old(tmp_path: Path) -> None:
    clock = Clock()
    log = log_in(tmp_path, clock, days=2)
    for day in range(5):
        clock.now = MONDAY + timedelta(days=day)
        note_of(Trail(log), f"day.{day}", {})
    clock.now = MONDAY  # somebody sets the clock back
    note_of(Trail(log), "late", {})
    assert [path.name for path in written(tmp_path)] == ["2026-11-25-0001.jsonl", "2026-11-26-0001.jsonl", "2026-11-27-0001.jsonl"]
    assert not verified(tmp_path / "audit").breaks
    found = records_of(tmp_path / "audit", Wanted(action="day", since="2026-11-26"))
    assert [record["action"] for record in found] == ["day.4", "day.3"]
    assert [record["action"] for record in records_of(tmp_path / "audit", Wanted(until="2026-11-25"))] == ["day.2"]


def test_a_disk_that_refuses_stops_nobody_and_the_gap_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "audit").touch()  # no folder can be there
    log = AuditLog(tmp_path / "audit")
    for _ in range(3):
        note_of(Trail(log), "lost", {})
    assert log.lost == 3
    assert len(caplog.records) == 1  # not one for each
    (tmp_path / "audit").unlink()
    note_of(Trail(log), "kept", {})
    assert log.lost == 0
    assert [(record["action"], record["facts"]) for record in records_of(tmp_path / "audit", Wanted())] == [
        ("kept", {}),
        ("audit.gap", {"lost": 3}),
    ]


def test_questions_can_be_left_out_and_facts_are_short(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit", questions=False)
    odd = "\ud800" + "词" * 20_000
    note_of(Trail(log, name=odd), "question.ask", {"question": "secret?", "documents": [odd] * 500, "none": "", "zero": 0})
    ((record),) = records_of(tmp_path / "audit", Wanted())
    assert set(record["facts"]) == {"documents", "zero"}
    assert len(record["facts"]["documents"]) == 100
    assert len(json.dumps(record, ensure_ascii=False)) < 130_000
    assert not verified(tmp_path / "audit").breaks


def test_of_a_private_library_records_name_nothing_but_rights(tmp_path: Path) -> None:
    trail = Trail(AuditLog(tmp_path / "audit"), library="0a0b0c0d", is_private=True)
    note_of(trail, "question.ask", {"question": "secret?", "documents": ["12 secret.pdf"], "later": "secret", "outcome": "complete"})
    note_of(trail, "request", {"name_or_id": "secret.pdf", "method": "PUT", "route": "/api/documents/{name_or_id:path}", "status": 200})
    note_of(trail, "people.grant", {"library_id": "0a0b0c0d", "subject_id": "x", "right": "read"})
    found = [record["facts"] for record in records_of(tmp_path / "audit", Wanted())]
    assert "secret" not in str(found)
    assert found[0]["right"] == "read"


def test_exports_are_the_lines_themselves_or_cells_that_are_no_formulas(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit")
    note_of(Trail(log, name="=cmd()"), "test", {"a": "b;\nc", "path": "\x1b[31m\x9b1m\u202eabc\x7f"})
    note_of(Trail(log), "test", {})
    (path,) = written(tmp_path)
    assert "".join(as_lines(records_of(tmp_path / "audit", Wanted(), newest_first=False))) == path.read_text(encoding="utf-8")
    header, first, *_ = as_csv(records_of(tmp_path / "audit", Wanted(), newest_first=False))
    assert header.startswith("time,action,person,name")
    assert ",'=cmd()," in first
    assert not set(path.read_text(encoding="utf-8") + first) & {"\x1b", "\x9b", "\u202e", "\x7f"}  # no terminal is steered


def test_what_changes_people_is_recorded_whatever_the_verb_and_no_secret_is(tmp_path: Path) -> None:
    class Later(People):
        def rename(self, name: str, new: str, *, password: str = "") -> None:
            with self.writing() as file:
                file.change("UPDATE people SET name = :new WHERE name = :name", new=new, name=name)

        def looked(self, name: str) -> str:
            return name

    log, secret = AuditLog(tmp_path / "audit"), "correct horse battery"
    with Later(tmp_path / "people.sqlite3", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)) as opened:
        people = recorded_people(opened)
        trailed = TRAIL.set(Trail(log, request="r1", person="p1", name="Ada"))
        try:
            added = people.add("Zoë", secret, "reader")
            assert added
            people.add_token(added, "mine", "read", 5)
            people.revoke(added, "none")
            assert people.add("Eve", secret, "administrator", only_first=True) is None
            people.looked("x")  # type: ignore[attr-defined]
            people.rename("Zoë", "Zoe", password=secret)  # type: ignore[attr-defined]
            assert people.checked("nobody, but a password", "wrong") is None
            assert people.checked("Zoë", "wrong") is None
            people.of_session(people.begin_session(added))
        finally:
            TRAIL.reset(trailed)
        people.set_role("Zoë", "writer")  # of no request
    found = [*records_of(tmp_path / "audit", Wanted(), newest_first=False)]
    assert [(record["action"], record["facts"].get("user")) for record in found] == [
        ("people.add", None),
        ("people.add_token", None),
        ("people.rename", None),
        ("sign_in.failed", None),
        ("sign_in.failed", "Zoe"),
        ("sign_in", None),
    ]
    assert (found[-1]["name"], found[0]["name"], found[0]["request"]) == ("Zoë", "Ada", "r1")
    assert secret not in (text := "".join(path.read_text(encoding="utf-8") for path in written(tmp_path)))
    assert "a password" not in text
    assert "fn_" not in text


def test_without_a_request_nothing_is_noted() -> None:
    note("test")
    identify("p", "Ada")
    assert TRAIL.get() is None


def test_the_log_on_the_command_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["audit", *arguments, "--library", str(tmp_path)])

    assert "There is no audit log" in str(run().exception)
    log = AuditLog(tmp_path / "audit")
    for name in ("Ada", "Zoë [b]"):
        note_of(Trail(log, name=name, door="api"), "question.ask", {"question": f"What does {name} ask?"})
    assert "What does Zoë [b] ask?" in run().stdout
    assert [json.loads(line)["name"] for line in run("--json").stdout.splitlines()] == ["Ada", "Zoë [b]"]
    assert run("--csv", "--user", "ada").stdout.count("\n") == 2
    assert run("--json", "--action", "sign_in").stdout == run("--json", "--until", "2020-01-01").stdout == ""
    assert run("--since", "yesterday").exit_code == 2
    last = verified(tmp_path / "audit").last
    assert last in run("--verify").stdout
    assert run("--verify", "--kept", last).exit_code == 0
    (path,) = written(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("Ada", "Eve"), encoding="utf-8")
    assert (run("--verify").exit_code, "line 2" in run("--verify").output) == (1, True)
