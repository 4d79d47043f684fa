"""`rag ...`: the library on the command line. Results on stdout, everything else on stderr."""

import io
import sys

import typer
from pydantic import ValidationError

from rag.errors import RagError
from ui.commands import agents, asking, checking, doctor, documents, evaluating, models, serving, training, watching
from ui.commands.exploring import arithmetic, classify, compare, duplicates, maps, related, tokens
from ui.commands.terminal import err

COMMANDS = (
    documents,
    watching,
    asking,
    checking,
    serving,
    agents,
    models,
    doctor,
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

app = typer.Typer(
    help="Chat with your documents; every sentence footnoted to the page it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for commands in COMMANDS:
    app.add_typer(commands.app)


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
