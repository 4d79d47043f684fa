"""The settings that a library keeps: chat models that were connected, and how answers are to be; `rag.storing.settings_stores` says where.

They are read again where another process has changed them, so that `rag settings`, and in a cluster another server, takes effect in a
server that runs.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, ValidationError

from rag.endpoints.addresses import without_secrets
from rag.errors import SettingsError
from rag.settings import ChatEndpoint, Settings, problems
from rag.storing.database import Database
from rag.storing.settings_stores import SettingsFile, SettingsRow, SettingsStore

SCHEMA = 1
KEEPABLE = ("top_k", "answer_language", "answer_tone", "answer_length", "unsupported", "instructions")
"""The settings that a library may keep, besides its connections."""

FOLLOWED = "The chat models of this library are those of the server's main library. Connect and choose them there."
HIDDEN = str(SecretStr("key"))  # what stands for a key that is not shown
MOST_CONNECTIONS = 50
MOST_CHARACTERS = 200  # of a name or a model; of an address, ten times as many


@dataclass(frozen=True, slots=True)
class Connection:
    """A chat model that was connected.

    Attributes:
        name: What it is called.
        base_url: The address of its server.
        api_key: Its key, if it needs one.
        model: The server's name of it; "" where it serves only one.
        context_tokens: Its context size, answer included; None where that is not known.
    """

    name: str
    base_url: str = field(repr=False)
    api_key: SecretStr | None = None
    model: str = ""
    context_tokens: int | None = None

    @property
    def endpoint(self) -> ChatEndpoint:
        """Where it answers."""
        return ChatEndpoint(self.base_url, self.api_key, self.model or None)


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """What a library keeps.

    Attributes:
        values: Settings by their names: `top_k`, `answer_language`, `answer_tone`, `answer_length`, `instructions`.
        connections: In the order in which they were connected; no two have the same name.
        chosen: The name of the one that answers; "" for quotations.
    """

    values: dict[str, Any] = field(default_factory=dict)
    connections: tuple[Connection, ...] = ()
    chosen: str = ""

    @property
    def connection(self) -> Connection | None:
        """The connection that answers."""
        return self.find(self.chosen)

    def find(self, name: str) -> Connection | None:
        """The connection of a name."""
        return next((each for each in self.connections if each.name == name), None)

    def connected(self, connection: Connection, instead_of: str = "") -> Self:
        """With one more connection, which answers from now on; or with another one in the place of `instead_of`."""
        connection = _checked(connection)
        taken = {each.name for each in self.connections} - {instead_of}
        if connection.name in taken:
            raise SettingsError(f"There is a connection named {connection.name!r} already. Choose another name, or change that one.")
        if len(taken) >= MOST_CONNECTIONS:
            raise SettingsError(f"A library keeps {MOST_CONNECTIONS} connections at most. Disconnect one first.")
        if self.find(instead_of) is None:
            return replace(self, connections=(*self.connections, connection), chosen=connection.name)
        changed = tuple(connection if each.name == instead_of else each for each in self.connections)
        return replace(self, connections=changed, chosen=connection.name if self.chosen == instead_of else self.chosen)

    def disconnected(self, name: str) -> Self:
        """Without a connection; where it was the one that answers, the first of the others does."""
        left = tuple(each for each in self.connections if each.name != name)
        chosen = self.chosen if self.chosen != name else next((each.name for each in left), "")
        return replace(self, connections=left, chosen=chosen)

    def choosing(self, name: str) -> Self:
        """With this connection answering, or none where the name is ""."""
        if name and not self.find(name):
            names = ", ".join(each.name for each in self.connections) or "none"
            raise SettingsError(f"There is no connection named {name!r}; there are: {names}.")
        return replace(self, chosen=name)

    def with_values(self, **values: Any) -> Self:
        """With some settings changed; None removes one. Raises `SettingsError` where one cannot be kept, or not with this value."""
        if unknown := sorted(values.keys() - set(KEEPABLE)):
            raise SettingsError(f"{unknown[0]!r} cannot be kept in a library; {', '.join(KEEPABLE)} can.")
        checked = checked_values({**self.values, **values})
        return replace(self, values=checked)


def shown(kept: KeptSettings) -> KeptSettings:
    """Kept settings as anyone may see them: keys are hidden."""
    hidden = [
        replace(each, base_url=without_secrets(each.base_url), api_key=each.api_key and SecretStr(HIDDEN)) for each in kept.connections
    ]
    return replace(kept, connections=tuple(hidden))


def restored(given: KeptSettings, kept: KeptSettings) -> KeptSettings:
    """Settings that were `shown` and changed, checked, and with the keys that are kept; raises `SettingsError`."""
    made = KeptSettings().with_values(**given.values)
    for each in given.connections:
        before = kept.find(each.name)
        is_hidden = each.api_key == SecretStr(HIDDEN)
        if before and each.base_url == without_secrets(before.base_url):
            made = made.connected(replace(each, base_url=before.base_url, api_key=before.api_key if is_hidden else each.api_key or None))
        elif is_hidden:
            raise SettingsError(f"Give the key of {each.name!r} again: the one that is kept is for another address or name.")
        else:
            made = made.connected(replace(each, api_key=each.api_key or None))
    return made.choosing(given.chosen)


def checked_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values as the settings take them; `SettingsError` says in sentences what is wrong with them."""
    given = {name: value for name, value in values.items() if value not in {None, ""}}
    checked: dict[str, Any] = {}
    for name, value in given.items():
        try:  # one by one, so that the environment, which wins, is not blamed
            checked[name] = getattr(Settings.model_validate({name: value}), name)
        except ValidationError as error:
            words = [each["msg"] for each in error.errors() if name in map(str, each["loc"])] or problems(error)
            raise SettingsError(f"{name}: {words[0].removeprefix('Value error, ')} (it is {value!r}).") from error
    return checked


def _checked(connection: Connection) -> Connection:
    """With spaces taken off; `SettingsError` where something cannot be."""
    found = replace(
        connection, name=" ".join(connection.name.split()), base_url=connection.base_url.strip(), model=connection.model.strip()
    )
    if not found.name:
        raise SettingsError("A connection needs a name, such as Ollama.")
    for what, words, most in (
        ("name", found.name, MOST_CHARACTERS),
        ("model", found.model, MOST_CHARACTERS),
        ("address", found.base_url, 10 * MOST_CHARACTERS),
    ):
        if len(words) > most:
            raise SettingsError(f"The {what} has {len(words):,} characters; the limit is {most:,}. Shorten it.")
    least = Settings.model_fields["chat_context_tokens"].metadata[0].ge
    if found.context_tokens is not None and found.context_tokens < least:
        raise SettingsError(f"The context size is {found.context_tokens:,} tokens; the least is {least:,}.")
    return found


def with_kept(settings: Settings, kept: KeptSettings) -> Settings:
    """Settings with the kept ones in the place of those that are at their default; an address that is set stands for the connection."""
    values = {name: value for name, value in kept.values.items() if name not in settings.model_fields_set}
    if kept.connection and not settings.chat_base_url:
        chat = kept.connection
        values |= {"chat_base_url": chat.base_url, "chat_api_key": chat.api_key, "chat_model": chat.model or None}
        if chat.context_tokens and "chat_context_tokens" not in settings.model_fields_set:
            values["chat_context_tokens"] = chat.context_tokens
    return settings.model_copy(update=values)


class SettingsKeeper:
    """The kept settings of one library. It may be used from several threads."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        """Keep them in the library's folder, or in the database of a cluster, which takes over what is in the folder."""
        file = SettingsFile(folder)
        self._store: SettingsStore = SettingsRow(database, file, lambda kept: _parsed(kept, file.name)) if database else file
        self._changing = threading.Lock()
        self._seen: object = None
        self._kept = KeptSettings()
        self._followed: SettingsKeeper | None = None

    def follow(self, other: "SettingsKeeper") -> None:
        """Take the connected chat models from another library, as they are there; none is connected or chosen here."""
        self._followed = other

    @property
    def now(self) -> KeptSettings:
        """What is kept; raises `SettingsError` where it is damaged."""
        seen = self._store.stamp()
        if seen != self._seen:
            self._kept, self._seen = _parsed(self._store.read(), self._store.name), seen
        self._kept = self._following(self._kept)
        return self._kept

    def change(self, change: Callable[[KeptSettings], KeptSettings]) -> KeptSettings:
        """Keep what `change` makes of the kept settings, whole or not at all; raises `StorageError` where it cannot be stored."""
        changed = KeptSettings()

        def made(kept: bytes | None) -> str:
            nonlocal changed
            changed = change(before := self._following(_parsed(kept, self._store.name)))
            if self._followed and _chat_models(changed) != _chat_models(before):
                raise SettingsError(FOLLOWED)
            own = replace(changed, connections=(), chosen="") if self._followed else changed
            return json.dumps({"schema": SCHEMA, **plain_settings(own)}, ensure_ascii=False, indent=1)

        with self._changing:
            stamp = self._store.change(made)
            self._kept, self._seen = changed, stamp
            return changed

    def _following(self, kept: KeptSettings) -> KeptSettings:
        if self._followed and _chat_models(there := self._followed.now) != _chat_models(kept):
            return replace(kept, connections=there.connections, chosen=there.chosen)
        return kept


def _chat_models(kept: KeptSettings) -> tuple[tuple[Connection, ...], str]:
    return kept.connections, kept.chosen


def plain_settings(kept: KeptSettings) -> dict[str, Any]:
    """Kept settings for JSON, with their keys."""
    keys = [each.api_key.get_secret_value() if each.api_key else "" for each in kept.connections]
    connections = [asdict(each) | {"api_key": key} for each, key in zip(kept.connections, keys, strict=True)]
    return {"values": kept.values, "connections": connections, "chosen": kept.chosen}


def _parsed(kept: bytes | None, name: str) -> KeptSettings:
    """What was kept under a name, which messages have; raises `SettingsError`."""
    if kept is None:
        return KeptSettings()
    try:
        known = json.loads(kept)
    except ValueError as error:
        raise _damaged(name, str(error)) from error
    if isinstance(known, dict) and str(known.get("schema", SCHEMA)) != str(SCHEMA):
        raise SettingsError(f"{name} was written by a newer version of Footnote. Update Footnote to open this library.")
    try:
        connections = tuple(
            _checked(
                Connection(
                    str(each["name"]),
                    str(each["base_url"]),
                    SecretStr(each["api_key"]) if each.get("api_key") else None,
                    str(each.get("model") or ""),
                    each.get("context_tokens"),
                )
            )
            for each in known.get("connections", ())
        )
        values = checked_values({name: value for name, value in known.get("values", {}).items() if name in KEEPABLE})
        return KeptSettings(values, connections, str(known.get("chosen", "")))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(name, f"{type(error).__name__} {error}") from error
    except SettingsError as error:
        raise _damaged(name, str(error)) from error


def _damaged(name: str, why: str) -> SettingsError:
    return SettingsError(f"{name} cannot be used: {why} Correct it, or delete it and set again what it held.")
