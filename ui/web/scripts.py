"""The page's few lines of JavaScript: they turn clicks into events for Python, and move nothing themselves but columns."""

from pathlib import Path

FOLDER = Path(__file__).parent


def _script(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


DOCUMENTS_SCRIPT = _script("documents.js")
SOURCE_SCRIPT = _script("source.js")
HISTORY_SCRIPT = _script("history.js")
ASKING_SCRIPT = _script("asking.js")
HEAD_SCRIPT = _script("head.js")
