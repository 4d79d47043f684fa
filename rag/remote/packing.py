"""All vectors of a library as one .npz file, and back."""

import io
import json

import numpy as np

from rag.exploring.vectors import Vectors
from rag.remote.wire import decoded, encoded
from rag.types import ChunkKey, DocumentRecord


def packed(vectors: Vectors) -> bytes:
    """The file: `embeddings`, `owners`, and in `about`, as JSON, all else."""
    about = {
        "fingerprint": vectors.fingerprint,
        "records": encoded(vectors.records, tuple[DocumentRecord, ...]),
        "keys": vectors.keys,
        "waiting": vectors.waiting,
    }
    file = io.BytesIO()
    np.savez(file, about=np.frombuffer(json.dumps(about).encode(), np.uint8), owners=vectors.owners, embeddings=vectors.embeddings)
    return file.getvalue()


def unpacked(content: bytes) -> Vectors:
    """The vectors in such a file."""
    with np.load(io.BytesIO(content)) as parts:
        about = json.loads(parts["about"].tobytes())
        return Vectors(
            about["fingerprint"],
            decoded(tuple[DocumentRecord, ...], about["records"]),
            decoded(tuple[ChunkKey, ...], about["keys"]),
            parts["owners"],
            parts["embeddings"],
            about["waiting"],
        )
