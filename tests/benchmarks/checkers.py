"""The check of sentences beside published checkers: `python -m tests.benchmarks.checkers EVAL [--verifier MODEL] [--most N] [--write]`.

EVAL is as for `verdicts` and `joined`; their tables, and that of `changed_facts`, follow. --write keeps all in docs/verdicts.md.
"""

import argparse
import math
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from rag.embedding.backends import build_embedder
from rag.settings import Settings
from rag.types import Verdict
from rag.verifying.choosing import build_model
from rag.verifying.joined import JoinedVerifier
from rag.verifying.protocol import Claim, Verifier
from rag.verifying.rules import RuleVerifier
from tests.benchmarks.joined import SUMMARIES, Item, items

DOCUMENT = Path(__file__).parents[2] / "docs" / "verdicts.md"
PUBLISHED = {
    "factcheck": "MiniCheck-FT5 0.747 (all of it)",
    "wice": "MiniCheck-FT5 0.722, GPT-4-turbo 0.80 (test claims)",
    **dict.fromkeys(SUMMARIES, "QAFactEval 0.66 (all domains)"),
}
"""Balanced accuracies: of MiniCheck and GPT-4-turbo from "MiniCheck: Efficient Fact-Checking of LLMs on Grounding Documents" (Tang, Laban
and Durrett, EMNLP 2024; LLM-AggreFact), of QAFactEval from "SummEdits" (Laban et al., EMNLP 2023)."""

NAMES = {"factcheck": "Factcheck-GPT, a half", "wice": "WiCE, dev, whole articles", **{name: f"SummEdits, {name}" for name in SUMMARIES}}
HEAD = """# Verdicts beside published checkers

Written by `make bench-verdicts EVAL=folder` (`tests/benchmarks/checkers.py`). A text is called right where each of its sentences
is *supported*; balanced accuracy is the mean of the shares of right and of wrong texts that are told, with its standard error.
Published figures are of other samples of the same sets, named in brackets: MiniCheck and GPT-4-turbo from Tang, Laban and Durrett
(MiniCheck, EMNLP 2024, LLM-AggreFact), QAFactEval from Laban et al. (SummEdits, EMNLP 2023). Of AlignScore and HHEM no figure of
these sets was at hand. Wrong verdicts on half of the documents of the first three sets were read when the rules were written, which
flatters. A mark of *supported* is made to be right rather than frequent; who counts *related* too gets the last column but one.
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """How texts of one set are told: shares in [0, 1], `error` is the standard error of `balanced`."""

    count: int
    right: float
    balanced: float
    error: float
    precision: float
    recall: float


def verdict_of(item: Item, verifier: Verifier) -> Verdict:
    """The worst verdict on an item's sentences."""
    claims = [Claim(sentence, tuple(range(len(item.passages)))) for sentence in item.sentences]
    verdicts = {judgement.verdict for judgement in verifier.verify(claims, item.passages)}
    return next((verdict for verdict in ("unsupported", "related") if verdict in verdicts), "supported")


def rates(told: Sequence[tuple[bool, bool]]) -> Rates:
    """Of pairs: whether a text is right, and whether it is called so."""
    right, wrong = [said for is_right, said in told if is_right], [said for is_right, said in told if not is_right]
    recall, refused = sum(right) / max(1, len(right)), 1 - sum(wrong) / max(1, len(wrong))
    variance = sum(share * (1 - share) / max(1, len(each)) for share, each in ((recall, right), (refused, wrong)))
    said = sum(right) + sum(wrong)
    precision = sum(right) / said if said else math.nan
    return Rates(len(told), len(right) / max(1, len(told)), (recall + refused) / 2, math.sqrt(variance) / 2, precision, recall)


def table(folder: Path, verifier: Verifier, most: int | None) -> Iterator[str]:
    """A row a set."""
    yield "| set | texts | right | balanced accuracy | precision | recall | where *related* counts too | published |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, title in NAMES.items():
        verdicts = [(item.is_supported, verdict_of(item, verifier)) for item in islice(items(folder, name), most)]
        ours = rates([(is_right, verdict == "supported") for is_right, verdict in verdicts])
        wide = rates([(is_right, verdict != "unsupported") for is_right, verdict in verdicts])
        precision = "–" if math.isnan(ours.precision) else f"{ours.precision:.3f}"
        yield (
            f"| {title} | {ours.count:,} | {ours.right:.0%} | {ours.balanced:.3f} ± {ours.error:.3f} | {precision} | "
            f"{ours.recall:.3f} | {wide.balanced:.3f} | {PUBLISHED[name]} |"
        )


def main() -> None:
    """Print everything, and keep it where that is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verifier", help="as for RAG_VERIFIER")
    parser.add_argument("--most", type=int, help="texts of each set")
    parser.add_argument("--write", action="store_true", help="keep the tables in docs/verdicts.md")
    given = parser.parse_args()
    settings = Settings()
    verifier: Verifier = RuleVerifier(build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models))
    if given.verifier:
        verifier = JoinedVerifier(verifier, build_model(given.verifier))
    lines = list(_printed(chain([HEAD], table(given.folder / "verifying", verifier, given.most))))
    for title, module, *arguments in (
        ("Pairs of a sentence and a passage, and sentences with one fact changed", "verdicts", str(given.folder)),
        ("Made facts that are changed, by kind and by language", "changed_facts"),
    ):
        ran = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}", *arguments], capture_output=True, text=True, check=True)
        lines += _printed([f"\n## {title}\n", "```", ran.stdout.strip(), "```"])
    if given.write:
        DOCUMENT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _printed(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        print(line, flush=True)
        yield line


if __name__ == "__main__":
    main()
