"""Question and passages -> the probability that they answer it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from rag.embedding.protocol import Embedder
from rag.reading.reader import ReadUnit
from rag.text.term_weights import TermWeights
from rag.types import Passage

CODES = 3.0
"""Added where the first passage has the codes asked for: "E-17" means little to an embedding model. Not fitted: few have codes."""


NOTHING = -10.0  # stands for the greatest value where there are no units


class AnswerFeatures(NamedTuple):
    """What the probability is logistic in.

    A question about a known subject that asks for something unknown is near in meaning and shares the subject's words. So what counts is
    how well the best unit answers, how near the passages are, how many of its other words they have, and how much of the nearness the
    subject alone explains.

    Attributes:
        value: The greatest value of a unit.
        best_cosine: The best one of a passage.
        coverage: How much of the question the first passage covers beyond its document's title and name and the headings above it.
        subject_cosine: The mean cosine of the question and the documents' titles, or names where they have no title.
    """

    value: float
    best_cosine: float
    coverage: float
    subject_cosine: float


@dataclass(frozen=True, slots=True)
class Odds:
    """The odds that a question is answered."""

    constant: float
    weights: AnswerFeatures

    def of(self, features: AnswerFeatures) -> float:
        """The logit."""
        return self.constant + sum(weight * feature for weight, feature in zip(self.weights, features, strict=True))


Tongue = Literal["english", "other", "across"]
"""A question is in English, in another language, or in another one than the document that answers it best."""

Calibration = Mapping[Tongue, Odds]
"""The odds for one embedding model; those for "across" are left out where the model knows one language."""

BUILT_IN: Calibration = {
    "english": Odds(-4.40, AnswerFeatures(0.38, 5.55, 1.24, -3.48)),
    "other": Odds(-2.59, AnswerFeatures(0.51, 0.29, 2.40, 0.37)),  # the built-in model's cosines say less of other languages
}
"""For the built-in model, and for those without a calibration of their own: fitted by `tests/benchmarks/confidence.py`."""


def tongue_of(language: str, passages_language: str) -> Tongue:
    """Of which kind a question is; languages are ISO codes, or "" where they are not known."""
    if language and passages_language and language != passages_language:
        return "across"
    return "english" if language in {"", "en"} else "other"


def odds_for(calibration: Calibration, tongue: Tongue, language: str) -> Odds:
    """The odds of a kind of question; without those across languages, the question's own language decides."""
    return calibration.get(tongue) or calibration[tongue_of(language, language)]


def answer_features(
    question: str, passages: Sequence[Passage], titles: Sequence[str], units: Sequence[ReadUnit], weights: TermWeights, embedder: Embedder
) -> AnswerFeatures:
    """The features of a question, at least one passage, best first, and its weighed units; `titles`: of the documents, or ""."""
    first = passages[0]
    subjects = [title or _words_of(passage.document) for passage, title in zip(passages, titles, strict=True)]
    return AnswerFeatures(
        max((unit.value for unit in units), default=NOTHING),
        max(passage.cosine for passage in passages),
        weights.coverage(first.headed_text, f"{titles[0]}\n{_words_of(first.document)}\n{first.heading}"),
        float((embedder.embed_documents(subjects) @ embedder.embed_query(question)).mean()),
    )


def confidence(features: AnswerFeatures, odds: Odds, *, has_codes: bool = False) -> float:
    """The probability that passages answer a question, in [0, 1], where as many questions are answered as are not.

    `has_codes`: the question names codes, and the first passage has them.
    """
    return 1 / (1 + math.exp(-odds.of(features) - CODES * has_codes))


def _words_of(name: str) -> str:
    """A file's name as words."""
    return re.sub(r"[\W_]+", " ", Path(name).stem)
