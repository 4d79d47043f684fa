"""Makes up libraries of any size: the same number of chunks is the same text and the same questions.

The text is made of the model's own words, as frequent as in a language, each document with words it prefers. The vectors lie around those
that the model gives their documents, so that their questions find them.
"""

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag import Chunk, DocumentRecord, Library, Settings
from rag.building import checked_embedder
from rag.embedding.built_in_tokens import built_in_tokenizer
from rag.embedding.protocol import Embeddings
from rag.storing.index import Index
from rag.storing.lexical import Entry
from rag.storing.opening import Opener
from rag.storing.originals import Originals

CHUNKS_OF_DOCUMENT = 40
CHUNKS_OF_PAGE = 3
WORDS_OF_CHUNK = 185
"""Each word is one token, and so is each full stop."""

PREFERRED_WORDS = 300
PREFERRED_SHARE = 0.3
"""Of a document's words, so many are those it prefers."""

NOISE = 1.0
"""Length of what is added to a document's vector for each chunk: neighbours have a cosine of about 0.5."""

DOCUMENTS_AT_ONCE = 32
SEED = 7


class Writer:
    """Makes up documents; the same number is the same document."""

    def __init__(self) -> None:
        ranks = built_in_tokenizer().get_vocab()
        lines = sorted(ranks, key=ranks.__getitem__)
        self._vocabulary = np.array([word for word in lines if word.isascii() and word.isalpha() and (len(word) > 1 or word == "a")])
        self._general = _zipf(len(self._vocabulary))
        self._preferred = _zipf(PREFERRED_WORDS)

    def document(self, number: int, chunks: int) -> list[Chunk]:
        """Cut as the library cuts: pages of some chunks that follow each other."""
        id_ = hashlib.sha256(f"{SEED} {number}".encode()).hexdigest()
        random = np.random.default_rng([SEED, number])
        size = (chunks, WORDS_OF_CHUNK)
        own = random.choice(len(self._vocabulary), PREFERRED_WORDS, replace=False)
        preferred = own[random.choice(PREFERRED_WORDS, size, p=self._preferred)]
        general = random.choice(len(self._vocabulary), size, p=self._general)
        words = np.where(random.random(size) < PREFERRED_SHARE, preferred, general)
        made: list[Chunk] = []
        for ordinal, row in enumerate(self._vocabulary[words]):
            page, place = divmod(ordinal, CHUNKS_OF_PAGE)
            text = _sentences(row.tolist(), random)
            start = made[-1].end + 1 if place else 0
            made.append(Chunk(id_, ordinal, page + 1, start, start + len(text), text, f"Part {page}", " " if place else ""))
        return made


def _sentences(words: list[str], random: np.random.Generator) -> str:
    written = []
    while words:
        length = int(random.integers(8, 30))
        written.append(" ".join(words[:length]).capitalize() + ".")
        words = words[length:]
    return " ".join(written)


def _zipf(size: int) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = 1 / (np.arange(size) + 2.7)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def make(folder: Path, chunks: int) -> float:
    """Make a library where it is not there with the present model; returns the seconds it took."""
    began = time.monotonic()
    with Library.open(folder) as library:
        identity = library.index_identity
    embedder = checked_embedder(Settings())  # the library's own knows its index, which is closed
    made = folder / "made"
    if made.exists() and made.read_text(encoding="utf-8") == identity:
        return 0.0
    shutil.rmtree(folder)
    folder.mkdir()
    originals = Originals(folder / "originals")
    index = Index(Opener(folder, None, originals, lambda: identity, is_read_only=False), originals)
    writer, random = Writer(), np.random.default_rng(SEED)
    sizes = [min(CHUNKS_OF_DOCUMENT, chunks - first) for first in range(0, chunks, CHUNKS_OF_DOCUMENT)]
    for first in range(0, len(sizes), DOCUMENTS_AT_ONCE):
        documents = [writer.document(first + number, size) for number, size in enumerate(sizes[first : first + DOCUMENTS_AT_ONCE])]
        centres, vectors = embedder.embed_documents([each[0].text for each in documents]), []
        for chunked, centre in zip(documents, centres, strict=True):
            noise = random.standard_normal((len(chunked), len(centre)))
            vectors.append(_unit(centre + NOISE * noise / np.sqrt(len(centre))))
        chunks_made = [chunk for chunked in documents for chunk in chunked]
        index.store.put(chunks_made, np.concatenate(vectors))
        index.lexical.put([Entry(chunk.document_id, chunk.ordinal, chunk.text, chunk.heading) for chunk in chunks_made])
        index.store.commit([_record(chunked) for chunked in documents])
    index.close()
    made.write_text(identity, encoding="utf-8")
    return time.monotonic() - began


def _unit(vectors: NDArray[Any]) -> Embeddings:
    unit: Embeddings = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _record(chunks: Sequence[Chunk]) -> DocumentRecord:
    id_, pages = chunks[0].document_id, chunks[-1].page
    labels = tuple(str(page) for page in range(1, pages + 1))
    name = f"{id_[:8]}.txt"
    return DocumentRecord(id_, name, "", "text/plain", (f"/made/{name}",), pages, len(chunks), (), labels, "2000-01-01T00:00:00Z", 1, "")


def questions(chunks: int, count: int) -> list[str]:
    """Some words in a row, each time of another document as far as there are so many."""
    writer, random = Writer(), np.random.default_rng(SEED)
    asked = []
    for number in np.resize(random.permutation(max(1, chunks // CHUNKS_OF_DOCUMENT)), count).tolist():
        words = writer.document(number, CHUNKS_OF_DOCUMENT)[random.integers(CHUNKS_OF_DOCUMENT)].text.split()
        first = int(random.integers(len(words) // 2))
        asked.append(" ".join(words[first : first + int(random.integers(5, 14))]).rstrip(".") + "?")
    return asked
