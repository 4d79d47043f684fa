"""How a place in a document is named to a reader."""

from rag.formats.parts import part_label
from rag.types import Passage


def page_words(page: int, label: str = "") -> str:
    """Name a page: "page 14 (printed 12)", or "page 14" where the printed number is the same or unknown."""
    return f"page {page}" if label in {str(page), ""} else f"page {page} (printed {label})"


def place(passage: Passage) -> str:
    """Name a passage's place: the document, and its page or part if it has more than one, or is a PDF."""
    if passage.page_label == part_label(passage.page):
        return f"{passage.document}, {passage.page_label}"
    if passage.document.lower().endswith(".pdf") or passage.page > 1:
        return f"{passage.document}, {page_words(passage.page, passage.page_label)}"
    return passage.document
