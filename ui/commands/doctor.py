"""`rag doctor`: checks the library, and repairs it. Where a page holds the library, the page does it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError, RagError
from rag.settings import Settings
from rag.storing.lock import holder_url
from rag.types import Finding
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json
from ui.diagnosis import diagnose, mend

COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}
TIMEOUT_SECONDS = 3600.0  # a repair may embed a whole library again

app = typer.Typer()


@app.command()
def doctor(
    library: LibraryOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what is damaged from the library's own files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the library: record, vectors, keyword index, files, conversations, chat model and disk."""
    try:
        with open_library(library) as opened:
            findings = mend(opened) if repair else diagnose(opened)
    except LibraryLockedError:
        url = holder_url(library or Settings().library)
        if not url:
            raise
        findings = _from_page(url, repair)
    if as_json:
        print_json(asdict(finding) for finding in findings)
    else:
        _print(findings)
    raise typer.Exit(1 if any(finding.state == "fault" for finding in findings) else 0)


def _from_page(url: str, repair: bool) -> list[Finding]:
    import httpx2

    try:
        answer = httpx2.request("POST" if repair else "GET", f"{url}/doctor", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return [Finding(**finding) for finding in answer.json()]
    except (httpx2.HTTPError, ValueError, TypeError) as error:
        raise RagError(f"The page at {url} holds the library and did not answer: {error}. Stop it, or try again.") from error


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        colour = COLOURS[finding.state]
        cure = f"  [dim]{escape(finding.cure)}[/dim]" if finding.cure else ""
        out.print(f"[{colour}]{finding.state:<8}[/{colour}] [bold]{finding.part:<14}[/bold] {escape(finding.message)}{cure}")
    faults = sum(finding.state == "fault" for finding in findings)
    err.print("No problems found." if not faults else f"{faults} of {len(findings)} parts need attention.")
