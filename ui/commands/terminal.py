"""What the commands share: where they write, common options, how they open a library, show progress and print."""

import json
import locale
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from rag.answering.notices import needs_reindexing
from rag.errors import LibraryError, LibraryLockedError, StorageError
from rag.settings import Settings
from rag.text.printable import printable, printable_json
from ui.commands.waiting import seconds_to_wait

if TYPE_CHECKING:
    from rag.library import Library
    from rag.storing.places import Places
    from ui.people.store import People

SECONDS_BETWEEN = 0.2  # two tries to open a library that another process holds
EXCERPT = 200  # characters of a text that are printed
LEAST_COLUMN = 16  # characters; where there is no room for so many in each column of a table, its rows are printed as blocks
FILE_WIDTH = 10_000  # characters in a line of a table that goes to a file or a pipe, at most
STDIN = "-"
ADD_DOCUMENTS = "The library is empty. `rag add PATH` adds documents."


class HarmlessConsole(Console):
    """Prints names, texts and answers of others without the characters that would control the terminal or reverse a line."""

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
    try:
        return Path(given).expanduser()  # no shell does it within quotes, nor after `--library=`
    except RuntimeError as error:
        raise typer.BadParameter(f"{given}: there is no such user.") from error


FILE: dict[str, Any] = {"parser": path, "metavar": "FILE", "show_default": False}
FOLDER: dict[str, Any] = {**FILE, "metavar": "FOLDER"}
"""What an option for a path says besides its help."""


def path_or_address(given: str) -> str:
    """A path, or an address on the web, as it was typed."""
    path(given)
    return given


def on_screen(console: Console) -> bool:
    """Whether a person sees the lines as they are printed; with FORCE_COLOR a pipe has colours, and is none the less a pipe."""
    return console.file.isatty()


def read_input() -> bytes:
    """All of standard input."""
    return sys.stdin.buffer.read()


@contextmanager
def input_file(name: str) -> Iterator[Path]:
    """Standard input as a file of this name."""
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        file = Path(folder, name)
        file.write_bytes(read_input())
        yield file


def decoded(typed: bytes) -> str:
    """Words from a pipe, whichever encoding the program before it uses."""
    try:
        return typed.decode("utf-8-sig")
    except UnicodeDecodeError:
        return typed.decode(locale.getpreferredencoding(False), errors="replace")


LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", help="Library folder [RAG_LIBRARY, default data/library]", show_default=False, parser=path, metavar="PATH"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
TopKOption = Annotated[
    int | None, typer.Option("-k", "--top-k", min=1, help="Maximum number of passages [RAG_TOP_K, default 5]", show_default=False)
]


@contextmanager
def open_library(
    folder: Path | None, *, create: bool = False, from_server: bool = True, opener: "Callable[[Path, Settings], Library] | None" = None
) -> "Iterator[Library]":
    """Open a library, the one of the settings where `folder` is None, or become a client of the server that holds it.

    Raises LibraryError where it is missing, unless `create`, and LibraryLockedError where another process holds it that is no server.
    """
    from rag.library import Library

    settings = Settings()
    folder = folder or settings.library
    is_shared = settings.database_url is not None  # this folder is no more than what can be fetched again
    if not create and not is_shared and not (folder.is_dir() and (not settings.chroma_url or any(folder.iterdir()))):
        raise LibraryError(_no_library(folder, settings))
    until = time.monotonic() + seconds_to_wait(settings.wait_seconds)
    library: Library | None = None
    while library is None:
        try:
            library = (opener or Library.open)(folder, settings)
        except LibraryLockedError:
            library = _held(folder, settings) if from_server else None
            if library is None and time.monotonic() >= until:
                raise
            time.sleep(0 if library else SECONDS_BETWEEN)
    with library as opened:
        try:
            yield opened
        except KeyboardInterrupt:
            err.print("Stopped. Finished documents are kept; run the same command to continue.")
            raise typer.Exit(130) from None


@contextmanager
def open_people(folder: Path | None) -> "Iterator[People]":
    """The people and the libraries of the server of a library; raises LibraryError where there is no such folder.

    What is changed is recorded in the server's audit log.
    """
    import getpass

    from ui.people.audit import TRAIL, Trail, audit_log
    from ui.people.recording import recorded_people
    from ui.people.store import People

    settings = Settings()
    folder = folder or settings.library
    if not folder.is_dir() and not settings.database_url:
        raise LibraryError(f"There is no library at {folder}. `rag add PATH` creates one; --library selects another.")
    with People(places_of(folder).database("people")) as people:
        trailed = TRAIL.set(Trail(audit_log(folder, settings), door="command line", name=getpass.getuser()))
        try:
            yield recorded_people(people)
        finally:
            TRAIL.reset(trailed)


def places_of(folder: Path | None) -> "Places":
    """Where the tables of a server are."""
    from rag.storing.places import Places

    settings = Settings()
    return Places(folder or settings.library, settings.database_url)


def _held(folder: Path, settings: Settings) -> "Library | None":
    """A library as a client of the server that holds it; None where that is none."""
    from rag.remote.library import at_home

    return at_home(folder, settings)


def _no_library(folder: Path, settings: Settings) -> str:
    """What to do about a missing library; names those that the Chroma server holds, if there is one."""
    message = f"There is no library at {folder}. `rag add PATH` creates one; --library selects another."
    if settings.chroma_url:
        from rag.storing.chroma_client import libraries_at

        token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
        if libraries := libraries_at(settings.chroma_url, token):
            held = ", ".join(f"{id_} (documents: {count})" for id_, count in libraries.items())
            example = json.dumps({"schema": 1, "id": next(iter(libraries))})
            message += f" The Chroma server holds: {held}. To open one of these here, write its id to {folder / 'library.json'}: {example}"
    return message


def warn(message: str) -> None:
    """Print a line that the reader should see, yellow, to stderr."""
    err.print(message, style="yellow", markup=False)


def warn_not_searched(library: "Library") -> bool:
    """Say how many documents are not searched because they were indexed with other settings; True if there are none."""
    notice = needs_reindexing(len(library.left_behind()))
    if notice:
        warn(notice)
    return not notice


@contextmanager
def progress_bar(label: str = "", *, hidden: bool = False) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal; yields `show(share)`, with the share done in [0, 1], or `show(share, label)`."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    hidden = hidden or not on_screen(err)
    with Progress(*columns, console=err, transient=True, redirect_stdout=False, redirect_stderr=False, disable=hidden) as bar:
        task = bar.add_task(label, total=1.0)

        def show(share: float, label: str | None = None) -> None:
            bar.update(task, completed=share, description=label and escape(label))

        yield show


def print_json(objects: Iterable[dict[str, Any]]) -> None:
    """Print one JSON object per line."""
    is_ascii = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    for values in objects:
        sys.stdout.write(printable_json(json.dumps(values, ensure_ascii=is_ascii)) + "\n")
    sys.stdout.flush()


def print_ranked(rank: int, title: str, score: str) -> None:
    """Print the heading of one result."""
    out.print(f"[bold]{rank}[/bold]  {escape(title)}  [dim]{score}[/dim]")


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]], right: Collection[str] = ()) -> None:
    """Print rows, whose cells may hold rich's markup, under headings; the columns in `right` are aligned to the right.

    A line is never folded in a file; on a narrow screen, each row is a block of lines.
    """
    headings, cells = [escape(heading) for heading in columns], [tuple(map(printable, row)) for row in rows]
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if headings[number] in right else "left", overflow="fold")
    for row in cells:
        table.add_row(*row)
    whole = Measurement.get(out, out.options.update(max_width=FILE_WIDTH), table).maximum
    if not on_screen(out):
        table.width = whole
        out.print(table)
        return
    widest = [max(map(_width, column)) for column in zip(headings, *cells, strict=True)]
    if sum(min(width, LEAST_COLUMN) for width in widest) + 2 * (len(widest) - 1) <= out.width:
        out.print(table, width=min(whole, out.width))
        return
    for first, *others in cells:
        out.print(f"[bold]{first}[/bold]", soft_wrap=False)
        told = " · ".join(f"[dim]{heading}[/dim] {cell}" for heading, cell in zip(headings[1:], others, strict=True) if cell)
        out.print(Padding(told, (0, 0, 0, 2)), soft_wrap=False)


def _width(cell: str) -> int:
    return Text.from_markup(cell).cell_len


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text on one line, cut between words."""
    words = " ".join(text.split())
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + " …"


def write_file(file: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text with its own line ends; raises StorageError where it cannot be written."""
    try:
        file.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}. Choose another file.") from error
