"""Schema versions of what is stored: read by field name, brought up to date step by step, refused where a newer program wrote it.

part                      where its version stands                    an older one                    unknown fields
chunks, document records  metadata of their Chroma collections        is migrated when opened         stay when a record is updated
pending.sqlite3           `PRAGMA user_version`                       is migrated when opened         stay when a record is updated
about/*.json              "schema" in each file                       is read with defaults           stay when it is rewritten
library.json, lease       "schema" in the file; collection metadata   is read with defaults           are ignored
lexical/                  identity.json                               any other one is rebuilt: it is derived from the record

A migration step is atomic, or safe to run again after a crash. To change what is stored: raise the version, append the step, and keep a
library of the version before as a fixture (tests/fixtures/make_library.py).
"""

import sqlite3
from collections.abc import Callable, Sequence

from rag.errors import LibraryDamagedError, NewerSchemaError

HIGHEST_VERSION = 1_000
"""A number above it is no version but damage."""

Migration = Callable[[sqlite3.Connection], object]
"""Takes a SQLite database from one schema version to the next, within a transaction that it neither begins nor ends."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], name: str) -> None:
    """Bring a SQLite database up to date; `PRAGMA user_version` counts the migrations it has had.

    Each step is committed together with its number, so a process that is killed in between resumes with the next opening. The first
    migration creates the tables; it must accept tables that are there already, made before there were versions.

    Args:
        connection: To the database, outside any transaction.
        migrations: All steps, in order; never remove or reorder any.
        name: What the database is called in errors.

    Raises:
        NewerSchemaError: A newer program wrote it; nothing was changed.
        sqlite3.DatabaseError: It cannot be written, or is damaged: the version too, as SQLITE_CORRUPT.
    """
    if _user_version(connection, name, len(migrations)) == len(migrations):
        return
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _user_version(connection, name, len(migrations))  # another process may have migrated it meanwhile
            if version == len(migrations):
                connection.execute("ROLLBACK")
                return
            migrations[version](connection)
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check_version(version: object, known: int, name: str) -> int:
    """The stored schema version of a part, where this program can read it.

    Raises:
        NewerSchemaError: It is above `known`.
        LibraryDamagedError: It is no version at all.
    """
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= HIGHEST_VERSION:
        raise LibraryDamagedError(f"{name} has no valid schema version ({version!r}).")
    if version > known:
        raise newer_schema(name, version, known)
    return version


def newer_schema(name: str, version: int, known: int) -> NewerSchemaError:
    """The error for a part that a newer program wrote."""
    return NewerSchemaError(
        f"{name} was written by a newer version of Footnote (schema {version}; this version reads up to {known}). "
        "Update Footnote to open it. Nothing was changed."
    )


def _user_version(connection: sqlite3.Connection, name: str, known: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= HIGHEST_VERSION:
        error = sqlite3.DatabaseError(f"its schema version is damaged: {version}")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"
        raise error
    if version > known:
        raise newer_schema(name, version, known)
    return version
