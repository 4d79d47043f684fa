"""The usage file before alembic."""

import sqlite3


def _add_tables(connection: sqlite3.Connection) -> None:
    connection.execute("""CREATE TABLE used (day TEXT NOT NULL, person TEXT NOT NULL, library TEXT NOT NULL, model TEXT NOT NULL,
        questions INTEGER NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL, requests INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, unreported INTEGER NOT NULL,
        estimated_tokens INTEGER NOT NULL, PRIMARY KEY (day, person, library, model)) WITHOUT ROWID""")
    connection.execute("""CREATE TABLE stored (library TEXT NOT NULL, document TEXT NOT NULL, person TEXT NOT NULL, bytes INTEGER NOT NULL,
        PRIMARY KEY (library, document)) WITHOUT ROWID""")
    connection.execute("""CREATE TABLE limits (subject TEXT NOT NULL, kind TEXT NOT NULL, most INTEGER NOT NULL,
        PRIMARY KEY (subject, kind)) WITHOUT ROWID""")


MIGRATIONS = (_add_tables,)
