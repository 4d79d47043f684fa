"""The gold of a question file -> documents, pages and text spans of the library."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Protocol

from rag.errors import DocumentError, DocumentNotFoundError
from rag.evaluating.text_spans import DocumentText, Occurrence
from rag.types import DocumentRecord

GOLD_KEYS = ("document", "page", "label", "text")
LONGEST_SHOWN = 60  # characters of a wrong value in a message

OnProblem = Callable[[str], None]
"""Called with each thing that is wrong with a line."""


class PageTexts(Protocol):
    """The texts of documents."""

    def texts(self, document: str) -> Sequence[str]:
        """The text of each page of the document with this id, in order."""


class Corpus(Protocol):
    """The documents that gold refers to; `Library` is one."""

    @property
    def pages(self) -> PageTexts:
        """Their pages."""

    def documents(self) -> Sequence[DocumentRecord]:
        """All of them."""

    def document(self, name_or_id: str) -> DocumentRecord:
        """Find one by name or id.

        Raises:
            DocumentNotFoundError: There is none.
        """


@dataclass(frozen=True, slots=True)
class Gold:
    """What answers a question: a whole document, a page of it, or a text in it.

    Attributes:
        document: The file's name.
        document_id: SHA-256 of the file.
        page: Physical number, 1-based; None where any page counts.
        text: The words that answer, or "".
        occurrences: All occurrences of the text; empty without one.
    """

    document: str
    document_id: str
    page: int | None = None
    text: str = ""
    occurrences: tuple[Occurrence, ...] = ()

    @property
    def pages(self) -> set[int]:
        """The pages it is on; empty where any page counts."""
        return {span.page for spans in self.occurrences for span in spans} if self.page is None else {self.page}


class GoldError(Exception):
    """What is wrong with a gold item or a document's name."""


class GoldReader:
    """Resolves gold items; each document is read once."""

    def __init__(self, corpus: Corpus) -> None:
        self._names = sorted({record.name for record in corpus.documents()})
        self._find = cache(corpus.document)
        self._text = cache(lambda document: DocumentText(corpus.pages.texts(document)))

    def document(self, name: str) -> DocumentRecord:
        """Find a document by name or id; raises GoldError where there is none, or several."""
        name = valid_unicode(name)
        try:
            return self._find(name)
        except DocumentNotFoundError as error:
            near = get_close_matches(name, self._names, n=1)
            raise GoldError(str(error) + (f" Did you mean {near[0]!r}?" if near else "")) from error

    def read(self, item: object, on_problem: OnProblem) -> Gold | None:
        """Resolve one item of "gold"; None where it has a problem."""
        try:
            return self._resolved(item, on_problem)
        except GoldError as error:
            on_problem(str(error))
            return None

    def _resolved(self, item: object, on_problem: OnProblem) -> Gold:
        if not isinstance(item, dict):
            raise GoldError(f'a gold item must look like {{"document": "name.pdf", "page": 7}}, not {shown(item)}.')
        check_keys(item, GOLD_KEYS, on_problem)
        name, text = item.get("document"), item.get("text", "")
        if not isinstance(name, str) or not name:
            raise GoldError('a gold item names no document; add "document": "name.pdf".')
        if not isinstance(text, str) or ("text" in item and not text.strip()):
            raise GoldError(f'"text" must be words that occur in the document, not {shown(text)}.')
        record = self.document(name)
        page = _page(item, record)
        text = valid_unicode(text).strip()
        return Gold(record.name, record.id, page, text, self._occurrences(record, text, page) if text else ())

    def _occurrences(self, record: DocumentRecord, text: str, page: int | None) -> tuple[Occurrence, ...]:
        try:
            found = self._text(record.id).find(text)
        except DocumentError as error:
            raise GoldError(str(error)) from error
        if not found:
            raise GoldError(f"the text {shown(text)} was not found in {record.name}.")
        on_page = tuple(each for each in found if page is None or any(span.page == page for span in each))
        if not on_page:
            raise GoldError(f"the text {shown(text)} is not on page {page} of {record.name}, but on page {found[0][0].page}.")
        return on_page


def _page(item: dict[str, Any], record: DocumentRecord) -> int | None:
    """The physical page that a gold item names."""
    page, label = item.get("page"), item.get("label")
    if page is not None and label is not None:
        raise GoldError('a gold item has either a "page" or a "label", not both.')
    if label is not None:
        return _labelled(label, record)
    if page is None:
        return None
    if isinstance(page, bool) or not isinstance(page, int):
        raise GoldError(f'"page" must be a physical page number such as 7, not {shown(page)}; for a printed one use "label": "iv".')
    if not 1 <= page <= record.pages:
        raise GoldError(f"{record.name} has no page {shown(page)}; it has {record.pages}, and the first is 1.")
    return page


def _labelled(label: object, record: DocumentRecord) -> int:
    if not isinstance(label, str):
        raise GoldError(f'"label" must be the printed page number as a string, such as "iv", not {shown(label)}.')
    pages = [number for number, printed in enumerate(record.labels, start=1) if printed == label]
    if not pages:
        raise GoldError(f"{record.name} has no page labelled {label!r}.")
    if len(pages) > 1:
        raise GoldError(f'{record.name} has {len(pages)} pages labelled {label!r}; give the physical number as "page": {pages[0]}.')
    return pages[0]


def check_keys(values: dict[str, Any], known: Sequence[str], on_problem: OnProblem) -> None:
    """Report unknown keys."""
    for key in values:
        if key not in known:
            near = get_close_matches(key.lower(), known, n=1)
            on_problem(f"unknown key {shown(key)}; " + (f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."))


def valid_unicode(text: str) -> str:
    """The text without lone surrogates, which JSON may hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def shown(value: object) -> str:
    """A value as JSON, short enough for a message."""
    words = valid_unicode(json.dumps(value, ensure_ascii=False))
    return words if len(words) <= LONGEST_SHOWN else words[: LONGEST_SHOWN - 3] + "..."
