"""What a question costs at the chat model's endpoint: its requests, and the tokens that the server says it counted for each."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import replace

from rag.answering.prompt import MESSAGE_TOKENS, estimate_tokens
from rag.endpoints.chat.model import ChatDelta, ChatModel, ChatStatus
from rag.errors import ChatError
from rag.types import Message, Usage

BYTES_A_TOKEN = 3  # of what a model writes, as `estimate_tokens` has it


class Meter:
    """Counts for one question, whose requests come one after another; `usage` has also what was left unfinished."""

    def __init__(self) -> None:
        self.usage: Usage | None = None


METER = ContextVar[Meter | None]("meter", default=None)
"""Where a question that is begun now is counted, for whoever has to know also what an answer cost that was never finished."""


class MeteredChatModel:
    """A chat model whose requests are counted."""

    def __init__(self, chat_model: ChatModel, meter: Meter) -> None:
        self._chat_model = chat_model
        self._meter = meter

    @property
    def name(self) -> str:
        """See `ChatModel.name`."""
        return self._chat_model.name

    async def check(self) -> ChatStatus:
        """See `ChatModel.check`."""
        return await self._chat_model.check()

    async def resolve(self) -> str:
        """See `ChatModel.resolve`."""
        return await self._chat_model.resolve()

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        """See `ChatModel.stream`. A request that is refused or finds nobody costs nothing; one that ends early is estimated."""
        before = self._meter.usage
        begun = before or Usage(self.name)
        sent = sum(estimate_tokens(message.content) + MESSAGE_TOKENS for message in messages)
        written, is_answered = 0, False
        self._meter.usage = _with_estimate(begun, sent)
        try:
            async with aclosing(self._chat_model.stream(messages)) as deltas:
                async for delta in deltas:
                    is_answered = True
                    begun = replace(begun, model=self.name)
                    written += len((delta.text + delta.reasoning).encode("utf-8", "replace"))
                    if delta.prompt_tokens is None:
                        self._meter.usage = _with_estimate(begun, sent + written // BYTES_A_TOKEN)
                    else:
                        self._meter.usage = _with_report(begun, delta.prompt_tokens, delta.completion_tokens or 0)
                    yield delta
        except ChatError:
            if not is_answered:
                self._meter.usage = before
            raise


def _with_estimate(usage: Usage, tokens: int) -> Usage:
    return replace(usage, requests=usage.requests + 1, unreported=usage.unreported + 1, estimated_tokens=usage.estimated_tokens + tokens)


def _with_report(usage: Usage, sent: int, written: int) -> Usage:
    return replace(
        usage,
        requests=usage.requests + 1,
        prompt_tokens=usage.prompt_tokens + sent,
        completion_tokens=usage.completion_tokens + written,
    )
