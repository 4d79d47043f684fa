"""`rag chat`: several questions in a row; each may refer to what was said before."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import typer

from rag.errors import RagError
from rag.filters import Filters
from rag.types import Answer, Message
from ui.commands.asking import DocumentOption, EverywhereOption, final_answer, is_found, print_answer
from ui.commands.filtering import filtered
from ui.commands.terminal import (
    JsonOption,
    LibraryOption,
    TopKOption,
    decoded,
    err,
    on_screen,
    open_library,
    out,
    print_json,
    warn_not_searched,
)
from ui.places import place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from rag.library import Library

PROMPT = "> "
HELP = """/sources  the passages of the last answer, whole: those that it cites, then the others that were found
/new      begin anew: the next question refers to nothing before it
/help     this list
/quit     end the chat, as Ctrl-D does; Ctrl-C stops an answer"""
COMMANDS = ("/sources", "/new", "/help", "/quit")

app = typer.Typer()


@dataclass(slots=True)
class Chat:
    """What was asked of a library so far, and how; a follow-up takes its subject from it."""

    library: "Library"
    top_k: int | None
    documents: list[str] | None
    where: Filters
    as_json: bool
    history: list[Message] = field(default_factory=list)
    last: Answer | None = None
    notice: str = ""  # of the answer before: what it says is not said twice

    def ask(self, question: str) -> None:
        """Answer a question; Ctrl-C stops the answer, and what there is of it counts as said."""
        try:
            self.last = None
            asyncio.run(final_answer(self._noted(question), hidden=self.as_json))
        except KeyboardInterrupt:
            err.print("Stopped. The answer so far is kept." if self.last else "Stopped.", style="dim")
        except RagError as error:
            err.print(f"Error: {error}", style="red", markup=False)
        if self.last:
            shown = replace(self.last, notice="") if self.last.notice == self.notice else self.last
            print_json([asdict(self.last)]) if self.as_json else print_answer(shown)
            self.notice = self.last.notice
            self.history += [Message("user", question), Message("assistant", self.last.text)]

    async def _noted(self, question: str) -> "AsyncGenerator[Answer, None]":
        stream = self.library.stream(question, history=self.history, top_k=self.top_k, documents=self.documents, where=self.where)
        async with aclosing(stream) as answers:
            async for self.last in answers:
                yield self.last

    def obey(self, command: str) -> None:
        """Do what a line says that begins with a slash."""
        if command == "/new":
            self.history, self.last = [], None
        elif command == "/sources" and self.last and self.last.passages:
            numbers = {citation.passage: citation.number for citation in self.last.citations}
            for passage in sorted(self.last.passages, key=lambda each: numbers.get(each, len(numbers) + each.rank)):
                number = f"[{numbers[passage]}] " if passage in numbers else ""
                out.print(f"{number}{place(passage)}", markup=False, style="bold")
                out.print(passage.text, markup=False, end="\n\n")
        elif command == "/sources":
            err.print("There is no answer yet.")
        elif command == "/help":
            err.print(HELP, markup=False)
        else:
            from difflib import get_close_matches

            meant = "".join(f" Did you mean {each}?" for each in get_close_matches(command, COMMANDS, 1))
            err.print(f"There is no command {command}.{meant} /help lists all.", markup=False)


@app.command()
@filtered
def chat(
    filters: Filters,
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    everywhere: EverywhereOption = False,
    as_json: JsonOption = False,
) -> None:
    """Ask several questions in a row, each with what was said before in mind. Questions may come from a pipe, one a line."""
    status = 0
    with open_library(library) as opened:
        opened.warm_up()
        warn_not_searched(opened)
        said = Chat(opened, top_k, document, replace(filters, reads_question=not everywhere), as_json)
        for line in _lines():
            if line == "/quit":
                break
            if line.startswith("/"):
                said.obey(line)
            else:
                said.ask(line)
                status = 0 if said.last and is_found(said.last) else 1
    raise typer.Exit(0 if sys.stdin.isatty() else status)


def _lines() -> Iterator[str]:
    """What is typed, line by line, until Ctrl-D; or the lines of a pipe."""
    if not sys.stdin.isatty():
        for line in map(decoded, sys.stdin.buffer):
            if line.strip():
                yield line.strip()
        return
    with suppress(ImportError):  # there is none on Windows, whose terminal has a history itself
        import readline as readline
    if on_screen(err):
        err.print("Ask a question. /help lists the commands; Ctrl-D ends the chat.", style="dim")
    while True:
        try:
            line = input(PROMPT).strip()
        except KeyboardInterrupt:  # as in a shell, a line that is not wanted
            err.print()
            continue
        except EOFError:
            err.print()
            return
        if line:
            yield line
