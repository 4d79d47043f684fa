"""The health of a library and of what the page keeps beside it: for `rag doctor`, the page's button and `/doctor`."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.settings import Settings
from rag.types import Finding
from ui.chats import CONVERSATIONS_FILE

if TYPE_CHECKING:
    from rag.library import Library  # not loaded for `rag --help`


def diagnose(library: "Library") -> list[Finding]:
    """Check the library, its uploads and conversations, the settings and the chat model."""
    kept = _uploads(library.folder), _conversations(library.folder)
    return [*library.examine(), *kept, _settings(library.settings), _chat(library), *_languages(library)]


def mend(library: "Library") -> list[Finding]:
    """Repair the library, then check it again."""
    try:
        outcomes = library.repair()
    except RagError as error:
        return [Finding("repair", "fault", str(error)), *diagnose(library)]
    failed = [f"{outcome.document}: {outcome.message}" for outcome in outcomes if not outcome.is_searchable]
    if failed:
        return [Finding("repair", "fault", " ".join(failed), "Add these files again."), *diagnose(library)]
    return [Finding("repair", "ok", f"Repaired; {len(outcomes)} files were added again."), *diagnose(library)]


def _uploads(folder: Path) -> Finding:
    if waiting := len(list((folder / "queue").glob("*.json"))):
        message = f"Unfinished uploads in {folder / 'queue'}: {waiting:,}."
        return Finding("uploads", "warning", message, "The page reads them, or shows why it cannot.")
    return Finding("uploads", "ok", "No unfinished uploads.")


def _settings(settings: Settings) -> Finding:
    if settings.chat_endpoint is None and (settings.chat_model or settings.chat_api_key):
        message = "RAG_CHAT_MODEL or RAG_CHAT_API_KEY is set, but RAG_CHAT_BASE_URL is not."
        return Finding("settings", "warning", message, "Set RAG_CHAT_BASE_URL.")
    changed = ", ".join(sorted(settings.model_fields_set))
    return Finding("settings", "ok", f"All settings are valid. Changed from their defaults: {changed or 'none'}.")


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
        cure = "Restart the page: it sets the damaged file aside and starts a new one."
        return Finding("conversations", "fault", f"{file} cannot be read: {' '.join(state.split())}.", cure)
    return Finding("conversations", "ok", f"{count:,} {'conversation' if count == 1 else 'conversations'}.")


def _languages(library: "Library") -> list[Finding]:
    """A finding where the embedding model does not know the documents' languages."""
    from ui.models import offer_in_words

    words = offer_in_words(library)
    return [Finding("languages", "warning", words, "`rag models use`")] if words else []


def _chat(library: "Library") -> Finding:
    if library.chat_model is None:
        return Finding("chat model", "ok", "No chat model is connected: answers are quotations.")
    try:
        status = asyncio.run(library.chat_model.check())
    except RagError as error:
        return Finding("chat model", "fault", str(error), "Correct the chat model's settings.")
    return Finding("chat model", "ok" if status.model else "fault", status.message, "" if status.model else "Set RAG_CHAT_MODEL.")
