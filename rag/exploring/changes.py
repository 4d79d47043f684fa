"""What differs between two texts, word by word; and between two documents, as an editor would list it."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from rag.exploring.passages import FoundPassage

DifferenceKind = Literal["same", "changed", "removed", "added"]
Span = tuple[int, int]
Run = tuple[bool, Span, Span]  # (whether both sides are the same, words of the left side, words of the right side)
LEAST_RUN = 3  # fewer equal words between two changes belong to the change: "the" and "of" match by chance
AROUND = 12  # equal words shown on either side of a change

READABLE_WORDS = 1_500
"""Words of either text, without common beginning and end, up to which they are compared by their longest runs, which reads best; longer
texts are compared by their longest common subsequence, which is quick."""

MOST_WORDS = 20_000  # beyond this many, all is one change: the work grows with the product of both, 50 MB and a second for this many


@dataclass(frozen=True, slots=True)
class Difference:
    """A run of words in two texts: "same" in both, "changed", "removed" (in the left text only) or "added" (in the right text only).

    The words of each side are joined by single spaces; "" if it has none.
    """

    kind: DifferenceKind
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Change:
    """A place where two documents differ: the passages in which it begins, and the words that differ with a few around them."""

    left: FoundPassage
    right: FoundPassage
    parts: tuple[Difference, ...]


def differences(left: str, right: str) -> list[Difference]:
    """Compare two texts word by word, split at white space; case and punctuation count.

    Args:
        left: The earlier text, say.
        right: The later one.

    Returns:
        In reading order; the left sides make up the left text, the right sides the right one.
    """
    ours, theirs = left.split(), right.split()
    return [Difference(_kind(run), " ".join(ours[slice(*run[1])]), " ".join(theirs[slice(*run[2])])) for run in _runs(ours, theirs)]


def changes(left: Sequence[FoundPassage], right: Sequence[FoundPassage]) -> list[Change]:
    """All places where two documents differ, in reading order, however they are cut into passages; neither may be empty."""
    ours, theirs = ([" ".join(found.passage.text.split()) for found in side] for side in (left, right))
    gaps = [code for code in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes() if code[0] != "equal"]
    return [
        change
        for _, a, b, c, d in gaps
        for change in _changes(left[a:b], right[c:d], left[max(0, min(a, len(left)) - 1)], right[max(0, min(c, len(right)) - 1)])
    ]


def compared(left: FoundPassage, right: FoundPassage) -> Change:
    """Two passages with a similar meaning, compared word by word."""
    return _change(left, right, left.passage.text, right.passage.text)


def _runs(left: list[str], right: list[str]) -> list[Run]:
    """The runs of words that two lists share or do not share, in order."""
    shorter = min(len(left), len(right))
    head = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    tail = next((at for at in range(shorter - head) if left[-1 - at] != right[-1 - at]), shorter - head)
    ends = len(left) - tail, len(right) - tail
    inner_left, inner_right = left[head : ends[0]], right[head : ends[1]]
    inner = [(tag == "equal", (a + head, b + head), (c + head, d + head)) for tag, a, b, c, d in _opcodes(inner_left, inner_right)]
    return _folded([(True, (0, head), (0, head)), *inner, (True, (ends[0], len(left)), (ends[1], len(right)))])


def _opcodes(left: list[str], right: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    longer = max(len(left), len(right))
    if longer <= READABLE_WORDS:
        return SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    if longer > MOST_WORDS:
        return [("replace", 0, len(left), 0, len(right))]
    from rapidfuzz.distance import Indel

    return [(code.tag, code.src_start, code.src_end, code.dest_start, code.dest_end) for code in Indel.opcodes(left, right)]


def _folded(runs: list[Run]) -> list[Run]:
    """Without empty runs; short equal ones between two changes become part of the change; neighbours of one kind are joined."""
    filled = [run for run in runs if run[1][1] > run[1][0] or run[2][1] > run[2][0]]
    joined: list[Run] = []
    for number, (is_same, a, b) in enumerate(filled):
        is_between = 0 < number < len(filled) - 1
        kind = is_same and not (is_between and a[1] - a[0] < LEAST_RUN)
        if joined and joined[-1][0] == kind:
            _, before_a, before_b = joined.pop()
            a, b = (before_a[0], a[1]), (before_b[0], b[1])
        joined.append((kind, a, b))
    return joined


def _kind(run: Run) -> DifferenceKind:
    is_same, left, right = run
    if is_same:
        return "same"
    if left[0] == left[1]:
        return "added"
    return "removed" if right[0] == right[1] else "changed"


def _changes(
    left: Sequence[FoundPassage], right: Sequence[FoundPassage], before_left: FoundPassage, before_right: FoundPassage
) -> list[Change]:
    """The changes in a stretch without equal passages; `before_…` is the passage beside which a side without words is shown."""
    ours, theirs = ([(word, found) for found in side for word in found.passage.text.split()] for side in (left, right))
    runs = _runs([word for word, _ in ours], [word for word, _ in theirs])
    found = []
    for is_long_and_same, group in groupby(runs, key=lambda run: run[0] and run[1][1] - run[1][0] > 2 * AROUND):
        near = list(group)
        if is_long_and_same or all(is_same for is_same, _, _ in near):
            continue
        first = next(run for run in near if not run[0])
        texts = []
        for words, begin, end in ((ours, near[0][1][0], near[-1][1][1]), (theirs, near[0][2][0], near[-1][2][1])):
            texts.append(" ".join(word for word, _ in words[max(0, begin - AROUND) : end + AROUND]))
        found.append(_change(_holder(ours, first[1], before_left), _holder(theirs, first[2], before_right), *texts))
    return found


def _holder(words: Sequence[tuple[str, FoundPassage]], span: Span, before: FoundPassage) -> FoundPassage:
    """The passage in which a span begins, or after which it stands."""
    at = span[0] if span[1] > span[0] else span[0] - 1
    return words[max(0, min(at, len(words) - 1))][1] if words else before


def _change(left: FoundPassage, right: FoundPassage, left_text: str, right_text: str) -> Change:
    """A change with equal words only near what differs."""
    parts = differences(left_text, right_text)
    last = len(parts) - 1
    shown = [
        Difference("same", ends := _ends(part.left.split(), at > 0, at < last), ends) if part.kind == "same" else part
        for at, part in enumerate(parts)
    ]
    return Change(left, right, tuple(shown))


def _ends(words: list[str], after_change: bool, before_change: bool) -> str:
    if len(words) <= AROUND * (after_change + before_change):
        return " ".join(words)
    return " ".join([*(words[:AROUND] if after_change else []), "…", *(words[-AROUND:] if before_change else [])])
