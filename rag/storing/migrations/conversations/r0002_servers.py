"""What several servers need to know of each other: what changed, and which answers still grow. And titles as a search compares them."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from rag.storing.migrations.columns import TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns, and fill in the titles."""
    op.add_column("conversations", sa.Column("version", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("title_words", TEXT, nullable=False, server_default=""))
    op.add_column("turns", sa.Column("growing_until", sa.Double))
    connection = op.get_bind()
    titles = connection.execute(sa.text("SELECT DISTINCT title FROM conversations WHERE title <> ''")).scalars().all()
    for title in titles:
        words = unicodedata.normalize("NFKC", title).casefold()
        connection.execute(sa.text("UPDATE conversations SET title_words = :words WHERE title = :title"), {"words": words, "title": title})
