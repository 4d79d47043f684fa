"""The schema of the people's file, step by step; `rag.storing.schema.migrate` takes them. Secrets are stored as hashes alone."""

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


MIGRATIONS = (_add_tables,)
