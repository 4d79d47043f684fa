"""A chat server's chunks -> words, reasoning, and the reason for the end."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.endpoints.chat.thinking import Split, ThinkingSplitter

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """One step of a streamed reply.

    Attributes:
        text: Words for the reader.
        reasoning: The thinking of a reasoning model; never part of the answer, never sent back to it.
        finish: On the last delta alone: the server's reason, such as "stop" or "length", or "interrupted" where it gave none.
        prompt_tokens: On the last delta, the tokens that the server counted in the messages, if it says so.
        retracts: The text of all deltas before this one was reasoning: drop it. This one's `reasoning` repeats it.
    """

    text: str
    reasoning: str
    finish: str | None
    prompt_tokens: int | None
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
        self._splitter = ThinkingSplitter(begins_thinking)

    @property
    def begins_thinking(self) -> bool:
        """Whether this reply began with reasoning that no tag announced."""
        return self._splitter.begins_inside

    def read(self, chunk: "ChatCompletionChunk") -> ChatDelta:
        """Take the next chunk. Servers may leave out any field."""
        self.chunks += 1
        usage = getattr(chunk, "usage", None)
        self._prompt_tokens = getattr(usage, "prompt_tokens", None) or self._prompt_tokens
        choices = getattr(chunk, "choices", None)
        if not choices:
            return _delta(Split("", ""))
        self.finish = choices[0].finish_reason or self.finish
        delta = choices[0].delta
        thought = _words(delta, "reasoning_content") or _words(delta, "reasoning")
        content = _words(delta, "content") or _words(delta, "refusal")
        self.has_words = self.has_words or bool(content or thought)
        return _delta(self._splitter.feed(content), thought)

    def end(self) -> ChatDelta:
        """The last delta."""
        split = self._splitter.finish(was_cut=self.finish in {None, "length"})
        return ChatDelta(split.text, split.reasoning, self.finish or "interrupted", self._prompt_tokens, split.retracts)


def _delta(split: Split, thought: str = "") -> ChatDelta:
    return ChatDelta(split.text, thought + split.reasoning, None, None, split.retracts)


def _words(delta: object, name: str) -> str:
    words = getattr(delta, name, None)
    return words if isinstance(words, str) else ""
