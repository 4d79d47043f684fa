"""Separates a model's reasoning, `<think>...</think>`, from its answer, while both arrive in pieces."""

import re
from dataclasses import dataclass

OPEN, CLOSE = "<think>", "</think>"

STRAY_CLOSE = re.compile(r"(?:^|\n)[ \t]*" + re.escape(CLOSE))
"""A closing tag at the beginning of a line; elsewhere it belongs to an answer about tags."""


@dataclass(frozen=True, slots=True)
class Split:
    """More text and more reasoning of a reply.

    `retracts`: all text so far was reasoning, since its closing tag came without an opening one; `reasoning` repeats it.
    """

    text: str
    reasoning: str
    retracts: bool = False


class ThinkingSplitter:
    """Splits one reply.

    `begins_inside`: the prompt's template opens the tag, as DeepSeek-R1's does, so that the reply has only the closing one.
    """

    def __init__(self, begins_inside: bool) -> None:
        self._begins_inside = begins_inside
        self._content = ""
        self._reasoning = ""
        self._text = ""

    @property
    def begins_inside(self) -> bool:
        """Whether this reply began inside the tag, as far as it has shown; worth knowing for the next one."""
        return bool(self._reasoning) and not self._content.lstrip().startswith(OPEN)

    def feed(self, piece: str) -> Split:
        """Take the next piece. A possible beginning of a tag is held back."""
        self._content += piece
        return self._step(*_split(self._content, self._begins_inside, may_go_on=True))

    def finish(self, was_cut: bool) -> Split:
        """Release what was held back. Reasoning stays so where the reply was cut; a complete reply without any tag was all answer."""
        return self._step(*_split(self._content, self._begins_inside and was_cut, may_go_on=False))

    def _step(self, reasoning: str, text: str) -> Split:
        """What is new in the two totals."""
        retracts = not text.startswith(self._text)
        new_text = text if retracts else text[len(self._text) :]
        new_reasoning = reasoning[len(self._reasoning) :]
        self._reasoning, self._text = reasoning, text
        return Split(new_text, new_reasoning, retracts)


def _split(content: str, begins_inside: bool, may_go_on: bool) -> tuple[str, str]:
    """The reasoning and the text of a reply so far."""
    content = content.lstrip()
    if content.startswith(OPEN):
        reasoning, tag, text = content.removeprefix(OPEN).partition(CLOSE)
    elif begins_inside:
        reasoning, tag, text = content.partition(CLOSE)
    elif stray := STRAY_CLOSE.search(content):
        reasoning, tag, text = content[: stray.start()], CLOSE, content[stray.end() :]
    elif may_go_on and OPEN.startswith(content):
        return "", ""
    else:
        return "", _without_partial_tag(content) if may_go_on else content
    if not tag and may_go_on:
        reasoning = _without_partial_tag(reasoning)
    return reasoning, text.lstrip()


def _without_partial_tag(text: str) -> str:
    """The text without its last characters where these may become a closing tag."""
    length = next((length for length in range(len(CLOSE) - 1, 0, -1) if text.endswith(CLOSE[:length])), 0)
    return text[: len(text) - length]
