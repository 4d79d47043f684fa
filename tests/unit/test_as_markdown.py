"""Pages of a file as one text in Markdown."""

from rag import Heading, Page
from rag.formats.as_markdown import as_markdown
from rag.formats.code import CODE
from rag.formats.office import DOCX
from rag.formats.pdf import PDF


def _page(number: int, text: str, *headings: tuple[int, str]) -> tuple[Page, list[Heading]]:
    return Page(number, str(number), text), [Heading(level, title, number, text.index(title)) for level, title in headings]


def test_headings_and_tables_are_marked() -> None:
    text = "Sales\n\nThey grew.\n\nRegion\tSales\nNorth\t5 | 6\nSouth\n\nBy year\n\nNone."
    assert as_markdown([_page(1, text, (1, "Sales"), (2, "By year"))], DOCX) == (
        "# Sales\n\nThey grew.\n\n| Region | Sales |\n| --- | --- |\n| North | 5 \\| 6 |\n\nSouth\n\n## By year\n\nNone."
    )


def test_a_sentence_goes_on_over_a_page_break_without_what_stands_at_the_edges() -> None:
    first = _page(1, "The yearly report\n\n    Sales grew in the\n\n- 1 -")
    second = _page(2, "The yearly report\n\nnorth and in the south.\n\n2")
    assert as_markdown([first, second], PDF) == "Sales grew in the\nnorth and in the south."
    assert as_markdown([_page(1, "Sales grew in the north")], PDF) == "Sales grew in the north"


def test_code_states_nothing() -> None:
    assert as_markdown([_page(1, "days = 30  # of leave")], CODE) == "~~~~\ndays = 30  # of leave\n~~~~"
