"""Filters choose documents by what their records say."""

from typing import Any

import pytest

from rag import DocumentRecord, Filters
from rag.filters import described, facts
from rag.types import DateSource, MetadataValue

PDF, MAIL, TEXT = "application/pdf", "message/rfc822", "text/plain"


def record(name: str, media_type: str, language: str, date: str, source: str, /, **metadata: MetadataValue) -> DocumentRecord:
    told: DateSource = "document" if date else "unknown"
    kept: dict[str, Any] = {"language": language, "date": date, "date_source": told, "author": "Ann", "metadata": metadata}
    return DocumentRecord(name, name, "", media_type, (source,), 1, 1, (), ("1",), "2026", 1, "", **kept)


RECORDS = [
    record("a.pdf", PDF, "en", "2021-05-04", "/files/Contracts/2021/a.pdf", year=2021, draft=False),
    record("b.pdf", PDF, "de", "2022-12-31", "/files/contracts/b.pdf", year=2022, owner="Bo", date="2023-01-02"),
    record("c.eml", MAIL, "en", "2024-03-05", "upload:mails.zip!/Contracts/c.eml", score=0.5),
    record("d.txt", TEXT, "", "", "upload:d.txt", draft=True),
]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(), "abcd"),
        (Filters(kinds=("pdf",)), "ab"),
        (Filters(kinds=("pdf", "mail"), languages=("en",)), "ac"),
        (Filters(folder="Contracts"), "abc"),
        (Filters(folder="contracts/2021/"), "a"),
        (Filters(folder="/files/Contracts"), "ab"),
        (Filters(folder="/Contracts"), ""),
        (Filters(folder="tracts"), ""),
        (Filters(since="2022"), "bc"),
        (Filters(since="2021-05", until="2023"), "ab"),
        (Filters(until="2021-05-04"), "a"),
        (Filters(until="2022"), "a"),  # the date given for b counts before its own
        (Filters.of({"year": 2022}), "b"),
        (Filters.of({"year": {"$gte": 2021, "$lt": 2022}}), "a"),
        (Filters.of({"year": {"$ne": 2022}}), "acd"),
        (Filters.of({"owner": {"$nin": ["Bo", "Cy"]}}), "acd"),
        (Filters.of({"name": {"$in": ["a.pdf", "d.txt"]}}), "ad"),
        (Filters.of({"$or": [{"owner": "Bo"}, {"$and": [{"kind": "mail"}, {"score": {"$lte": 0.5}}]}]}), "bc"),
        (Filters.of({"draft": True}), "d"),
        (Filters.of({"draft": 1}), ""),
        (Filters.of({"date": {"$gt": "2022-12-31"}}), "bc"),
        (Filters.of({"year": {"$gt": "2000"}}), ""),
        (Filters.of({"author": "Ann"}), "abcd"),
    ],
)
def test_documents_that_meet_all_conditions_are_left(filters: Filters, names: str) -> None:
    assert "".join(each.name[0] for each in filters.matching(RECORDS)) == names


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kinds": ("slide",)}, "slides"),
        ({"kinds": "pdf"}, r"kinds=\['pdf'\]"),
        ({"since": "March"}, "2022-03-05"),
        ({"until": "2022-02-31"}, "not a date"),
        ({"where": {"year": {"$above": 1}}}, r"\$gte"),
        ({"where": {"$not": []}}, r"\$and and \$or"),
        ({"where": {"$or": []}}, "list of conditions"),
        ({"where": {"year": {"$in": 2021}}}, "takes a list"),
        ({"where": {"year": {}}}, "says nothing"),
        ({"where": {"year": None}}, "numbers"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(given: dict[str, object], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        Filters(**given)  # type: ignore[arg-type]


def test_conditions_on_lists_and_parts_of_strings() -> None:
    tagged = [
        record("e.txt", TEXT, "", "", "upload:e.txt", tags=["red", "new"]),
        record("f.txt", TEXT, "", "", "upload:f.txt", tags=[1, 2]),
    ]
    found = [[each.name[0] for each in Filters.of(where).matching([*RECORDS, *tagged])] for where in CONTAINS]
    assert found == [["e"], ["f"], ["a", "b", "c", "d", "f"], ["a", "b"]]
    with pytest.raises(TypeError, match="mapping"):
        Filters.of("year")  # type: ignore[arg-type]


CONTAINS: list[dict[str, Any]] = [
    {"tags": {"$contains": "red"}},
    {"tags": {"$contains": 2}},
    {"tags": {"$not_contains": "new"}},
    {"name": {"$contains": ".pdf"}},
]


def test_what_there_is_to_filter_by_is_told() -> None:
    told = described(RECORDS)
    assert all(words in told for words in ("pdf (2)", "en (2), de (1)", "2021-05-04 to 2024-03-05 (1 without)", "draft, owner"))
    assert facts(RECORDS[1])["year"] == 2022
