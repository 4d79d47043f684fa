"""Several embedders as one: their vectors side by side, so that the cosine is the weighted mean of their cosines."""

import re
from collections.abc import Sequence

import numpy as np

from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embedder, Embeddings
from rag.errors import EmbeddingError

HOW = "write combine:0.7*MODEL,0.3*MODEL, with a MODEL that contains commas in parentheses"


class CombinedEmbedder:
    r"""Vectors side by side, each times the square root of its weight.

    The parts `a`, `b` of unit length, weights that sum to 1: `[√w a, √(1-w) b]` is of unit length, and
    `cos = w cos_a + (1-w) cos_b`, exactly.
    """

    def __init__(self, parts: Sequence[tuple[float, Embedder]]) -> None:
        """Load nothing yet. Each part comes with a weight above 0; the weights are divided by their sum."""
        total = sum(weight for weight, _ in parts)
        self._weights = [weight / total for weight, _ in parts]
        self._parts = [CheckedEmbedder(part) for _, part in parts]

    @property
    def identity(self) -> str:
        """Weights and identities of the parts, in their order."""
        return "combine:" + ",".join(f"{weight:.6g}*({part.identity})" for weight, part in zip(self._weights, self._parts, strict=True))

    @property
    def max_tokens(self) -> int:
        """Of the part that reads least."""
        return self._shortest.max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Of the part that reads least: what fits it fits the others, unless their tokens are shorter."""
        return self._shortest.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        return self._joined([part.embed_documents(texts) for part in self._parts])

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        return self._joined([part.embed_query(text) for part in self._parts])

    def close(self) -> None:
        """Close the parts."""
        for part in self._parts:
            part.close()

    @property
    def _shortest(self) -> CheckedEmbedder:
        return min(self._parts, key=lambda part: part.max_tokens)

    def _joined(self, vectors: Sequence[Embeddings]) -> Embeddings:
        scaled = [np.sqrt(weight) * rows for weight, rows in zip(self._weights, vectors, strict=True)]
        return np.concatenate(scaled, axis=-1).astype(np.float32)


def parse_parts(given: str) -> list[tuple[float, str]]:
    """Read "0.7*MODEL,0.3*(MODEL)"; EmbeddingError where it is malformed, or a weight is not above 0."""
    pieces = [""]
    depth = 0
    for sign in given:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            pieces.append("")
        else:
            pieces[-1] += sign
    parts = []
    for piece in pieces:
        found = re.fullmatch(r"(\d*\.?\d+)\*(.+)", piece.strip(), re.DOTALL)
        if not found or not float(found[1]):
            raise EmbeddingError(f"combine:{given} cannot be read at {piece.strip()!r}: {HOW}.")
        model = found[2].strip()
        parts.append((float(found[1]), model[1:-1] if model.startswith("(") and model.endswith(")") else model))
    if len(parts) < 2 or depth:
        raise EmbeddingError(f"combine:{given} has {'an open parenthesis' if depth else 'one part only'}: {HOW}.")
    return parts
