"""`rag export` and `rag import`: a library as one file."""

from pathlib import Path
from typing import Annotated

import typer

from ui.commands.documents import finish, outcomes_printed
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, path, progress_bar

app = typer.Typer()

FileArgument = Annotated[Path, typer.Argument(help="The file, such as backup.zip.", parser=path, metavar="FILE")]


@app.command("export")
def export_library(file: FileArgument, library: LibraryOption = None) -> None:
    """Write the library to one file: documents with their vectors, metadata and files, and conversations."""
    with open_library(library) as opened, progress_bar() as show:
        opened.export(file, progress=lambda step: show(step.file / step.files, f"{step.file}/{step.files} {step.path}"))
        count = len(opened.documents())
    err.print(f"Exported {count} documents to {file}.", markup=False)


@app.command("import")
def import_library(
    file: FileArgument,
    library: LibraryOption = None,
    merge: Annotated[bool, typer.Option("--merge", help="Add to a library that has documents; those in both stay as they are.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import a library that was exported, without embedding it again."""
    with open_library(library, create=True) as opened, outcomes_printed(as_json) as progress:
        report = opened.import_(file, merge=merge, progress=progress)
    finish(report, as_json)
