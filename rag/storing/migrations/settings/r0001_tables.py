"""One row: what is kept, as JSON, and a number that each change raises."""

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table, without the row."""
    op.create_table(
        "settings",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("kept", TEXT, nullable=False),
    )
