"""The page's chat models, by their events: what is kept, tried, offered and refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from rag import Library, Settings
from rag.storing.kept_settings import Connection
from tests.chat_server import CONTEXT, KEY, MODEL, ChatServer
from tests.conftest import OpenLibrary
from ui import text
from ui.chats.conversations import Conversations
from ui.web.chat import ChatHandlers
from ui.web.connections import ConnectionsHandlers
from ui.web.settings import SettingsHandlers


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        running.reply = lambda _: "One, two, three."
        yield running


def event(**data: str) -> Any:
    return SimpleNamespace(**data)


def last(shown: AsyncIterator[Any]) -> Any:
    """What is shown at the end of an event."""

    async def drained() -> Any:
        return [each async for each in shown][-1]

    return asyncio.run(drained())


def typed(address: str, **fields: str) -> Any:
    return event(**{"address": address, "key": "", "model": "", "context": "", "name": "", "replaces": "", **fields})


def test_what_is_connected_is_listed_chosen_and_keeps_its_key_to_itself(library: Library, server: ChatServer) -> None:
    handlers = ConnectionsHandlers(library, may_connect=True)
    listing, trial, choice, _ = last(handlers.connect(typed(server.url("/needs-key/v1"), key=KEY, name="Work")))
    assert "Work works." in trial
    assert text.CONNECTION_USED in listing
    assert text.CONNECTION_KEY in listing
    assert '<option value="Work" selected>' in choice
    shown = listing + trial + choice + handlers.change(event(id="Work")) + "".join(handlers.show()[:3])
    assert KEY not in shown
    assert asyncio.run(library.chat_model.check()).model == MODEL  # type: ignore[union-attr]
    kept = library.kept_settings.connection
    last(handlers.connect(typed(server.url("/needs-key/v1"), replaces="Work", name="Office")))
    assert kept
    assert library.kept_settings.connection == Connection("Office", kept.base_url, kept.api_key)


def test_a_stored_key_is_not_sent_to_another_address(library: Library, server: ChatServer, capsys: pytest.CaptureFixture[str]) -> None:
    handlers = ConnectionsHandlers(library, may_connect=True)
    last(handlers.connect(typed(server.url("/needs-key/v1"), key=KEY, name="Work")))
    with ChatServer() as other:
        other.reply = lambda _: "One, two."
        for act in (handlers.test_form, handlers.connect):
            last(act(typed(other.url(), replaces="Work", name="Work")))
            assert "belongs to the old address" in capsys.readouterr().out  # how Gradio tells it where there is no page
        assert other.chats
        assert not [request for request in other.requests if "authorization" in request.headers]
    assert library.kept_settings.connections[0].api_key is None


def test_a_context_size_is_adopted_where_none_was_typed(library: Library, server: ChatServer) -> None:
    handlers = ConnectionsHandlers(library, may_connect=True)
    last(handlers.connect(typed(server.url("/vllm/v1"), name="a")))
    last(handlers.connect(typed(server.url("/vllm/v1"), name="b", context="2048")))
    assert [each.context_tokens for each in library.kept_settings.connections] == [CONTEXT, 2048]
    assert library.settings.chat_context_tokens == 2048


def test_of_several_models_none_is_connected_before_one_is_chosen(library: Library, server: ChatServer) -> None:
    handlers = ConnectionsHandlers(library, may_connect=True)
    _, trial, _, _ = last(handlers.connect(typed(server.url("/many-models/v1"))))
    assert 'data-model="alpha"' in trial
    assert library.kept_settings.connections == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"context": "many"}, "not a whole number"),
        ({"name": "x" * 300}, "limit is 200"),
        ({"name": "Work"}, "connection named .* already"),
    ],
)
def test_what_cannot_be_kept_is_a_warning(library: Library, server: ChatServer, fields: dict[str, str], words: str) -> None:
    library.change_settings(lambda kept: kept.connected(Connection("Work", server.url())))
    handlers = ConnectionsHandlers(library, may_connect=True)
    with pytest.warns(UserWarning, match=words):
        last(handlers.connect(typed(server.url(), **fields)))
    assert len(library.kept_settings.connections) == 1


def test_servers_of_this_machine_are_offered_until_they_are_connected(
    open_library: OpenLibrary, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    library = open_library(chat_servers=server.url("/vllm/v1"))
    handlers = ConnectionsHandlers(library, may_connect=True)
    assert "vLLM" not in handlers.show()[0]
    assert "vLLM is running on this machine" in asyncio.run(handlers.look())
    listing, _, _, _ = last(handlers.connect_found(event(id=server.url("/vllm/v1"), model=MODEL)))
    assert library.kept_settings.connection == Connection("vLLM", server.url("/vllm/v1"), None, MODEL, CONTEXT)
    assert "is running on this machine" not in listing
    asyncio.run(handlers.look_again())
    assert "No other chat server was found" in capsys.readouterr().out


@pytest.mark.parametrize("fixed", [True, False])
def test_where_the_environment_wins_or_others_reach_the_page_nothing_is_connected(
    open_library: OpenLibrary, server: ChatServer, fixed: bool
) -> None:
    library = open_library(chat_servers=server.url("/vllm/v1"), chat_base_url=server.url() if fixed else None)
    library.change_settings(lambda kept: kept.connected(Connection("Work", server.url("/many-models/v1"), None, "beta")))
    handlers, before = ConnectionsHandlers(library, may_connect=fixed), len(server.requests)
    listing, _, choice, _ = handlers.show()
    assert ("wins over those connected here" if fixed else "can be reached from other machines") in listing
    assert "<button" not in listing + asyncio.run(handlers.look())
    assert ("<select" in choice) != fixed
    with pytest.warns(UserWarning, match="set by" if fixed else "other machines"):
        last(handlers.connect(typed(server.url(), name="other")))
    assert handlers.disconnect(event(id="Work"))[0] == gr.skip()
    handlers.choose(event(id=""))
    assert [each.name for each in library.kept_settings.connections] == ["Work"]
    assert library.kept_settings.chosen == "Work"
    assert len(server.requests) == before


def test_the_choice_beside_the_question_is_the_tabs(library: Library, server: ChatServer) -> None:
    (library.folder.parent / "boats.txt").write_text("The boats return at noon on Sundays.")
    library.add(library.folder.parent / "boats.txt")
    for model in ("alpha", "beta"):
        added = Connection(model, server.url("/many-models/v1"), None, model)
        library.change_settings(lambda kept, added=added: kept.connected(added))  # type: ignore[misc]
    handlers, conversations = ConnectionsHandlers(library, may_connect=True), Conversations()
    chosen = [handlers.prefer(event(id=name))[0] for name in ("alpha", "")] + [handlers.show().preferred]
    assert chosen == ["alpha", "", None]
    assert '<option value="alpha" selected>' in handlers.prefer(event(id="alpha"))[1]
    assert library.kept_settings.chosen == "beta"
    one = conversations.resume(None)
    for preferred in (*chosen, "gone"):
        last(ChatHandlers(library, conversations).ask("When do the boats return?", one, "", (), "", preferred))
    turns = conversations.turns(one)
    assert [each.answer.model for each in turns if each.answer] == ["alpha", "extractive", "beta"]
    assert "no connection named 'gone'" in turns[-1].problem
    assert "alpha" in asyncio.run(SettingsHandlers(library).check("alpha"))[0]


def test_the_variables_of_openai_are_a_choice_beside_those_connected(open_library: OpenLibrary, server: ChatServer) -> None:
    library = open_library(openai_api_key="sk-of-openai")
    library.change_settings(lambda kept: kept.connected(Connection("Work", server.url())))
    handlers = ConnectionsHandlers(library, may_connect=True)
    assert "No chat model" not in handlers.choose(event(id=""))[2]
    assert "https://api.openai.com/v1" in handlers.show()[2]
    assert Settings().chat_endpoint is None
