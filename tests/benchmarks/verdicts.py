"""Fit and judge the check of sentences: `python -m tests.benchmarks.verdicts EVAL [--show KIND] [--kept FILE]`.

Constants are chosen on one half of the questions; every table is of the other half.
"""

import argparse
import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.embedding.backends import build_embedder
from rag.embedding.protocol import Embedder, Embeddings
from rag.settings import Settings
from rag.verifying.claims import prepared_claim
from rag.verifying.facts import missing_facts, source_facts
from rag.verifying.gathering import best_run, candidates, gathered
from rag.verifying.matching import prepare
from rag.verifying.protocol import Claim
from rag.verifying.rules import SUPPORTED, RuleVerifier, contradictions
from tests.benchmarks.verdict_pairs import Pair, pairs

VERDICTS = ("supported", "related", "unsupported")
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.75, SUPPORTED, 0.85, 0.9)
TRIED: dict[str, tuple[int, ...]] = {
    "cosine": (0,),
    "words covered": (1,),
    "words gathered": (2,),
    "cosine + covered": (0, 1),
    "cosine + covered + gathered": (0, 1, 2),
    "all, with facts": (0, 1, 2, 3, 4),
}


class RememberingEmbedder:
    """Embeds each text once."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._rows: dict[str, Embeddings] = {}
        self.identity, self.max_tokens = inner.identity, inner.max_tokens
        self.token_spans, self.embed_query = inner.token_spans, inner.embed_query

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """A row for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if new:
            self._rows.update(zip(new, self._inner.embed_documents(new), strict=True))
        return np.stack([self._rows[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair, its verdict, and what speaks for it: cosine, words covered, words gathered, all facts there, nothing contradicted.

    `score` is the rules' for a pair of which they find nothing said otherwise; 0 for others.
    """

    pair: Pair
    evidence: tuple[float, ...]
    verdict: str
    score: float


def judged(pair: Pair, embedder: Embedder) -> Judged:
    """Check a pair."""
    passage, sentence = pair.passage, pair.sentence
    prepared = prepare(passage)
    claim = prepared_claim(sentence, prepared.facts.language)
    compared = candidates(claim, prepared)
    rows = embedder.embed_documents([sentence, *(prepared.windows[index].text for index in compared)])
    run = best_run(claim, prepared, dict(zip(compared, map(float, rows[1:] @ rows[0]), strict=True)))
    covered, _ = gathered(claim, [prepared], run.covered)
    count = max(1, len(claim.words))
    lacks = missing_facts(claim.facts, source_facts([passage.text, passage.heading, Path(passage.document).stem.replace("_", " ")]))
    says_otherwise = contradictions(claim, passage.text[run.start : run.end], passage.text[run.start : run.end], prepared.facts.language)
    evidence = (run.nearness, len(run.covered) / count, len(covered) / count, float(not lacks), float(not says_otherwise))
    judgement = RuleVerifier(embedder).verify([Claim(sentence, (0,))], [passage])[0]
    is_open = judgement.verdict != "unsupported" and {gap.kind for gap in judgement.gaps} <= {"words"}
    return Judged(pair, evidence, judgement.verdict, judgement.supports[0].score if is_open else 0.0)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kept", type=Path, help="a file to keep the pairs in between runs")
    parser.add_argument("--show", default="", help="print wrong verdicts of this kind of pair, or of this change")
    given = parser.parse_args()
    settings = Settings()
    embedder = RememberingEmbedder(build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models))
    if given.kept and given.kept.exists():
        built: list[Pair] = pickle.loads(given.kept.read_bytes())
    else:
        built = pairs(given.folder, embedder)
        if given.kept:
            given.kept.write_bytes(pickle.dumps(built))
    rows = [judged(pair, embedder) for pair in built]
    chosen_on, held_out = [row for row in rows if not row.pair.is_held_out], [row for row in rows if row.pair.is_held_out]
    _print_tried(chosen_on, held_out)
    _print_thresholds(chosen_on)
    _print_table(held_out)
    for row in held_out:
        wrong = (row.verdict == "supported") != (row.pair.kind == "gold")
        if wrong and given.show and given.show in {row.pair.kind, row.pair.change}:
            print(f"\n{row.verdict} {[round(each, 2) for each in row.evidence]}\n  {row.pair.sentence}\n  {row.pair.passage.text}")


def _print_tried(chosen_on: Sequence[Judged], held_out: Sequence[Judged]) -> None:
    """What each way to tell gold from near misses is worth: fitted on one half, its AUROC on the other."""
    print("told by                     AUROC   constant and weights")
    fits = [[row for row in half if row.pair.kind != "changed"] for half in (chosen_on, held_out)]
    (here, is_gold), (there, was_gold) = _columns(fits[0]), _columns(fits[1])
    for name, columns in TRIED.items():
        model = LogisticRegression(C=10, max_iter=1000).fit(here[:, columns], is_gold)
        auroc = roc_auc_score(was_gold, model.predict_proba(there[:, columns])[:, 1])
        print(f"{name:26} {auroc:.3f}   {', '.join(f'{value:.2f}' for value in (model.intercept_[0], *model.coef_[0]))}")


def _print_thresholds(rows: Sequence[Judged]) -> None:
    """What other thresholds of "supported" would be worth, on the half that they are chosen on."""
    print("\nthreshold, choosing half   precision   with changed   recall")
    for threshold in THRESHOLDS:
        counts = Counter(row.pair.kind for row in rows if row.score >= threshold)
        gold, gold_and_near = counts["gold"], counts["gold"] + counts["near miss"]
        recall = gold / sum(row.pair.kind == "gold" for row in rows)
        print(f"{threshold:<26} {gold / gold_and_near:9.3f} {gold / counts.total():14.3f} {recall:8.3f}")


def _columns(rows: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([row.evidence for row in rows]), np.array([row.pair.kind == "gold" for row in rows])


def _print_table(rows: Sequence[Judged]) -> None:
    counts = Counter((row.pair.kind, row.verdict) for row in rows)
    print(f"\nheld out      {'  '.join(f'{verdict:>11}' for verdict in VERDICTS)}")
    for kind in ("gold", "near miss", "changed"):
        print(f"{kind:12}  {'  '.join(f'{counts[kind, verdict]:11}' for verdict in VERDICTS)}")
    said = sum(count for (_, verdict), count in counts.items() if verdict == "supported")
    right, gold = counts["gold", "supported"], sum(count for (kind, _), count in counts.items() if kind == "gold")
    near = counts["near miss", "supported"]
    print(f'"supported": precision {right / said:.3f}, without the changed {right / (right + near):.3f}; recall {right / gold:.3f}')
    changes = sorted({row.pair.change for row in rows if row.pair.change})
    for change in changes:
        caught = [row.verdict != "supported" for row in rows if row.pair.change == change]
        print(f"  {change:16} caught {sum(caught)} of {len(caught)} ({np.mean(caught):.3f})")


if __name__ == "__main__":
    main()
