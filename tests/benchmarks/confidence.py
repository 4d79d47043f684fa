"""Fit the constants of `rag.retrieving.confidence` on ClapNQ: 150 questions that the passages answer, 150 that they do not.

python -m tests.benchmarks.confidence EVAL_FOLDER LIBRARY

LIBRARY is one that `tests.benchmarks.retrieval --keep` made of the passages. The figures are of ten-fold cross-validation, five times.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from rag import Library
from rag.retrieving.confidence import answer_features
from tests.benchmarks import sets

FOLDS, REPEATS, TOP_K = 10, 5, 5


def main() -> None:
    """Fit, and print the rates at several thresholds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("library", type=Path)
    given = parser.parse_args()
    asked = sets.clapnq_questions(given.folder / "clapnq")
    rows = []
    with Library.open(given.library) as library:
        for each in asked:
            passages = library.retrieve(each.text, top_k=TOP_K)
            titles = [library.document(passage.document_id).title for passage in passages]
            rows.append(answer_features(each.text, passages, titles, library._index.lexical.term_weights(each.text), library.embedder)[:3])
    table, answerable = np.array(rows), np.array([each.is_answerable for each in asked])
    model = LogisticRegression(C=10, max_iter=1000)
    aurocs, probabilities = [], np.zeros(len(asked))
    for seed in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        held_out = cross_val_predict(model, table, answerable, cv=folds, method="predict_proba")[:, 1]
        aurocs.append(roc_auc_score(answerable, held_out))
        probabilities += held_out / REPEATS
    print(f"AUROC, held out: {np.mean(aurocs):.3f} (sd of {REPEATS} splits {np.std(aurocs):.3f}); each alone:")
    for name, column in zip(("nearest", "covered", "subjects"), table.T, strict=True):
        print(f"  {name:16} {roc_auc_score(answerable, column):.3f}")
    print("threshold   false refusals   false answers (held out)")
    for least in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6):
        print(f"{least:.2f}   {np.mean(probabilities[answerable] < least):.3f}   {np.mean(probabilities[~answerable] >= least):.3f}")
    model.fit(table, answerable)
    print("CONSTANT and weights:", ", ".join(f"{value:.2f}" for value in (model.intercept_[0], *model.coef_[0])))


if __name__ == "__main__":
    main()
