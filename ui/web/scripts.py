"""The page's few lines of JavaScript: they turn clicks into events for Python, and move nothing themselves but columns."""

from pathlib import Path

FOLDER = Path(__file__).parent


def script(name: str) -> str:
    """The text of a script beside this file."""
    return (FOLDER / name).read_text(encoding="utf-8")


DOCUMENTS_SCRIPT = script("documents.js")
SOURCE_SCRIPT = script("source.js")
HISTORY_SCRIPT = script("history.js")
ASKING_SCRIPT = script("asking.js")
HEAD_SCRIPT = script("head.js")
