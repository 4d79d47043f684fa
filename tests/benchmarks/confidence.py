"""Fit what is linear in reading: the value of a unit (`rag.reading.weighing`) and the odds of an answer (`rag.retrieving.confidence`).

python -m tests.benchmarks.confidence EVAL_FOLDER WORK MADE [--questions 60]

WORK has the libraries of XQuAD and ClapNQ as `tests.benchmarks.quoting --work` made them; MADE is a file of `tools.reader.made_documents`,
of which the documents that the reader was not trained on are asked about. The figures are of five-fold
cross-validation by question; OHR-Bench is measured, and never fitted to.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from rag import Library
from rag.reading.weighing import UnitFeatures, unit_features
from rag.retrieving.confidence import answer_features
from rag.text.languages import likely_language
from tests.benchmarks.quoting_sets import Sizes, clapnq, ohr, xquad

MADE_QUESTIONS = 900
THRESHOLDS = (0.3, 0.4, 0.5)
SHARES = {"clapnq": 2.0}
"""How much a set weighs beside the others: ClapNQ is the one whose unanswerable questions people asked."""

Holds = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the features of its units, which of them answer, and what its odds are made of but the best unit's value."""

    source: str
    is_english: bool
    is_answered: bool
    units: np.ndarray
    right: np.ndarray
    others: tuple[float, ...]


def asked(library: Library, source: str, question: str, documents: Sequence[str] | None, holds: Holds | None) -> Asked | None:
    """Ask a library; None where it finds nothing. `holds` tells whether a text answers; None where nothing does."""
    passages = library.retrieve(question, documents=documents)
    if not passages:
        return None
    parts = library._parts
    weights = parts.index.lexical.term_weights(question)
    pairs = unit_features(library._now().search._reader.read(question, passages), passages, [weights])
    texts = [
        " ".join(passages[each.index].headed_text[slice(*span)] for span in (each.unit.lead, (each.unit.start, each.unit.end)) if span)
        for each, _ in pairs
    ]
    titles = [library.document(passage.document_id).title for passage in passages]
    others = answer_features(question, passages, titles, (), weights, library.embedder)
    right = [holds is not None and holds(text) for text in texts]
    is_english = likely_language(question) in {"", "en"}
    return Asked(source, is_english, holds is not None, np.array([features for _, features in pairs]), np.array(right), others[1:4])


def of_sets(folder: Path, work: Path, questions: int) -> Iterator[Asked]:
    """The questions of ClapNQ, XQuAD and OHR-Bench."""
    sizes = Sizes(language=questions, text=150, table=120, equation=0)
    for make in (clapnq, xquad, ohr):
        chosen = make(folder, sizes)
        for name in chosen.files:
            (path,) = work.glob(f"{name}-*/library")
            with Library.open(path) as library:
                names = [record.name for record in library.documents()]
                for each in chosen.questions:
                    if each.library == name:
                        documents = [name for name in names if name != each.without] if each.without else None
                        holds = each.gold.held_by if each.gold else None
                        if made := asked(library, make.__name__, each.text, documents, holds):
                            yield made


def of_made(path: Path) -> Iterator[Asked]:
    """Questions about documents that were made, each asked of its own alone."""
    from tools.reader.train import is_held_out

    rows = [row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()) if is_held_out(row["document"])]
    with tempfile.TemporaryDirectory() as temporary:
        files = Path(temporary) / "files"
        files.mkdir()
        texts = {f"{row['heading']}\n\n{row['passage']}".strip(): row for row in rows[:MADE_QUESTIONS]}
        names = {text: f"document {number}.txt" for number, text in enumerate(texts)}
        for text, name in names.items():
            (files / name).write_text(text, encoding="utf-8")
        with Library.open(Path(temporary) / "library") as library:
            library.add(files)
            for row in rows[:MADE_QUESTIONS]:
                name = names[f"{row['heading']}\n\n{row['passage']}".strip()]
                if made := asked(library, "made", row["question"], [name], _holds(row)):
                    yield made


def _holds(row: dict[str, Any]) -> Holds | None:
    answers = [" ".join(row["passage"][start:end].split()) for start, end in row["answers"]]
    return (lambda text: any(answer in " ".join(text.split()) for answer in answers)) if answers else None


def fit_value(lists: Sequence[Asked]) -> np.ndarray:
    """Weights by which a unit that answers has the greatest value of its question."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = 0.0, np.zeros_like(weights)
        for each in lists:
            values = each.units @ weights
            shares = np.exp(values - values.max())
            right = shares * each.right
            total -= np.log(right.sum() / shares.sum())
            slope += each.units.T @ (shares / shares.sum() - right / right.sum())
        return total / len(lists) + 1e-3 * weights @ weights, slope / len(lists) + 2e-3 * weights

    return np.asarray(minimize(loss, np.zeros(len(UnitFeatures._fields)), jac=True, method="L-BFGS-B").x)


def features_of(each: Asked, weights: np.ndarray) -> list[float]:
    """The `AnswerFeatures` of a question."""
    return [float((each.units @ weights).max()), *each.others]


def fit_odds(table: np.ndarray, answered: np.ndarray, shares: np.ndarray) -> LogisticRegression:
    """The logistic regression of one kind of language."""
    return LogisticRegression(C=3, max_iter=5000).fit(table, answered, sample_weight=shares)


def main() -> None:
    """Fit, and print the constants and the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("made", type=Path)
    parser.add_argument("--questions", type=int, default=60, help="of a language")
    given = parser.parse_args()
    every = [each for each in (*of_made(given.made), *of_sets(given.folder, given.work, given.questions)) if len(each.units)]
    fitted = [each for each in every if each.source != "ohr"]
    weights = fit_value([each for each in fitted if each.right.any()])
    print("WEIGHTS:", ", ".join(f"{name} {value:.2f}" for name, value in zip(UnitFeatures._fields, weights, strict=True)))
    table = np.array([features_of(each, weights) for each in every])
    source, answered = np.array([each.source for each in every]), np.array([each.is_answered for each in every])
    english, may_fit = np.array([each.is_english for each in every]), np.array([each.source != "ohr" for each in every])
    probabilities = np.zeros(len(every))
    shares = np.array([SHARES.get(name, 1.0) * 1000 / (source == name).sum() for name in source])
    for mine in (english, ~english):
        rows = np.where(mine & may_fit)[0]
        for first, second in KFold(5, shuffle=True, random_state=1).split(rows):
            model = fit_odds(table[rows[first]], answered[rows[first]], shares[rows[first]])
            probabilities[rows[second]] = model.predict_proba(table[rows[second]])[:, 1]
        model = fit_odds(table[rows], answered[rows], shares[rows])
        others = mine & ~may_fit
        if others.any():
            probabilities[others] = model.predict_proba(table[others])[:, 1]
        name = "ENGLISH" if mine is english else "OTHER"
        print(f"{name}: {model.intercept_[0]:.2f};", ", ".join(f"{value:.2f}" for value in model.coef_[0]))
    print("| set | questions | best unit answers | AUROC |", " | ".join(f"at {each}: refused / answered" for each in THRESHOLDS), "|")
    for name in sorted(set(source)):
        mine, first = (
            source == name,
            [each.right[(each.units @ weights).argmax()] for each in every if each.source == name and each.is_answered],
        )
        rates = [
            f"{100 * np.mean(probabilities[mine & answered] < least):.1f} / {100 * np.mean(probabilities[mine & ~answered] >= least):.1f}"
            for least in THRESHOLDS
        ]
        print(
            f"| {name} | {mine.sum()} | {100 * np.mean(first):.1f} | {roc_auc_score(answered[mine], probabilities[mine]):.3f} |",
            " | ".join(rates),
            "|",
        )


if __name__ == "__main__":
    main()
