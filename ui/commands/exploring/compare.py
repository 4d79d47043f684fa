"""`rag compare`: how similar texts are."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ui.commands.terminal import (
    FILE,
    JsonOption,
    LibraryOption,
    err,
    excerpt,
    open_library,
    print_json,
    print_ranked,
    print_table,
    write_file,
)

if TYPE_CHECKING:
    from rag.exploring.comparing import Match, Similarities
    from rag.library import Library

MOST_SHOWN = 20  # pairs printed; `--json` prints all

app = typer.Typer()


@app.command()
def compare(  # noqa: PLR0913 - each option is one
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the library's documents.")] = None,
    *,
    file: Annotated[Path | None, typer.Option(help="Texts from a file: one per line, or a column of a CSV file.", **FILE)] = None,
    column: Annotated[str | None, typer.Option(help="Column of the CSV file.")] = None,
    document: Annotated[str | None, typer.Option(help="Compare the passages of this document.")] = None,
    query: Annotated[str | None, typer.Option(help="Find the texts most similar to this question.")] = None,
    top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="Maximum number of texts for --query.")] = 5,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a heat map to this HTML file.", **FILE)] = None,
) -> None:
    """Compare texts with each other, or with a question, by the cosine of their vectors."""
    from rag.exploring import comparing
    from rag.exploring.lists import read_sheet

    given = [*(texts or ()), *(read_sheet(file).column(column) if file else ())]
    if (query is not None and (output or not given)) or (given and document):
        raise typer.BadParameter("--query needs texts and takes no --output; texts and --document exclude each other.")
    with open_library(library) as opened:
        if query is not None:
            _print_matches(opened, comparing.most_similar(opened, query, given, top_k), as_json)
            return
        if given:
            similarities = comparing.compare(opened, given)
        else:
            similarities = comparing.compare_passages(opened, document) if document else comparing.compare_documents(opened)
        _print_pairs(opened, similarities, as_json)
    if output:
        _draw(similarities, output)


def _print_matches(opened: "Library", matches: "Sequence[Match]", as_json: bool) -> None:
    if as_json:
        print_json(asdict(match) for match in matches)
        return
    for match in matches:
        print_ranked(match.rank, match.text, f"cosine {match.cosine:.3f}")
    _print_cut(opened, sum(match.is_cut for match in matches))


def _print_pairs(opened: "Library", similarities: "Similarities", as_json: bool) -> None:
    from rag.exploring.scores import score_distribution

    if as_json:
        print_json(asdict(pair) for pair in similarities.pairs())
        return
    pairs = similarities.pairs(MOST_SHOWN)
    rows = ([f"{pair.cosine:.3f}", *(escape(excerpt(text, 70)) for text in (pair.first_text, pair.second_text))] for pair in pairs)
    print_table(("cosine", "text", "text"), rows, right=("cosine",))
    if len(pairs) < (count := len(similarities.texts) * (len(similarities.texts) - 1) // 2):
        err.print(f"The {len(pairs)} most similar of {count:,} pairs; --json prints all.", style="dim")
    if not similarities.of_documents and len(opened.vectors()) > 1:
        err.print(f"{pairs[0].cosine:.2f} is {score_distribution(opened).place(pairs[0].cosine)}.", style="dim")
    _print_cut(opened, len(similarities.cut))


def _print_cut(opened: "Library", cut: int) -> None:
    if cut:
        err.print(f"{cut} texts are longer than the model's {opened.embedder.max_tokens} tokens; only their beginning was compared.")


def _draw(similarities: "Similarities", output: Path) -> None:
    from rag.exploring.figures.heat import MOST_DRAWN, heat_map
    from rag.exploring.figures.style import PRIVATE

    drawn = similarities.texts[:MOST_DRAWN]
    figure = heat_map(similarities.matrix[: len(drawn), : len(drawn)], drawn, drawn)
    write_file(output, figure.to_html(include_plotlyjs=True, config=PRIVATE))
    of = f", the first {len(drawn)} of {len(similarities.texts)} texts" if len(drawn) < len(similarities.texts) else ""
    err.print(f"Wrote {output}{of}.", markup=False)
