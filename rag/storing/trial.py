"""The child process that tries out an index that may be damaged: it may crash. Started by `rag.storing.integrity`."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import StorageError
from rag.storing.chroma_client import connect, translated
from rag.storing.integrity import DAMAGED
from rag.storing.protocol import READ_BATCH

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

WINDOWS = 8
"""Parts of a collection that are read and searched, evenly spread."""

NOT_DAMAGE = re.compile(r"code: (5|6|7|8|10|13|14|23)\b")
"""SQLite's codes for a locked file, for lack of memory, space or rights, and for a failing disk."""


def main(folder: str) -> None:
    """Read and search every collection; on damage, exit with `DAMAGED` and the reason on stdout."""
    try:
        client = connect(Path(folder), None)
        with translated("tried"):
            for collection in client.list_collections():
                _try(collection)
    except StorageError as error:
        reason = " ".join(str(error.__cause__ or error).split())
        if isinstance(error.__cause__, OSError) or NOT_DAMAGE.search(reason):
            return
        sys.stdout.write(reason)
        sys.stdout.flush()
        sys.exit(DAMAGED)


def _try(collection: "Collection") -> None:
    count = collection.count()
    for first in sorted({count * window // WINDOWS for window in range(WINDOWS)}):
        found = collection.get(limit=READ_BATCH // WINDOWS, offset=first, include=["embeddings", "documents", "metadatas"])
        if len(found["ids"]):
            assert found["embeddings"] is not None
            collection.query(query_embeddings=found["embeddings"], n_results=10, include=["distances"])
