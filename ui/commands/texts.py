"""Texts in place of a library, by the same options everywhere: `--texts FILE --column NAME --label NAME`."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import ExploringError
from rag.settings import Settings
from ui.commands.terminal import STDIN, err, open_library, path, progress_bar

if TYPE_CHECKING:
    from rag.exploring.texts import Texts
    from rag.library import Library

TextsOption = Annotated[
    Path | None,
    typer.Option(
        "--texts", "--file", help='Texts in place of a library: one per line, CSV or JSON Lines; "-" is standard input.', parser=path,
        metavar="FILE", show_default=False,
    ),
]  # fmt: skip
ColumnOption = Annotated[str | None, typer.Option(help="Column of the texts in that file.", show_default=False)]
LabelOption = Annotated[str | None, typer.Option(help="Column of their labels.", show_default=False)]


def read_texts(
    given: Sequence[str], file: Path | None, column: str | None = None, label: str | None = None, library: "Library | None" = None
) -> "Texts":
    """Texts that were typed, and those of a file, with the model of a library, else that of the settings."""
    from rag.exploring.texts import Texts

    if file is None and (column or label):
        raise typer.BadParameter("--column and --label are columns of the file that --texts names.")
    settings, embedder = Settings(), library.embedder if library else None
    if file is None and list(given) == [STDIN]:
        given, file = (), Path(STDIN)
    if file is None:
        return Texts(_typed(given), settings=settings, embedder=embedder)
    if str(file) == STDIN and sys.stdin.isatty():
        err.print("Reading texts from standard input, one per line; Ctrl-D ends them.")
    read = Texts.read(file, column, label, settings=settings, embedder=embedder)
    if not given:
        return read
    labels = [*[""] * len(given), *read.labels] if read.labels else None
    return Texts([*_typed(given), *read.texts], labels, settings=settings, embedder=embedder)


@contextmanager
def open_texts(
    library: Path | None, given: Sequence[str] = (), file: Path | None = None, column: str | None = None, label: str | None = None
) -> "Iterator[Texts]":
    """As `read_texts`, with the model of a library that is named."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_library(library)) if library else None
        yield stack.enter_context(read_texts(given, file, column, label, opened))


@contextmanager
def open_corpus(
    library: Path | None, file: Path | None, column: str | None = None, label: str | None = None
) -> "Iterator[Library | Texts]":
    """The texts of a file, embedded; or a library where there is none."""
    if file is None and not column and not label:
        with open_library(library) as opened:
            yield opened
        return
    with open_texts(library, (), file, column, label) as texts:
        with progress_bar("Embedding") as show:
            texts.vectors(show)
        yield texts


def _typed(given: Sequence[str]) -> Sequence[str]:
    if not all(text.strip() for text in given):
        raise ExploringError("A text is empty. Leave it out.")
    return given
