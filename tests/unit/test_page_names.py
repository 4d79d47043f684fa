"""Pages are named, numbered and counted in the words of their format."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rag import DocumentRecord, Passage
from rag.formats.counting import notes_on, pages_counted
from rag.formats.protocol import Format
from rag.formats.registry import FORMATS, page_name, register
from ui.places import numbered, page_among, place

BOOK = Format("Book", "application/x-book", "none:none", (".book",), unit="leaf")
ROWS = Format("Rows", "application/x-rows", "none:none", (".rws",), unit="rows")


@pytest.fixture(autouse=True)
def formats() -> Iterator[None]:
    register(BOOK)
    register(ROWS)
    yield
    FORMATS.remove(BOOK)
    FORMATS.remove(ROWS)


def record(media_type: str, *labels: str, empty: tuple[int, ...] = ()) -> DocumentRecord:
    return DocumentRecord("d" * 64, "a", "", media_type, (), len(labels), 1, empty, labels, "2026-01-01", 9, "")


@pytest.mark.parametrize(
    ("media_type", "page", "labels", "named"),
    [
        ("application/pdf", 1, ("1",), "page 1 of 1"),
        ("application/pdf", 2, ("i", "ii", "1"), "page 2 of 3, printed ii"),
        ("application/pdf", 1, ("leaf 7", "2"), "page 1 of 2, printed leaf 7"),
        ("text/plain", 1, ("1",), ""),
        ("text/plain", 2, ("part 1", "part 2"), "part 2 of 2"),
        ("application/x-book", 3, ("leaf 1", "leaf 2", "leaf 3"), "leaf 3 of 3"),
        ("application/x-book", 1, ("leaf 1",), "leaf 1 of 1"),
        ("application/x-book", 2, ("leaf 1", "leaf Prices, rows 1-20"), "leaf Prices, rows 1-20 · 2 of 2"),
        ("application/x-book", 1, ("leaf Prices",), "leaf Prices"),
        ("application/x-rows", 2, ("rows 1-1,000", "rows 1,001-1,200"), "rows 1,001-1,200 · 2 of 2"),
        ("application/x-rows", 1, ("1",), ""),
    ],
)
def test_a_page_is_named_among_the_others(media_type: str, page: int, labels: tuple[str, ...], named: str) -> None:
    assert page_among(record(media_type, *labels), page) == named


def test_a_footnote_names_the_page_as_its_format_does() -> None:
    passage = Passage(1, 0.9, 0.9, "a.book", "d" * 64, 2, "leaf Prices", 0, 3, "yes")
    assert place(passage) == "a.book, leaf Prices"
    assert place(replace(passage, document="a.pdf", page_label="leaf 7")) == "a.pdf, page 2 (printed leaf 7)"
    assert place(replace(passage, document="a.rws", page=1, page_label="1")) == "a.rws"
    assert [page_name(label) for label in ("leaf Prices", "7", "rows 1-20")] == ["leaf Prices", "page 7", "rows 1-20"]
    assert [numbered(name, 2) for name in ("a.pdf", "a.book", "a.rws", "a.odd")] == [
        "a.pdf, page 2",
        "a.book, leaf 2",
        "a.rws, part 2",
        "a.odd",
    ]
    assert [numbered(name, 1) for name in ("a.pdf", "a.txt")] == ["a.pdf, page 1", "a.txt"]


def test_pages_are_counted_and_blank_ones_named() -> None:
    assert [pages_counted(record(kind, "1")) for kind in ("application/pdf", "text/plain", "application/x-book")] == [
        "1 page",
        "1 page",
        "1 leaf",
    ]
    assert [pages_counted(record(kind, *["2"] * 1200)) for kind in ("application/pdf", "application/x-rows")] == [
        "1,200 pages",
        "1,200 parts",
    ]
    split = record("application/x-book", "leaf A, rows 1-9", "leaf A, rows 10-12", "leaf B", empty=(3,))
    assert (pages_counted(split), notes_on(split, "")) == ("3 pages", ["no text on page 3"])
    assert notes_on(record("application/pdf", "1", "2", empty=(2,)), "") == ["no text on page 2 (blank or scanned)"]
    assert notes_on(record("application/x-book", *"12345", empty=(1, 2, 3, 5)), "") == ["no text on leafs 1-3, 5"]
