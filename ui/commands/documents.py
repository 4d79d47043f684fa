"""`rag add`, `rag list`, `rag remove`, `rag reindex`: what is in the library."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from rag import arguments
from rag.errors import LibraryError, StorageError
from rag.files import uploaded_name
from rag.filters import Filters, described, kind_of
from rag.formats.counting import notes_on
from rag.formats.registry import names
from rag.types import DocumentRecord, MetadataValue, Outcome, Progress, ProgressCallback, Report
from ui.commands.filtering import filtered
from ui.commands.terminal import (
    ADD_DOCUMENTS,
    STDIN,
    JsonOption,
    LibraryOption,
    err,
    input_file,
    on_screen,
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
def add(  # noqa: PLR0913, PLR0917 - each option is one
    paths: Annotated[
        list[str],
        typer.Argument(
            help=f"Files, folders and web addresses: {names()}; - reads standard input.", parser=path_or_address, metavar="PATHS"
        ),
    ],
    library: LibraryOption = None,
    name: Annotated[
        str | None, typer.Option(help="Name for what comes from standard input, such as notes.txt.", show_default=False)
    ] = None,
    password: Annotated[
        list[str] | None,
        typer.Option(help="Tried on encrypted PDFs. Visible in the process list: prefer `--password-file`.", show_default=False),
    ] = None,
    password_file: Annotated[
        list[str] | None,
        typer.Option(help="File with a password for encrypted PDFs; repeatable.", parser=password_in, metavar="FILE", show_default=False),
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option(help="Metadata to search by, such as year=2022; repeatable.", metavar="KEY=VALUE", show_default=False),
    ] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Prompt for the password of encrypted PDFs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add files, the files in folders, and what is at web addresses. A changed file replaces its earlier version."""
    passwords = [*(password or ()), *(password_file or ())]
    if ask_password:
        passwords.append(typer.prompt("Password", hide_input=True, err=True))
    metadata = metadata_in(meta) if meta else None
    files, piped = [given for given in paths if given != STDIN], _input_name(name, is_given=STDIN in paths)
    with open_library(library, create=True) as opened, outcomes_printed(as_json) as progress:
        given: dict[str, Any] = {"passwords": passwords, "progress": progress, "metadata": metadata}
        outcomes = opened.add(files, **given).outcomes if files else ()
        if piped:
            with input_file(piped) as file:
                outcomes = (*outcomes, opened.add_upload(file, piped, replace=True, **given))
    finish(Report(outcomes), as_json)


def _input_name(name: str | None, *, is_given: bool) -> str:
    """The name of what comes from standard input; "" where nothing does."""
    if (name is not None) != is_given:
        raise typer.BadParameter("- and --name belong together: `rag add - --name notes.txt` adds standard input.", param_hint="--name")
    try:
        return uploaded_name(name) if name is not None else ""
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--name") from error


def metadata_in(given: list[str]) -> dict[str, MetadataValue]:
    """Metadata as it is typed: a value is a number, true, false or a list where it looks like one, unless it is in quotes."""
    metadata: dict[str, MetadataValue] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not key.strip() or not equals:
            raise typer.BadParameter(f"{each!r} is not KEY=VALUE. Write --meta year=2022.", param_hint="--meta")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        metadata[key.strip()] = read if isinstance(read, str | int | float | bool | list) else value
    try:
        return arguments.metadata(metadata) or {}
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error), param_hint="--meta") from error


@app.command("list")
@filtered
def list_documents(filters: Filters, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents."""
    from ui.models import offer_in_words

    with open_library(library) as opened:
        records, cure = opened.documents(filters), opened.ocr_cure
        if not records and (all_records := opened.documents()):
            raise LibraryError(f"No document matches. {described(all_records)}")
        all_searched = warn_not_searched(opened)
        for record, problem in opened.damaged_copies():
            warn(f"The library's copy of {record.name} is {problem}: add the file again, or run `rag doctor --repair`.")
        if offer := offer_in_words(opened):
            warn(f"{offer} `rag models use` changes to it.")
    if as_json:
        print_json(map(_fields, records))
    elif records:
        columns = ("document", "kind", "language", "date", "id") if filters else ("document", "pages", "chunks", "added", "id")
        print_table(columns, (_told(each) if filters else _cells(each, cure) for each in records), right=("pages", "chunks"))
        for record in records:
            if notes := notes_on(record, cure):
                warn(f"{record.name}: {'; '.join(notes)}.")
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
    with open_library(library) as opened, outcomes_printed(as_json) as progress:
        report = opened.reindex(progress)
    if not report.outcomes:
        err.print("Nothing to do: all documents are indexed with the current model.")
    finish(report, as_json)


@contextmanager
def outcomes_printed(as_json: bool) -> Iterator[ProgressCallback]:
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
                (err if on_screen(out) else out).print(outcome_line(step.outcome))  # on a terminal, above the bar

        yield on_progress


def outcome_line(outcome: Outcome) -> str:
    """What became of a file, in rich's markup."""
    colour = "green" if outcome.is_searchable else "yellow"
    return f"[{colour}]{outcome.status:<14}[/{colour}] {escape(outcome.document)}  [dim]{escape(outcome.message)}[/dim]"


def finish(report: Report, as_json: bool) -> None:
    """Say how many files are searchable, and end."""
    if not as_json:
        searchable = sum(outcome.is_searchable for outcome in report.outcomes)
        err.print(f"{searchable} of {len(report.outcomes)} files are searchable.")
    raise typer.Exit(0 if report.all_searchable else 1)


def _fields(record: DocumentRecord) -> dict[str, Any]:
    """What `--json` prints."""
    fields = {name: value for name, value in asdict(record).items() if name != "password"}
    return fields | {"kind": kind_of(record), "state": record.state, "ocr_share": record.ocr_share}


def _cells(record: DocumentRecord, ocr_cure: str) -> tuple[str, ...]:
    added = record.added[:16].replace("T", " ")
    if record.indexed < 1:
        added = f"indexing {int(100 * record.indexed)} %"
    elif record.ocr_waiting and not ocr_cure:
        added = f"OCR {int(100 * record.ocr_share)} %"
    return escape(record.name), str(record.pages), str(record.chunks), added, record.id[:12]


def _told(record: DocumentRecord) -> tuple[str, ...]:
    """What filters look at."""
    day = record.date + (" (of the file)" if record.date_source == "file" else "")
    return escape(record.name), kind_of(record), record.language, day, record.id[:12]
