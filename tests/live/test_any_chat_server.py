"""What holds for any OpenAI-compatible server: run against the stand-in, and with `-m live` against a real one.

A real one is named by RAG_LIVE_BASE_URL, RAG_LIVE_MODEL and, where it wants one, RAG_LIVE_API_KEY.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from rag.endpoints.chat.model import ChatDelta, OpenAIChatModel
from rag.errors import ChatError, ChatModelNotFoundError, ChatNotConfiguredError
from rag.settings import ChatEndpoint
from rag.types import Message
from tests.chat_server import MODEL, ChatServer

WAIT_SECONDS = 120
COUNTING = "One, two, three, four, five, six, seven, eight, nine, ten, and so on up to a hundred."
MESSAGES = [Message("system", "Follow the instruction."), Message("user", "Count from one to a hundred, in words.")]


@pytest.fixture(params=["stand-in", pytest.param("live", marks=pytest.mark.live)])
def endpoint(request: pytest.FixtureRequest) -> Iterator[ChatEndpoint]:
    if request.param == "stand-in":
        with ChatServer() as server:
            server.reply = lambda messages: COUNTING
            server.delay_seconds = 0.01
            yield ChatEndpoint(server.url(), None, MODEL)
    else:
        names = ("RAG_LIVE_BASE_URL", "RAG_LIVE_MODEL")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            pytest.fail(f"The live tests need a real server: set {' and '.join(missing)}.")
        key = os.environ.get("RAG_LIVE_API_KEY")
        yield ChatEndpoint(os.environ["RAG_LIVE_BASE_URL"], SecretStr(key) if key else None, os.environ["RAG_LIVE_MODEL"])


def a_model(endpoint: ChatEndpoint, max_tokens: int | None = 16) -> OpenAIChatModel:
    return OpenAIChatModel(endpoint, max_tokens=max_tokens, temperature=None, timeout_seconds=WAIT_SECONDS)


def ask(model: OpenAIChatModel) -> list[ChatDelta]:
    async def read() -> list[ChatDelta]:
        async with aclosing(model.stream(MESSAGES)) as deltas:
            return [delta async for delta in deltas]

    return asyncio.run(read())


def test_words_come_in_pieces_and_the_reason_for_the_end_comes_last(endpoint: ChatEndpoint) -> None:
    deltas = ask(a_model(endpoint))
    assert len([delta for delta in deltas if delta.text or delta.reasoning]) > 1
    assert [delta.finish is None for delta in deltas] == [True] * (len(deltas) - 1) + [False]
    assert deltas[-1].finish in {"stop", "length"}


def test_the_limit_ends_an_answer_and_is_told(endpoint: ChatEndpoint) -> None:
    deltas = ask(a_model(endpoint, max_tokens=4))
    assert deltas[-1].finish == "length"


def test_closing_ends_the_stream_at_once_and_the_next_question_is_answered(endpoint: ChatEndpoint) -> None:
    model = a_model(endpoint, max_tokens=200)

    async def first_words() -> tuple[str, float]:
        async with aclosing(model.stream(MESSAGES)) as deltas:
            delta = await anext(deltas)
            began = time.monotonic()
        return delta.text + delta.reasoning, time.monotonic() - began

    words, seconds = asyncio.run(first_words())
    assert words
    assert seconds < 1
    assert ask(a_model(endpoint, max_tokens=4))[-1].finish == "length"


def test_an_unknown_model_is_named(endpoint: ChatEndpoint) -> None:
    unknown = ChatEndpoint(endpoint.base_url, endpoint.api_key, "no-such-model")
    with pytest.raises(ChatModelNotFoundError, match="no-such-model"):
        ask(a_model(unknown))


def test_a_wrong_path_is_told(endpoint: ChatEndpoint) -> None:
    wrong = ChatEndpoint(endpoint.base_url.removesuffix("/").removesuffix("/v1") + "/nowhere", endpoint.api_key, endpoint.model)
    with pytest.raises(ChatError, match="RAG_CHAT_BASE_URL"):
        ask(a_model(wrong))


def test_the_model_is_found_or_asked_for(endpoint: ChatEndpoint) -> None:
    model = a_model(ChatEndpoint(endpoint.base_url, endpoint.api_key, None))
    try:
        name = asyncio.run(model.resolve())
    except ChatNotConfiguredError as error:
        assert "RAG_CHAT_MODEL" in str(error)  # noqa: PT017 - servers may do either
    else:
        assert name == model.name != ""


def test_the_check_says_that_it_answers(endpoint: ChatEndpoint) -> None:
    status = asyncio.run(a_model(endpoint).check())
    assert status.model == endpoint.model
    assert "answers" in status.message
