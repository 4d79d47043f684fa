"""How a place in a document is named to a reader, and what the footnotes of an answer quote."""

from dataclasses import dataclass

from rag.formats.registry import format_named, has_unit
from rag.types import Answer, Citation, Passage, Verdict


@dataclass(frozen=True, slots=True)
class Footnote:
    """A number of an answer with the quotes under it, each with its verdict, or None where it was not checked."""

    number: int
    place: str
    heading: str
    quotes: tuple[tuple[str, Verdict | None], ...]


def page_words(page: int, label: str = "") -> str:
    """Name a page: "page 14 (printed 12)", or "page 14" where the printed number is the same or unknown."""
    return f"page {page}" if label in {str(page), ""} else f"page {page} (printed {label})"


def has_pages(document: str) -> bool:
    """Whether a document of this name is cited by page even if it has but one, as PDFs are."""
    named = format_named(document)
    return named is not None and named.unit == "page"


def place(passage: Passage) -> str:
    """Name a passage's place: the document, and its page, slide or part; a text of one part has none."""
    if has_unit(passage.page_label):
        return f"{passage.document}, {passage.page_label}"
    if passage.page > 1 or has_pages(passage.document):
        return f"{passage.document}, {page_words(passage.page, passage.page_label)}"
    return passage.document


def footnotes(answer: Answer) -> list[Footnote]:
    """An answer's footnotes, by number."""
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    return [
        Footnote(number, place(cited[0].passage), cited[0].heading, tuple(dict.fromkeys(map(_checked_quote, cited))))
        for number, cited in sorted(by_number.items())
    ]


def _checked_quote(citation: Citation) -> tuple[str, Verdict | None]:
    return " ".join(citation.quote.split()), citation.verdict if citation.sentence else None
