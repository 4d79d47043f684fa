"""`rag embed`: texts as vectors, without a library."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from rag.settings import Settings
from rag.text.printable import printable_json
from ui.commands.terminal import err, path, progress_bar

MOST_TEXTS = 1_000_000

app = typer.Typer()


@app.command()
def embed(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the lines of standard input.")] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option(help='File with one text per line, or CSV; "-" is standard input.', parser=path, metavar="FILE"),
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of the CSV file.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Write to this .npy, .csv, .jsonl or .parquet file, not to standard output.", parser=path, metavar="FILE"
        ),
    ] = None,
) -> None:
    """Embed texts with the model of RAG_EMBEDDING_MODEL, and write their vectors: JSON lines, or a file of another format."""
    from rag.building import checked_embedder
    from rag.embedding.batches import embed_all
    from rag.errors import ExploringError
    from rag.exploring.writing import json_lines, write_vectors, writer_of

    if output:
        writer_of(output)
    given = [*(texts or ()), *(_read(file, column) if file or not texts else ())]
    if not given:
        raise ExploringError("There are no texts. Write one per line.")
    with closing(checked_embedder(Settings())) as embedder, progress_bar("embedding") as show:
        vectors = embed_all(embedder, given, show)
    if output:
        write_vectors(output, given, vectors)
        err.print(f"Wrote {vectors.shape[0]:,} vectors of {vectors.shape[1]} numbers to {output}.", markup=False)
    else:
        sys.stdout.writelines(map(printable_json, json_lines(given, vectors)))


def _read(file: Path | None, column: str | None) -> list[str]:
    from rag.exploring.lists import read_sheet, sheet_of

    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            err.print("Reading texts from standard input, one per line; Ctrl-D ends them.")
        return sheet_of(sys.stdin.buffer.read(), "standard input", is_csv=column is not None, most=MOST_TEXTS).column(column)
    return read_sheet(file, most=MOST_TEXTS).column(column)
