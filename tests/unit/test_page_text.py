"""A page's text as HTML: its structure shows, nothing is lost, and marks stand exactly on what they mark."""

import re
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.formats.code import CODE
from rag.formats.text import MARKDOWN, TEXT
from rag.text.headings import part_headings
from ui.rendering.page_text import page_html

PIECES = st.sampled_from(
    [
        "word",
        "Höhe",
        "مرحبا",
        "5.20",
        "&",
        "<b x='",
        '">',
        "- ",
        "1. ",
        "# ",
        "|",
        "|---|---|",
        "---",
        "```",
        "**",
        "*",
        "`",
        "===",
        "•",
        "\t",
        "\n",
        "\n\n",
        " ",
        "  ",
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
STRUCTURE = re.compile(r"[\s#|`*+:~=_•-]")
TAGS = {
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "ul",
    "li",
    "span",
    "div",
    "pre",
    "code",
    "strong",
    "em",
    "small",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "hr",
    "mark",
}


class Reader(HTMLParser):
    """Collects the words, those that are marked, the tags, and the words in each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = self.marked = ""
        self.tags = list[str]()
        self.blocks = list[tuple[str, str]]()
        self._open = list[str]()
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "hr":
            self._open.append(tag)
        if tag != "mark":
            self.blocks.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        tag, words = self.blocks[-1]
        self.blocks[-1] = tag, words + data
        if "mark" in self._open:
            self.marked += data

    def of(self, *tags: str) -> list[str]:
        """The words of each element of these kinds."""
        return [words for tag, words in self.blocks if tag in tags]


def shown(text: str, mark: str = "") -> Reader:
    headings = [(each.level, each.title, each.start) for each in next(part_headings([text]))]
    start = text.index(mark)
    return Reader(page_html(text, headings, [(start, start + len(mark))]))


@given(TEXTS, st.data())
def test_nothing_is_lost_and_what_is_marked_is_exactly_the_slice(text: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    headings = [(each.level, each.title, each.start) for each in next(part_headings([text]))]
    for kind in (TEXT, MARKDOWN, CODE):
        reader = Reader(page_html(text, headings, [(start, end)], kind))
        assert not {*reader.tags} - TAGS
        assert STRUCTURE.sub("", reader.words) == STRUCTURE.sub("", text)
        assert STRUCTURE.sub("", reader.marked) == STRUCTURE.sub("", text[start:end])
    assert reader.words == text  # code stays as it is


def test_the_rows_of_a_table_have_cells_and_a_mark_over_two_rows_is_in_each_of_them() -> None:
    reader = shown("Prices\n\nWood\tPrice\tNote\nOak\t12.50\t\nElm\t9.00\tsoft\n\nEnd", mark="12.50\t\nElm")
    assert reader.of("th") == ["Wood", "Price", "Note"]
    assert reader.of("td") == ["Oak", "12.50", "", "Elm", "9.00", "soft"]
    assert reader.tags.count("mark") == 2
    assert reader.marked == "12.50Elm"
    assert reader.of("p") == ["Prices", "End"]


def test_a_column_of_numbers_is_told_from_one_of_words() -> None:
    html = page_html("Wood\tPrice\tCode\nOak\t€ 1,200.50\tA1\nElm\t-9.00 %\tB2\nAsh\t\tC3")
    assert html.count("class=fn-n") == 4  # the header and three cells
    assert "<th scope=col class=fn-n>Price" in html


def test_empty_cells_at_the_edges_of_a_row_keep_their_places() -> None:
    rows = re.findall("<tr>(.*?)</tr>", page_html("\t2018\t2019\nSales\t5.1\t\nTotal\t\t\n\t\t7"))
    assert [row.count("<td") + row.count("<th") for row in rows] == [3, 3, 3, 3]


def test_a_row_of_which_only_its_name_is_left_stays_in_its_table() -> None:
    reader = Reader(page_html("Region\tQ1\nNorth\t1.5\nIslands\nSouth\t2.5\nAbroad\n\nThe end"))
    assert reader.of("td") == ["North", "1.5", "Islands", "", "South", "2.5", "Abroad", ""]
    reader = Reader(page_html("Region\tQ1\nNorth\t1.5\nThese are the figures.\nThey are final."))
    assert reader.of("p") == ["These are the figures.\nThey are final."]


def test_tabs_that_only_indent_or_stand_in_prose_make_no_table() -> None:
    for text in ("def f():\n\treturn 1\n\treturn 2", "1.\tone\n2.\ttwo", "To:\tall\nof us, whose words go on here."):
        assert "<table" not in page_html(text)
    assert Reader(page_html("Total\t5\n\nEnd")).of("td") == ["Total", "5"]  # a table of one row


def test_markdown_shows_as_what_its_marks_mean() -> None:
    reader = shown("# The *title*\n\nA word\n======\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n```py\n# no heading\n```\n***\n---")
    assert reader.of("h3") == ["The *title*", "A word"]
    assert (reader.of("th"), reader.of("td")) == (["a", "b"], ["x", "1"])
    assert (reader.of("small"), reader.of("code")) == (["py"], ["# no heading"])
    assert reader.tags.count("hr") == 1


def test_items_of_a_list_stand_as_deep_as_they_are_indented() -> None:
    html = page_html("Bring:\n* papers\n    * proof\n      of insurance\n\n  2) licence\n- rope\n\nThen go.")
    assert re.findall(r"--depth:(\d).*?<span>(.*?)</span><div>(.*?)</div>", html, re.DOTALL) == [
        ("0", "•", "papers"),
        ("1", "•", "proof\n      of insurance"),
        ("1", "2)", "licence"),
        ("0", "•", "rope"),
    ]
    assert Reader(html).of("p") == ["Bring:", "Then go."]


def test_a_title_is_a_heading_only_where_it_stands_alone() -> None:
    text = "3 Leave\n\nLeave is granted.\n\nThe end"
    reader = Reader(page_html(text, [(2, "Leave", 0), (2, "Leave", 9), (1, "Not there", 28)]))
    assert reader.of("h4") == ["3 Leave"]
    assert reader.of("p") == ["Leave is granted.", "The end"]


def test_what_stands_below_one_another_stays_so_and_wrapped_lines_flow() -> None:
    assert "<pre" in page_html("Monday     08:00\nSaturday   09:00")
    assert "class=fn-lines" in page_html("Skerry Harbour\n1 Quay Street")
    wrapped = page_html("The ferry leaves at noon from the quay beside the old lighthouse\nand comes back at six.")
    assert "<pre" not in wrapped
    assert "fn-lines" not in wrapped


def test_code_stays_as_it_stands() -> None:
    code = "def f():\n\treturn 1\n\n# no heading\n- x\n"
    reader = Reader(page_html(code, marks=[(10, 18)], kind=CODE))
    assert (reader.words, reader.marked, reader.tags) == (code, code[10:18], ["pre", "code", "mark"])


def test_code_within_a_text_keeps_its_lines_however_long_they_are() -> None:
    code = "for each in found:\n    print(" + "each, " * 40 + ")"
    assert page_html(f"Then:\n\n{code}\n\nDone.").count(f'<pre tabindex="0" dir="auto">{code}</pre>') == 1
    assert page_html("    total += each\n    return " + "total + " * 30).startswith("<pre")
    assert "<pre" not in page_html("It says (as it\nalways does) the same:\nyes and no.")


def test_emphasis_and_code_of_markdown_show() -> None:
    text = "The loam held **31.4 %** of *all* water: `weigh(x)`, 2 * 3 * 4 and a**b**c."
    html = page_html(text, marks=[(9, 20)], kind=MARKDOWN)
    assert "<strong><mark" in html
    assert "<em>all</em> water: <code>weigh(x)</code>, 2 * 3 * 4 and a**b**c." in html
    assert "**31.4 %**" in page_html(text)


@pytest.mark.parametrize("separator", ["\t", " | "])
def test_a_large_table_takes_little_time(separator: str) -> None:
    text = "\n".join(separator.join(f"{row * column / 7:.2f}" if column else f"Item {row}" for column in range(30)) for row in range(1000))
    start = process_time()
    assert page_html(text, marks=[(100_000, 100_200)]).count("<tr") == 1000
    assert process_time() - start < 1  # it takes 0.04 s
