"""What trying a chat endpoint tells, and which servers of this machine are found."""

import asyncio
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from rag import Settings
from rag.building import try_chat
from rag.endpoints.chat.finding import find_servers
from rag.endpoints.chat.trying import ChatTrial
from rag.storing.kept_settings import Connection
from tests.chat_server import CONTEXT, KEY, MODEL, ChatServer


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        running.reply = lambda _: "One, two, three, four, five."
        yield running


def trial(server: ChatServer, behaviour: str, *, key: str = "", model: str = "", **settings: float) -> ChatTrial:
    connection = Connection("it", server.url(f"/{behaviour}/v1"), SecretStr(key) if key else None, model)
    return asyncio.run(try_chat(connection, Settings(**settings)))  # type: ignore[arg-type]


def told(found: ChatTrial) -> dict[str, str]:
    return {finding.part: f"{finding.state}: {finding.message}" for finding in found.findings}


def test_a_plain_server_is_told_part_by_part(server: ChatServer) -> None:
    found = trial(server, "usage")
    said = told(found)
    assert found.is_ready
    assert (found.model, found.models) == (MODEL, (MODEL,))
    assert list(said) == ["Address", "Model", "Key", "Streaming", "Usage", "System role", "Token limit", "Context size"]
    assert all(words.startswith("ok: ") for words in said.values()), said
    assert "one by one" in said["Streaming"]
    assert "max_tokens" in said["Token limit"]
    assert found.context_tokens is None


@pytest.mark.parametrize(
    ("behaviour", "part", "words"),
    [
        ("needs-key", "Key", "needs a key (401). Set the key under Settings."),
        ("html", "Address", "does not answer as an OpenAI-compatible chat endpoint does"),
        ("redirect", "Address", "redirects"),
        ("json", "Answer", "no stream of words"),
        ("503", "Address", "failed (503)"),
        ("cut-early", "Address", "closed the connection"),
        ("no-models", "Address", "has no model"),
        ("small-context", "Answer", "Lower the context size or the passages per question under Settings"),
        ("error-midway", "Answer", "ran out of memory"),
    ],
)
def test_what_does_not_work_is_a_fault_in_a_sentence(server: ChatServer, behaviour: str, part: str, words: str) -> None:
    found = trial(server, behaviour)
    assert not found.is_ready
    assert told(found)[part].startswith("fault: ")
    assert words in told(found)[part]


@pytest.mark.parametrize(
    ("behaviour", "part", "words"),
    [
        ("strict-roles", "System role", "warning: Refused; Footnote puts its instructions before the question instead."),
        ("no-system", "System role", "warning: Refused; Footnote puts its instructions before the question instead."),
        ("no-max-tokens", "Token limit", "ok: Accepted as max_completion_tokens."),
        ("no-token-limit", "Token limit", "warning: Refused"),
        ("no-usage", "Usage", "warning: The server does not count tokens"),
        ("gemini", "Usage", "warning: The server does not count tokens"),
        ("no-temperature", "Temperature", "warning: Refused"),
        ("whole", "Streaming", "warning: The answer arrives in one piece."),
        ("list-404", "Model", "ok: tuned. The server does not list its models."),
        ("mistral", "Token limit", "ok: Accepted as max_tokens."),
        ("ollama", "Token limit", "ok: Accepted as max_tokens."),
        ("groq", "System role", "ok: Accepted."),
        ("think", "Streaming", "ok: Words arrive one by one"),
        ("reasoning", "Streaming", "ok: Words arrive one by one"),
    ],
)
def test_a_quirk_is_told_and_is_no_obstacle(server: ChatServer, behaviour: str, part: str, words: str) -> None:
    found = trial(server, behaviour, model="tuned" if behaviour == "list-404" else "", chat_temperature=0.5)
    assert told(found).get(part, "").startswith(words), found
    assert found.is_ready or behaviour == "list-404"


def test_the_key_goes_along_and_is_never_told(server: ChatServer) -> None:
    assert told(trial(server, "needs-key", key=KEY))["Key"] == "ok: Accepted."
    wrong = trial(server, "needs-key", key="sk-wrong")
    assert "refused the key" in told(wrong)["Key"]
    assert "sk-wrong" not in repr(wrong)
    assert "sk-secret" not in repr(trial(server, "echo-key", key="sk-secret", model=MODEL))


@pytest.mark.parametrize("behaviour", ["ollama", "llamacpp", "lmstudio", "vllm", "mistral", "groq"])
def test_the_context_size_is_read_wherever_a_server_tells_it(server: ChatServer, behaviour: str) -> None:
    found = trial(server, behaviour)
    assert found.context_tokens == CONTEXT
    assert "8,192 tokens" in told(found)["Context size"]


def test_of_several_models_a_person_chooses(server: ChatServer) -> None:
    found = trial(server, "many-models")
    assert (found.model, found.models) == ("", ("alpha", "beta"))
    assert told(found)["Model"] == "warning: Choose one: alpha, beta."
    assert trial(server, "many-models", model="beta").model == "beta"


def test_nothing_there_is_a_sentence(server: ChatServer) -> None:
    with ChatServer() as gone:
        url = gone.url()
    found = asyncio.run(try_chat(Connection("it", url), Settings()))
    assert "Nothing answers at" in told(found)["Address"]
    assert "the address under Settings" in told(found)["Address"]
    assert "is not of the form" in told(asyncio.run(try_chat(Connection("it", "localhost:11434"), Settings())))["Address"]


def test_servers_of_this_machine_are_found_and_nothing_else_is(server: ChatServer) -> None:
    with ChatServer() as gone:
        nobody = gone.url()
    behaviours = ["vllm", "many-models", "html", "footnote", "no-models", "401", "with-embedder"]
    found = asyncio.run(find_servers(" ".join([nobody, *(server.url(f"/{each}/v1") for each in behaviours)])))
    assert [(each.address.split("/")[3], each.models) for each in found] == [
        ("vllm", (MODEL,)),
        ("many-models", ("alpha", "beta")),
        ("with-embedder", (MODEL,)),
    ]
    assert found[0].name == "vLLM"
    assert found[1].name == server.url("").removeprefix("http://")
    assert asyncio.run(find_servers("none")) == ()
