"""`rag train`: an embedding model of one's own, trained on the library or on a file of texts."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rag.types import TrainedKind
from ui.commands.terminal import FOLDER, JsonOption, LibraryOption, err, print_json
from ui.commands.texts import ColumnOption, TextsOption, open_corpus

app = typer.Typer()


@app.command()
def train(  # noqa: PLR0913 - each option is one
    kind: Annotated[TrainedKind, typer.Argument(help="What to train.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the model.", **FOLDER)],
    library: LibraryOption = None,
    file: TextsOption = None,
    column: ColumnOption = None,
    dimensions: Annotated[int, typer.Option(min=2, max=2000, help="Dimensions of a vector.")] = 100,
    epochs: Annotated[int, typer.Option(min=1, max=1000, help="Passes over the texts.")] = 60,
    as_json: JsonOption = False,
) -> None:
    """Train word or document vectors on the library's texts, or those of a file, for use with RAG_EMBEDDING_MODEL=gensim:FOLDER."""
    from rag.embedding.trained import train as train_model
    from rag.exploring.passages import read_chunks

    with open_corpus(library, file, column) as opened:
        # in the order of the ids, which does not depend on when documents were added
        keys = sorted((record.id, ordinal) for record in opened.documents() for ordinal in range(record.chunks))
        chunks = read_chunks(opened, keys)
    trained = train_model([chunks[key].text for key in sorted(chunks)], kind, output, dimensions, epochs)
    if as_json:
        print_json([asdict(trained)])
        return
    setting = f"RAG_EMBEDDING_MODEL=gensim:{output}"
    err.print(f"Trained on {trained.texts} texts, {trained.words} words. Set {setting} and run `rag reindex` to use it.", markup=False)
