"""How a place in a document is named to a reader."""

from rag.formats.parts import part_label
from rag.types import Passage


def page_words(page: int, label: str) -> str:
    """Name a page: "page 14 (printed 12)", or "page 14" where the printed number says the same or nothing."""
    return f"page {page}" if label in {str(page), ""} else f"page {page} (printed {label})"


def place(passage: Passage) -> str:
    """Name a passage's place: the document, and the page where it is a PDF, the part where it is a long text."""
    if passage.page_label == part_label(passage.page):
        return f"{passage.document}, {passage.page_label}"
    if passage.document.lower().endswith(".pdf") or passage.page > 1:
        return f"{passage.document}, {page_words(passage.page, passage.page_label)}"
    return passage.document
