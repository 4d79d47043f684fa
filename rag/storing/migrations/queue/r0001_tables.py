"""Jobs, and one row of what all servers follow. A number in that row counts the changes; each job has that of its last one."""

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "jobs",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("place", sa.BigInteger, nullable=False),  # the change with which it came
        sa.Column("version", sa.BigInteger, nullable=False, index=True),  # of its last change
        sa.Column("epoch", sa.BigInteger, nullable=False),  # of the last writer that changed it
        sa.Column("record", TEXT),  # JSON; NULL where it is gone
    )
    work = op.create_table(
        "work",
        sa.Column("version", sa.BigInteger, nullable=False),  # of the last change
        sa.Column("state", TEXT, nullable=False),  # JSON: what the writer is doing
    )
    op.bulk_insert(work, [{"version": 0, "state": "{}"}])
