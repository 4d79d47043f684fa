"""Trains on a library's texts, and writes a folder that `gensim:FOLDER` reads; the same texts give the same folder, byte for byte."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.embedding.trained import ABOUT, NGRAM_LETTERS, NGRAMS, OPTIONS, ROWS, About, TrainedEmbedder, gensim_needed, untrained_doc2vec
from rag.embedding.words import words_of
from rag.errors import EmbeddingError
from rag.types import TrainedKind

if TYPE_CHECKING:
    from rag.library import Library

LEAST_COUNT = 2
"""A word that occurs less often is not learned."""

LEAST_WORDS = 20
"""With fewer words than these, there is nothing to learn from."""

NGRAM_BUCKETS = 20_000
"""Rows for parts of words; parts with the same hash share one."""

READ_CHUNKS = 1_000


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model: its identity and folder, how many texts were read and words learned."""

    identity: str
    folder: str
    texts: int
    words: int


def library_texts(library: "Library") -> list[str]:
    """The text of every chunk, in the order of the documents' ids, which does not depend on when they were added."""
    keys = sorted((record.id, ordinal) for record in library.documents() for ordinal in range(record.chunks))
    texts = []
    for first in range(0, len(keys), READ_CHUNKS):
        some = keys[first : first + READ_CHUNKS]
        found = library.chunks(some)
        texts += [found[key].text for key in some if key in found]
    return texts


def train(texts: Sequence[str], kind: TrainedKind, folder: Path, dimensions: int = 100, epochs: int = 60) -> Trained:
    """Train a model on texts with gensim, each read in lower case as one run of words; the files in `folder` are replaced.

    "word2vec" is skip-gram (Mikolov and others, 2013), "fasttext" the same with parts of words, "doc2vec" PV-DBOW.
    """
    occurrences = Counter(word for text in texts for word in words_of(text.lower()))
    counts = {word: count for word, count in occurrences.items() if count >= LEAST_COUNT}
    if len(counts) < LEAST_WORDS:
        raise EmbeddingError(
            f"The library has {len(counts)} words that occur twice or more, too few to learn from ({LEAST_WORDS} are needed). "
            "`rag add PATH` adds documents."
        )
    runs = [[word for word in words_of(text.lower()) if word in counts] for text in texts]
    model, arrays = _trained(runs, kind, dimensions, epochs)
    words: list[str] = model.wv.index_to_key
    about = About(kind, words, [counts[word] for word in words], epochs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in arrays.items():
            np.save(folder / name, rows.astype(np.float32), allow_pickle=False)
        (folder / ABOUT).write_text(json.dumps(asdict(about), ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise EmbeddingError(f"The trained model cannot be written to {folder}: {error.strerror}. Choose another folder.") from error
    return Trained(TrainedEmbedder(folder).identity, str(folder), len(texts), len(words))


def _trained(runs: Sequence[list[str]], kind: TrainedKind, dimensions: int, epochs: int) -> tuple[Any, dict[str, Any]]:
    """Gensim's model, and the rows to save of it, by file name."""
    with gensim_needed():
        from gensim.models import FastText, Word2Vec
        from gensim.models.doc2vec import TaggedDocument
    if kind == "doc2vec":
        model = untrained_doc2vec(dimensions, epochs)
        tagged = [TaggedDocument(run, [number]) for number, run in enumerate(runs)]
        model.build_vocab(tagged)
        model.train(tagged, total_examples=len(tagged), epochs=epochs)
        return model, {ROWS: model.syn1neg}
    options = OPTIONS | {"epochs": epochs}
    if kind == "word2vec":
        model = Word2Vec(runs, vector_size=dimensions, sg=1, **options)
        return model, {ROWS: model.wv.vectors}
    least, most = NGRAM_LETTERS
    model = FastText(runs, vector_size=dimensions, sg=1, bucket=NGRAM_BUCKETS, min_n=least, max_n=most, **options)
    return model, {ROWS: model.wv.vectors, NGRAMS: model.wv.vectors_ngrams}
