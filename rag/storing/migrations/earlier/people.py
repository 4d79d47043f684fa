"""The people's file before alembic, step by step; `rag.storing.schema.migrate` takes them. Secrets are stored as hashes alone."""

import sqlite3


def _add_tables(connection: sqlite3.Connection) -> None:
    connection.execute("""CREATE TABLE people (
        id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, password TEXT NOT NULL
    ) WITHOUT ROWID""")
    connection.execute("""CREATE TABLE sessions (
        hash TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people ON DELETE CASCADE, expires REAL NOT NULL
    ) WITHOUT ROWID""")
    connection.execute("""CREATE TABLE tokens (
        id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
        name TEXT NOT NULL, scope TEXT NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID""")


def _add_libraries(connection: sqlite3.Connection) -> None:
    connection.execute("""CREATE TABLE libraries (
        id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, owner TEXT REFERENCES people ON DELETE SET NULL,
        is_private INTEGER NOT NULL
    ) WITHOUT ROWID""")
    connection.execute("INSERT INTO libraries VALUES ('', 'main library', 'Main library', NULL, 0)")
    connection.execute("CREATE TABLE groups (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL) WITHOUT ROWID")
    connection.execute("""CREATE TABLE members (
        team TEXT NOT NULL REFERENCES groups ON DELETE CASCADE, person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
        PRIMARY KEY (team, person)
    ) WITHOUT ROWID""")
    connection.execute("""CREATE TABLE grants (
        library TEXT NOT NULL REFERENCES libraries ON DELETE CASCADE,
        person TEXT REFERENCES people ON DELETE CASCADE, team TEXT REFERENCES groups ON DELETE CASCADE, granted TEXT NOT NULL,
        UNIQUE (library, person), UNIQUE (library, team)
    )""")


def _add_links(connection: sqlite3.Connection) -> None:
    connection.execute("""CREATE TABLE links (
        person TEXT PRIMARY KEY REFERENCES people ON DELETE CASCADE, hash TEXT NOT NULL UNIQUE, expires REAL NOT NULL
    ) WITHOUT ROWID""")


def _add_removed(connection: sqlite3.Connection) -> None:
    """Whose conversations are to be deleted wherever there are any: the ids alone, which never come again."""
    connection.execute("CREATE TABLE removed (id TEXT PRIMARY KEY) WITHOUT ROWID")


def _add_identities(connection: sqlite3.Connection) -> None:
    connection.execute("""CREATE TABLE identities (
        issuer TEXT NOT NULL, subject TEXT NOT NULL, person TEXT NOT NULL REFERENCES people ON DELETE CASCADE, PRIMARY KEY (issuer, subject)
    ) WITHOUT ROWID""")


MIGRATIONS = (_add_tables, _add_libraries, _add_links, _add_removed, _add_identities)
