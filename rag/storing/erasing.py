"""Erasing: SQLite and tantivy keep deleted text in their files until these are rewritten."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from rag.errors import StorageError, storage_errors

SECONDS_TO_WAIT = 5.0

ROOM = 2  # free space needed, in sizes of the databases: SQLite writes them anew, and keeps the old ones meanwhile
_STRIP_LOG = """
WITH gone AS MATERIALIZED (SELECT topic, id, max(seq_id) AS last FROM embeddings_queue WHERE operation = 3 GROUP BY topic, id)
UPDATE embeddings_queue SET metadata = NULL FROM gone
WHERE embeddings_queue.topic = gone.topic AND embeddings_queue.id = gone.id AND seq_id < gone.last
"""
"""Blanks text and metadata of deleted chunks (operation 3) in Chroma's log, which it may read vectors from again."""


class Erasing:
    """Overwrites what removed documents left in the files of a closed index."""

    def __init__(self, folder: Path, quarantine: Path) -> None:
        """Plan nothing yet; what an earlier process planned is still to do. `quarantine` is where damaged indexes were set aside."""
        self._folder = folder
        self._quarantine = quarantine
        self._plan = folder / "erase"

    @property
    def is_planned(self) -> bool:
        """Whether there is anything to erase."""
        return self._plan.exists()

    def plan(self) -> None:
        """Note that something is being removed. On a full disk it is erased with what is removed next."""
        with suppress(OSError):
            self._plan.touch()

    def check_room(self) -> None:
        """Raise a `StorageError` where there is no room for rewriting the files."""
        needed = sum(database.stat().st_size for database in self._databases())
        if shutil.disk_usage(self._folder).free < ROOM * needed:
            raise StorageError(
                "The text of removed documents is still in the library's files, and can be erased from them when the disk has "
                f"{ROOM * needed / 1e6:,.0f} MB of free space."
            )

    def carry_out(self) -> None:
        """Rewrite the databases; delete the keyword index, which is rebuilt from the record, and damaged indexes that were set aside.

        Nobody may have the files open.
        """
        problem = "What was removed could not be erased from the library's files"
        with storage_errors(problem, (OSError, sqlite3.Error), "Free some space and try again."):
            for database in self._databases():
                with closing(sqlite3.connect(database, timeout=SECONDS_TO_WAIT, isolation_level=None)) as connection:
                    _rewrite(connection)
            for remains in (self._folder / "lexical", *self._quarantine.glob("damaged-*")):
                shutil.rmtree(remains, ignore_errors=True)
            self._plan.unlink(missing_ok=True)

    def _databases(self) -> list[Path]:
        return [file for file in (self._folder / "chroma" / "chroma.sqlite3", self._folder / "pending.sqlite3") if file.exists()]


def _rewrite(connection: sqlite3.Connection) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if "embeddings_queue" in tables:  # Chroma's log: what is deleted stays in it until the vectors are written to their own file
        connection.execute(_STRIP_LOG)
    if "embedding_fulltext_search" in tables:  # deleted words go when its parts are merged
        connection.execute("INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('optimize')")
    connection.execute("VACUUM")
