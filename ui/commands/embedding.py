"""`rag embed`: texts as vectors, without a library."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.text.printable import printable_json
from ui.commands.terminal import STDIN, err, path, progress_bar
from ui.commands.texts import ColumnOption, TextsOption, open_texts

app = typer.Typer()


@app.command()
def embed(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the lines of standard input.")] = None,
    *,
    file: TextsOption = None,
    column: ColumnOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Write to this .npy, .csv, .jsonl or .parquet file, not to standard output.", parser=path, metavar="FILE"
        ),
    ] = None,
) -> None:
    """Embed texts with the model of RAG_EMBEDDING_MODEL, and write their vectors: JSON lines, or a file of another format."""
    from rag.exploring.writing import json_lines, write_vectors, writer_of

    if output:
        writer_of(output)
    with open_texts(None, texts or (), file or (None if texts else Path(STDIN)), column) as given, progress_bar("embedding") as show:
        vectors = given.vectors(show).embeddings
    if output:
        write_vectors(output, given.texts, vectors)
        err.print(f"Wrote {vectors.shape[0]:,} vectors of {vectors.shape[1]} numbers to {output}.", markup=False)
    else:
        sys.stdout.writelines(map(printable_json, json_lines(given.texts, vectors)))
