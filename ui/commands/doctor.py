"""`rag doctor`: checks the library, and repairs it. Where a page holds the library, the page does it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError
from rag.types import Finding
from ui.commands.page import ask_page
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json
from ui.diagnosis import diagnose, mend

COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}

app = typer.Typer()


@app.command()
def doctor(
    library: LibraryOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what is damaged from the library's own files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the library: record, vectors, keyword index, files, conversations, chat model and disk."""
    try:
        with open_library(library, from_server=False) as opened:
            findings = mend(opened) if repair else diagnose(opened)
    except LibraryLockedError as error:
        answered = ask_page(library, "POST" if repair else "GET", "/doctor", error)
        findings = [Finding(**finding) for finding in answered]
    if as_json:
        print_json(asdict(finding) for finding in findings)
    else:
        _print(findings)
    raise typer.Exit(1 if any(finding.state == "fault" for finding in findings) else 0)


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        colour = COLOURS[finding.state]
        cure = f"  [dim]{escape(finding.cure)}[/dim]" if finding.cure else ""
        out.print(f"[{colour}]{finding.state:<8}[/{colour}] [bold]{finding.part:<14}[/bold] {escape(finding.message)}{cure}")
    faults = sum(finding.state == "fault" for finding in findings)
    err.print("No problems found." if not faults else f"{faults} of {len(findings)} parts need attention.")
