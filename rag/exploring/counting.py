"""Texts as counts of their words, as they were compared before embeddings: to be seen beside these."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag import arguments
from rag.embedding.words import words_of
from rag.exploring.comparing import check_count, cosines
from rag.exploring.vectors import unit
from rag.text.languages import FUNCTION_WORDS, language_of
from rag.text.terms import word_terms


@dataclass(frozen=True, slots=True, eq=False)
class WordCounts:
    """How often each word is in each text.

    Attributes:
        words: The vocabulary, in order of first occurrence.
        counts: int, `(texts, words)`.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int32]

    @property
    def one_hot(self) -> NDArray[np.int32]:
        """1 for a word that is in the text, else 0: `(texts, words)`. Of texts of one word each, this is one-hot encoding."""
        return np.minimum(self.counts, 1)

    @property
    def cosines(self) -> NDArray[np.float32]:
        """The cosine of each text's counts with each, `(texts, texts)`, in [0, 1]: 0 for texts without a common word."""
        return cosines(unit(self.counts.astype(np.float32)))


def count_words(texts: Sequence[str], *, stop_words: bool = True, stems: bool = False) -> WordCounts:
    """Count the words of 2 to 1,000 texts, whatever their case.

    Args:
        texts: The texts.
        stop_words: Whether to count words that say little, such as "the", in the language of the texts.
        stems: Whether to count forms of a word as one, such as "return" and "returned", by its stem (Snowball).

    Raises:
        ExploringError: There are too few or too many texts.
        TypeError: `texts` is no list of strings.
    """
    given = arguments.texts("texts", texts)
    check_count(len(given), "text")
    language = language_of("\n".join(given)) or "en"
    left_out = frozenset[str]() if stop_words else FUNCTION_WORDS.get(language, frozenset())
    counted = [Counter(word for word in map(str.casefold, words_of(text)) if word not in left_out) for text in given]
    stemmed = {
        word: word_terms(word, (language,))[0] if stems else word for word in dict.fromkeys(word for count in counted for word in count)
    }
    places = {stem: place for place, stem in enumerate(dict.fromkeys(stemmed.values()))}
    counts = np.zeros((len(given), len(places)), dtype=np.int32)
    for row, count in enumerate(counted):
        for word, often in count.items():
            counts[row, places[stemmed[word]]] += often
    return WordCounts(tuple(places), counts)
