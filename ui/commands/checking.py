"""`rag check`: a text of anybody's, sentence by sentence, against the documents."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from rag.errors import RagError
from rag.types import Answer, Verdict
from ui.commands.asking import DocumentOption
from ui.commands.terminal import JsonOption, LibraryOption, TopKOption, err, excerpt, open_library, out, print_json, warn_not_searched
from ui.places import place

COLOURS: dict[Verdict, str] = {"supported": "green", "related": "yellow", "unsupported": "red"}

app = typer.Typer()


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="Text or Markdown file; - reads standard input.")],
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a text sentence by sentence: what the documents say about it, on which page."""
    text = _read(file)
    with open_library(library) as opened:
        warn_not_searched(opened)
        checked = opened.check(text, top_k=top_k, documents=document)
    print_json([asdict(checked)]) if as_json else _print(checked)
    raise typer.Exit(0 if checked.sentences and all(each.verdict == "supported" for each in checked.sentences) else 1)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RagError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RagError(f"{file} is not UTF-8 text. Save it as text or Markdown, or pass its text on with `... | rag check -`.") from error


def _print(checked: Answer) -> None:
    for sentence in checked.sentences:
        words = " ".join(checked.text[sentence.start : sentence.end].split())
        out.print(f"[{COLOURS[sentence.verdict]}]{sentence.verdict:<12}[/] {escape(words)}")
        for index in sentence.citations:
            citation = checked.citations[index]
            out.print(f"             [{citation.number}] {place(citation.passage)}: “{excerpt(citation.quote)}”", style="dim", markup=False)
    supported = sum(sentence.verdict == "supported" for sentence in checked.sentences)
    err.print(f"{supported} of {len(checked.sentences)} sentences are supported.")
