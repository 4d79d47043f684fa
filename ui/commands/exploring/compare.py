"""`rag compare`: how similar texts are."""

from collections.abc import Sequence
from contextlib import ExitStack
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
from ui.commands.texts import ColumnOption, TextsOption, read_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.exploring.comparing import Match, Similarities
    from rag.library import Library

MOST_SHOWN = 20  # pairs printed; `--json` prints all

app = typer.Typer()


@app.command()
def compare(  # noqa: PLR0913 - each option is one
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the library's documents.")] = None,
    *,
    file: TextsOption = None,
    column: ColumnOption = None,
    document: Annotated[str | None, typer.Option(help="Compare the passages of this document.")] = None,
    query: Annotated[str | None, typer.Option(help="Find the texts most similar to this question.")] = None,
    top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="Maximum number of texts for --query.")] = 5,
    words: Annotated[bool, typer.Option("--words", help="Also compare texts by the counts of their words.")] = False,
    stop_words: Annotated[bool, typer.Option(help="Count words such as “the”.")] = True,
    stems: Annotated[bool, typer.Option("--stems", help="Count forms of a word as one.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a heat map to this HTML file.", **FILE)] = None,
) -> None:
    """Compare texts with each other, or with a question, by the cosine of their vectors."""
    from rag.exploring import comparing

    has_texts = bool(texts or file)
    if (query is not None and (output or not has_texts)) or (has_texts and document):
        raise typer.BadParameter("--query needs texts and takes no --output; texts and --document exclude each other.")
    with ExitStack() as stack:
        opened = stack.enter_context(open_library(library)) if library or not has_texts else None
        if has_texts or opened is None:
            given = stack.enter_context(read_texts(texts or (), file, column, library=opened))
            if query is not None:
                _print_matches(given.search(query, top_k), as_json, given.embedder.max_tokens)
                return
            similarities, limit = given.compare(), given.embedder.max_tokens
            counted = given.count_words(stop_words=stop_words, stems=stems).cosines if words else None
        else:
            similarities = comparing.compare_passages(opened, document) if document else comparing.compare_documents(opened)
            limit, counted = 0, None
        _print_pairs(similarities, counted, as_json)
        if not as_json:
            _print_worth(opened, similarities)
            _print_cut(limit, len(similarities.cut))
    if output:
        _draw(similarities, output)


def _print_matches(matches: "Sequence[Match]", as_json: bool, limit: int) -> None:
    if as_json:
        print_json(asdict(match) for match in matches)
        return
    for match in matches:
        print_ranked(match.rank, match.text, f"cosine {match.cosine:.3f}")
    _print_cut(limit, sum(match.is_cut for match in matches))


def _print_pairs(similarities: "Similarities", counted: "NDArray[np.float32] | None", as_json: bool) -> None:
    """`counted`: the cosines of the texts' word counts, shown beside the others."""
    pairs = [
        (pair, {} if counted is None else {"words": float(counted[pair.first, pair.second])})
        for pair in similarities.pairs(None if as_json else MOST_SHOWN)
    ]
    if as_json:
        print_json(asdict(pair) | by_words for pair, by_words in pairs)
        return
    columns = ("cosine", *pairs[0][1])
    rows = (
        [f"{pair.cosine:.3f}", *(f"{cosine:.3f}" for cosine in by_words.values()), *map(_cell, (pair.first_text, pair.second_text))]
        for pair, by_words in pairs
    )
    print_table((*columns, "text", "text"), rows, right=columns)
    if len(pairs) < (count := len(similarities.texts) * (len(similarities.texts) - 1) // 2):
        err.print(f"The {len(pairs)} most similar of {count:,} pairs; --json prints all.", style="dim")


def _cell(text: str) -> str:
    return escape(excerpt(text, 70))


def _print_worth(opened: "Library | None", similarities: "Similarities") -> None:
    """What the highest cosine is worth among the passages of a library."""
    from rag.exploring.scores import score_distribution

    if opened and not similarities.of_documents and len(opened.vectors()) > 1:
        best = similarities.pairs(1)[0].cosine
        err.print(f"{best:.2f} is {score_distribution(opened).place(best)}.", style="dim")


def _print_cut(limit: int, cut: int) -> None:
    if cut:
        err.print(f"{cut} texts are longer than the model's {limit} tokens; only their beginning was compared.")


def _draw(similarities: "Similarities", output: Path) -> None:
    from rag.exploring.figures.heat import MOST_DRAWN, heat_map
    from rag.exploring.figures.style import PRIVATE

    drawn = similarities.texts[:MOST_DRAWN]
    figure = heat_map(similarities.matrix[: len(drawn), : len(drawn)], drawn, drawn)
    write_file(output, figure.to_html(include_plotlyjs=True, config=PRIVATE))
    of = f", the first {len(drawn)} of {len(similarities.texts)} texts" if len(drawn) < len(similarities.texts) else ""
    err.print(f"Wrote {output}{of}.", markup=False)
