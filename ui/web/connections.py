"""The settings tab's chat models: connected, tested, changed and disconnected while the page runs; and the choice beside the question."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import gradio as gr
from pydantic import SecretStr

from rag.building import try_chat
from rag.endpoints.addresses import without_secrets
from rag.endpoints.chat.finding import FoundServer, find_servers, server_name
from rag.endpoints.chat.trying import ChatTrial
from rag.errors import SettingsError
from rag.library import Library
from rag.settings import CONTEXT_TOKENS, OPENAI_BASE_URL
from rag.storing.kept_settings import Connection, KeptSettings
from ui import text
from ui.limits import limited
from ui.rendering.html import render
from ui.web.contract import AT_ONCE, PRIVATE, Warned, id_of, on
from ui.web.scripts import script

SECONDS_BETWEEN_LOOKS = 10.0  # for servers of this machine, however many pages are opened
MOST_ADOPTED = 16_384  # tokens of a context size that a server tells; a larger one only where it is typed: a question may send so many
MOST_SHOWN = 30  # models shown as buttons; all are offered while typing
MOST_TYPED = 2000  # characters of a field


class ChatModelPlaces(NamedTuple):
    """What outside the tab tells the chat model."""

    head: gr.HTML  # the line above the tabs
    choice: gr.HTML  # beside the question
    preferred: gr.State  # what was chosen there


class ConnectionsPanel(NamedTuple):
    """The components that change with the chat models; what a handler gives each."""

    listing: Any
    trial: Any
    choice: Any
    preferred: Any


def build_connections(page: gr.Blocks, places: ChatModelPlaces, library: Library, may_connect: bool, check: Callable[[Any], Any]) -> None:
    """Lay the list out and wire it; `check` takes an event after which the chat model may be another one."""
    listing, trial = gr.HTML(elem_id="connections", js_on_load=script("connections.js")), gr.HTML(elem_id="trial")
    panel = ConnectionsPanel(listing, trial, places.choice, places.preferred)
    handlers, shown = ConnectionsHandlers(library, may_connect), list(panel)
    page.load(handlers.show, None, shown, **AT_ONCE)
    page.load(handlers.look, None, panel.listing, **PRIVATE)  # behind the page's back
    on(panel.listing, "look_again")(handlers.look_again, None, panel.listing, **PRIVATE)
    on(panel.listing, "change_connection")(handlers.change, None, panel.listing, **AT_ONCE)
    on(panel.listing, "test_form")(handlers.test_form, None, panel.trial, **PRIVATE)
    on(panel.listing, "test_kept")(handlers.test_kept, None, panel.trial, **PRIVATE)
    check(on(panel.listing, "connect")(handlers.connect, None, shown, **PRIVATE))
    check(on(panel.listing, "connect_found")(handlers.connect_found, None, shown, **PRIVATE))
    check(on(panel.listing, "choose_model")(handlers.choose, None, shown, **PRIVATE))
    check(on(panel.listing, "disconnect")(handlers.disconnect, None, shown, **PRIVATE))
    check(on(panel.choice, "choose_model")(handlers.prefer, None, [panel.preferred, panel.choice], **AT_ONCE))


UNCHANGED = ConnectionsPanel(*[gr.skip()] * 4)


@dataclass(frozen=True, slots=True)
class Typed:
    """The form's fields."""

    connection: Connection
    replaces: str  # the name of the connection that is changed, or ""


class ConnectionsHandlers:
    """The events of the list; nothing is changed where `may_connect` is false."""

    def __init__(self, library: Library, may_connect: bool) -> None:
        self._library = library
        self._may_connect = may_connect
        self._found: tuple[FoundServer, ...] = ()
        self._looked = -SECONDS_BETWEEN_LOOKS

    def show(self) -> ConnectionsPanel:
        """The list, no trial, and the choice beside the question."""
        return self._shown("")

    async def look(self) -> str:
        """Look for chat servers that run on this machine; the list with them."""
        if self._may_change() and time.monotonic() - self._looked >= SECONDS_BETWEEN_LOOKS:
            self._looked = time.monotonic()
            self._found = await find_servers(self._library.settings.chat_servers)
        return self._listing()

    async def look_again(self) -> str:
        """Look at once, and say where there is nothing new."""
        self._looked = -SECONDS_BETWEEN_LOOKS
        listing = await self.look()
        if not self._offers():
            gr.Info(text.NONE_FOUND)
        return listing

    def change(self, event: gr.EventData) -> str:
        """Open the form with a connection's values; close it where none is named."""
        return self._listing(self._kept().find(id_of(event)))

    async def test_form(self, event: gr.EventData) -> AsyncIterator[str]:
        """Try what is typed."""
        with Warned():
            typed = self._typed(event)
            async for _, shown in self._tried(typed.connection):
                yield shown

    async def test_kept(self, event: gr.EventData) -> AsyncIterator[str]:
        """Try a connection."""
        if (connection := self._kept().find(id_of(event))) and self._may_change():
            async for _, shown in self._tried(connection):
                yield shown

    async def connect(self, event: gr.EventData) -> AsyncIterator[ConnectionsPanel]:
        """Keep what is typed, after a trial; where the model is still to be chosen, the trial names them."""
        with Warned():
            typed = self._typed(event)
            async for shown in self._connected(typed):
                yield shown
            return
        yield UNCHANGED

    async def connect_found(self, event: gr.EventData) -> AsyncIterator[ConnectionsPanel]:
        """Connect a server that was found."""
        server = next((each for each in self._found if each.address == id_of(event)), None)
        if server and self._may_change():
            model = str(getattr(event, "model", ""))
            chosen = model if model in server.models else server.models[0]
            async for shown in self._connected(Typed(Connection(self._free_name(server.name), server.address, None, chosen), "")):
                yield shown

    def choose(self, event: gr.EventData) -> ConnectionsPanel:
        """Have a connection answer wherever no other is chosen, or none."""
        return self._changed(lambda kept: kept.choosing(id_of(event)))

    def prefer(self, event: gr.EventData) -> tuple[str | None, str]:
        """Have a connection answer the questions of this tab, or none."""
        with Warned():
            wanted = self._kept().choosing(id_of(event)).chosen
            return wanted, self._choice(wanted)
        return None, self._choice()

    def disconnect(self, event: gr.EventData) -> ConnectionsPanel:
        """Forget a connection, and its key."""
        return self._changed(lambda kept: kept.disconnected(id_of(event)))

    async def _connected(self, typed: Typed) -> AsyncIterator[ConnectionsPanel]:
        trial: ChatTrial | None = None
        connection, tried = typed.connection, ""
        async for found, tried in self._tried(connection):
            trial = found
            yield UNCHANGED._replace(trial=tried)
        if trial is None or (trial.models and not trial.model):
            return  # a person has to choose
        if trial.context_tokens and not connection.context_tokens:
            connection = replace(connection, context_tokens=min(trial.context_tokens, MOST_ADOPTED))
        with Warned():
            self._library.change_settings(lambda kept: kept.connected(connection, typed.replaces))
            yield self._shown(tried)

    async def _tried(self, connection: Connection) -> AsyncIterator[tuple[ChatTrial | None, str]]:
        """A trial, and what is shown of it while it runs and at its end."""
        name = connection.name
        yield None, render("trial.html", words=text.TESTING.format(name=name), is_ready=True, trial=None, models=())
        trial = await try_chat(connection, self._library.settings)
        is_open = bool(trial.models) and not trial.model
        words = text.TESTED_CHOOSE if is_open else text.TESTED if trial.is_ready else text.TESTED_FAULTY
        models = trial.models[:MOST_SHOWN] if is_open else ()
        yield (
            trial,
            render("trial.html", words=words.format(name=name), is_ready=trial.is_ready and not is_open, trial=trial, models=models),
        )

    def _changed(self, change: Callable[[KeptSettings], KeptSettings]) -> ConnectionsPanel:
        if self._may_change():
            with Warned():
                self._library.change_settings(change)
                return self._shown("")
        return UNCHANGED

    def _shown(self, trial: str) -> ConnectionsPanel:
        return ConnectionsPanel(self._listing(), trial, self._choice(), None)

    def _choice(self, preferred: str | None = None) -> str:
        """The choice beside the question: what was chosen there, else what the library has chosen."""
        kept, fixed = self._kept(), self._fixed()
        names = [] if fixed else [each.name for each in kept.connections]
        standing = self._library.answering("" if names else None)[0].chat_endpoint  # that of OPENAI_API_KEY
        otherwise = without_secrets(standing.base_url) if standing else text.NO_CONNECTION
        used = preferred if preferred is not None else kept.chosen if kept.connection else ""
        return render("model_choice.html", names=names, used=used, otherwise=otherwise)

    def _listing(self, changed: Connection | None = None) -> str:
        kept = self._kept()
        return render(
            "connections.html",
            connections=kept.connections,
            used=kept.chosen if kept.connection and not self._fixed() else "",
            fixed=self._fixed(),
            may_connect=self._may_connect,
            found=self._offers(),
            changed=changed if self._may_change() else None,
            addresses=[*self._library.settings.chat_servers.split(), OPENAI_BASE_URL],
            context_tokens=CONTEXT_TOKENS,
            address_of=lambda each: without_secrets(each.base_url),
        )

    def _offers(self) -> tuple[FoundServer, ...]:
        """The servers that were found and are not connected."""
        connected = {_origin(each.base_url) for each in self._kept().connections}
        return tuple(each for each in self._found if _origin(each.address) not in connected)

    def _typed(self, event: gr.EventData) -> Typed:
        """What is typed; raises `RagError` where it cannot be used. A stored key goes to its own address alone."""
        if not self._may_change():
            raise SettingsError(text.NOT_FROM_AFAR if not self._may_connect else text.CHAT_IS_FIXED.format(place=self._fixed()))
        fields = {
            name: limited(getattr(event, name, ""), MOST_TYPED, label).strip()
            for name, label in (
                ("address", text.CONNECT_ADDRESS),
                ("key", text.CONNECT_KEY),
                ("model", text.CONNECT_MODEL),
                ("context", text.CONNECT_CONTEXT),
                ("name", text.CONNECT_NAME),
                ("replaces", text.CONNECT_NAME),
            )
        }
        address, key, before = fields["address"], fields["key"], self._kept().find(fields["replaces"])
        api_key = SecretStr(key) if key else None
        if not key and before and before.api_key:
            if _origin(before.base_url) == _origin(address):
                api_key = before.api_key
            else:
                gr.Info(text.KEY_DROPPED)
        context = fields["context"]
        if context and not context.isdecimal():
            raise SettingsError(f"{text.CONNECT_CONTEXT}: {context!r} is not a whole number.")
        name = fields["name"] or self._free_name(server_name(address))
        return Typed(Connection(name, address, api_key, fields["model"], int(context) if context else None), fields["replaces"])

    def _free_name(self, wanted: str) -> str:
        """A name that no connection has yet."""
        taken = {each.name for each in self._kept().connections}
        return next(name for n in range(1, len(taken) + 2) if (name := wanted if n == 1 else f"{wanted} {n}") not in taken)

    def _kept(self) -> KeptSettings:
        return self._library.kept_settings

    def _fixed(self) -> str:
        return self._library.fixed_by("chat_base_url")

    def _may_change(self) -> bool:
        return self._may_connect and not self._fixed()


def _origin(address: str) -> tuple[str, str]:
    """What a key is for: the scheme and the host with its port; localhost by its name and by its number is the same."""
    try:
        parts = urlsplit(address.strip())
        return parts.scheme, parts.netloc.lower().replace("localhost", "127.0.0.1", 1)
    except ValueError:
        return address, ""
