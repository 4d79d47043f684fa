"""The tables, as `earlier.conversations` makes them on SQLite."""

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "conversations",
        sa.Column("owner", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("title", TEXT, nullable=False, server_default=""),
        sa.Column("changed", sa.Double, nullable=False),
    )
    op.create_table(
        "turns",
        sa.Column("owner", TEXT, primary_key=True),
        sa.Column("conversation", TEXT, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("id", "question", "words", "body")),
        _gone_with_the_conversation(),
    )
    op.create_table(
        "shares",
        sa.Column("link", TEXT, primary_key=True),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("conversation", TEXT, nullable=False),
        sa.UniqueConstraint("owner", "conversation"),
        _gone_with_the_conversation(),
    )


def _gone_with_the_conversation() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["owner", "conversation"], ["conversations.owner", "conversations.id"], ondelete="CASCADE")
