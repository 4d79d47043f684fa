"""Which documents the list shows."""

import time
from typing import Any

import pytest

from rag.errors import RagError
from rag.types import DocumentRecord
from tests.page_events import event
from ui.web.listing import FEW, MOST_ROWS, View, listed, view_of


def record(name: str, source: str = "", **said: Any) -> DocumentRecord:
    values: dict[str, Any] = {"title": "", "media_type": "text/plain", "pages": 1, "chunks": 1, "size": 10} | said
    return DocumentRecord(
        id=f"{name}|{source}",
        name=name,
        sources=(source or f"upload:{name}",),
        empty_pages=(),
        labels=("1",) * values["pages"],
        added="2026-01-02T03:04:05+00:00",
        **values,
    )


def names(records: list[DocumentRecord], **view: Any) -> list[str]:
    return [each.name for folder in listed(records, View(**view)).folders for each in folder.records]


THREE = [
    record("page 10.txt", size=30),
    record("Page 9.pdf", media_type="application/pdf", pages=7, size=20, title="Tides"),
    record("berths.txt", size=40, author="Ada", metadata={"year": 2022}),
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", ["berths.txt", "Page 9.pdf", "page 10.txt"]),
        ("name", ["berths.txt", "Page 9.pdf", "page 10.txt"]),
        ("kind", ["Page 9.pdf", "berths.txt", "page 10.txt"]),
        ("size", ["berths.txt", "page 10.txt", "Page 9.pdf"]),
        ("pages", ["Page 9.pdf", "berths.txt", "page 10.txt"]),
    ],
)
def test_documents_are_sorted(order: Any, expected: list[str]) -> None:
    assert names(THREE, order=order) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("PAGE", ["Page 9.pdf", "page 10.txt"]), ("page tides", ["Page 9.pdf"]), ("ada 2022", ["berths.txt"]), ("ﬁsh", []), (" ", 3)],
)
def test_documents_are_found_by_what_is_known_of_them(query: str, expected: Any) -> None:
    found = names(THREE, query=query)
    assert (len(found) if isinstance(expected, int) else found) == expected


def many(count: int = 240) -> list[DocumentRecord]:
    return [record(f"n{n}.txt", f"/home/ada/docs/{'ab'[n % 2]}/n{n}.txt") for n in range(count)]


def test_many_documents_are_grouped_below_the_folder_they_have_in_common_and_open_one_by_one() -> None:
    records = [
        *many(),
        record("loose.txt"),
        record("page.html", "https://example.com/a/page.html"),
        record("z.txt", "upload:x.zip!/in/z.txt"),
    ]
    shown = listed(records, View())
    assert [(each.name, each.count, each.is_open) for each in shown.folders] == [
        ("", 1, False), ("a", 120, False), ("b", 120, False), ("example.com", 1, False), ("x.zip/in", 1, False),
    ]  # fmt: skip
    opened = listed(records, View(toggled=frozenset({"a"})))
    assert [len(each.records) for each in opened.folders] == [0, MOST_ROWS, 0, 0, 0]
    more = listed(records, View(toggled=frozenset({"a"}), most=opened.next_most))
    assert [len(each.records) for each in more.folders] == [0, 120, 0, 0, 0]
    found = listed(records, View(query="n7"))
    assert [(each.name, each.is_open, each.count) for each in found.folders] == [("a", True, 5), ("b", True, 6)]
    assert (found.found, found.count, found.is_long) == (11, 243, True)
    flat = listed(records, View(has_folders=False))
    assert [(each.name, len(each.records), each.count) for each in flat.folders] == [(None, MOST_ROWS, 243)]


def test_a_few_documents_are_a_plain_list() -> None:
    shown = listed(many(FEW), View())
    assert ([each.name for each in shown.folders], shown.is_long) == ([None], False)


def test_five_thousand_documents_are_searched_and_sorted_in_no_time() -> None:
    records = many(5_000)
    began = time.process_time()
    listed(records, View(query="n4", order="name"))
    assert time.process_time() - began < 0.5


def test_a_view_is_what_a_script_may_ask_for() -> None:
    assert view_of(event(query=" tides ", order="size", folders=False, toggled=["a"], most=300)) == View(
        "tides", "size", False, frozenset({"a"}), 300
    )
    assert view_of(event(order="odd", toggled="a", most=True)) == View()
    assert view_of(event()) == View()
    assert view_of(event(most=10**9)).most == 5_000
    with pytest.raises(RagError, match="limit is 200"):
        view_of(event(query="x" * 201))
