"""JSON is read as tables of records and lines of paths with their values."""

import json
from pathlib import Path

import pytest

from rag.formats.text import MOST_CHARACTERS
from tests.opening import opened, pages, text


@pytest.mark.parametrize(
    ("data", "read"),
    [
        ('[{"name": "Tea", "price": 2.50}, {"name": "Cake", "price": 10}]', "name\tprice\nTea\t2.50\nCake\t10"),
        ('[{"a": 1, "in": {"b": 2}}, {"a": 3, "tags": ["x", "y"], "in": {"b": null}}]', "a\tin.b\ttags\n1\t2\n3\t\tx, y"),
        ('{"server": {"port": 8080, "tls": true}, "tags": ["a", "b"]}', "server.port: 8080\nserver.tls: true\ntags: a, b"),
        ('{"n": 12345678901234567890.10, "none": null, "empty": []}', "n: 12345678901234567890.10"),
        ('{"users": [{"name": "Ada", "born": 1815}, {"name": "Bob", "born": 1950}]}', "users\n\nname\tborn\nAda\t1815\nBob\t1950"),
        ('{"orders": [{"id": 1, "lines": [{"n": 2}, {"n": 1}]}]}', "orders[0].id: 1\n\norders[0].lines\n\nn\n2\n1"),
        ('{"grid": [[1, 2], [3, 4]]}', "grid\n\n1\t2\n3\t4"),
        ('{"a": 1, "body": "First.\\n\\nSecond.", "b": 2}', "a: 1\n\nbody:\nFirst.\n\nSecond.\n\nb: 2"),
        ('[{"q": "one", "a": "x\\ny"}, {"q": "two", "a": "z"}]', "q: one\n\na:\nx\ny\n\nq: two\na: z"),
        ('{"odd": "a\\u0000b\\ud83d\\ude00 \\ud800"}', "odd: ab😀 \ufffd"),
        ('"words"', "words"),
        ("[1, 2]", "1\n2"),
        ('{"a": 1, "b": ', '{"a": 1, "b": '),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_values_stand_under_their_names(tmp_path: Path, data: str, read: str) -> None:
    assert text(tmp_path, "a.json", data) == read


def test_lines_of_records_are_a_table(tmp_path: Path) -> None:
    assert text(tmp_path, "a.jsonl", '{"name": "Ada", "born": 1815}\n\n{"name": "Bob"}\n') == "name\tborn\nAda\t1815\nBob"


def test_the_title_is_that_of_the_object_and_tables_have_headings(tmp_path: Path) -> None:
    file = opened(tmp_path, "a.json", '{"title": "Our team", "people": [{"n": 1, "m": 2}, {"n": 3, "m": 4}]}')
    (page,) = file.pages()
    assert file.title == "Our team"
    assert page.headings == [(1, "people", page.text.index("people"))]


def test_each_part_of_a_long_table_begins_with_its_header(tmp_path: Path) -> None:
    records = [{"name": f"name {number}", "words": "word " * 20} for number in range(5_000)]
    found = pages(tmp_path, "a.json", json.dumps({"data": records}))
    assert [page.label for page in found] == ["part 1", "part 2", "part 3"]
    assert all(page.text.startswith("name\twords\nname ") for page in found[1:])
    assert all(len(page.text) <= MOST_CHARACTERS for page in found)
