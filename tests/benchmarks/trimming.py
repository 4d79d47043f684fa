"""Fit the constants of `rag.retrieving.trimming` on the chunking set, and show what recall each length of passages costs.

python -m tests.benchmarks.trimming EVAL_FOLDER LIBRARY

LIBRARY is one that `tests.benchmarks.retrieval --keep` made of the corpora. The constants are fitted on four corpora and judged on the
fifth, in turn; those printed at the end are fitted on all.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from rag import Library
from rag.formats.cleaning import clean
from rag.retrieving import trimming
from rag.retrieving.retriever import Query, Retriever, Scope, UntrimmedPassage
from rag.retrieving.trimming import Sentence, trimmed
from tests.benchmarks import sets

TOP_K = 5
WORTHS = (0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.01, 0.012, 0.015, 0.02)
Floats = NDArray[np.float64]


def features(sentences: Sequence[Sentence]) -> Floats:
    """`(n, 3)`: what the probability is logistic in."""
    return np.array([[sentence.share, 1 / sentence.rank, sentence.behind] for sentence in sentences])


def fitted(rows: Floats, answers: NDArray[np.bool_], lengths: Floats) -> tuple[float, ...]:
    """Constant and coefficients. A sentence counts by the root of its length, since characters are what is scored."""
    model = LogisticRegression(C=100, max_iter=1000).fit(rows, answers, sample_weight=np.sqrt(lengths))
    return (float(model.intercept_[0]), *map(float, model.coef_[0]))


def use(constants: tuple[float, ...], worth: float) -> None:
    """Put constants in place of the shipped ones."""
    trimming.CONSTANT, trimming.SHARE, trimming.RANK, trimming.BEHIND = constants
    trimming.WORTH = worth


def main() -> None:
    """Fit, and print the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("library", type=Path)
    given = parser.parse_args()
    score, corpora, questions = sets.chunking_scorer(given.folder / "chunking")
    places = {name: clean(text).offsets() for name, text in corpora.items()}
    found: list[list[UntrimmedPassage]] = []
    with Library.open(given.library) as library:
        names = {record.id: record.name.removesuffix(".md") for record in library.documents()}
        retriever = Retriever(library.embedder, library._index)
        for question in questions:
            found.append(retriever.find([Query(question["question"])], TOP_K, Scope()))
    corpus = np.array([question["corpus_id"] for question in questions])
    rows, answers, lengths, owners = [], [], [], []
    for number, (question, passages) in enumerate(zip(questions, found, strict=True)):
        for passage in passages:
            name = names[passage.best.chunk.document_id]
            rows.append(features(passage.sentences))
            for sentence in passage.sentences:
                start, end = places[name][sentence.start], places[name][sentence.end]
                gold = question["gold"] if name == question["corpus_id"] else []
                answers.append(2 * sum(max(0, min(end, last) - max(start, first)) for first, last in gold) > end - start)
                lengths.append(end - start)
                owners.append(number)
    table, said, weights, owner = np.concatenate(rows), np.array(answers), np.array(lengths, dtype=float), np.array(owners)
    held_out = {name: fitted(table[keep], said[keep], weights[keep]) for name in corpora if (keep := corpus[owner] != name).any()}

    def curve(constants_of: dict[str, tuple[float, ...]], worth: float) -> str:
        retrieved = []
        for name, passages in zip(corpus, found, strict=True):
            use(constants_of[name], worth)
            spans = []
            for passage in passages:
                of = names[passage.best.chunk.document_id]
                start, end = trimmed(passage.sentences)
                spans.append((of, places[of][start], places[of][end]))
            retrieved.append(spans)
        figures = score.score(questions, retrieved)
        length = np.mean([sum(end - start for _, start, end in spans) for spans in retrieved])
        return " / ".join(f"{100 * figures[name][0]:.1f}" for name in ("recall", "precision", "iou")) + f"   {length:.0f} characters"

    everywhere = fitted(table, said, weights)
    print("worth   recall / precision / IoU: constants of the other corpora   constants of all")
    for worth in WORTHS:
        print(f"{worth:.3f}   {curve(held_out, worth)}   {curve(dict.fromkeys(corpora, everywhere), worth)}", flush=True)
    print("CONSTANT, SHARE, RANK, BEHIND =", ", ".join(f"{value:.2f}" for value in everywhere))


if __name__ == "__main__":
    main()
