"""Labelled questions -> the odds of an answer for the embedding model that a library uses, and what they change on questions held aside.

What a cosine is worth differs from model to model. The odds are logistic in the features of `rag.retrieving.confidence`, and fitted from
those that the model has so far, so that few questions change little: a normal prior lies around each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

import numpy as np

from rag.evaluating import intervals
from rag.evaluating.gold import Gold
from rag.evaluating.intervals import Floats
from rag.evaluating.judging import first_ranks
from rag.evaluating.questions import Question
from rag.retrieving.confidence import AnswerFeatures, Calibration, Odds, Tongue, odds_for
from rag.retrieving.search import AnswerSample, Search
from rag.types import DocumentRecord, Passage

SPREAD = np.array([1.0, 0.2, 3.0, 1.0, 2.0])  # of the constant and of each weight around what it was, in standard deviations
LEAST = 15  # questions that are answered, and as many that are not, by which odds are fitted
STEPS = 50  # of Newton's method; a dozen are enough

OnProgress = Callable[[int, int], None]
"""Called after each question with how many are done and how many there are."""


class Calibrated(Protocol):
    """What is calibrated; `Library` is one."""

    @property
    def min_confidence(self) -> float:
        """Below this confidence it declines to answer; in [0, 1]."""

    @property
    def search(self) -> Search:
        """What tells how sure it is."""

    def documents(self) -> list[DocumentRecord]:
        """Its documents."""

    def retrieve(self, question: str, *, documents: Sequence[str] | None) -> list[Passage]:
        """Passages, best first, from these documents or from all."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How well answered questions are told from others.

    Attributes:
        auroc: The chance that an answered question is surer than another, in [0, 1].
        false_refusals: The share of answered questions below the least confidence.
        false_answers: The share of the others that is not.
        loss: The mean negative log-likelihood, in nats.
    """

    auroc: float
    false_refusals: float
    false_answers: float
    loss: float


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """A fitted calibration, and the figures with and without it on questions that it was not fitted to.

    Attributes:
        calibration: Fitted to all questions.
        before: As it is so far.
        after: Each half of the questions by the odds fitted to the other half.
        answered: How many questions are answered by what was found.
        unanswered: How many searches found no answer: no gold, or the documents with the gold left out.
        fitted: The kinds of questions there were enough of.
    """

    calibration: Calibration
    before: Rates
    after: Rates
    answered: int
    unanswered: int
    fitted: tuple[Tongue, ...]

    @property
    def is_better(self) -> bool:
        """Whether it tells answered questions better on those held aside."""
        return self.after.loss < self.before.loss


@dataclass(frozen=True, slots=True)
class _Labelled:
    half: int
    sample: AnswerSample
    is_answered: bool


def calibrate(library: Calibrated, questions: Sequence[Question], on_progress: OnProgress | None = None) -> CalibrationResult | None:
    """Fit the odds of an answer to questions with gold; None where they are too few.

    Each question whose gold is found is asked once more without the documents that have it, and is then one that is not answered.

    Raises:
        StorageError, EmbeddingError: The library cannot be searched.
    """
    rows = list[_Labelled]()
    names = {record.id for record in library.documents()}
    for number, question in enumerate(questions, start=1):
        rows += _labelled(library, question, number % 2, names)
        if on_progress:
            on_progress(number, len(questions))
    present = library.search.calibration
    halves = [_fitted(present, [row for row in rows if row.half != half]) for half in (0, 1)]
    whole = _fitted(present, rows)
    kinds = tuple(tongue for tongue in get_args(Tongue) if whole.get(tongue) != present.get(tongue))
    if not kinds:
        return None
    before, after = ([_logit(row, each[row.half]) for row in rows] for each in ((present, present), halves))
    answered = np.array([row.is_answered for row in rows])
    least = library.min_confidence
    return CalibrationResult(
        whole, _rates(before, answered, least), _rates(after, answered, least), int(answered.sum()), int((~answered).sum()), kinds
    )


def _labelled(library: Calibrated, question: Question, half: int, everywhere: set[str]) -> Iterator[_Labelled]:
    """A question as it is asked, and, where it was answered, without the documents that answer it."""
    searched = set(question.documents) if question.documents else everywhere
    passages = library.retrieve(question.text, documents=question.documents)
    is_found = _is_found(passages, question.gold)
    is_told = not question.gold or is_found  # else something that is no gold may answer
    if is_told and (sample := library.search.read(question.text, passages).sample):
        yield _Labelled(half, sample, is_found)
    if is_found and (others := sorted(searched - {gold.document_id for gold in question.gold})):
        without = library.retrieve(question.text, documents=others)
        if sample := library.search.read(question.text, without).sample:
            yield _Labelled(half, sample, False)


def _is_found(passages: Sequence[Passage], gold: Sequence[Gold]) -> bool:
    return any(rank is not None for rank in first_ranks(passages, gold))


def _logit(row: _Labelled, calibration: Calibration) -> float:
    return odds_for(calibration, row.sample.tongue, row.sample.language).of(row.sample.features)


def _fitted(present: Calibration, rows: Sequence[_Labelled]) -> Calibration:
    """The calibration with the odds fitted anew of each kind of question that there are enough of."""
    fitted = dict(present)
    for tongue in get_args(Tongue):
        mine = [row for row in rows if row.sample.tongue == tongue]
        answered = np.array([row.is_answered for row in mine], dtype=bool)
        if min(answered.sum(), (~answered).sum()) >= LEAST:
            table = np.array([[1.0, *row.sample.features] for row in mine])
            fitted[tongue] = fitted_odds(table, answered, odds_for(present, tongue, mine[0].sample.language))
    return fitted


def fitted_odds(table: Floats, answered: np.ndarray, prior: Odds) -> Odds:
    """Logistic regression with a normal prior, by Newton's method; answered and other questions weigh the same.

    Args:
        table: A row a question: 1, and its features.
        answered: Whether each is answered; some are, and some are not.
        prior: The centre of the prior.
    """
    centre = np.array([prior.constant, *prior.weights])
    shares = np.where(answered, 0.5 / answered.mean(), 0.5 / (~answered).mean())
    weights = centre.copy()
    for _ in range(STEPS):
        sure = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (shares * (sure - answered)) + (weights - centre) / SPREAD**2
        curve = (table * (shares * sure * (1 - sure))[:, np.newaxis]).T @ table + np.diag(1 / SPREAD**2)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    constant, *others = map(float, weights)
    return Odds(constant, AnswerFeatures(*others))


def _rates(logits: Sequence[float], answered: np.ndarray, least: float) -> Rates:
    sure = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    codes = intervals.ordinal_codes(sure)
    return Rates(
        auroc=intervals.estimate(intervals.auroc, [codes[answered], codes[~answered]]),
        false_refusals=float((sure[answered] < least).mean()),
        false_answers=float((sure[~answered] >= least).mean()),
        loss=float(-(np.log(sure[answered]).mean() + np.log(1 - sure[~answered]).mean()) / 2),
    )
