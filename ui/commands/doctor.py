"""`rag doctor`: checks the library, and repairs it. Where a page holds the library, the page does it."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError, RagError
from rag.settings import Settings
from rag.storing.lock import holder_url
from rag.types import Finding
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json

if TYPE_CHECKING:
    from rag.library import Library

COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}
CONVERSATIONS_FILE = "conversations.sqlite3"
"""In the library's folder."""

TIMEOUT_SECONDS = 3600.0
"""A repair may embed a whole library again."""

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


def diagnose(library: "Library") -> list[Finding]:
    """Check every part of a library, the settings, the chat model, and what the page keeps in the library's folder."""
    return [*library.examine(), _uploads(library.folder), _conversations(library.folder), _settings(library.settings), _chat(library)]


def mend(library: "Library") -> list[Finding]:
    """Repair a library, and check it again."""
    try:
        outcomes = library.repair()
    except RagError as error:
        return [Finding("repair", "fault", str(error)), *diagnose(library)]
    failed = [f"{outcome.document}: {outcome.message}" for outcome in outcomes if not outcome.is_searchable]
    if failed:
        return [Finding("repair", "fault", " ".join(failed), "Add these files again."), *diagnose(library)]
    return [Finding("repair", "ok", f"Repaired; {len(outcomes)} files were added again."), *diagnose(library)]


def _uploads(folder: Path) -> Finding:
    queue = folder / "queue"
    if waiting := len(list(queue.glob("*.json"))):
        return Finding("uploads", "warning", f"{waiting:,} uploads are queued in {queue}.", "Start the page: it processes them.")
    return Finding("uploads", "ok", "No uploads are queued.")


def _settings(settings: Settings) -> Finding:
    if settings.chat_endpoint is None and (settings.chat_model or settings.chat_api_key):
        message = "RAG_CHAT_MODEL or RAG_CHAT_API_KEY is set, but RAG_CHAT_BASE_URL is not."
        return Finding("settings", "warning", message, "Set RAG_CHAT_BASE_URL.")
    changed = sorted(settings.model_fields_set)
    return Finding("settings", "ok", f"All settings are valid. Changed from their defaults: {', '.join(changed) or 'none'}.")


def _conversations(folder: Path) -> Finding:
    file = folder / CONVERSATIONS_FILE
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (count,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
    except sqlite3.Error as error:
        if not file.exists():
            return Finding("conversations", "ok", "There are no conversations yet.")
        state = str(error)
    if state != "ok":
        cure = "When it next starts, the page sets the file aside and begins a new one."
        return Finding("conversations", "fault", f"{file} cannot be read: {' '.join(state.split())}.", cure)
    return Finding("conversations", "ok", f"{count:,} {'conversation' if count == 1 else 'conversations'}.")


def _chat(library: "Library") -> Finding:
    if library.chat_model is None:
        return Finding("chat model", "ok", "No chat model is connected: answers are quoted sentences.")
    try:
        status = asyncio.run(library.chat_model.check())
    except RagError as error:
        return Finding("chat model", "fault", str(error), "Correct the settings of the chat model.")
    return Finding("chat model", "ok" if status.model else "fault", status.message, "" if status.model else "Set RAG_CHAT_MODEL.")


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
