"""`rag check`: a text of anybody's, sentence by sentence, against the documents."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from rag.settings import Settings
from rag.types import Answer, CheckedSentence, Verdict
from ui.commands.asking import DocumentOption
from ui.commands.terminal import (
    FILE,
    STDIN,
    JsonOption,
    LibraryOption,
    TopKOption,
    err,
    excerpt,
    input_file,
    on_screen,
    open_library,
    out,
    path,
    print_json,
    progress_bar,
    warn_not_searched,
    write_file,
)
from ui.places import place, sentence_words

COLOURS: dict[Verdict, str] = {"supported": "green", "related": "yellow", "unsupported": "red"}
INDENT = 13  # columns, before a sentence
FAILING: dict[str, set[Verdict]] = {"related": {"related", "unsupported"}, "unsupported": {"unsupported"}, "nothing": set()}

app = typer.Typer()


@app.command()
def check(  # noqa: PLR0913, PLR0917 - each option is one
    file: Annotated[str, typer.Argument(help="File of any format that can be added; - reads standard input.", metavar="FILE")],
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    fail_on: Annotated[
        Literal["related", "unsupported", "nothing"],
        typer.Option(help="End with status 1 on a sentence with this verdict, or a worse one. A text without sentences fails too."),
    ] = "related",
    html: Annotated[Path | None, typer.Option(help="Write the text with its verdicts and sources to this HTML file.", **FILE)] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a text sentence by sentence: what the documents say about it, on which page."""
    if html:
        from ui.commands.report import check_writable

        check_writable(html)
    with open_library(library) as opened:
        text = _text(file)
        warn_not_searched(opened)
        with progress_bar("checking") as show:
            checked = opened.check(text, top_k=top_k, documents=document, progress=show)
    print_json([asdict(checked)]) if as_json else _print(checked)
    if html:
        from ui.rendering.checked import to_html

        write_file(html, to_html("Standard input" if file == STDIN else path(file).name, checked))
        err.print(f"Report: {html}", markup=False)
    fails = not checked.sentences or any(each.verdict in FAILING[fail_on] for each in checked.sentences)
    raise typer.Exit(1 if fails and fail_on != "nothing" else 0)


def _text(file: str) -> str:
    """A file's text in Markdown; what comes from a pipe is taken for Markdown unless its first bytes say otherwise."""
    from rag.building import text_of

    if file != STDIN:
        return text_of(path(file), Settings())
    with input_file("stdin.md") as piped:
        return text_of(piped, Settings(), "stdin.md") if piped.stat().st_size else ""


def _print(checked: Answer) -> None:
    for sentence in checked.sentences:
        _print_sentence(checked, sentence)
    if checked.notice:
        err.print(checked.notice, markup=False)
    counts = Counter(sentence.verdict for sentence in checked.sentences)
    told = ", ".join(f"{count} {verdict}" for verdict in ("related", "unsupported") if (count := counts[verdict]))
    err.print(f"{counts['supported']} of {len(checked.sentences)} sentences are supported{f'; {told}' if told else ''}.")


def _print_sentence(checked: Answer, sentence: CheckedSentence) -> None:
    from ui.rendering.prose import gap_remarks

    out.print(f"[{COLOURS[sentence.verdict]}]{sentence.verdict:<{INDENT - 1}}[/] {escape(sentence_words(checked, sentence))}")
    told = gap_remarks(checked, sentence)
    for citation in (checked.citations[index] for index in sentence.citations):
        told.append(f"[{citation.number}] {place(citation.passage)}: “{excerpt(citation.quote)}”")
    for line in told:
        hanging = Padding(Text(line), (0, 0, 0, INDENT)) if on_screen(out) else Text(" " * INDENT + line)
        out.print(hanging, style="dim", soft_wrap=not on_screen(out))
