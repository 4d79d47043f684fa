"""`rag tokens`: how the embedding model splits a text, and what it makes of a word in two sentences."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from rag import exploring
from ui.commands.terminal import JsonOption, LibraryOption, err, out, print_json, print_table
from ui.commands.texts import ColumnOption, TextsOption, open_texts

if TYPE_CHECKING:
    from rag.embedding.token_reader import TokenizedText
    from rag.exploring import Poolings, WordInContext

FIRST_VALUES = 6  # numbers of a vector that are shown
POOLED = {"cls": "first token", "mean": "mean of all", "max": "largest of all", "model": "the model's own"}

app = typer.Typer()


@app.command()
def tokens(  # noqa: PLR0913 - each option is one
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts; with --word, two sentences.")] = None,
    *,
    library: LibraryOption = None,
    word: Annotated[str | None, typer.Option(help="Compare this word in two sentences.")] = None,
    pooling: Annotated[bool, typer.Option("--pool", help="Also show the vectors of the tokens and of the text; loads the model.")] = False,
    file: TextsOption = None,
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how the embedding model splits texts into tokens, or compare a word in two sentences."""
    if not texts and not file:
        raise typer.BadParameter("Give a text, in quotation marks, or --texts FILE; or --word WORD and two sentences.")
    with open_texts(library, texts or (), file, column) as given:
        if word is not None:
            if len(given) != 2:
                raise typer.BadParameter("--word needs two sentences. Put each in quotation marks.")
            compared = exploring.compare_word(given, word, *given.texts)
            print_json([asdict(compared)]) if as_json else _print_word(compared)
            return
        for text in given.texts:
            _print(exploring.tokenize(given, text), exploring.pool(given, text) if pooling else None, as_json)


def _print(tokenized: "TokenizedText", pooled: "Poolings | None", as_json: bool) -> None:
    if as_json:
        print_json([asdict(tokenized) | (_pooled_values(pooled) if pooled else {})])
        return
    _print_tokens(tokenized)
    if pooled:
        _print_pooled(pooled)


def _print_tokens(tokenized: "TokenizedText") -> None:
    rows = (
        (
            escape(token.text) if token.is_read else f"[strike dim]{escape(token.text)}[/]",
            str(token.id),
            f"{token.start}-{token.end}",
            token.kind + ("" if token.is_read else ", cut off"),
        )
        for token in tokenized.tokens
    )
    print_table(("token", "id", "characters", "kind"), rows, right=("id", "characters"))
    cut = len(tokenized.tokens) - len(tokenized.read)
    err.print(f"{len(tokenized.read)} of at most {tokenized.limit} tokens are read" + (f"; {cut} are cut off." if cut else "."))


def _print_pooled(pooled: "Poolings") -> None:
    rows, width = pooled.token_vectors.shape
    out.print(f"\n{rows} vectors of {width} dimensions. The model's own pooling: {pooled.used or 'not stated'}.", markup=False)
    for name, vector, row in zip(pooled.names, pooled.vectors, pooled.cosines, strict=True):
        values = " ".join(f"{value: .3f}" for value in vector[:FIRST_VALUES])
        cosines = ", ".join(f"{other} {cosine:.3f}" for other, cosine in zip(pooled.names, row, strict=True))
        out.print(f"{POOLED[name]:<16}{values} …   cosine with {cosines}", markup=False)


def _print_word(compared: "WordInContext") -> None:
    for place in (compared.first, compared.second):
        out.print(f"{place.sentence}  [{' '.join(piece.text for piece in place.pieces)}]", markup=False)
    out.print(f"cosine in context        {compared.cosine:.3f}")
    out.print(f"cosine without context   {compared.static_cosine:.3f}  (rows of the input table)")


def _pooled_values(pooled: "Poolings") -> dict[str, Any]:
    return {
        "used": pooled.used,
        "token_vectors": pooled.token_vectors.tolist(),
        "pooled": dict(zip(pooled.names, pooled.vectors.tolist(), strict=True)),
        "cosines": dict(zip(pooled.names, pooled.cosines.tolist(), strict=True)),
    }
