"""The tables, as `earlier.usage` makes them on SQLite."""

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0001"
down_revision = None

AMOUNTS = ("questions", "files", "bytes", "requests", "prompt_tokens", "completion_tokens", "unreported", "estimated_tokens")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "used",
        *(sa.Column(name, TEXT, primary_key=True) for name in ("day", "person", "library", "model")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in AMOUNTS),
    )
    op.create_table(
        "stored",
        sa.Column("library", TEXT, primary_key=True),
        sa.Column("document", TEXT, primary_key=True),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "limits",
        sa.Column("subject", TEXT, primary_key=True),
        sa.Column("kind", TEXT, primary_key=True),
        sa.Column("most", sa.BigInteger, nullable=False),
    )
