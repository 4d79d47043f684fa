"""The tables. Times are in seconds since 1970, by the database's clock."""

import secrets

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them: nobody holds the lease yet, and the library gets the id that names its collections on a Chroma server."""
    lease = op.create_table(
        "lease",
        sa.Column("epoch", sa.BigInteger, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("holder", "host", "url", "token")),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("renewed", sa.Double, nullable=False),
        sa.Column("released", sa.SmallInteger, nullable=False),
    )
    nobody = {"epoch": 0, "holder": "", "host": "", "url": "", "token": "", "seconds": 0.0, "renewed": 0.0, "released": 1}
    op.bulk_insert(lease, [nobody])
    library = op.create_table(
        "library",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),  # of the last change of a record
        sa.Column("forgotten", sa.BigInteger, nullable=False),  # changes up to this version may no longer be told one by one
        sa.Column("is_begun", sa.SmallInteger, nullable=False),  # whether a writer has opened it
    )
    op.bulk_insert(library, [{"id": secrets.token_hex(8), "version": 0, "forgotten": 0, "is_begun": 0}])
    op.create_table(
        "indexes",
        sa.Column("fingerprint", TEXT, primary_key=True),
        sa.Column("collection", TEXT, nullable=False),  # of the chunks, on the Chroma server
        sa.Column("description", TEXT, nullable=False),
    )
    op.create_table(
        "records",
        sa.Column("fingerprint", TEXT, primary_key=True),
        sa.Column("document_id", TEXT, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("record", TEXT),  # JSON; NULL where the document was removed, or is awaited: it was keyword-ready
        sa.Column("stamps", TEXT, nullable=False),  # JSON: [[first ordinal, stamp in the ids of the chunks from there on], ...]
        sa.Column("removed", sa.Double),  # when, if it was
    )
    op.create_index("changes", "records", ["fingerprint", "version"])
