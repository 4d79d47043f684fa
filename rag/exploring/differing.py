"""What differs between two texts, word by word."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

DifferenceKind = Literal["same", "changed", "removed", "added"]

LEAST_RUN = 3
"""Fewer equal words between two changes belong to the change: "the" and "of" meet by chance."""

READABLE_WORDS = 1_500
"""Of either text between common beginning and end: so many are compared by their longest runs, which reads best; more by their longest
common subsequence, which is quick."""

MOST_WORDS = 20_000
"""Of either text between common beginning and end: more are one change. The work grows as their product: 50 MB and a second for this."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A run of words.

    Attributes:
        kind: "same" in both; "changed"; "removed", in the left alone; "added", in the right alone.
        left: The left text's words, joined by single spaces; "" where it has none.
        right: The right text's.
    """

    kind: DifferenceKind
    left: str
    right: str


def differences(left: str, right: str) -> list[Difference]:
    """Compare two texts by words: what stands between white space, capitals and punctuation included.

    Args:
        left: The earlier text, say.
        right: The later one.

    Returns:
        In reading order; the left sides make up the left text, the right sides the right one.
    """
    ours, theirs = left.split(), right.split()
    return [
        Difference(_kind(a, b, is_same), " ".join(ours[slice(*a)]), " ".join(theirs[slice(*b)])) for is_same, a, b in spans(ours, theirs)
    ]


Span = tuple[int, int]


def spans(left: list[str], right: list[str]) -> list[tuple[bool, Span, Span]]:
    """The runs of words that two lists share or do not share: `(is the same, span in left, span in right)`, in order."""
    shorter = min(len(left), len(right))
    head = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    tail = next((at for at in range(shorter - head) if left[-1 - at] != right[-1 - at]), shorter - head)
    ends = len(left) - tail, len(right) - tail
    inner_left, inner_right = left[head : ends[0]], right[head : ends[1]]
    inner = [(tag == "equal", (a + head, b + head), (c + head, d + head)) for tag, a, b, c, d in _codes(inner_left, inner_right)]
    return _folded([(True, (0, head), (0, head)), *inner, (True, (ends[0], len(left)), (ends[1], len(right)))])


def _codes(left: list[str], right: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    longer = max(len(left), len(right))
    if longer <= READABLE_WORDS:
        return SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    if longer > MOST_WORDS:
        return [("replace", 0, len(left), 0, len(right))]
    from rapidfuzz.distance import Indel

    return [(code.tag, code.src_start, code.src_end, code.dest_start, code.dest_end) for code in Indel.opcodes(left, right)]


def _folded(runs: list[tuple[bool, Span, Span]]) -> list[tuple[bool, Span, Span]]:
    """Without empty runs; short equal ones between two changes folded into them; neighbours of one kind joined."""
    filled = [run for run in runs if run[1][1] > run[1][0] or run[2][1] > run[2][0]]
    joined: list[tuple[bool, Span, Span]] = []
    for number, (is_same, a, b) in enumerate(filled):
        is_between = 0 < number < len(filled) - 1
        kind = is_same and not (is_between and a[1] - a[0] < LEAST_RUN)
        if joined and joined[-1][0] == kind:
            _, before_a, before_b = joined.pop()
            a, b = (before_a[0], a[1]), (before_b[0], b[1])
        joined.append((kind, a, b))
    return joined


def _kind(left: Span, right: Span, is_same: bool) -> DifferenceKind:
    if is_same:
        return "same"
    if left[0] == left[1]:
        return "added"
    return "removed" if right[0] == right[1] else "changed"
