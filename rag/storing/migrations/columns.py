"""Types of columns, for revisions."""

import sqlalchemy as sa

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared and ordered by its code points on both, whatever the language of the server."""
