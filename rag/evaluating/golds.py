"""What a line says of the right passage -> the document, the page and the places in it that are meant."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

from rag.errors import DocumentError, DocumentNotFoundError
from rag.evaluating.placing import DocumentText, Place
from rag.types import DocumentRecord

GOLD_KEYS = ("document", "page", "label", "text")

Tell = Callable[[str], None]


class PageTexts(Protocol):
    """The texts of documents."""

    def texts(self, document: str) -> Sequence[str]:
        """The text of each page of a document, in order."""
        ...


class Shelf(Protocol):
    """The documents that gold is in; `Library` is one."""

    @property
    def pages(self) -> PageTexts:
        """Their pages."""
        ...

    def documents(self) -> Sequence[DocumentRecord]:
        """All of them."""
        ...

    def document(self, name_or_id: str) -> DocumentRecord:
        """Find one by name or id."""
        ...


@dataclass(frozen=True, slots=True)
class Gold:
    """What a right passage is of: a whole document, a page of it, or a text in it.

    Attributes:
        document: The file's name.
        document_id: SHA-256 of the file.
        page: Physical number, 1-based; None where any page will do.
        text: The words wanted, or "".
        places: Where these words stand; all occurrences. Empty where no words are wanted.
    """

    document: str
    document_id: str
    page: int | None = None
    text: str = ""
    places: tuple[Place, ...] = ()


class _GoldError(Exception):
    """What is wrong with a gold item."""


class Finder:
    """Finds documents and texts in them; each document is read once."""

    def __init__(self, library: Shelf) -> None:
        self._library = library
        self._names = sorted({record.name for record in library.documents()})
        self._records: dict[str, DocumentRecord | str] = {}
        self._texts: dict[str, DocumentText] = {}

    def document(self, name: str, tell: Tell) -> DocumentRecord | None:
        """A document by name or id; None where `tell` was told that there is none."""
        if name not in self._records:
            try:
                self._records[name] = self._library.document(name)
            except DocumentNotFoundError as error:
                near = get_close_matches(name, self._names, n=1)
                self._records[name] = str(error) + (f" Did you mean {near[0]!r}?" if near else "")
        found = self._records[name]
        if isinstance(found, str):
            tell(found)
            return None
        return found

    def places(self, record: DocumentRecord, text: str, page: int | None) -> tuple[Place, ...]:
        """Where a text stands in a document, on one page of it where that is given."""
        if record.id not in self._texts:
            try:
                self._texts[record.id] = DocumentText(self._library.pages.texts(record.id))
            except DocumentError as error:
                raise _GoldError(str(error)) from error
        places = self._texts[record.id].find(text)
        if not places:
            raise _GoldError(f"the text {shown(text)} stands nowhere in {record.name}.")
        on_page = tuple(place for place in places if page is None or any(span.page == page for span in place))
        if not on_page:
            raise _GoldError(f"the text {shown(text)} does not stand on page {page} of {record.name}, but on page {places[0][0].page}.")
        return on_page


def read_gold(item: object, finder: Finder, tell: Tell) -> Gold | None:
    """Find what one item of "gold" means; None where something about it was told to be wrong."""
    if not isinstance(item, dict):
        tell(f'a gold item is like {{"document": "name.pdf", "page": 7}}, not {shown(item)}.')
        return None
    check_keys(item, GOLD_KEYS, tell)
    name, text = item.get("document"), item.get("text", "")
    if not isinstance(name, str) or not name:
        tell('a gold item names no document; write it as "document": "name.pdf"')
        return None
    if not isinstance(text, str) or ("text" in item and not text.strip()):
        tell(f'"text" must be words that stand in the document, not {shown(text)}.')
        return None
    record = finder.document(clean(name), tell)
    if record is None:
        return None
    try:
        page = _page(item, record)
        text = clean(text).strip()
        places = finder.places(record, text, page) if text else ()
    except _GoldError as error:
        tell(str(error))
        return None
    return Gold(record.name, record.id, page, text, places)


def _page(item: dict[str, Any], record: DocumentRecord) -> int | None:
    """The physical page that a gold item names."""
    page, label = item.get("page"), item.get("label")
    if page is not None and label is not None:
        raise _GoldError('a gold item has a "page" or a "label", not both.')
    if label is not None:
        return _labelled(label, record)
    if page is None:
        return None
    if isinstance(page, bool) or not isinstance(page, int):
        raise _GoldError(f'"page" must be a physical page number such as 7, not {shown(page)}; printed ones go as "label": "iv".')
    if not 1 <= page <= record.pages:
        raise _GoldError(f"{record.name} has no page {shown(page)}; it has {record.pages}, and the first is 1.")
    return page


def _labelled(label: object, record: DocumentRecord) -> int:
    if not isinstance(label, str):
        raise _GoldError(f'"label" must be the printed number as a text, such as "iv", not {shown(label)}.')
    pages = [number for number, printed in enumerate(record.labels, start=1) if printed == label]
    if not pages:
        raise _GoldError(f"{record.name} has no page that is printed {label!r}.")
    if len(pages) > 1:
        raise _GoldError(f'{record.name} has {len(pages)} pages that are printed {label!r}; give the physical one as "page": {pages[0]}')
    return pages[0]


def check_keys(values: dict[str, Any], known: Sequence[str], tell: Tell) -> None:
    """Tell of keys that mean nothing."""
    for key in values:
        if key not in known:
            near = get_close_matches(key.lower(), known, n=1)
            tell(f"the key {shown(key)} is not known; " + (f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."))


def clean(text: str) -> str:
    """Valid UTF-8, as the library's own texts are."""
    return text.encode("utf-8", "replace").decode()


def shown(value: object) -> str:
    """A value as JSON, short enough for a message."""
    shown = clean(json.dumps(value, ensure_ascii=False))
    return shown if len(shown) <= 60 else shown[:57] + "..."
