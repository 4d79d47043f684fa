"""What the commands have in common: where they write, their options, how they open a library."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from rag.errors import LibraryError
from rag.settings import Settings
from rag.text.printable import printable, printable_json

if TYPE_CHECKING:
    from rag.library import Library


LONGEST_PASSWORD = 1000
"""Characters."""


class HarmlessConsole(Console):
    """Shows whatever it is given as words: the names, texts and answers of others neither steer the terminal nor turn a line around."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """See `rich.console.Console.render`."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


out = HarmlessConsole(highlight=False, soft_wrap=True)
err = HarmlessConsole(stderr=True, highlight=False, soft_wrap=True)


def path(given: str) -> Path:
    """A path on the command line; an empty one, as of a variable that is not set, would be the current folder."""
    if not given.strip():
        raise typer.BadParameter("the path is empty; the current folder is '.'.")
    return Path(given)


def password_in(given: str) -> str:
    """The password that a file holds, without the line end after it."""
    file = path(given).expanduser()
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            password = opened.read(LONGEST_PASSWORD + 1)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{file} cannot be read as a password: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}."
        ) from error
    password = password.removesuffix("\n").removesuffix("\r")
    if not 0 < len(password) <= LONGEST_PASSWORD:
        raise typer.BadParameter(f"{file} holds no password: it is empty, or has more than {LONGEST_PASSWORD} characters.")
    return password


LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library", help="Folder of the library [RAG_LIBRARY, default data/library]", show_default=False, parser=path, metavar="PATH"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


def library_folder(folder: Path | None) -> Path:
    """The folder of the library that a command works on."""
    return folder or Settings().library


@contextmanager
def open_library(folder: Path | None, *, must_exist: bool = False) -> "Iterator[Library]":
    """Open the library that a command works on.

    Args:
        folder: As given, or None for that of the settings.
        must_exist: Whether one that is not there is an error.

    Raises:
        LibraryError: It is not there, or cannot be opened.
    """
    from rag.library import Library

    settings = Settings()
    folder = folder or settings.library
    if must_exist:
        check_exists(folder, settings)
    with Library.open(folder, settings) as opened:
        try:
            yield opened
        except KeyboardInterrupt:
            err.print("Stopped. What was finished is kept; the same command goes on from there.")
            raise typer.Exit(130) from None


def check_exists(folder: Path, settings: Settings) -> None:
    """Raise a `LibraryError` where there is no library; it names those that the Chroma server holds, if there is one."""
    if folder.is_dir() and (not settings.chroma_url or any(folder.iterdir())):
        return
    message = f"There is no library at {folder}. `rag add PATH` makes one, --library names another."
    if settings.chroma_url:
        from rag.storing.chroma_client import libraries_at

        libraries = libraries_at(settings.chroma_url)
        if libraries:
            held = ", ".join(f"{id_} (documents: {count})" for id_, count in libraries.items())
            example = json.dumps({"schema": 1, "id": next(iter(libraries))})
            message += f" The Chroma server holds: {held}. To open one of these here, write its id to {folder / 'library.json'}: {example}"
    raise LibraryError(message)


def print_json(objects: Iterable[dict[str, Any]]) -> None:
    """Print one JSON object a line."""
    for values in objects:
        sys.stdout.write(printable_json(json.dumps(values, ensure_ascii=False)) + "\n")
    sys.stdout.flush()
