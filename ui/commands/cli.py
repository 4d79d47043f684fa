"""`rag ...`: the library on the command line. Results on stdout, everything else on stderr."""

import asyncio
import io
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from rag.answering.notices import needs_reindexing, nothing_found, still_indexing
from rag.errors import LibraryError, RagError, StorageError
from rag.types import Answer, DocumentRecord, Outcome, ProgressCallback, Report
from rag.types import Progress as Step
from ui.commands.doctor import register as register_doctor
from ui.commands.evaluating import register as register_evaluating
from ui.commands.exploring import register as register_exploring
from ui.commands.printing import growing, is_supported, print_answer
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, password_in, path, print_json
from ui.commands.training import register as register_training
from ui.places import place

if TYPE_CHECKING:
    from rag.library import Library

app = typer.Typer(
    help="Chat with your documents; every sentence footnoted to the page it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
DocumentOption = Annotated[list[str] | None, typer.Option("--document", help="Look in this document only; may be given several times.")]
TopKOption = Annotated[
    int | None, typer.Option("-k", "--top-k", min=1, help="Passages, at most [RAG_TOP_K, default 5]", show_default=False)
]
PasswordOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Tried on encrypted PDFs. Anyone on this machine can read it in the list of processes: prefer `--password-file`.",
        show_default=False,
    ),
]
PasswordFileOption = Annotated[
    list[str] | None,
    typer.Option(
        help="File that holds the password of encrypted PDFs; may be given several times.",
        parser=password_in,
        metavar="FILE",
        show_default=False,
    ),
]
QuestionArgument = Annotated[str, typer.Argument(help="What you want to know.")]


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders: PDF, text, Markdown.", parser=path, metavar="PATHS")],
    library: LibraryOption = None,
    password: PasswordOption = None,
    password_file: PasswordFileOption = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for the password of encrypted PDFs.")] = False,
    json_lines: JsonOption = False,
) -> None:
    """Add files, and the files in folders. A changed file replaces its earlier version."""
    passwords = [*(password or ()), *(password_file or ())]
    if ask_password:
        passwords.append(typer.prompt("Password", hide_input=True, err=True))
    with open_library(library) as opened, _progress_bar(json_lines) as progress:
        report = opened.add(paths, passwords=passwords, progress=progress)
    _finish_report(report, json_lines)


@app.command("list")
def list_documents(library: LibraryOption = None, json_lines: JsonOption = False) -> None:
    """List the documents."""
    with open_library(library, must_exist=True) as opened:
        records, left_behind = opened.documents(), opened.left_behind()
        _warn_left_behind(opened)
        for record, problem in opened.damaged_copies():
            copy = f"The library's copy of {record.name} is {problem}: add the file again, or run `rag doctor --repair`."
            err.print(copy, style="yellow", markup=False)
    if json_lines:
        print_json(_public(record) for record in records)
    elif records:
        out.print(_documents_table(records))
    elif not left_behind:
        err.print("The library is empty. `rag add PATH` adds documents.")


@app.command()
def remove(documents: Annotated[list[str], typer.Argument(help="Names or ids.")], library: LibraryOption = None) -> None:
    """Remove documents, and the library's copies of their files."""
    failed = False
    with open_library(library, must_exist=True) as opened:
        for document in documents:
            try:
                record = opened.remove(document)
            except LibraryError as error:
                failed = True
                err.print(f"[red]{escape(str(error))}[/red]")
            else:
                err.print(f"Removed {escape(record.name)}.")
        try:
            if opened.erase():
                err.print("Erased the removed text from the library's files.")
        except StorageError as error:
            err.print(str(error), style="yellow", markup=False)
    raise typer.Exit(1 if failed else 0)


@app.command()
def search(
    question: QuestionArgument,
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Find the passages nearest to a question."""
    with open_library(library, must_exist=True) as opened:
        opened.warm_up()
        passages = opened.retrieve(question, top_k=top_k, documents=document)
        if passages:
            _warn_left_behind(opened)
        if notice := still_indexing(len(opened.keyword_ready(document))):
            err.print(notice, style="yellow", markup=False)
        documents, left_behind = len(opened.documents()), len(opened.left_behind())
    if json_lines:
        print_json(asdict(passage) for passage in passages)
    for passage in [] if json_lines else passages:
        out.print(f"[bold]{passage.rank}[/bold]  {escape(place(passage))}  [dim]score {passage.score:.3f}[/dim]")
        if passage.heading:
            out.print(f"   {passage.heading}", style="dim", markup=False)
        out.print(f"   {escape(' '.join(passage.text.split()))}\n")
    if not passages:
        err.print(nothing_found(documents, left_behind), markup=False)
        raise typer.Exit(1)


@app.command()
def ask(
    question: QuestionArgument,
    library: LibraryOption = None,
    top_k: TopKOption = None,
    document: DocumentOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Answer a question from the documents, with footnotes. Without a chat model the answer is quoted sentences."""

    async def answer_growing(opened: "Library") -> Answer:
        with growing(out) if out.is_terminal and not json_lines else nullcontext() as shown:
            async with aclosing(opened.stream(question, top_k=top_k, documents=document)) as answers:
                async for answer in answers:
                    if shown:
                        shown.update(Text(answer.text), refresh=True)
        return answer

    with open_library(library, must_exist=True) as opened:
        opened.warm_up()
        answer = asyncio.run(answer_growing(opened))
        if answer.passages:
            _warn_left_behind(opened)
    if json_lines:
        print_json([asdict(answer)])
    else:
        print_answer(answer, out)
        if answer.notice:
            err.print(answer.notice, style="dim", markup=False)
    raise typer.Exit(0 if is_supported(answer) else 1)


@app.command()
def reindex(library: LibraryOption = None, json_lines: JsonOption = False) -> None:
    """Index again what was indexed with another model or chunk size, from the library's own copies."""
    with open_library(library, must_exist=True) as opened, _progress_bar(json_lines) as progress:
        report = opened.reindex(progress)
    if not report.outcomes:
        err.print("Nothing to do: every document is indexed with the present model.")
    _finish_report(report, json_lines)


@app.command()
def serve(
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine reach it only with 0.0.0.0.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    samples: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder to index at the start where the library is empty.")
    ] = None,
) -> None:
    """Start the page."""
    from ui.server import serve as serve_page

    if not host.strip():
        raise typer.BadParameter(
            "give an address, such as 127.0.0.1, or 0.0.0.0 to accept connections from other machines.", param_hint="--host"
        )
    with open_library(library) as opened:
        serve_page(opened, host=host, port=port, samples=samples, tell=lambda line: err.print(line, markup=False))


register_doctor(app)
register_evaluating(app)
register_exploring(app)
register_training(app)


def main() -> None:
    """Run the command line; errors become one sentence and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a narrow locale must not stop an answer half-way
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except RagError as error:
        err.print(f"Error: {error}", style="red", markup=False)
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper().removeprefix("RAG_")
            err.print(f"Error: RAG_{name}: {problem['msg']} (it is {problem['input']!r})", style="red", markup=False)
        sys.exit(2)


@contextmanager
def _progress_bar(json_lines: bool) -> Iterator[ProgressCallback]:
    """Shows the file at work, and prints each outcome as it comes."""
    columns = (TextColumn("{task.fields[file]}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, redirect_stdout=False, redirect_stderr=False, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=1.0, file="")
        done: dict[int, float] = {}  # of each file

        def show(step: Step) -> None:
            bar.advance(task, (step.fraction - done.get(step.file, 0.0)) / step.files)
            bar.update(
                task, file=f"{'reading' if step.state == 'reading' else 'indexing'} {step.file}/{step.files} {escape(Path(step.path).name)}"
            )
            done[step.file] = step.fraction
            if step.outcome and json_lines:
                print_json([asdict(step.outcome)])
            elif step.outcome:
                (err if out.is_terminal else out).print(_outcome_line(step.outcome))  # on a terminal, above the bar

        yield show


def _outcome_line(outcome: Outcome) -> str:
    colour = "green" if outcome.is_searchable else "yellow"
    return f"[{colour}]{outcome.status:<14}[/{colour}] {escape(outcome.document)}  [dim]{escape(outcome.message)}[/dim]"


def _finish_report(report: Report, json_lines: bool) -> None:
    if not json_lines:
        searchable = sum(outcome.is_searchable for outcome in report.outcomes)
        err.print(f"{searchable} of {len(report.outcomes)} files can be searched.")
    raise typer.Exit(0 if report.all_searchable else 1)


def _documents_table(records: list[DocumentRecord]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading, justify in (("document", "left"), ("pages", "right"), ("chunks", "right"), ("added", "left"), ("id", "left")):
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for record in records:
        added = f"indexing {int(100 * record.indexed)} %" if record.indexed < 1 else record.added[:16].replace("T", " ")
        table.add_row(escape(record.name), str(record.pages), str(record.chunks), added, record.id[:12])
    return table


def _warn_left_behind(opened: "Library") -> None:
    if notice := needs_reindexing(len(opened.left_behind())):
        err.print(notice, style="yellow", markup=False)


def _public(record: DocumentRecord) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name != "password"}
