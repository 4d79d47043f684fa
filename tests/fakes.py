"""Stand-ins that behave: an embedder that ranks by shared words, in no time and without a model."""

import re
import time
import zlib
from collections.abc import Sequence

import numpy as np

from rag.embedding.protocol import Embeddings

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+")

FEW_LETTERS = 3
"""Words of so many letters or fewer ("the", "of", "may") say little about the subject ..."""

FEW_LETTERS_WEIGHT = 0.1
"""... and weigh this much of a longer one."""


class BagOfWordsEmbedder:
    """Texts that share words are near each other. The same text always gives the same vector, in every process.

    Args:
        max_tokens: The longest text it takes; a longer one is an error, since a model would cut it without a word.
        name: Part of the identity: another name is another index.
        seconds_a_batch: How long it takes over each batch of documents.
    """

    dimensions = 256

    def __init__(self, *, max_tokens: int = 254, name: str = "words", seconds_a_batch: float = 0.0) -> None:
        self._max_tokens = max_tokens
        self._name = name
        self._seconds_a_batch = seconds_a_batch

    @property
    def identity(self) -> str:
        return f"bag-of-words:{self._name}"

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Words and single marks of punctuation."""
        return [match.span() for match in _TOKEN.finditer(text)]

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """A row for each text; longer than `max_tokens` is a ValueError."""
        time.sleep(self._seconds_a_batch)
        if too_long := [text for text in texts if len(self.token_spans(text)) > self._max_tokens]:
            raise ValueError(f"{len(too_long)} texts have more than {self._max_tokens} tokens")
        rows = [self.embed_query(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), dtype=np.float32)

    def embed_query(self, text: str) -> Embeddings:
        """Each word adds to one dimension, its own unless two share one."""
        text.encode()  # a tokenizer refuses lone surrogates too
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in _WORD.findall(text.casefold()) or [text]:
            vector[zlib.crc32(word.encode()) % self.dimensions] += 1.0 if len(word) > FEW_LETTERS else FEW_LETTERS_WEIGHT
        return vector / np.linalg.norm(vector)


class FailingEmbedder(BagOfWordsEmbedder):
    """Raises `error` in place of embedding, from the batch numbered `after` on, counted from 0."""

    def __init__(self, error: BaseException, *, after: int) -> None:
        super().__init__()
        self._error = error
        self._left = after

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        if not self._left:
            raise self._error
        self._left -= 1
        return super().embed_documents(texts)


class NamedWords(BagOfWordsEmbedder):
    """For `plugin:tests.fakes:NamedWords?NAME`: with another name its vectors are of another length; one named "slow..." takes its time."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, seconds_a_batch=0.05 if name.startswith("slow") else 0.0)
        self.dimensions = 128 + len(name)
