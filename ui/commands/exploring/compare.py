"""`rag compare`: how alike texts are."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ui.commands.exploring.writing import write
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json

if TYPE_CHECKING:
    from rag.exploring.comparing import Match, Similarities
    from rag.library import Library

MOST_SHOWN = 20
"""Pairs printed; `--json` prints all."""


def register(app: typer.Typer) -> None:
    """Add the command `compare`.

    Args:
        app: What to add it to.
    """

    @app.command()
    def compare(  # noqa: PLR0913 - each option is one
        texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the documents of the library.")] = None,
        *,
        file: Annotated[Path | None, typer.Option(help="Texts of a file: one a line, or a column of a CSV file.")] = None,
        column: Annotated[str | None, typer.Option(help="Which column.")] = None,
        document: Annotated[str | None, typer.Option(help="The passages of this document.")] = None,
        query: Annotated[str | None, typer.Option(help="Find the texts most similar to this question.")] = None,
        top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="How many of them, at most.")] = 5,
        library: LibraryOption = None,
        json_lines: JsonOption = False,
        output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the heat map into this HTML file.")] = None,
    ) -> None:
        """Compare texts with each other, or with a question, by the cosine of their vectors."""
        given = _texts(texts, file, column)
        if (query is not None and (output or not given)) or (given and document):
            raise typer.BadParameter("A query needs texts and draws nothing; texts and a document do not go together.")
        with open_library(library, must_exist=True) as opened:
            if query is not None:
                _print_matches(opened, _matches(opened, query, given, top_k), json_lines)
                return
            found = _similarities(opened, given, document)
            _print_pairs(opened, found, json_lines)
        if output:
            _draw(found, output)


def _texts(texts: Sequence[str] | None, file: Path | None, column: str | None) -> list[str]:
    from rag.exploring.lists import read_sheet

    return [*(texts or ()), *(read_sheet(file).column(column) if file else ())]


def _matches(opened: "Library", query: str, texts: Sequence[str], top_k: int) -> "list[Match]":
    from rag.exploring.comparing import most_similar

    return most_similar(opened, query, texts, top_k)


def _similarities(opened: "Library", texts: Sequence[str], document: str | None) -> "Similarities":
    from rag.exploring import comparing

    if texts:
        return comparing.compare(opened, texts)
    return comparing.compare_passages(opened, document) if document else comparing.compare_documents(opened)


def _print_matches(opened: "Library", matches: "Sequence[Match]", json_lines: bool) -> None:
    if json_lines:
        print_json(asdict(match) for match in matches)
        return
    for match in matches:
        out.print(f"[bold]{match.rank}[/bold]  {escape(match.text)}  [dim]cosine {match.cosine:.3f}[/dim]")
    _say_cut(opened, sum(match.is_cut for match in matches))


def _print_pairs(opened: "Library", found: "Similarities", json_lines: bool) -> None:
    if json_lines:
        print_json(asdict(pair) for pair in found.pairs())
        return
    pairs = found.pairs(MOST_SHOWN)
    table = Table(box=None, pad_edge=False)
    table.add_column("cosine", justify="right")
    table.add_column("text", overflow="fold")
    table.add_column("text", overflow="fold")
    for pair in pairs:
        table.add_row(f"{pair.cosine:.3f}", escape(_short(pair.first_text)), escape(_short(pair.second_text)))
    out.print(table)
    if len(pairs) < (count := len(found.texts) * (len(found.texts) - 1) // 2):
        err.print(f"The {len(pairs)} most alike of {count:,} pairs; --json prints all.", style="dim")
    if not found.of_documents and (place := _place(opened, pairs[0].cosine)):
        err.print(f"{pairs[0].cosine:.2f} is {place}.", style="dim")
    _say_cut(opened, len(found.cut))


def _place(opened: "Library", score: float) -> str:
    from rag.exploring.scores import score_distribution

    return score_distribution(opened).place(score) if len(opened.vectors()) > 1 else ""


def _say_cut(opened: "Library", cut: int) -> None:
    if cut:
        err.print(f"{cut} texts are longer than the {opened.embedder.max_tokens} tokens that the model reads; their beginning counts.")


def _draw(found: "Similarities", output: Path) -> None:
    from rag.exploring.figures.heat import MOST_DRAWN, heat_map
    from rag.exploring.figures.style import PRIVATE

    shown = min(MOST_DRAWN, len(found.texts))
    figure = heat_map(found.matrix[:shown, :shown], found.texts[:shown], found.texts[:shown])
    write(output, figure.to_html(include_plotlyjs=True, config=PRIVATE))
    err.print(f"Wrote {output}" + (f": the first {shown} of {len(found.texts)} texts." if shown < len(found.texts) else "."), markup=False)


def _short(text: str, most: int = 70) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
