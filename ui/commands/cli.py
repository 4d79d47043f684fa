"""`rag ...`: the library on the command line. Results on stdout, everything else on stderr."""

import io
import os
import shutil
import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from rag.errors import LibraryLockedError, RagError
from rag.settings import Settings
from ui.commands import (
    agents,
    asking,
    auditing,
    backups,
    chatting,
    checking,
    doctor,
    documents,
    embedding,
    evaluating,
    exporting,
    libraries,
    models,
    people,
    serving,
    settings,
    training,
    watching,
)
from ui.commands.exploring import arithmetic, classify, compare, duplicates, maps, related, tokens
from ui.commands.terminal import err, out
from ui.commands.waiting import IN_USE, add_waiting

COMMANDS = (
    documents,
    watching,
    asking,
    chatting,
    checking,
    serving,
    agents,
    people,
    auditing,
    libraries,
    models,
    settings,
    doctor,
    exporting,
    backups,
    embedding,
    evaluating,
    maps,
    duplicates,
    related,
    compare,
    classify,
    tokens,
    arithmetic,
    training,
)
"""In the order of `rag --help`."""

FIRST_STEPS = """Footnote answers questions from your documents. Every sentence is footnoted to the page it came from.

  rag add PATH...     add files, folders or web addresses
  rag ask QUESTION    ask a question
  rag chat            ask several questions in a row
  rag serve           open the page for your browser

{next_step}
`rag --help` lists all commands, `rag COMMAND --help` explains one.
"""
STATUSES = (
    "Exit status: 0 done; 1 nothing found, a sentence not supported, or an error; 2 wrong usage; "
    "3 another command holds the library (see `--wait`); 130 stopped by Ctrl-C."
)
LEAST_FOR_BOXES = 60  # columns of a terminal; on a narrower one, help is a plain list

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="rich")


@app.callback(invoke_without_command=True, epilog=STATUSES, context_settings={"help_option_names": ["-h", "--help"]})
def rag(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Chat with your documents; every sentence footnoted to the page it came from."""
    if version:
        from importlib.metadata import version as version_of

        out.print(f"Footnote {version_of('footnote')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        folder = Settings().library
        is_there = (folder / "library.json").exists() or (folder / "chroma").exists()
        next_step = f"Your library is {folder}." if is_there else f"Begin with `rag add PATH`: there is no library at {folder} yet."
        out.print(FIRST_STEPS.format(next_step=next_step), end="", markup=False)


for commands in COMMANDS:
    add_waiting(commands.app)
    app.add_typer(commands.app)


def main() -> None:
    """Run the command line; errors become one sentence and an exit status."""
    encoding = None if "PYTHONIOENCODING" in os.environ else "utf-8"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a narrow locale must not stop an answer half-way
            stream.reconfigure(encoding=encoding, errors="replace")
    width, narrow = shutil.get_terminal_size().columns, dict[str, int]()
    if width < LEAST_FOR_BOXES:
        app.rich_markup_mode, narrow = None, {"terminal_width": width}
    try:
        app(complete_var="_RAG_COMPLETE", **narrow)
    except RagError as error:
        err.print(f"Error: {error}", style="red", markup=False)
        sys.exit(IN_USE if isinstance(error, LibraryLockedError) else 1)
    except ValidationError as error:
        from rag.settings import problems

        for problem in problems(error):
            err.print(f"Error: {problem}", style="red", markup=False)
        sys.exit(2)
