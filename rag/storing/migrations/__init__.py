"""The versions of the tables of each noun: `NOUN/r0001_WHAT.py`, `NOUN/r0002_WHAT.py`, ..., revisions of alembic's "0001", "0002", ...

`earlier/NOUN.py` has the steps that a SQLite file took before there was alembic. They are never changed: together they make what revision
"0001" makes on PostgreSQL, and on SQLite where a noun has no such steps.

Several programs of two versions may use the same tables while servers are upgraded one by one, so a revision only adds: a column with a
default, a table, an index. What is no longer used is removed by the version after.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rag.storing.schema import Migration

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = Path(__file__).parent
_REVISION = re.compile(r"r(\d{4})_\w+\.py", re.ASCII)


@dataclass(frozen=True)
class Tables:
    """How a set of tables came about: a folder of revisions, and the `steps` of a SQLite file of before them, which make revision 1."""

    folder: Path
    steps: Sequence[Migration] = ()

    @cached_property
    def newest(self) -> int:
        """The number of the last revision; told by the names of the files, without alembic, which takes a tenth of a second to load."""
        found = sorted(int(match[1]) for file in self.folder.iterdir() if (match := _REVISION.fullmatch(file.name)))
        if not found or found != list(range(1, len(found) + 1)):
            raise ValueError(f"the revisions in {self.folder} are not numbered one by one: {found}")
        return found[-1]

    def upgrade(self, connection: "Connection", version: int = 0, *, to: int = 0) -> None:
        """Run the revisions that are missing, in the connection's transaction.

        `version` is the one it has where alembic never ran, `to` the last one wanted, all if 0.
        """
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", _quoted(FOLDER))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", _quoted(self.folder))
        config.attributes["connection"] = connection
        if version and not connection.dialect.has_table(connection, "alembic_version"):
            command.stamp(config, f"{version:04}")
        command.upgrade(config, f"{to:04}" if to else "head")


@cache
def tables_of(noun: str) -> Tables:
    """The tables of a noun."""
    steps = f"{__name__}.earlier.{noun}"
    return Tables(FOLDER / noun, import_module(steps).MIGRATIONS if find_spec(steps) else ())


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%%")
