"""The chat side's pure parts: thinking, requests, and errors in words."""

from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion
from pydantic import SecretStr

from rag.endpoints.chat.dialect import Dialect
from rag.endpoints.chat.endpoint import CHAT
from rag.endpoints.chat.reply import ThinkingSplitter
from rag.endpoints.client import Endpoint, Service
from rag.endpoints.embeddings import EMBEDDINGS
from rag.endpoints.errors import KINDS, translate
from rag.endpoints.rerank import RERANK
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
from rag.types import Message

ENDPOINT = Endpoint(CHAT, "http://models.example:8000/v1", SecretStr("sk-very-secret"), "llama", 120)
REQUEST = httpx2.Request("POST", "http://models.example:8000/v1/chat/completions")


# --- thinking -----------------------------------------------------------------------------------------------------------------


def read(pieces: list[str], begins_inside: bool = False, was_cut: bool = False) -> tuple[str, str, bool, bool]:
    """Text and reasoning as a caller puts them together, whether text was retracted, and what the next reply begins with."""
    splitter = ThinkingSplitter(begins_inside)
    text, reasoning, retracted = "", "", False
    for split in [*map(splitter.feed, pieces), splitter.finish(was_cut)]:
        text = split.text if split.retracts else text + split.text
        reasoning += split.reasoning
        retracted = retracted or split.retracts
    return text, reasoning, retracted, splitter.begins_inside


@st.composite
def cut_anywhere(draw: st.DrawFn, content: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=12)))
    return [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]


@given(cut_anywhere("<think>\nHm, page 3 < 4?\n</think>\n\nIt is 4 [1]."))
def test_tagged_thinking_is_told_apart_wherever_it_is_cut(pieces: list[str]) -> None:
    assert read(pieces) == ("It is 4 [1].", "\nHm, page 3 < 4?\n", False, False)


@given(cut_anywhere("Hm, page 3 < 4?\n</think>\n\nIt is 4 [1]."))
def test_thinking_without_an_opening_tag_is_taken_back_wherever_it_is_cut(pieces: list[str]) -> None:
    text, reasoning, _, begins_inside = read(pieces)
    assert (text, reasoning, begins_inside) == ("It is 4 [1].", "Hm, page 3 < 4?", True)


@given(cut_anywhere("Hm, page 3 < 4?\n</think>\n\nIt is 4 [1]."))
def test_a_model_known_to_begin_inside_shows_no_thinking_at_all(pieces: list[str]) -> None:
    text, reasoning, retracted, begins_inside = read(pieces, begins_inside=True)
    assert (text, reasoning.strip(), retracted, begins_inside) == ("It is 4 [1].", "Hm, page 3 < 4?", False, True)


@given(cut_anywhere("In R1 the tag `</think>` ends it, <think> begins it: a </b < c."))
def test_an_answer_about_tags_stays_whole(pieces: list[str]) -> None:
    assert read(pieces) == ("In R1 the tag `</think>` ends it, <think> begins it: a </b < c.", "", False, False)


def test_a_complete_reply_without_any_tag_is_an_answer_even_from_a_model_that_began_inside() -> None:
    text, _, _, begins_inside = read(["It is ", "4."], begins_inside=True)
    assert (text, begins_inside) == ("It is 4.", False)


def test_thinking_that_was_cut_is_no_answer() -> None:
    assert read(["<think>Let me", " see"], was_cut=True)[:2] == ("", "Let me see")
    assert read(["Let me", " see"], begins_inside=True, was_cut=True)[:2] == ("", "Let me see")


def test_words_are_passed_on_at_once() -> None:
    splitter = ThinkingSplitter(begins_inside=False)
    assert [splitter.feed(piece).text for piece in ["It", " is", " <", "b"]] == ["It", " is", " ", "<b"]


# --- the request --------------------------------------------------------------------------------------------------------------

MESSAGES = [Message("system", "Be exact."), Message("user", "When?"), Message("assistant", "In May."), Message("user", "Why?")]


def test_the_least_is_sent() -> None:
    assert Dialect().request(MESSAGES[:2], None, None) == {
        "messages": [{"role": "system", "content": "Be exact."}, {"role": "user", "content": "When?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_roles_alternate_after_one_system_message() -> None:
    odd = [
        Message("assistant", "Hello!"),
        Message("user", "When?"),
        Message("assistant", " "),
        Message("system", "Be exact."),
        Message("user", "Please."),
        Message("system", "Be brief."),
    ]
    assert Dialect().request(odd, None, None)["messages"] == [
        {"role": "system", "content": "Be exact.\n\nBe brief."},
        {"role": "user", "content": "When?\n\nPlease."},
    ]


def test_without_a_system_role_its_text_goes_before_the_first_question() -> None:
    sent = Dialect(takes_system=False).request(MESSAGES, None, None)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert sent[0]["content"] == "Be exact.\n\nWhen?"


def test_text_that_utf8_cannot_carry_is_still_sent() -> None:
    assert Dialect().request([Message("user", "caf\udce9")], None, None)["messages"] == [{"role": "user", "content": "caf?"}]


@pytest.mark.parametrize(
    ("status", "complaint", "expected"),
    [
        (400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", Dialect("max_completion_tokens")),
        (422, "body.max_tokens: Extra inputs are not permitted", Dialect(None)),
        (400, "temperature: only the default (1) value is supported", Dialect(takes_temperature=False)),
        (400, "System role not supported", Dialect(takes_system=False)),
        (400, 'Unknown name "stream_options": Cannot find field.', Dialect(takes_usage=False)),
        (500, "Jinja Exception: System role not supported", Dialect(takes_system=False)),
        (400, "Conversation roles must alternate user/assistant/user/assistant/...", Dialect(takes_system=False)),
        (400, "Developer instruction is not enabled for models/gemma-3-27b-it", Dialect(takes_system=False)),
        (400, "maximum context length is 4096 tokens", None),
        (401, "temperature", None),
    ],
)
def test_what_is_refused_is_left_out(status: int, complaint: str, expected: Dialect | None) -> None:
    dialect = Dialect()
    assert dialect.adapted(dialect.request(MESSAGES, 100, 0.5), status, complaint) == expected


def test_what_was_not_sent_cannot_be_left_out() -> None:
    dialect = Dialect()
    request = dialect.request(MESSAGES[1:], None, None)
    assert [dialect.adapted(request, 400, words) for words in ["max_tokens", "temperature", "System role not supported"]] == [None] * 3


# --- address and key ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:11434/v1",
        "ftp://models.example/v1",
        "http://",
        "http://models.example:port/v1",
        "https:///v1",
        "http://a b/v1",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_is_explained(address: str) -> None:
    with pytest.raises(ChatNotConfiguredError, match="RAG_CHAT_BASE_URL"):
        replace(ENDPOINT, base_url=address).checked_url()


@pytest.mark.parametrize("address", ["http://me:hunter2@models.example/v1", "http://models.example/v1?key=hunter2"])
def test_a_password_in_the_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ChatNotConfiguredError, match="RAG_CHAT_API_KEY") as caught:
        replace(ENDPOINT, base_url=address).checked_url()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address", [" http://localhost:8000/v1 ", "http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"]
)
def test_an_address_is_forgiven_what_does_not_matter(address: str) -> None:
    assert replace(ENDPOINT, base_url=address).checked_url() == "http://localhost:8000/v1"


@pytest.mark.parametrize(("key", "expected"), [("sk-1\n", "sk-1"), (" ", ""), ("", "")])
def test_a_key_is_taken_without_the_space_around_it(key: str, expected: str) -> None:
    assert replace(ENDPOINT, api_key=SecretStr(key)).key == expected


@pytest.mark.parametrize("key", ["sk-\nX-Evil: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ChatNotConfiguredError) as caught:
        replace(ENDPOINT, api_key=SecretStr(key)).checked_url()
    assert key not in str(caught.value)


# --- errors -------------------------------------------------------------------------------------------------------------------


def status_error(status: int, body: Any = None, headers: dict[str, str] | None = None) -> openai.APIStatusError:
    response = httpx2.Response(status, request=REQUEST, headers=headers)
    return openai.APIStatusError("Error", response=response, body=body)


def library_errors() -> list[type[Exception]]:
    """Every class of errors that the two libraries define."""
    found = {value for library in (openai, httpx2) for value in map(library.__dict__.get, dir(library)) if isinstance(value, type)}
    return sorted((kind for kind in found if issubclass(kind, Exception)), key=lambda kind: kind.__name__)


def an_instance(kind: type[Exception]) -> Exception:
    """One of them, made as the libraries make it."""
    make: Any = kind
    if kind is httpx2.HTTPStatusError:
        return httpx2.HTTPStatusError("no", request=REQUEST, response=httpx2.Response(500, request=REQUEST))
    if issubclass(kind, httpx2.StreamError):
        return make() if kind is not httpx2.StreamError else kind("no")
    if kind.__module__ == "httpx2":
        return make("no")  # type: ignore[no-any-return]
    if issubclass(kind, openai.APIStatusError):
        status = {openai.InternalServerError: 500, openai.APIStatusError: 418, openai.OAuthError: 401}.get(
            kind, getattr(kind, "status_code", 418)
        )
        more = {} if kind is openai.OAuthError else {"message": "no"}
        return make(response=httpx2.Response(status, request=REQUEST), body=None, **more)  # type: ignore[no-any-return]
    special: dict[str, dict[str, Any]] = {
        "APIError": {"message": "no", "request": REQUEST, "body": None},
        "APIConnectionError": {"request": REQUEST},
        "APITimeoutError": {"request": REQUEST},
        "APIResponseValidationError": {"response": httpx2.Response(200, request=REQUEST), "body": None},
        "LengthFinishReasonError": {"completion": ChatCompletion(id="1", choices=[], created=0, model="m", object="chat.completion")},
        "WebSocketConnectionClosedError": {"message": "no", "unsent_messages": []},
    }
    return make(**special.get(kind.__name__, {}))  # type: ignore[no-any-return]


@pytest.mark.parametrize("service", [CHAT, EMBEDDINGS, RERANK], ids=lambda service: service.name)
def test_every_error_of_the_libraries_becomes_ours(service: Service) -> None:
    for kind in library_errors():
        error = translate(an_instance(kind), replace(ENDPOINT, service=service), "llama")
        assert isinstance(error, service.error), kind
        assert "http://models.example:8000/v1" in str(error), kind
        is_exact = not issubclass(kind, openai.APIError | httpx2.HTTPError) or service is not CHAT or type(error) is not ChatError
        assert is_exact, f"{kind.__name__} has no error of its own"


def test_the_map_of_errors_names_every_class_and_no_other() -> None:
    """A class that a new version of a library adds is to be placed in `KINDS`."""
    defined = {f"{kind.__module__}.{kind.__name__}" for kind in library_errors()}
    assert set(KINDS) - {"builtins.ValueError"} == defined


@pytest.mark.parametrize("service", [CHAT, EMBEDDINGS, RERANK], ids=lambda service: service.name)
def test_no_message_gives_its_advice_twice(service: Service) -> None:
    endpoint = replace(ENDPOINT, service=service)
    raised: list[Exception] = [translate(an_instance(kind), endpoint, "llama") for kind in library_errors()]
    for status in (307, 401, 404, 405, 413, 422, 429, 500):
        raised += [translate(status_error(status, body), endpoint, "llama") for body in (None, {"message": "no model 'llama' found"})]
    for url in ("localhost", "http://me:pw@here/v1", "http://here/v1?key=pw"):
        with pytest.raises(service.error) as caught:
            replace(endpoint, base_url=url).checked_url()
        raised.append(caught.value)
    for error in raised:
        sentences = [sentence for sentence in str(error).rstrip(".").split(". ") if sentence]
        assert len(sentences) == len(set(sentences)), error
        assert str(error).count(f"{service.key_setting}.") <= 1, error


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (401, {"message": "bad key sk-very-secret"}, ChatAuthenticationError, "refused the key"),
        (403, None, ChatAuthenticationError, "RAG_CHAT_API_KEY"),
        (404, {"message": "model 'llama' not found"}, ChatModelNotFoundError, "does not have the model 'llama'"),
        (404, {"detail": "Not Found"}, ChatModelNotFoundError, "RAG_CHAT_BASE_URL"),
        (400, {"detail": "Server is pinned to 'x'; requested 'llama'."}, ChatModelNotFoundError, "RAG_CHAT_MODEL"),
        (400, {"message": "This model's maximum context length is 2048 tokens."}, ChatRequestError, "RAG_CHAT_CONTEXT_TOKENS"),
        (402, {"message": "Pay first"}, ChatRequestError, "Pay first"),
        (422, {"detail": [{"loc": ["body"], "msg": "odd"}]}, ChatRequestError, "422"),
        (429, "try tomorrow", ChatRateLimitError, "try tomorrow"),
        (500, "<html>oops</html>", ChatServerError, r"failed \(500\)\. Try"),
        (503, {"error": "loading"}, ChatServerError, "loading"),
        (307, None, ChatNotConfiguredError, "redirects to"),
    ],
)
def test_a_refusal_names_the_host_and_what_to_do(status: int, body: Any, expected: type[ChatError], words: str) -> None:
    error = translate(status_error(status, body), ENDPOINT, "llama")
    assert type(error) is expected
    with pytest.raises(expected, match=words):
        raise error
    assert "models.example" in str(error)
    assert "secret" not in str(error)


def test_a_server_that_repeats_the_key_is_not_quoted_with_it() -> None:
    error = translate(status_error(400, {"message": "cannot parse Bearer sk-very-secret"}), ENDPOINT, "llama")
    assert "cannot parse Bearer ***" in str(error)


def test_a_long_complaint_is_shortened() -> None:
    assert len(str(translate(status_error(500, {"message": "x" * 9000}), ENDPOINT, "llama"))) < 600


def test_a_missing_key_is_told_from_a_wrong_one() -> None:
    keyless = replace(ENDPOINT, api_key=None)
    assert "needs a key" in str(translate(status_error(401), keyless, "llama"))


def test_the_wait_that_a_server_asks_for_is_told() -> None:
    assert "Wait 60 seconds" in str(translate(status_error(429, headers={"retry-after": "60"}), ENDPOINT, "llama"))


def test_broken_json_is_no_protocol() -> None:
    assert isinstance(translate(ValueError("Expecting value"), ENDPOINT, "llama"), ChatProtocolError)


def test_an_untrusted_certificate_is_named() -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
    translated = translate(error, ENDPOINT, "llama")
    assert isinstance(translated, ChatConnectionError)
    assert "certificate" in str(translated)


def test_an_address_that_takes_no_connection_is_told_from_a_slow_model() -> None:
    error = openai.APITimeoutError(request=REQUEST)
    assert "RAG_CHAT_SECONDS" in str(translate(error, ENDPOINT, "llama"))
    error.__cause__ = httpx2.ConnectTimeout("")
    assert "Nothing answers" in str(translate(error, ENDPOINT, "llama"))
