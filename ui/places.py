"""How a place in a document is named to a reader, and what the footnotes of an answer quote."""

from dataclasses import dataclass

from rag.formats.counting import page_noun
from rag.formats.protocol import Format
from rag.formats.registry import format_named, format_of, has_unit
from rag.types import Answer, CheckedSentence, Citation, DocumentRecord, Passage, Verdict
from ui import text


@dataclass(frozen=True, slots=True)
class Footnote:
    """A number of an answer with the quotes under it, each with its verdict, or None where it was not checked.

    `cited` has a citation for each of the quotes.
    """

    number: int
    place: str
    heading: str
    quotes: tuple[tuple[str, Verdict | None], ...]
    cited: tuple[Citation, ...]


def page_words(page: int, label: str = "") -> str:
    """Name a page: "page 14 (printed 12)", or "page 14" where the printed number is the same or unknown."""
    return f"page {page}" if label in {str(page), ""} else f"page {page} (printed {label})"


def page_among(record: DocumentRecord, page: int) -> str:
    """Name a page among the others: "page 2 of 9, printed iv", "slide 2 of 9", "sheet Prices · 2 of 9"; "" where it is a whole text."""
    kind, label = format_of(record.media_type), record.labels[page - 1]
    if _says_its_unit(label, kind) and label != f"{kind.unit} {page}":
        return text.PAGE_AMONG.format(label=label, page=page, pages=record.pages) if record.pages > 1 else label
    if record.pages == 1 and label == "1" and not kind.is_drawn:
        return ""
    printed = text.PRINTED.format(label=label) if kind.unit == "page" and label != str(page) else ""
    return text.PAGE_OF.format(unit=page_noun(kind), page=page, pages=record.pages) + printed


def numbered(document: str, page: int) -> str:
    """Name a page by its number where its label is not at hand: "notes.pdf, page 3", "talk.pptx, slide 3", "notes.txt"."""
    named = format_named(document)
    return f"{document}, {page_noun(named)} {page}" if named and (named.unit == "page" or page > 1) else document


def has_pages(document: str) -> bool:
    """Whether a document of this name is cited by page even if it has but one, as PDFs are."""
    named = format_named(document)
    return named is not None and named.unit == "page"


def place(passage: Passage) -> str:
    """Name a passage's place: the document, and its page, slide or part; a text of one part has none."""
    if _says_its_unit(passage.page_label, format_named(passage.document)):
        return f"{passage.document}, {passage.page_label}"
    if passage.page > 1 or has_pages(passage.document):
        return f"{passage.document}, {page_words(passage.page, passage.page_label)}"
    return passage.document


def address(server: str, document_id: str, page: int, start: int = 0, end: int = 0) -> str:
    """The address that opens a page in a browser, with these words of it marked."""
    words = f"&start={start}&end={end}" if end > start else ""
    return f"{server.rstrip('/')}/#document={document_id}&page={page}{words}"


def footnotes(answer: Answer) -> list[Footnote]:
    """An answer's footnotes, by number."""
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    found = []
    for number, cited in sorted(by_number.items()):
        quotes = {_checked_quote(each): each for each in cited}
        found.append(Footnote(number, place(cited[0].passage), cited[0].heading, tuple(quotes), tuple(quotes.values())))
    return found


def searches(answer: Answer) -> list[str]:
    """What was searched for beside what was asked: a follow-up as it was completed, each part by its name, the library's own words."""
    searched, asked = (" ".join(words.split()) for words in (answer.searched, answer.question))
    whole = [f"“{searched}”"] if searched not in {"", asked} else []
    parts = [f"{part.name}: “{part.searched}”" for part in answer.parts]
    also = [text.WORDING.format(asked=each.asked, searched=each.searched.removeprefix(f"{each.asked}, ")) for each in answer.wordings]
    return [*whole, *parts, *also]


def sentence_words(answer: Answer, sentence: CheckedSentence) -> str:
    """A checked sentence on one line, without Markdown and footnotes where it has any."""
    cited = next((answer.citations[index].sentence for index in sentence.citations), "")
    return cited or " ".join(answer.text[sentence.start : sentence.end].split())


def _says_its_unit(label: str, kind: Format | None) -> bool:
    """Whether a label is a place by itself: "sheet Prices"; one that is printed on a page may only look so."""
    return has_unit(label) and not (kind and kind.is_drawn and kind.unit == "page")


def _checked_quote(citation: Citation) -> tuple[str, Verdict | None]:
    return " ".join(citation.quote.replace("\t", " | ").split()), citation.verdict if citation.sentence else None
