"""`rag add`, `rag list`, `rag remove`, `rag reindex`: what is in the library."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryError, StorageError
from rag.formats.registry import names
from rag.types import DocumentRecord, Outcome, Progress, ProgressCallback, Report
from ui.commands.terminal import (
    ADD_DOCUMENTS,
    JsonOption,
    LibraryOption,
    err,
    open_library,
    out,
    path,
    path_or_address,
    print_json,
    print_table,
    progress_bar,
    warn,
    warn_not_searched,
)

LONGEST_PASSWORD = 1000  # characters

app = typer.Typer()


def password_in(given: str) -> str:
    """The password in a file, without the line end after it."""
    file = path(given).expanduser()
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            password = opened.read(LONGEST_PASSWORD + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise typer.BadParameter(f"{file} cannot be read as a password: {reason}.") from error
    password = password.removesuffix("\n").removesuffix("\r")
    if not 0 < len(password) <= LONGEST_PASSWORD:
        raise typer.BadParameter(f"{file} holds no password: it is empty, or longer than {LONGEST_PASSWORD} characters.")
    return password


@app.command()
def add(
    paths: Annotated[
        list[str], typer.Argument(help=f"Files, folders and web addresses: {names()}.", parser=path_or_address, metavar="PATHS")
    ],
    library: LibraryOption = None,
    password: Annotated[
        list[str] | None,
        typer.Option(help="Tried on encrypted PDFs. Visible in the process list: prefer `--password-file`.", show_default=False),
    ] = None,
    password_file: Annotated[
        list[str] | None,
        typer.Option(help="File with a password for encrypted PDFs; repeatable.", parser=password_in, metavar="FILE", show_default=False),
    ] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Prompt for the password of encrypted PDFs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add files, the files in folders, and what is at web addresses. A changed file replaces its earlier version."""
    passwords = [*(password or ()), *(password_file or ())]
    if ask_password:
        passwords.append(typer.prompt("Password", hide_input=True, err=True))
    with open_library(library, create=True) as opened, _outcomes_printed(as_json) as progress:
        report = opened.add(paths, passwords=passwords, progress=progress)
    _finish(report, as_json)


@app.command("list")
def list_documents(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents."""
    with open_library(library) as opened:
        records = opened.documents()
        all_searched = warn_not_searched(opened)
        for record, problem in opened.damaged_copies():
            warn(f"The library's copy of {record.name} is {problem}: add the file again, or run `rag doctor --repair`.")
    if as_json:
        print_json({name: value for name, value in asdict(record).items() if name != "password"} for record in records)
    elif records:
        columns = ("document", "pages", "chunks", "added", "id")
        print_table(columns, map(_cells, records), right=("pages", "chunks"))
    elif all_searched:
        err.print(ADD_DOCUMENTS)


@app.command()
def remove(documents: Annotated[list[str], typer.Argument(help="Names or ids.")], library: LibraryOption = None) -> None:
    """Remove documents, and the library's copies of their files."""
    failed = False
    with open_library(library) as opened:
        for document in documents:
            try:
                err.print(f"Removed {escape(opened.remove(document).name)}.")
            except LibraryError as error:
                failed = True
                err.print(str(error), style="red", markup=False)
        try:
            if opened.erase():
                err.print("Erased the removed text from the library's files.")
        except StorageError as error:
            warn(str(error))
    raise typer.Exit(1 if failed else 0)


@app.command()
def reindex(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Re-index documents after a change of model or chunk size, from the library's own copies."""
    with open_library(library) as opened, _outcomes_printed(as_json) as progress:
        report = opened.reindex(progress)
    if not report.outcomes:
        err.print("Nothing to do: all documents are indexed with the current model.")
    _finish(report, as_json)


@contextmanager
def _outcomes_printed(as_json: bool) -> Iterator[ProgressCallback]:
    """Shows the current file, and prints each outcome as it comes."""
    with progress_bar() as show:
        done: dict[int, float] = {}  # of each file

        def on_progress(step: Progress) -> None:
            done[step.file] = step.fraction
            doing = "OCR" if step.is_ocr else {"queued": "downloading", "reading": "reading"}.get(step.state, "indexing")
            show(sum(done.values()) / step.files, f"{doing} {step.file}/{step.files} {Path(step.path).name}")
            if step.outcome and as_json:
                print_json([asdict(step.outcome)])
            elif step.outcome:
                (err if out.is_terminal else out).print(outcome_line(step.outcome))  # on a terminal, above the bar

        yield on_progress


def outcome_line(outcome: Outcome) -> str:
    """What became of a file, in rich's markup."""
    colour = "green" if outcome.is_searchable else "yellow"
    return f"[{colour}]{outcome.status:<14}[/{colour}] {escape(outcome.document)}  [dim]{escape(outcome.message)}[/dim]"


def _finish(report: Report, as_json: bool) -> None:
    if not as_json:
        searchable = sum(outcome.is_searchable for outcome in report.outcomes)
        err.print(f"{searchable} of {len(report.outcomes)} files are searchable.")
    raise typer.Exit(0 if report.all_searchable else 1)


def _cells(record: DocumentRecord) -> tuple[str, ...]:
    added = f"indexing {int(100 * record.indexed)} %" if record.indexed < 1 else record.added[:16].replace("T", " ")
    return escape(record.name), str(record.pages), str(record.chunks), added, record.id[:12]
