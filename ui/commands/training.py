"""`rag train`: an embedding model of one's own, trained on the library."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rag.types import TrainedKind
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, print_json


def register(app: typer.Typer) -> None:
    """Add the command `train`.

    Args:
        app: What to add it to.
    """

    @app.command()
    def train(
        kind: Annotated[TrainedKind, typer.Argument(help="What to train.")],
        *,
        output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write the model to.")],
        library: LibraryOption = None,
        dimensions: Annotated[int, typer.Option(min=2, max=2000, help="Numbers in a vector.")] = 100,
        epochs: Annotated[int, typer.Option(min=1, max=1000, help="How often the texts are read.")] = 60,
        json_lines: JsonOption = False,
    ) -> None:
        """Train word vectors or document vectors on the library's texts, to be used with RAG_EMBEDDING_MODEL=gensim:FOLDER."""
        from rag.embedding.training import library_texts
        from rag.embedding.training import train as train_model

        with open_library(library, must_exist=True) as opened:
            texts = library_texts(opened)
        trained = train_model(texts, kind, output, dimensions, epochs)
        if json_lines:
            print_json([asdict(trained)])
        else:
            err.print(
                f"Trained on {trained.texts} passages, {trained.words} words. Use it with RAG_EMBEDDING_MODEL=gensim:{output}; "
                "`rag reindex` then makes the vectors anew.",
                markup=False,
            )
