"""Measure the rule for follow-up questions on conversations made from sets of single questions.

    python -m tests.benchmarks.follow_ups EVAL_FOLDER KEPT_FOLDER

KEPT_FOLDER is where `tests.benchmarks.retrieval --keep` has its libraries. Follow-ups: northwind's questions about one plan, asked of the
other plan before; clapnq's questions with "it" for their passage's title, which was asked about before. New questions: each after another.
"""

import argparse
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from rag import Library, Message
from rag.retrieving.follow_up import standalone_by_rule
from tests.benchmarks import sets
from tests.benchmarks.sets import Asked

PLAN = re.compile(r"Northwind (Standard|Health Plus)")
OTHER = {"Standard": "Health Plus", "Health Plus": "Standard"}
Turn = tuple[str, str, Asked]
"""The question before, the question, and what answers it."""


def new_questions(questions: Sequence[Asked]) -> list[Turn]:
    """Each question after the one before it in its set."""
    return [(before.text, asked.text, asked) for before, asked in pairwise(questions)]


def other_plan(questions: Sequence[Asked], wording: str) -> list[Turn]:
    """Follow-ups that name another plan in the given words."""
    turns = []
    for asked in questions:
        plans = set(PLAN.findall(asked.text))
        if len(plans) == 1:
            plan = plans.pop()
            turns.append((PLAN.sub(f"Northwind {OTHER[plan]}", asked.text), wording.format(plan=f"Northwind {plan}"), asked))
    return turns


def pronouns(folder: Path, questions: Sequence[Asked]) -> list[Turn]:
    """Follow-ups that say "it" for what the question before asked about."""
    with (folder / "passages.jsonl").open(encoding="utf-8") as file:
        titles = {f"{row['_id']}.txt": row["title"] for row in map(json.loads, file)}
    turns = []
    for asked in questions:
        title = titles[min(asked.documents)]
        text = re.sub(rf"\b(the )?{re.escape(title)}\b", "it", asked.text, count=1, flags=re.IGNORECASE)
        if text != asked.text:
            turns.append((f"Tell me about {title}", text, asked))
    return turns


def report(name: str, library: Library, turns: Sequence[Turn]) -> None:
    """Print how many are taken for follow-ups, and whether a right page or document is first, and among five."""
    hits, rewritten = [], 0
    for before, question, asked in turns:
        history = [Message("user", before), Message("assistant", "It says so [1].")]
        rewritten += standalone_by_rule(question, history).source == "rule"
        passages = library.retrieve(question, top_k=5, history=history)
        right = [(each.document, each.page) in asked.pages if asked.pages else each.document in asked.documents for each in passages]
        hits.append((any(right[:1]), any(right)))
    first, five = np.mean(hits, axis=0)
    print(f"{name:32} n {len(turns):3}  rewritten {rewritten / len(turns):.3f}  hit@1 {first:.3f}  hit@5 {five:.3f}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kept", type=Path)
    given = parser.parse_args()
    northwind = sets.northwind_questions(given.folder / "northwind")
    clapnq = [asked for asked in sets.clapnq_questions(given.folder / "clapnq") if asked.is_answerable]
    with Library.open(given.kept / "northwind" / "library") as library:
        report("northwind, new question", library, new_questions(northwind))
        report("northwind, And for ...?", library, other_plan(northwind, "And for {plan}?"))
        report("northwind, What about ...?", library, other_plan(northwind, "What about the {plan} plan?"))
    with Library.open(given.kept / "clapnq" / "library") as library:
        report("clapnq, new question", library, new_questions(clapnq))
        report("clapnq, it", library, pronouns(given.folder / "clapnq", clapnq))


if __name__ == "__main__":
    main()
