"""Rules, a model, and both: `python -m tests.benchmarks.joined EVAL KEPT --verifier MODEL [--fit]`.

EVAL has WiCE's dev claims, domains of SummEdits and a half of Factcheck-GPT. What the rules say is kept in the folder KEPT between runs.
For each set, weights and threshold are fitted on the other sets; SummEdits' domains count as one. A summary is supported if all of its
sentences are.
"""

import argparse
import json
import math
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.embedding.backends import build_embedder
from rag.settings import Settings
from rag.text.sentences import sentence_spans
from rag.types import Passage
from rag.verifying.choosing import build_model
from rag.verifying.joined import Features, features, to_ask
from rag.verifying.model import ClaimModel, Evidence, Opinion
from rag.verifying.protocol import Claim, Judgement, Support
from rag.verifying.rules import RuleVerifier
from rag.verifying.selecting import evidence_for

PASSAGE_CHARACTERS = 1000
SUMMARIES = ("ectsum", "sales_email", "samsum", "scitldr")
MODEL_COLUMNS = (Features._fields.index("model"), Features._fields.index("contradicted"))
THRESHOLDS = np.linspace(0.04, 0.96, 47)


@dataclass(frozen=True, slots=True)
class Item:
    """A text with what it should rest on; `is_supported` as people say."""

    sentences: tuple[str, ...]
    passages: tuple[Passage, ...]
    is_supported: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of an item's sentences, and what a model is asked of each."""

    is_supported: bool
    judgements: tuple[Judgement, ...]
    asked: tuple[tuple[tuple[tuple[Support, ...], Evidence], ...], ...]


def items(folder: Path, name: str) -> Iterator[Item]:
    """The items of one set."""
    if name == "factcheck":
        for row in _lines(folder / "factcheck_gpt_half.jsonl"):
            yield Item((row["claim"],), (_passage(row["evidence"]),), row["stance"] == "completely-support")
    elif name == "wice":
        for row in _lines(folder / "wice_dev.jsonl"):
            passages = tuple(map(_passage, _cut(each for each in row["evidence"] if not each.startswith("(meta"))))
            yield Item((row["claim"],), passages, row["label"] == "supported")
    else:
        for row in json.loads((folder / f"summedits_{name}.json").read_text(encoding="utf-8")):
            sentences = tuple(row["summary"][start:end] for start, end in sentence_spans(row["summary"]))
            yield Item(sentences, tuple(map(_passage, _cut(row["doc"].split("\n")))), row["label"] == 1)


def judged(item: Item, rules: RuleVerifier) -> Judged:
    """What the rules say."""
    claims = [Claim(sentence, tuple(range(len(item.passages)))) for sentence in item.sentences]
    judgements = rules.verify(claims, item.passages)
    asked = [
        tuple((supports, evidence_for(claim, supports, item.passages)) for supports in to_ask(judgement))
        for claim, judgement in zip(claims, judgements, strict=True)
    ]
    return Judged(item.is_supported, tuple(judgements), tuple(asked))


def main() -> None:
    """Print a table, and with --fit the weights of all sets together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--verifier", required=True, help="as for RAG_VERIFIER")
    parser.add_argument("--sets", nargs="*", default=["factcheck", "wice", *SUMMARIES])
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    model, rules = build_model(options.verifier), _rules()
    rows = {name: _seen(options, name, rules, model) for name in options.sets}
    print(f"{'':12} {'':>6}  AUROC   balanced accuracy, precision and recall at the threshold of the other sets")
    for name in rows:
        others = [each for other, each in rows.items() if _kind(other) != _kind(name)] or list(rows.values())
        for title, columns in (("rules", [at for at in range(len(Features._fields)) if at not in MODEL_COLUMNS]), ("both", None)):
            fitted = _fit(others, columns)
            scores, gold = _scores(rows[name], fitted, columns), np.array([each[0] for each in rows[name]])
            threshold = max(THRESHOLDS, key=lambda at: np.mean([_rates(_scores(o, fitted, columns) >= at, o)[0] for o in others]))
            rates = "  ".join(f"{value:.3f}" for value in _rates(scores >= threshold, rows[name]))
            print(f"{name:12} {title:>6}  {roc_auc_score(gold, scores):.3f}   {rates}  at {threshold:.2f}", flush=True)
    if options.fit:
        fitted = _fit(list(rows.values()), None)
        print(f"CONSTANT, WEIGHTS = {fitted.intercept_[0]:.2f}, {Features(*(round(float(each), 2) for each in fitted.coef_[0]))}")


Seen = list[tuple[bool, list[NDArray[np.float64] | bool]]]
"""Of each item whether it is supported; of each sentence its features, a row a question, or the verdict where the model is not asked."""


def _seen(options: argparse.Namespace, name: str, rules: RuleVerifier, model: ClaimModel) -> Seen:
    kept = options.kept / f"{name}.pickle"
    if not kept.exists():
        options.kept.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps([judged(item, rules) for item in items(options.folder, name)]))
    every: list[Judged] = pickle.loads(kept.read_bytes())
    opinions = iter(model.opinions([evidence for each in every for asked in each.asked for _, evidence in asked]))
    return [(each.is_supported, [_row(j, a, opinions) for j, a in zip(each.judgements, each.asked, strict=True)]) for each in every]


def _row(judgement: Judgement, asked: Sequence[tuple[tuple[Support, ...], Evidence]], opinions: Iterator[Opinion]) -> Any:
    if not asked:
        return judgement.verdict == "supported"
    return np.array([features(judgement, supports, next(opinions)) for supports, _ in asked])


def _fit(sets: Sequence[Seen], columns: list[int] | None) -> LogisticRegression:
    """On single sentences and whole summaries alike, each set with the same weight; of a sentence what the model likes best."""
    rows, gold, weights = [], [], []
    for every in sets:
        mine = [
            (row[np.argmax(row[:, MODEL_COLUMNS[0]])], right)
            for right, sentences in every
            for row in sentences
            if not isinstance(row, bool)
        ]
        rows += [row for row, _ in mine]
        gold += [right for _, right in mine]
        weights += [1000 / len(mine)] * len(mine)
    return LogisticRegression(C=10, max_iter=2000).fit(np.array(rows)[:, columns or slice(None)], gold, sample_weight=weights)


def _scores(every: Seen, fitted: LogisticRegression, columns: list[int] | None) -> NDArray[np.float64]:
    weights, constant = fitted.coef_[0], fitted.intercept_[0]

    def score(row: NDArray[np.float64] | bool) -> float:
        if isinstance(row, bool):
            return float(row)
        return 1 / (1 + math.exp(-float((row[:, columns or slice(None)] @ weights).max() + constant)))

    return np.array([min((score(row) for row in sentences), default=0.0) for _, sentences in every])


def _rates(said: NDArray[np.bool_], every: Seen) -> tuple[float, float, float]:
    """Balanced accuracy, precision, recall."""
    gold = np.array([right for right, _ in every])
    recall, refused = float(said[gold].mean()), float((~said[~gold]).mean())
    return (recall + refused) / 2, float(gold[said].mean()) if said.any() else math.nan, recall


def _rules() -> RuleVerifier:
    settings = Settings()
    return RuleVerifier(build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models))


def _kind(name: str) -> str:
    return "summaries" if name in SUMMARIES else name


def _cut(lines: Iterator[str] | Sequence[str]) -> list[str]:
    """Lines in passages of a usual length."""
    cut = [""]
    for line in lines:
        if cut[-1] and len(cut[-1]) + len(line) > PASSAGE_CHARACTERS:
            cut.append("")
        cut[-1] = f"{cut[-1]} {line}".strip()
    return cut


def _passage(text: str) -> Passage:
    return Passage(1, 1.0, 1.0, "source.txt", "0" * 64, 1, "1", 0, len(text), text, "", 0, text)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


if __name__ == "__main__":
    main()
