"""The chat adapter against a real HTTP server that behaves well and badly."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from rag.endpoints.chat.model import ChatDelta, OpenAIChatModel
from rag.errors import (
    ChatAuthenticationError,
    ChatConnectionError,
    ChatError,
    ChatModelNotFoundError,
    ChatNotConfiguredError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatRequestError,
    ChatServerError,
)
from rag.settings import ChatEndpoint
from rag.types import Message
from tests.chat_server import MODEL, NOT_FOUND, THOUGHT, ChatServer

PROMPT = """[1] handbook.pdf, page 2
Shipping is free of charge. It takes a week.
</passage>

[2] handbook.pdf, page 7
Items may be returned within thirty days. Keep the receipt.
</passage>

Question: When may items be returned?

Answer from the passages."""
MESSAGES = [Message("system", "Be exact."), Message("user", PROMPT)]
ANSWER = "Items may be returned within thirty days [2]."


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def server(shared_server: ChatServer) -> ChatServer:
    shared_server.requests.clear()
    shared_server.reply, shared_server.delay_seconds, shared_server.model = None, 0.0, MODEL
    return shared_server


def a_model(
    server: ChatServer,
    path: str = "/ok/v1",
    *,
    model: str | None = MODEL,
    key: str | None = None,
    timeout_seconds: float = 10,
) -> OpenAIChatModel:
    endpoint = ChatEndpoint(server.url(path), SecretStr(key) if key else None, model)
    return OpenAIChatModel(endpoint, max_tokens=None, temperature=None, timeout_seconds=timeout_seconds)


def a_limited_model(server: ChatServer, path: str, max_tokens: int) -> OpenAIChatModel:
    endpoint = ChatEndpoint(server.url(path), None, MODEL)
    return OpenAIChatModel(endpoint, max_tokens=max_tokens, temperature=0.5, timeout_seconds=10)


async def read(model: OpenAIChatModel, messages: Sequence[Message] = MESSAGES) -> list[ChatDelta]:
    async with aclosing(model.stream(messages)) as deltas:
        return [delta async for delta in deltas]


def ask(model: OpenAIChatModel) -> list[ChatDelta]:
    return asyncio.run(read(model))


def text_of(deltas: Sequence[ChatDelta]) -> str:
    text = ""
    for delta in deltas:
        text = delta.text if delta.retracts else text + delta.text
    return text


# --- words --------------------------------------------------------------------------------------------------------------------


def test_words_come_in_pieces_and_the_reason_last(server: ChatServer) -> None:
    deltas = ask(a_model(server))
    assert text_of(deltas) == ANSWER
    assert len(deltas) > 3
    assert [delta.finish for delta in deltas] == [None] * (len(deltas) - 1) + ["stop"]


def test_the_stand_in_says_when_no_passage_answers(server: ChatServer) -> None:
    question = [Message("user", PROMPT.replace("When may items be returned?", "Who?"))]
    assert text_of(asyncio.run(read(a_model(server), question))) == NOT_FOUND


def test_the_least_is_sent(server: ChatServer) -> None:
    ask(a_model(server))
    assert set(server.requests[0].body) == {"model", "messages", "stream", "stream_options"}


def test_what_is_set_is_sent(server: ChatServer) -> None:
    deltas = ask(a_limited_model(server, "/ok/v1", max_tokens=2))
    assert (server.requests[0].body["max_tokens"], server.requests[0].body["temperature"]) == (2, 0.5)
    assert deltas[-1].finish == "length"


def test_a_model_serves_one_event_loop_after_another(server: ChatServer) -> None:
    model = a_model(server)
    assert [text_of(ask(model)) for _ in range(3)] == [ANSWER] * 3


def test_answers_may_be_streamed_at_the_same_time(server: ChatServer) -> None:
    model = a_model(server)

    async def both() -> tuple[list[ChatDelta], list[ChatDelta]]:
        return await asyncio.gather(read(model), read(model))

    assert list(map(text_of, asyncio.run(both()))) == [ANSWER] * 2


def test_the_prompts_size_is_told_where_the_server_counts(server: ChatServer) -> None:
    assert ask(a_model(server, "/usage/v1"))[-1].prompt_tokens == len(f"Be exact. {PROMPT}".split())
    assert (ask(a_model(server, "/usage/v1"))[-1].completion_tokens or 0) > 0
    assert ask(a_model(server))[-1].prompt_tokens is None


@pytest.mark.parametrize("behaviour", ["think", "reasoning", "think-unopened"])
def test_thinking_is_no_part_of_the_answer(server: ChatServer, behaviour: str) -> None:
    deltas = ask(a_model(server, f"/{behaviour}/v1"))
    assert text_of(deltas) == ANSWER
    assert "".join(delta.reasoning for delta in deltas).strip() == THOUGHT


def test_a_model_that_thinks_unannounced_is_remembered(server: ChatServer) -> None:
    model = a_model(server, "/think-unopened/v1")
    first, second = ask(model), ask(model)
    assert any(delta.retracts for delta in first)
    assert not any(delta.retracts for delta in second)
    assert text_of(second) == "".join(delta.text for delta in second) == ANSWER


# --- stopping -----------------------------------------------------------------------------------------------------------------


def test_closing_the_stream_ends_the_request_at_once(server: ChatServer) -> None:
    async def first_words() -> str:
        async with aclosing(a_model(server, "/slow/v1").stream(MESSAGES)) as deltas:
            return (await anext(deltas)).text

    assert ANSWER.startswith(asyncio.run(first_words()))
    assert server.chats[0].client_left.wait(1)


@pytest.mark.parametrize("path", ["/slow/v1", "/silent/v1"])
def test_cancelling_the_task_ends_the_request_at_once(server: ChatServer, path: str) -> None:
    async def begin_and_cancel() -> float:
        task = asyncio.create_task(read(a_model(server, path)))
        while not server.chats:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert asyncio.run(begin_and_cancel()) < 5  # half of what it waits for words
    assert server.chats[0].client_left.wait(1)


# --- endings ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "finish"), [("/length/v1", "length"), ("/cut/v1", "interrupted"), ("/no-finish/v1", "interrupted")])
def test_an_answer_that_is_not_whole_says_so_and_keeps_its_words(server: ChatServer, path: str, finish: str) -> None:
    deltas = ask(a_model(server, path))
    assert deltas[-1].finish == finish
    assert text_of(deltas)
    assert ANSWER.startswith(text_of(deltas))


def test_an_error_after_some_words_is_raised(server: ChatServer) -> None:
    words: list[str] = []

    async def read_on() -> None:
        async for delta in a_model(server, "/error-midway/v1").stream(MESSAGES):
            words.append(delta.text)

    with pytest.raises(ChatServerError, match="ran out of memory"):
        asyncio.run(read_on())
    assert words


@pytest.mark.parametrize("behaviour", ["html", "empty", "junk", "json"])
def test_what_is_no_stream_is_told(server: ChatServer, behaviour: str) -> None:
    with pytest.raises(ChatProtocolError, match="OpenAI-compatible"):
        ask(a_model(server, f"/{behaviour}/v1"))


def test_a_connection_cut_before_any_word_is_an_error(server: ChatServer) -> None:
    with pytest.raises(ChatConnectionError, match="closed the connection"):
        ask(a_model(server, "/cut-early/v1"))
    assert len(server.chats) == 2


def test_an_answer_that_ends_before_its_first_word_is_an_error(server: ChatServer) -> None:
    server.reply = lambda messages: ""
    with pytest.raises(ChatConnectionError, match="before the first word"):
        ask(a_model(server, "/no-finish/v1"))


def test_a_whole_answer_may_have_no_words(server: ChatServer) -> None:
    server.reply = lambda messages: ""
    assert [(delta.text, delta.finish) for delta in ask(a_model(server))] == [("", "stop")]


@pytest.mark.parametrize("path", ["/silent/v1", "/slow/v1"])
def test_a_server_that_falls_silent_is_given_up(server: ChatServer, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(ChatConnectionError, match=r"0\.2 seconds.*RAG_CHAT_SECONDS"):
        ask(a_model(server, path, timeout_seconds=0.2))
    assert time.monotonic() - began < 8
    assert len(server.chats) == 1


def test_nothing_at_the_address_is_told() -> None:
    with ChatServer() as gone:
        model = a_model(gone)
    with pytest.raises(ChatConnectionError, match=r"Nothing answers at http://127\.0\.0\.1.*RAG_CHAT_BASE_URL") as caught:
        ask(model)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("path", "expected", "words"),
    [
        ("/401/v1", ChatAuthenticationError, "refused the key"),
        ("/403/v1", ChatAuthenticationError, "RAG_CHAT_API_KEY"),
        ("/404/v1", ChatModelNotFoundError, "Check RAG_CHAT_BASE_URL; a usual address is"),
        ("/ok", ChatModelNotFoundError, "/ok/v1"),
        ("/429/v1", ChatRateLimitError, "exceeded your current quota"),
        ("/500/v1", ChatServerError, "out of memory"),
        ("/503/v1", ChatServerError, "loading the model"),
        ("/echo-key/v1", ChatRequestError, r"Bearer \*\*\*"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_key(server: ChatServer, path: str, expected: type[ChatError], words: str) -> None:
    with pytest.raises(expected, match=words) as caught:
        ask(a_model(server, path, key="sk-very-secret"))
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_unknown_model_is_named(server: ChatServer) -> None:
    with pytest.raises(ChatModelNotFoundError, match=r"'gpt-9'.*RAG_CHAT_MODEL"):
        ask(a_model(server, model="gpt-9"))


def test_an_address_that_is_none_is_told_at_first_use() -> None:
    endpoint = ChatEndpoint("localhost:11434", None, "llama")
    with pytest.raises(ChatNotConfiguredError, match="RAG_CHAT_BASE_URL"):
        ask(OpenAIChatModel(endpoint, max_tokens=None, temperature=None, timeout_seconds=1))


# --- trying again -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/flaky/v1", "/busy-short/v1"])
def test_a_failure_in_passing_is_tried_once_more(server: ChatServer, path: str) -> None:
    assert text_of(ask(a_model(server, path))) == ANSWER
    assert len(server.chats) == 2


@pytest.mark.parametrize(("path", "words"), [("/busy-long/v1", "Wait 60 seconds"), ("/busy-until/v1", "Wait a moment")])
def test_nobody_is_kept_waiting_for_a_minute(server: ChatServer, path: str, words: str) -> None:
    began = time.monotonic()
    with pytest.raises(ChatRateLimitError, match=words):
        ask(a_model(server, path))
    assert time.monotonic() - began < 8
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("/no-max-tokens/v1", {"max_completion_tokens": 100, "temperature": 0.5}),
        ("/no-token-limit/v1", {"temperature": 0.5}),
        ("/no-temperature/v1", {"max_tokens": 100}),
    ],
)
def test_a_refused_parameter_is_left_out_and_remembered(server: ChatServer, path: str, last: dict[str, object]) -> None:
    model = a_limited_model(server, path, max_tokens=100)
    assert [text_of(ask(model)), text_of(ask(model))] == [ANSWER, ANSWER]
    first, *later = [
        {name: value for name, value in request.body.items() if name not in {"model", "messages", "stream", "stream_options"}}
        for request in server.chats
    ]
    assert first == {"max_tokens": 100, "temperature": 0.5}
    assert later == [last, last]


def test_a_server_that_cannot_be_asked_for_its_count_is_not_asked_again(server: ChatServer) -> None:
    model = a_model(server, "/no-usage/v1")
    assert [text_of(ask(model)), text_of(ask(model))] == [ANSWER, ANSWER]
    assert ["stream_options" in request.body for request in server.chats] == [True, False, False]


def test_a_server_without_a_system_role_gets_its_text_in_the_question(server: ChatServer) -> None:
    model = a_model(server, "/no-system/v1")
    assert [text_of(ask(model)), text_of(ask(model))] == [ANSWER, ANSWER]
    assert [request.body["messages"][0]["role"] for request in server.chats] == ["system", "user", "user"]
    assert server.chats[-1].body["messages"][0]["content"].startswith("Be exact.\n\n[1]")


# --- the key ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def foreign_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"]:
        monkeypatch.setenv(name, f"foreign-{name}")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer foreign\nX-Team: foreign")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://foreign.invalid/v1")


@pytest.mark.usefixtures("foreign_keys")
@pytest.mark.parametrize("key", [None, "sk-own"])
def test_what_openai_variables_hold_is_for_another_host(server: ChatServer, key: str | None) -> None:
    model = a_model(server, model=None, key=key)
    assert text_of(ask(model)) == ANSWER
    assert [request.path for request in server.requests] == ["/ok/v1/models", "/ok/v1/chat/completions"]
    for request in server.requests:
        assert "foreign" not in str(request.headers)
        assert request.headers.get("authorization") == (f"Bearer {key}" if key else None)
        assert not [name for name in request.headers if name.startswith(("openai-", "x-"))]


def test_a_redirect_gets_neither_the_key_nor_the_question(server: ChatServer) -> None:
    with ChatServer() as elsewhere:
        server.redirect_to = elsewhere.url("/ok/v1")
        model = a_model(server, "/redirect/v1", key="sk-own")
        with pytest.raises(ChatNotConfiguredError, match=f"redirects to {elsewhere.url('/ok/v1')}"):
            ask(model)
        with pytest.raises(ChatNotConfiguredError, match="RAG_CHAT_BASE_URL"):
            asyncio.run(model.check())
        assert elsewhere.requests == []


# --- which model --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ok/v1", "/with-embedder/v1"])
def test_the_only_model_is_found(server: ChatServer, path: str) -> None:
    model = a_model(server, path, model=None)
    assert model.name == ""
    assert asyncio.run(model.resolve()) == model.name == MODEL
    asyncio.run(model.resolve())
    assert len(server.requests) == 1


def test_a_model_that_was_found_and_is_gone_is_looked_for_again(server: ChatServer) -> None:
    model = a_model(server, model=None)
    ask(model)
    server.model = "successor"
    with pytest.raises(ChatModelNotFoundError, match=MODEL):
        ask(model)
    assert text_of(ask(model)) == ANSWER
    assert model.name == "successor"


def test_a_check_finds_the_model_too(server: ChatServer) -> None:
    model = a_model(server, model=None)
    asyncio.run(model.check())
    assert model.name == MODEL


def test_a_model_that_is_set_is_not_looked_for(server: ChatServer) -> None:
    assert asyncio.run(a_model(server, model="set").resolve()) == "set"
    assert server.requests == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/many-models/v1", "RAG_CHAT_MODEL.*alpha, beta"),
        ("/no-models/v1", "has no model.*RAG_CHAT_MODEL"),
        ("/no-list/v1", "not available.*RAG_CHAT_MODEL"),
        ("/list-404/v1", "not available.*RAG_CHAT_MODEL"),
        ("/ok", "most end in /v1"),
    ],
)
def test_where_there_is_a_choice_a_person_makes_it(server: ChatServer, path: str, words: str) -> None:
    with pytest.raises(ChatNotConfiguredError, match=words):
        ask(a_model(server, path, model=None))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/401/v1", ChatAuthenticationError),
        ("/html/v1", ChatProtocolError),
        ("/503/v1", ChatServerError),
        ("/cut-early/v1", ChatConnectionError),
    ],
)
def test_a_failing_endpoint_fails_the_check(server: ChatServer, path: str, expected: type[ChatError]) -> None:
    with pytest.raises(expected):
        asyncio.run(a_model(server, path).check())
    with pytest.raises(expected):
        asyncio.run(a_model(server, path, model=None).resolve())


@pytest.mark.parametrize(
    ("path", "model", "found", "words"),
    [
        ("/ok/v1", None, MODEL, "stand-in: http://127.0.0.1"),
        ("/ok/v1", "tuned", "tuned", "does not list this model"),
        ("/many-models/v1", None, "", "alpha, beta"),
        ("/many-models/v1", "beta", "beta", "beta: http://127.0.0.1"),
        ("/no-list/v1", "tuned", "tuned", "answers; its list of models is not available"),
        ("/no-list/v1", None, "", "Set RAG_CHAT_MODEL"),
    ],
)
def test_the_check_says_what_answers(server: ChatServer, path: str, model: str | None, found: str, words: str) -> None:
    status = asyncio.run(a_model(server, path, model=model).check())
    assert status.model == found
    assert words in status.message
    assert server.chats == []
