"""`rag arithmetic`: what is near a sum of words."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from rag import exploring
from ui.commands.terminal import JsonOption, LibraryOption, err, excerpt, open_library, out, print_json, progress_bar, warn
from ui.commands.texts import ColumnOption, TextsOption, open_texts
from ui.places import place

if TYPE_CHECKING:
    from rag.exploring import Arithmetic


app = typer.Typer()


@app.command()
def arithmetic(  # noqa: PLR0913 - each option is one
    expression: Annotated[str, typer.Argument(help='Such as "king - man + woman" or "0.5 * cat + dog"; put phrases in quotation marks.')],
    *,
    library: LibraryOption = None,
    among: Annotated[
        Literal["vocabulary", "library"], typer.Option(help="Search the model's words, or the library's words and passages.")
    ] = "vocabulary",
    top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="Maximum number of words, and of passages.")] = 10,
    file: TextsOption = None,
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add and subtract the vectors of words, and show what is near the result: words, passages, or the texts of a file."""
    from rag.exploring.texts import Texts

    corpus = open_library(library) if among == "library" and file is None else open_texts(library, (), file, column)
    with corpus as opened, progress_bar("Embedding the words, once") as show:
        searched = opened.texts if isinstance(opened, Texts) and file else among
        solved = exploring.solve(opened, expression, among=searched, top_k=top_k, progress=show)
    if as_json:
        print_json([asdict(solved)])
    else:
        _print(solved)


def _print(solved: "Arithmetic") -> None:
    for word in solved.unfamiliar:
        hint = f" Similar spellings: {', '.join(word.spellings)}." if word.spellings else ""
        warn(f"“{word.text}” is not in the model's vocabulary; its vector is composed of pieces.{hint}")
    for neighbour in solved.neighbours:
        out.print(f"{neighbour.cosine: .3f}  {neighbour.text}", markup=False)
    for passage in (found.passage for found in solved.passages):
        out.print(f"\n{passage.cosine: .3f}  {escape(place(passage))}\n        {escape(excerpt(passage.text, 160))}")
    echo = f" “{solved.echo}” would have come first." if solved.echo else ""
    err.print(f"Nearest of {solved.looked_at:,} words, without those of the sum.{echo}", style="dim", markup=False)
