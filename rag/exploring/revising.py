"""Where two documents differ, as an editor would list it: each changed place with a few words around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from rag.exploring.differing import Difference, Span, differences, spans
from rag.exploring.passages import Found

AROUND = 12
"""Equal words shown on either side of a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """A place where two documents differ.

    Attributes:
        left: The passage of the left document that it begins in.
        right: That of the right document.
        parts: The words, those that differ and a few around them.
    """

    left: Found
    right: Found
    parts: tuple[Difference, ...]


def changes(left: Sequence[Found], right: Sequence[Found]) -> list[Change]:
    """All places where two documents differ, however their passages are cut.

    Args:
        left: The passages of one document, in reading order; at least one.
        right: Those of the other; at least one.

    Returns:
        In reading order.
    """
    ours, theirs = ([" ".join(found.passage.text.split()) for found in side] for side in (left, right))
    gaps = [code for code in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes() if code[0] != "equal"]
    return [
        change
        for _, a, b, c, d in gaps
        for change in _changes(left[a:b], right[c:d], left[max(0, min(a, len(left)) - 1)], right[max(0, min(c, len(right)) - 1)])
    ]


def compared(left: Found, right: Found) -> Change:
    """Two passages that say about the same, word by word."""
    return Change(left, right, tuple(_shortened(differences(left.passage.text, right.passage.text))))


def _changes(left: Sequence[Found], right: Sequence[Found], before_left: Found, before_right: Found) -> list[Change]:
    """The changes in a stretch without equal passages; `before_…` is what a side without words is shown beside."""
    ours, theirs = _words(left), _words(right)
    runs = spans([word for word, _ in ours], [word for word, _ in theirs])
    found = []
    for is_long_and_same, group in groupby(runs, key=lambda run: run[0] and run[1][1] - run[1][0] > 2 * AROUND):
        if is_long_and_same:
            continue
        near = list(group)
        if all(is_same for is_same, _, _ in near):
            continue
        first = next(run for run in near if not run[0])
        span_left, span_right = _widened((near[0][1][0], near[-1][1][1]), len(ours)), _widened((near[0][2][0], near[-1][2][1]), len(theirs))
        texts = [" ".join(word for word, _ in side[slice(*span)]) for side, span in ((ours, span_left), (theirs, span_right))]
        found.append(
            Change(_holder(ours, first[1], before_left), _holder(theirs, first[2], before_right), tuple(_shortened(differences(*texts))))
        )
    return found


def _words(side: Sequence[Found]) -> list[tuple[str, Found]]:
    return [(word, found) for found in side for word in found.passage.text.split()]


def _widened(span: Span, end: int) -> Span:
    return max(0, span[0] - AROUND), min(end, span[1] + AROUND)


def _holder(words: Sequence[tuple[str, Found]], span: Span, before: Found) -> Found:
    """The passage that a span begins in, or stands after."""
    at = span[0] if span[1] > span[0] else span[0] - 1
    return words[max(0, min(at, len(words) - 1))][1] if words else before


def _shortened(parts: Sequence[Difference]) -> list[Difference]:
    """With equal words only near what differs."""
    last = len(parts) - 1
    return [
        Difference("same", shown := _ends(part.left.split(), at > 0, at < last), shown) if part.kind == "same" else part
        for at, part in enumerate(parts)
    ]


def _ends(words: list[str], after_change: bool, before_change: bool) -> str:
    if len(words) <= AROUND * (after_change + before_change):
        return " ".join(words)
    begin = words[:AROUND] if after_change else []
    end = words[-AROUND:] if before_change else []
    return " ".join([*begin, "…", *end])
