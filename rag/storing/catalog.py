"""The documents of a library, found by name or id."""

from collections.abc import Sequence

from rag.errors import DocumentNotFoundError
from rag.storing.index import Index
from rag.text.printable import printable_line
from rag.types import DocumentRecord

LEAST_ID_DIGITS = 8
"""An id may be shortened to so many digits."""


class Catalog:
    """Looks documents up in an index."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def documents(self, names: Sequence[str] | None = None) -> list[DocumentRecord]:
        """The documents of these names or ids; all, in the order they were added, where none are given."""
        return list(self._index.records.values()) if names is None else [self.find(name) for name in names]

    def left_behind(self) -> list[DocumentRecord]:
        """The documents that need to be re-indexed: they were indexed with another model or setting."""
        with self._index.guarded():
            return self._index.left_behind()

    def find(self, name_or_id: str) -> DocumentRecord:
        """The document of a name, an id, or the beginning of an id; `DocumentNotFoundError` where there is none, or several."""
        records = self.documents()
        found = [record for record in records if name_or_id in {record.name, record.id} or printable_line(name_or_id) == record.name]
        if not found and len(name_or_id) >= LEAST_ID_DIGITS:
            found = [record for record in records if record.id.startswith(name_or_id)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise DocumentNotFoundError(f"There is no document {name_or_id!r} in the library. `rag list` shows what there is.")
        ids = ", ".join(record.id[:12] for record in found)
        raise DocumentNotFoundError(f"{len(found)} documents are called {name_or_id!r}. Give the id instead: {ids}.")
