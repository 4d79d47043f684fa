"""What a question costs: as the server reports it, estimated where it does not, nothing where it refuses."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest

from rag.answering.metering import Meter, MeteredChatModel
from rag.endpoints.chat.model import ChatDelta, ChatStatus
from rag.endpoints.chat.reply import ReplyReader
from rag.errors import ChatServerError
from rag.types import Message, Usage

MESSAGES = [Message("user", "x" * 30)]  # 10 tokens and 4 for the message, as Footnote estimates


class Scripted:
    """A chat model that gives these deltas, or raises."""

    name = "scripted"

    def __init__(self, *script: ChatDelta | Exception) -> None:
        self._script = script

    async def check(self) -> ChatStatus:
        return ChatStatus(self.name, (), "")

    async def resolve(self) -> str:
        return self.name

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        for each in self._script:
            if isinstance(each, Exception):
                raise each
            yield each


WORDS, REASONING = ChatDelta("a" * 6, ""), ChatDelta("", "b" * 3)


def metered(*script: ChatDelta | Exception, meter: Meter | None = None, most: int = 99) -> Usage | None:
    meter = meter or Meter()

    async def ask() -> None:
        async with aclosing(MeteredChatModel(Scripted(*script), meter).stream(MESSAGES)) as deltas:
            left = most
            async for _ in deltas:
                left -= 1
                if not left:
                    break

    asyncio.run(ask())
    return meter.usage


def test_what_the_server_reports_counts_and_else_an_estimate() -> None:
    reported = ChatDelta("", "", "stop", prompt_tokens=20, completion_tokens=7)
    assert metered(WORDS, reported) == Usage("scripted", 1, 20, 7)
    assert metered(WORDS, ChatDelta("", "", "stop")) == Usage("scripted", 1, unreported=1, estimated_tokens=16)
    assert metered(WORDS, REASONING, reported, most=2) == Usage("scripted", 1, unreported=1, estimated_tokens=17)  # stopped meanwhile
    assert metered(ChatDelta("", "", "stop", prompt_tokens=20)) == Usage("scripted", 1, 20, 0)


def test_requests_of_one_question_add_up_and_refused_ones_cost_nothing() -> None:
    meter = Meter()
    metered(WORDS, ChatDelta("", "", "stop", prompt_tokens=20, completion_tokens=7), meter=meter)
    for script, expected in (
        ((ChatServerError("out"),), Usage("scripted", 1, 20, 7)),
        ((WORDS, ChatServerError("out")), Usage("scripted", 2, 20, 7, 1, 16)),
    ):
        with pytest.raises(ChatServerError):
            metered(*script, meter=meter)
        assert meter.usage == expected
    fresh = Meter()
    with pytest.raises(ChatServerError):
        metered(ChatServerError("out"), meter=fresh)
    assert fresh.usage is None


@pytest.mark.parametrize("count", ["12", -3, 0, True, 1.5, None, 10**12])
def test_what_is_no_number_of_tokens_is_not_counted(count: Any) -> None:
    reply = ReplyReader(False)
    usage = SimpleNamespace(prompt_tokens=count, completion_tokens=count)
    reply.read(SimpleNamespace(usage=usage, choices=None))  # type: ignore[arg-type]
    assert (reply.end().prompt_tokens, reply.end().completion_tokens) == (None, None)
