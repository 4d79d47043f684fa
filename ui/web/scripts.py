"""The page's scripts: they turn clicks into events for Python, and move nothing themselves but columns and forms."""

from pathlib import Path

FOLDER = Path(__file__).parent


def script(name: str) -> str:
    """The text of a script beside this file."""
    return (FOLDER / name).read_text(encoding="utf-8")
