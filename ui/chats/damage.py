"""Files of conversations that cannot be used: what is wrong with them, and putting them aside."""

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from rag.errors import NewerSchemaError

LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


def is_emptied(path: Path) -> bool:
    """Whether a file lost all that SQLite wrote into it."""
    return path.is_file() and not path.stat().st_size and not path.with_name(f"{path.name}-wal").exists()


def reason(path: Path, error: BaseException) -> str:
    """The key of `text.CONVERSATIONS_NOT_OPENED`."""
    if isinstance(error, NewerSchemaError):
        return "newer"
    if _code(error) in LOCKED:
        return "locked"
    first = root_of(error)
    if isinstance(first, PermissionError) or _code(error) in FORBIDDEN or getattr(first, "errno", 0) == errno.EROFS:
        return "forbidden"
    return "folder" if path.is_dir() else "other"


def root_of(error: BaseException) -> BaseException:
    """What went wrong first."""
    return [*_causes(error)][-1]


def move_aside(path: Path) -> Path:
    """Rename a damaged file and what SQLite keeps beside it; returns the file's new path."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    for end in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + end)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + end))
    return aside


def _code(error: BaseException) -> int:
    """SQLite's primary result code."""
    codes = (getattr(cause, "sqlite_errorcode", 0) & 0xFF for cause in _causes(error))
    return next(filter(None, codes), 0)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__
