"""Tables as text are read whatever stands between their cells."""

import time
from pathlib import Path

import pytest

from rag.errors import UnsupportedFileError
from tests.opening import opened, pages, text


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("name,price\nTea,2\n", "name\tprice\nTea\t2"),
        ("Name;Preis\nTee;1,50\nKuchen;2,75\n", "Name\tPreis\nTee\t1,50\nKuchen\t2,75"),
        ("a|b|c\n1|2|3\n", "a\tb\tc\n1\t2\t3"),
        ("a\tb\n1\t2, 3\n", "a\tb\n1\t2, 3"),
        ("sep=;\na;b,c\n1;2,3\n", "a\tb,c\n1\t2,3"),
        ("comment\nHello, world\nNo\nYes\n", "comment\nHello, world\nNo\nYes"),
        ('a,b\n"two\nlines","says ""yes"""\n', 'a\tb\ntwo lines\tsays "yes"'),
        ("a, b\n1, 2\n", "a\tb\n1\t2"),
        ("Sales of May\n\nname,q1,q2\nA,1,2\nB,1\n\nname,x\nq,1\n", "Sales of May\n\nname\tq1\tq2\nA\t1\t2\nB\t1\n\nname\tx\nq\t1"),
        ("a,b\n,2\n1,\n,,\n", "a\tb\n\t2\n1"),
        ('size,what\n5" pipe,x\n7,z\n', 'size\twhat\n5" pipe\tx\n7\tz'),
        ('a,b\n1,"oops\n2,ok\n', 'a\tb\n1\t"oops\n2\tok'),
        ("a,b\r\n1,2\r\n", "a\tb\n1\t2"),
    ],
)
def test_cells_are_told_apart(tmp_path: Path, data: str, rows: str) -> None:
    assert text(tmp_path, "a.csv", data) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_those_of_texts(tmp_path: Path, encoding: str) -> None:
    assert text(tmp_path, "a.csv", "Stadt;Größe\nKöln;5,5\n".encode(encoding)) == "Stadt\tGröße\nKöln\t5,5"


def test_a_long_table_has_several_pages_each_with_the_header(tmp_path: Path) -> None:
    data = "name,count\n" + "".join(f"n{number},{number}\n" for number in range(2, 1_003))
    first, second = pages(tmp_path, "a.csv", data)
    assert (first.label, second.label) == ("rows 1-1,000", "rows 1,001-1,002")
    assert second.text == "name\tcount\nn1001\t1001\nn1002\t1002"


def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path: Path) -> None:
    data = "id,name,price,note\n" + "".join(f'{number},Item {number},{number}.50,"a, b"\n' for number in range(100_000))
    start = time.process_time()
    assert len(opened(tmp_path, "a.csv", data)) == 101
    assert time.process_time() - start < 5


def test_wide_tables_and_long_cells_make_pages_of_a_bearable_size(tmp_path: Path) -> None:
    wide = "\n".join(",".join(f"c{column}" for column in range(20_000)) for _ in range(6))
    assert [page.label for page in pages(tmp_path, "wide.csv", wide)] == ["rows 1-2", "rows 3-4", "rows 5-6"]
    long = f'a,b\n"{"word " * 200_000}",1\n2,3\n'
    assert [page.label for page in pages(tmp_path, "long.csv", long)] == ["rows 1-2", "rows 3"]


def test_binary_data_under_the_name_of_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFileError, match=r"a\.csv contains no text but binary data"):
        opened(tmp_path, "a.csv", bytes(range(256)) * 20)
