"""`rag search` and `rag ask`: passages, and answers with their footnotes."""

import asyncio
from contextlib import aclosing, nullcontext
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.text import Text

from rag.answering.notices import nothing_found, still_indexing
from rag.filters import Filters
from rag.types import Answer
from ui.commands.filtering import filtered
from ui.commands.terminal import (
    STDIN,
    JsonOption,
    LibraryOption,
    TopKOption,
    decoded,
    err,
    excerpt,
    on_screen,
    open_library,
    out,
    print_json,
    print_ranked,
    read_input,
    warn,
    warn_not_searched,
)
from ui.places import Footnote, footnotes, place, searches
from ui.text import SEARCHED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

VERDICTS = {"supported": "supported", "related": "related, but does not say it", "unsupported": "does not support it"}
FAILED_SENTENCES = {"related": "Not quite what its source says:", "unsupported": "Not supported:"}
LONGEST_QUOTE = 240  # characters


def question_in(words: list[str]) -> str:
    """A question as it was typed, with or without quotation marks; "-" reads it from standard input."""
    return decoded(read_input()) if words == [STDIN] else " ".join(words)


QuestionArgument = Annotated[
    list[str], typer.Argument(help="What you want to know; - reads it from standard input.", metavar="QUESTION", show_default=False)
]
DocumentOption = Annotated[
    list[str] | None, typer.Option("--document", help='Search this document only, or all of a pattern such as "*.pdf"; repeatable.')
]
EverywhereOption = Annotated[
    bool, typer.Option("--everywhere", help='Search everywhere, even if the question says where to look ("in the 2022 report").')
]
ConnectionOption = Annotated[
    str | None,
    typer.Option(
        "--connection", help='Have this connected chat model answer, "" for quotations; `rag settings` lists them.', metavar="NAME"
    ),
]

app = typer.Typer()


@app.command()
@filtered
def search(
    question: QuestionArgument,
    filters: Filters,
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the passages nearest to a question."""
    with open_library(library) as opened:
        opened.warm_up()
        passages = opened.retrieve(question_in(question), top_k=top_k, documents=document, where=filters)
        if passages:
            warn_not_searched(opened)
        else:
            err.print(nothing_found(len(opened.documents()), len(opened.left_behind())), markup=False)
        filters = replace(filters, documents=tuple(document or ()))
        if notice := still_indexing(sum(record.state != "ready" for record in opened.documents(filters))):
            warn(notice)
    if as_json:
        print_json(asdict(passage) for passage in passages)
    for passage in [] if as_json else passages:
        print_ranked(passage.rank, place(passage), f"score {passage.score:.3f}")
        if passage.heading:
            out.print(f"   {passage.heading}", style="dim", markup=False)
        out.print(f"   {' '.join(passage.text.split())}\n", markup=False)
    if not passages:
        raise typer.Exit(1)


@app.command()
@filtered
def ask(  # noqa: PLR0913, PLR0917 - each option is one
    question: QuestionArgument,
    filters: Filters,
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    everywhere: EverywhereOption = False,
    connection: ConnectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the documents, with footnotes. Without a chat model, the answer is quoted sentences."""
    asked, where = question_in(question), replace(filters, reads_question=not everywhere)
    with open_library(library) as opened:
        opened.warm_up()
        growing = opened.stream(asked, top_k=top_k, documents=document, where=where, connection=connection)
        answer = asyncio.run(final_answer(growing, hidden=as_json))
        if answer.passages:
            warn_not_searched(opened)
    print_json([asdict(answer)]) if as_json else print_answer(answer)
    raise typer.Exit(0 if is_found(answer) else 1)


async def final_answer(growing: "AsyncGenerator[Answer, None]", *, hidden: bool) -> Answer:
    """The finished answer; a terminal shows it while it grows, unless `hidden`."""
    live = Live(console=out, transient=True, auto_refresh=False, vertical_overflow="crop")
    with live if on_screen(out) and not hidden else nullcontext() as shown:
        async with aclosing(growing) as answers:
            async for answer in answers:
                if shown:
                    shown.update(Text(answer.text), refresh=True)
    return answer


def is_found(answer: Answer) -> bool:
    """Whether an answer is one: whole, and with a sentence that a document supports."""
    is_supported = any(sentence.verdict == "supported" for sentence in answer.sentences)
    return is_supported and answer.finish not in {"not_found", "interrupted"}


def print_answer(answer: Answer) -> None:
    """Print what was searched for, the text, each footnote with the words it rests on, and the sentences that do not hold."""
    if answer.only:
        err.print(f"Searched only {answer.only}, as the question says; --everywhere searches all.", style="dim", markup=False)
    if searched := searches(answer):
        out.print(f"{SEARCHED} {' · '.join(searched)}\n", style="dim", markup=False)
    out.print(Text(answer.text), end="\n\n")
    for note in footnotes(answer):
        out.print(f"[{note.number}] {note.place}", markup=False)
        for line in filter(None, (note.heading, *_quotes(note))):
            out.print(f"    {line}", style="dim", markup=False)
    for verdict, words in FAILED_SENTENCES.items():
        for sentence in answer.sentences:
            if sentence.verdict == verdict:
                out.print(f"{words} {' '.join(answer.text[sentence.start : sentence.end].split())}", style="yellow", markup=False)
    for change in answer.changes:
        from ui.rendering.prose import change_words

        err.print(change_words(change), style="yellow", markup=False)
    if answer.notice:
        err.print(answer.notice, style="dim", markup=False)


def _quotes(note: Footnote) -> list[str]:
    """The quoted words of a footnote, each with its verdict; the first where none was checked, as of a refusal."""
    checked = [f"{VERDICTS[verdict]}: “{excerpt(quote, LONGEST_QUOTE)}”" for quote, verdict in note.quotes if verdict]
    return list(dict.fromkeys(checked)) or [f"“{excerpt(note.quotes[0][0], LONGEST_QUOTE)}”"]
