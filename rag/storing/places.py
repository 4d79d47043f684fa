"""Where the tables of a library or a server lie: files in its folder, or schemas of the database that the servers of a cluster share."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.storing.database import Database


@dataclass(frozen=True, slots=True)
class _Tables:
    """How a noun's tables are kept: `consequence` says what does not work without them, the rest is for files, see `Database.file`."""

    consequence: str = ""
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    seconds_to_wait: float = 2


_TABLES = {
    "people": _Tables("Nobody can sign in until it can."),  # no power cut brings back what was taken away
    "usage": _Tables("What people use is not counted until it can.", "NORMAL"),  # no question waits for the disk
    "conversations": _Tables("Conversations cannot be saved until it can.", "NORMAL", 1),  # what cannot be written is written later
    "settings": _Tables("Settings cannot be changed until it can."),
    "queue": _Tables("Uploads cannot be read until it can."),
    "library": _Tables("Documents cannot be changed until it can."),
}


class Places:
    """Of one library, or of the server, which is its main library's; each database that is taken is closed by who took it."""

    def __init__(self, folder: Path, database_url: str | None, library_id: str = "") -> None:
        """Without `database_url`, all is in files in `folder`; the main library's id is ""."""
        self.folder = folder
        self.library_id = library_id
        self.database_url = database_url

    @property
    def are_shared(self) -> bool:
        """Whether other servers use the same tables."""
        return self.database_url is not None

    def database(self, noun: str, prepare: Callable[[sqlite3.Connection], object] | None = None) -> Database:
        """The tables of a noun: "people", "usage", "conversations", "settings", "queue", "library". Nothing is opened or made yet.

        `prepare` is as in `Database.file`. Raises `SettingsError` for a bad URL.
        """
        if self.database_url is not None:
            name = f"footnote_{self.library_id}_{noun}" if self.library_id else f"footnote_{noun}"
            return Database.schema(self.database_url, name, noun, consequence=_TABLES[noun].consequence)
        return database_file(self.folder / f"{noun}.sqlite3", noun, prepare)


def database_file(path: Path, noun: str, prepare: Callable[[sqlite3.Connection], object] | None = None) -> Database:
    """The tables of a noun in a file, as `Places.database` has them."""
    tables = _TABLES[noun]
    return Database.file(
        path,
        noun,
        synchronous=tables.synchronous,
        consequence=tables.consequence,
        seconds_to_wait=tables.seconds_to_wait,
        prepare=prepare,
    )
