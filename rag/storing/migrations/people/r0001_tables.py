"""The tables, as `earlier.people` makes them on SQLite. Secrets are stored as hashes alone."""

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them, with the main library."""
    op.create_table(
        "people",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("key", TEXT, nullable=False, unique=True),
        *(sa.Column(name, TEXT, nullable=False) for name in ("name", "role", "password")),
    )
    op.create_table("sessions", sa.Column("hash", TEXT, primary_key=True), _gone_with("people", "person"), _expires())
    op.create_table(
        "tokens",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("hash", TEXT, nullable=False, unique=True),
        _gone_with("people", "person"),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        _expires(),
    )
    libraries = op.create_table(
        "libraries",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("key", TEXT, nullable=False, unique=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("owner", TEXT, sa.ForeignKey("people.id", ondelete="SET NULL")),
        sa.Column("is_private", sa.Boolean, nullable=False),
    )
    op.bulk_insert(libraries, [{"id": "", "key": "main library", "name": "Main library", "owner": None, "is_private": False}])
    op.create_table(
        "groups",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("key", TEXT, nullable=False, unique=True),
        sa.Column("name", TEXT, nullable=False),
    )
    op.create_table("members", _gone_with("groups", "team", primary_key=True), _gone_with("people", "person", primary_key=True))
    op.create_table(
        "grants",
        _gone_with("libraries", "library"),
        _gone_with("people", "person", nullable=True),
        _gone_with("groups", "team", nullable=True),
        sa.Column("granted", TEXT, nullable=False),
        sa.UniqueConstraint("library", "person"),
        sa.UniqueConstraint("library", "team"),
    )
    op.create_table(
        "links", _gone_with("people", "person", primary_key=True), sa.Column("hash", TEXT, nullable=False, unique=True), _expires()
    )
    op.create_table("removed", sa.Column("id", TEXT, primary_key=True))
    op.create_table(
        "identities",
        sa.Column("issuer", TEXT, primary_key=True),
        sa.Column("subject", TEXT, primary_key=True),
        _gone_with("people", "person"),
    )


def _gone_with(table: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    """A column that names what the row goes with."""
    return sa.Column(column, TEXT, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=nullable, primary_key=primary_key)


def _expires() -> sa.Column[float]:
    return sa.Column("expires", sa.Double, nullable=False)
