"""`rag settings`: what is in effect and where it is set; what a library keeps, changed while its server runs too."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.markup import escape

from rag.endpoints.addresses import without_secrets
from rag.errors import LibraryError
from rag.settings import Settings, variable_of, where_set
from rag.storing.kept_settings import KEEPABLE, Connection, KeptSettings, SettingsKeeper, with_kept
from ui.commands.terminal import JsonOption, LibraryOption, err, places_of, print_json, print_table

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(KEEPABLE)}.")]
ConnectionArgument = Annotated[str, typer.Argument(metavar="NAME", help="The connection's name.")]

app = typer.Typer()
settings = typer.Typer(invoke_without_command=True, no_args_is_help=False)
app.add_typer(settings, name="settings", help="Show the settings and where they are set, change those that a library keeps.")


@settings.callback()
def show(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show every setting that is not at its default, and all that the library can keep; keys are not shown."""
    if context.invoked_subcommand:
        return
    given = Settings()
    with _keeper(library, must_exist=False) as keeper:
        kept = keeper.now
    rows = list(_rows(given, kept))
    if as_json:
        print_json({"name": name, "value": value, "source": source} for name, value, source in rows)
        return
    print_table(("setting", "value", "set"), ((name, escape(str(value)), escape(source)) for name, value, source in rows))
    for each in kept.connections:
        shown = {**asdict(each), "base_url": without_secrets(each.base_url), "api_key": "a key" if each.api_key else ""}
        used = " (in use)" if each.name == kept.chosen and not given.chat_base_url else ""
        facts = ", ".join(str(shown[name]) for name in ("base_url", "model", "api_key") if shown[name])
        err.print(f"Chat model {each.name}{used}: {facts}", markup=False)


@settings.command("set")
def set_value(
    name: NameArgument, value: Annotated[str, typer.Argument(metavar="VALUE", help="What it is to be.")], library: LibraryOption = None
) -> None:
    """Keep a setting in the library; it takes effect with the next question."""
    _keep(library, name, value)


@settings.command("unset")
def unset(name: NameArgument, library: LibraryOption = None) -> None:
    """Forget a kept setting: its default counts again."""
    _keep(library, name, None)


@settings.command("connect")
def connect(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Of an OpenAI-compatible server, such as http://localhost:11434/v1.")],
    name: Annotated[str, typer.Option(help="What to call it; its address if not given.", show_default=False)] = "",
    model: Annotated[str, typer.Option(help="Its chat model; not needed if it serves only one.", show_default=False)] = "",
    context: Annotated[int | None, typer.Option(min=512, help="The model's context size in tokens.", show_default=False)] = None,
    with_key: Annotated[bool, typer.Option("--key", help="Ask for a key, or read it from stdin.")] = False,
    library: LibraryOption = None,
) -> None:
    """Connect a chat model; it answers from now on. A connection of the same name is replaced."""
    key = (typer.prompt("Key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()) if with_key else ""
    called = name or without_secrets(address).partition("://")[2].partition("/")[0]
    connection = Connection(called, address, SecretStr(key) if key else None, model, context)
    _change(library, lambda kept: kept.connected(connection, called).choosing(called))
    _warn_fixed("chat_base_url")


@settings.command("use")
def use(name: ConnectionArgument, library: LibraryOption = None) -> None:
    """Have a connected chat model answer."""
    _change(library, lambda kept: kept.choosing(name))
    _warn_fixed("chat_base_url")


@settings.command("disconnect")
def disconnect(name: ConnectionArgument, library: LibraryOption = None) -> None:
    """Forget a connected chat model, and its key."""
    _change(library, lambda kept: kept.choosing(kept.chosen if kept.find(name) else name).disconnected(name))


def _rows(given: Settings, kept: KeptSettings) -> list[tuple[str, Any, str]]:
    """Name, value and source."""
    now, rows = with_kept(given, kept), list[tuple[str, Any, str]]()
    for name in Settings.model_fields:
        value, where = getattr(now, name), where_set(name)
        if not where and value != getattr(given, name):
            where = "kept in the library" if name in KEEPABLE else f"kept in the library, chat model {kept.chosen}"
        if where or name in KEEPABLE:
            rows.append((variable_of(name), _shown(value), where or "default"))
    return rows


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "(hidden)"
    if isinstance(value, Path) or value is None:
        return str(value or "")
    return without_secrets(value) if isinstance(value, str) and "://" in value and " " not in value else value


def _keep(library: Path | None, name: str, value: str | None) -> None:
    name = name.lower().removeprefix("rag_")
    _change(library, lambda kept: kept.with_values(**{name: value}))
    _warn_fixed(name)


@contextmanager
def _keeper(library: Path | None, *, must_exist: bool = True) -> Iterator[SettingsKeeper]:
    """What a library keeps, in its folder or in the database of a cluster."""
    places = places_of(library)
    if places.are_shared:
        with places.database("settings") as database:
            yield SettingsKeeper(places.folder, database)
        return
    if must_exist and not places.folder.is_dir():
        raise LibraryError(f"There is no library at {places.folder}. `rag add PATH` creates one; --library selects another.")
    yield SettingsKeeper(places.folder)


def _change(library: Path | None, change: Callable[[KeptSettings], KeptSettings]) -> None:
    with _keeper(library) as keeper:
        keeper.change(change)


def _warn_fixed(name: str) -> None:
    if where := where_set(name):
        err.print(f"{where} wins over what the library keeps.", style="yellow", markup=False)
