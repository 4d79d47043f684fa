"""`rag doctor`: is the library whole, and what is to be done. Where a page holds the library, the page is asked."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError, RagError
from rag.storing.lock import holder_url
from rag.types import Finding
from ui.commands.terminal import JsonOption, LibraryOption, err, library_folder, open_library, out, print_json
from ui.diagnosis import diagnose, mend

COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}
SECONDS_TO_ANSWER = 3600.0
"""A repair may embed a whole library again."""


def register(app: typer.Typer) -> None:
    """Add the command `doctor`."""

    @app.command()
    def doctor(
        library: LibraryOption = None,
        repair: Annotated[bool, typer.Option("--repair", help="Rebuild what is damaged from the library's own files.")] = False,
        json_lines: JsonOption = False,
    ) -> None:
        """Check the library: record, vectors, keyword index, files, conversations, chat model and disk."""
        try:
            with open_library(library, must_exist=True) as opened:
                findings = mend(opened) if repair else diagnose(opened)
        except LibraryLockedError:
            url = holder_url(library_folder(library))
            if not url:
                raise
            findings = _of_page(url, repair)
        if json_lines:
            print_json(asdict(finding) for finding in findings)
        else:
            _print(findings)
        raise typer.Exit(1 if any(finding.state == "fault" for finding in findings) else 0)


def _of_page(url: str, repair: bool) -> list[Finding]:
    import httpx2

    try:
        answer = (
            httpx2.post(f"{url}/doctor", timeout=SECONDS_TO_ANSWER) if repair else httpx2.get(f"{url}/doctor", timeout=SECONDS_TO_ANSWER)
        )
        answer.raise_for_status()
        return [Finding(**finding) for finding in answer.json()]
    except (httpx2.HTTPError, ValueError, TypeError) as error:
        raise RagError(f"The page at {url} holds the library, and did not answer: {error}. Stop it, or try again.") from error


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        colour = COLOURS[finding.state]
        cure = f"  [dim]{escape(finding.cure)}[/dim]" if finding.cure else ""
        out.print(f"[{colour}]{finding.state:<8}[/{colour}] [bold]{finding.part:<14}[/bold] {escape(finding.message)}{cure}")
    faults = sum(finding.state == "fault" for finding in findings)
    err.print("Everything is in order." if not faults else f"{faults} of {len(findings)} parts need attention.")
