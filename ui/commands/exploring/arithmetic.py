"""`rag arithmetic`: what is near a sum of words."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from rag import exploring
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json
from ui.places import place

if TYPE_CHECKING:
    from rag.exploring import Arithmetic
    from rag.library import Library

LONGEST_PASSAGE = 160
"""Characters."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("arithmetic")(arithmetic)


def arithmetic(
    expression: Annotated[str, typer.Argument(help='Such as "king - man + woman", "0.5 * cat + dog"; phrases in quotation marks.')],
    library: LibraryOption = None,
    among: Annotated[
        Literal["vocabulary", "library"], typer.Option(help="The model's words, or the library's words and passages.")
    ] = "vocabulary",
    top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="Words, and passages, at most.")] = 10,
    json_lines: JsonOption = False,
) -> None:
    """Add and subtract words by their vectors, and show what is near the sum."""
    with open_library(library, must_exist=True) as opened:
        exploring.parse_expression(expression)  # before half a minute of work
        _prepare(opened, among)
        solved = exploring.solve(opened, expression, among=among, top_k=top_k)
    if json_lines:
        print_json([asdict(solved)])
    else:
        _print(solved)


def _prepare(opened: "Library", among: Literal["vocabulary", "library"]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("Reading the words, once", total=1.0)
        for fraction in exploring.prepare_words(opened, among):
            bar.update(task, completed=fraction)


def _print(solved: "Arithmetic") -> None:
    for word in solved.unfamiliar:
        hint = f" Near spellings: {', '.join(word.spellings)}." if word.spellings else ""
        err.print(
            f"“{word.text}” is not a word of the model's vocabulary; its vector is put together from pieces.{hint}",
            style="yellow",
            markup=False,
        )
    for neighbour in solved.neighbours:
        out.print(f"{neighbour.cosine: .3f}  {neighbour.text}", markup=False)
    for passage in (found.passage for found in solved.passages):
        words = " ".join(passage.text.split())
        short = words if len(words) <= LONGEST_PASSAGE else words[:LONGEST_PASSAGE].rstrip() + " …"
        out.print(f"\n{passage.cosine: .3f}  {escape(place(passage))}\n        {escape(short)}")
    echo = f" “{solved.echo}” would have come first." if solved.echo else ""
    err.print(f"Nearest of {solved.looked_at:,} words; those of the sum are left out.{echo}", style="dim", markup=False)
