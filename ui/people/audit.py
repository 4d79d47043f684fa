"""The audit log: who did what. `note` writes a record; who, from where and in which library come from the request's `Trail`.

A record is a line of JSON in `audit/DAY-NUMBER.jsonl` in the server's folder, with the hash of the line before it: a line that was
changed, added or taken out between others is found (`ui.people.audit_reading`). No key is part of it: who may write to the folder can
write the whole chain anew, or cut its end off, and only a hash that was kept elsewhere shows that.
"""

import errno
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.settings import Settings
from rag.text.printable import printable_json

AUDIT_FOLDER = "audit"  # in the server's folder
MOST_BYTES = 16_000_000  # of a file, before a new one is begun
TAIL_BYTES = 1_000_000  # a line is shorter than that
SECONDS_TO_WAIT = 2  # for another process that writes
MOST_CHARACTERS = 1_000  # of a fact
MOST_LISTED = 100  # of the values of one fact
GAP = "audit.gap"
OF_PRIVATE = {"method", "route", "status", "outcome", "error", "count", "settings", "handler", "document_id", "conversation_id"}
"""Facts that are recorded of a private library: administrators, who read the log, need not have a right in it."""
FAILED = "The audit log cannot be written (%s). Requests are answered all the same; what is missing is counted in the next record."

_EMPTY: tuple[object, ...] = (None, "", [], ())

Fact = str | int | float | bool | None | Sequence[str]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trail:
    """A request, as far as it is known.

    Attributes:
        log: Where its records go; None where none are kept.
        request: Its id.
        address: Where it came from.
        door: How it came: "page", "api", "v1", "mcp", "command line", "server" for what the server does by itself.
        person: The id of who sent it, or "".
        name: The person's name.
        library: The library's id; "" is the main one.
        is_private: Whether that is somebody's private one: of what is done there, records name no documents, questions and files.
        is_noted: Whether a record was written, so that none has to be made of the request alone.
    """

    log: "AuditLog | None" = None
    request: str = ""
    address: str = ""
    door: str = ""
    person: str = ""
    name: str = ""
    library: str = ""
    is_private: bool = False
    is_noted: bool = False


TRAIL: ContextVar[Trail | None] = ContextVar("trail", default=None)
"""The request that is being answered; `ui.http.access` and `ui.web.mounting` set it."""


def note(action: str, /, **facts: Fact) -> None:
    """Write a record of this request: `note("token.added", scope="ask")`. No contents and no secrets; empty facts are left out.

    Without a request, or where no audit log is kept, nothing happens. It never fails.
    """
    if trail := TRAIL.get():
        note_of(trail, action, facts)


def note_of(trail: Trail, action: str, facts: Mapping[str, Fact]) -> None:
    """The same of a request that may have ended."""
    trail.is_noted = True
    if trail.log:
        trail.log.append(trail, action, facts)


def identify(person: str, name: str) -> None:
    """Say who has sent this request, where that is known only while it is answered, as of who signs in."""
    if trail := TRAIL.get():
        trail.person, trail.name = person, name


class AuditLog:
    """Appends records; any thread may use it, and other processes write to the same files.

    Attributes:
        lost: Records that could not be written since the last one that was.
    """

    def __init__(
        self,
        folder: Path,
        *,
        days: int = 180,
        questions: bool = True,
        most_bytes: int = MOST_BYTES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep records in a folder for so many days; without `questions`, what was asked is left out."""
        self._most_bytes = most_bytes
        self.folder = folder
        self.lost = 0
        self._days = days
        self._questions = questions
        self._now = now
        self._lock = threading.Lock()
        self._between = FileLock(folder / "lock", timeout=SECONDS_TO_WAIT, mode=0o600, thread_local=False)  # processes
        self._path: Path | None = None
        self._end = (0, "")  # the size of that file after our last line, and that line's hash

    def append(self, trail: Trail, action: str, facts: Mapping[str, Fact]) -> None:
        """Write a record; where that fails it is counted, and told in the log once."""
        now = self._now()
        if trail.is_private and not action.startswith("people."):
            facts = {name: fact for name, fact in facts.items() if name in OF_PRIVATE}
        record = {
            "time": now.isoformat(timespec="milliseconds"),
            "action": action,
            "person": trail.person,
            "name": trail.name,
            "address": trail.address,
            "door": trail.door,
            "library": trail.library,
            "request": trail.request,
            "facts": {name: _limited(fact) for name, fact in facts.items() if fact not in _EMPTY},
        }
        if not self._questions:
            record["facts"].pop("question", None)  # type: ignore[attr-defined]
        with self._lock:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with self._between:
                    if self.lost:
                        self._write({**record, "action": GAP, "facts": {"lost": self.lost}}, now)
                        self.lost = 0
                    self._write(record, now)
            except (OSError, Timeout) as error:
                self.lost += 1
                if self.lost == 1:
                    log.error(FAILED, error)  # noqa: TRY400 - a full disk is no fault of the program

    def _write(self, record: dict[str, Any], now: datetime) -> None:
        path = self._chosen(now)
        with open(path, "a+b", buffering=0, opener=_private) as file:
            size = file.seek(0, os.SEEK_END)
            previous = self._end[1] if path == self._path and size == self._end[0] else _last_hash(self.folder)
            line = printable_json(json.dumps({**record, "previous": previous}, ensure_ascii=False, separators=(",", ":"))).encode()
            whole = b"\n" * _is_torn(file, size) + line + b"\n"
            if file.write(whole) < len(whole):
                file.truncate(size)  # a line is there whole or not at all
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._path, self._end = path, (size + len(whole), line_hash(line))

    def _is_full(self, path: Path) -> bool:
        return path.exists() and path.stat().st_size >= self._most_bytes

    def _chosen(self, now: datetime) -> Path:
        """The newest file, or a new one each day and where that is full; then the oldest go."""
        today, newest = f"{now:%Y-%m-%d}", self._path
        if newest is None or not newest.name.startswith(today) or self._is_full(newest):  # else another process has begun no later one
            newest = next(reversed(files_of(self.folder)), None)
        if newest and newest.name[: len(today)] >= today and not self._is_full(newest):
            return newest
        for path in files_of(self.folder):
            if path.name[: len(today)] < f"{now - timedelta(days=self._days):%Y-%m-%d}":
                path.unlink(missing_ok=True)
        day, number = (newest.name[: len(today)], int(newest.stem[len(today) + 1 :]) + 1) if newest else (today, 1)
        return self.folder / (f"{day}-{number:04}.jsonl" if day >= today else f"{today}-0001.jsonl")


def audit_log(folder: Path, settings: Settings) -> AuditLog:
    """The audit log in a server's folder."""
    return AuditLog(folder / AUDIT_FOLDER, days=settings.audit_days, questions=settings.audit_questions)


def files_of(folder: Path) -> list[Path]:
    """The files of records, the oldest first."""
    return sorted(folder.glob("????-??-??-[0-9]*.jsonl"))


def line_hash(line: bytes) -> str:
    """What the next line says of a line."""
    return hashlib.sha256(line).hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_torn(file: FileIO, size: int) -> bool:
    """Whether the last line has no end, as after a power cut."""
    if size:
        file.seek(size - 1)
    return bool(size) and file.read(1) != b"\n"


def _last_hash(folder: Path) -> str:
    """The hash of the last line; "" where there is none."""
    for path in reversed(files_of(folder)):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            if last := file.read().rstrip(b"\n").rpartition(b"\n")[2]:
                return line_hash(last)
    return ""


def _limited(fact: Fact) -> Fact:
    if isinstance(fact, str):
        return fact if len(fact) <= MOST_CHARACTERS else f"{fact[:MOST_CHARACTERS]}…"
    if isinstance(fact, int | float) or fact is None:
        return fact
    return [each[:MOST_CHARACTERS] for each in fact[:MOST_LISTED]]
