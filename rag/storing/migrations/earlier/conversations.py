"""The conversations' file before alembic, step by step."""

import sqlite3

LOCAL = ""  # the owner on a machine where nobody signs in


def _add_tables(connection: sqlite3.Connection) -> None:
    """As in the files that have no version yet."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', changed REAL NOT NULL)"
    )
    connection.execute("""CREATE TABLE IF NOT EXISTS turns (
        conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
        place INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (conversation, place)
    ) WITHOUT ROWID""")


def _add_owners(connection: sqlite3.Connection) -> None:
    """An owner on each row, and in each key: an id finds nothing for another owner."""
    connection.execute("ALTER TABLE turns RENAME TO old_turns")
    connection.execute("ALTER TABLE conversations RENAME TO old_conversations")
    connection.execute("""CREATE TABLE conversations (
        owner TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL DEFAULT '', changed REAL NOT NULL, PRIMARY KEY (owner, id)
    )""")
    connection.execute("""CREATE TABLE turns (
        owner TEXT NOT NULL, conversation TEXT NOT NULL,
        place INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (owner, conversation, place),
        FOREIGN KEY (owner, conversation) REFERENCES conversations ON DELETE CASCADE
    ) WITHOUT ROWID""")
    connection.execute("INSERT INTO conversations SELECT ?, id, title, changed FROM old_conversations", (LOCAL,))
    connection.execute("INSERT INTO turns SELECT ?, conversation, place, id, question, words, body FROM old_turns", (LOCAL,))
    connection.execute("DROP TABLE old_turns")
    connection.execute("DROP TABLE old_conversations")


def _add_shares(connection: sqlite3.Connection) -> None:
    """One link a conversation, which goes with it. It stands here as it is: whoever reads this file reads the conversations anyway."""
    connection.execute("""CREATE TABLE shares (
        link TEXT PRIMARY KEY, owner TEXT NOT NULL, conversation TEXT NOT NULL, UNIQUE (owner, conversation),
        FOREIGN KEY (owner, conversation) REFERENCES conversations ON DELETE CASCADE
    ) WITHOUT ROWID""")


MIGRATIONS = (_add_tables, _add_owners, _add_shares)
