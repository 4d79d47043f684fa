"""A chat server's chunks -> words, reasoning, and the reason for the end.

Reasoning comes in a field of its own, or as `<think>...</think>` in the text, while both arrive in pieces.
"""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk

MOST_TOKENS = 10**9  # in one reply: more is no count

OPEN, CLOSE = "<think>", "</think>"

STRAY_CLOSE = re.compile(r"(?:^|\n)[ \t]*" + re.escape(CLOSE))
"""A closing tag at the beginning of a line; elsewhere it belongs to an answer about tags."""


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """One step of a streamed reply.

    Attributes:
        text: Words for the reader.
        reasoning: The thinking of a reasoning model; never part of the answer, never sent back to it.
        finish: On the last delta alone: the server's reason, such as "stop" or "length", or "interrupted" where it gave none.
        prompt_tokens: On the last delta, the tokens that the server counted in the messages, if it says so.
        completion_tokens: The same in its reply, reasoning included.
        retracts: The text of all deltas before this one was reasoning: drop it. This one's `reasoning` repeats it.
    """

    text: str
    reasoning: str
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    retracts: bool = False


class ReplyReader:
    """Reads one reply; `finish` is the server's reason for the end, once it came.

    `begins_thinking`: earlier replies of the model began with reasoning that no tag announced.
    """

    def __init__(self, begins_thinking: bool) -> None:
        self.chunks = 0
        self.finish: str | None = None
        self.has_words = False
        self._prompt_tokens: int | None = None
        self._completion_tokens: int | None = None
        self.splitter = ThinkingSplitter(begins_thinking)

    def read(self, chunk: "ChatCompletionChunk") -> ChatDelta:
        """Take the next chunk. Servers may leave out any field."""
        self.chunks += 1
        usage = getattr(chunk, "usage", None)
        self._prompt_tokens = _count(usage, "prompt_tokens") or self._prompt_tokens
        self._completion_tokens = _count(usage, "completion_tokens") or self._completion_tokens
        choices = getattr(chunk, "choices", None)
        if not choices:
            return ChatDelta("", "")
        self.finish = choices[0].finish_reason or self.finish
        delta = choices[0].delta
        reasoning = _words(delta, "reasoning_content") or _words(delta, "reasoning")
        content = _words(delta, "content") or _words(delta, "refusal")
        self.has_words = self.has_words or bool(content or reasoning)
        split = self.splitter.feed(content)
        return replace(split, reasoning=reasoning + split.reasoning)

    def end(self) -> ChatDelta:
        """The last delta."""
        last = self.splitter.finish(was_cut=self.finish in {None, "length"})
        last = replace(last, prompt_tokens=self._prompt_tokens, completion_tokens=self._completion_tokens)
        return replace(last, finish=self.finish or "interrupted")


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

    def feed(self, piece: str) -> ChatDelta:
        """Take the next piece. A possible beginning of a tag is held back."""
        self._content += piece
        return self._step(*_split(self._content, self._begins_inside, may_go_on=True))

    def finish(self, was_cut: bool) -> ChatDelta:
        """Release what was held back. Reasoning stays so where the reply was cut; a complete reply without any tag was all answer."""
        return self._step(*_split(self._content, self._begins_inside and was_cut, may_go_on=False))

    def _step(self, reasoning: str, text: str) -> ChatDelta:
        """What is new in the two totals."""
        retracts = not text.startswith(self._text)
        new_text = text if retracts else text[len(self._text) :]
        new_reasoning = reasoning[len(self._reasoning) :]
        self._reasoning, self._text = reasoning, text
        return ChatDelta(new_text, new_reasoning, retracts=retracts)


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


def _count(usage: object, name: str) -> int | None:
    """A number of tokens; None where a server says none, or something that is no number of tokens."""
    count = getattr(usage, name, None)
    return count if type(count) is int and 0 < count < MOST_TOKENS else None


def _words(delta: object, name: str) -> str:
    words = getattr(delta, name, None)
    return words if isinstance(words, str) else ""
