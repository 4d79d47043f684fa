import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.units import Unit, units


def told(text: str) -> list[tuple[str, str, str]]:
    """The kind, words and lead of each unit."""
    return [(unit.kind, text[unit.start : unit.end], text[slice(*unit.lead)] if unit.lead else "") for unit in units(text)]


def rows(text: str) -> dict[str, str]:
    return {words: lead for kind, words, lead in told(text) if kind == "row"}


def test_running_text_is_sentences_and_lines() -> None:
    text = "Returns\nYou may return an item within\n30 days of delivery. It is free.\n\nFees"
    assert told(text) == [
        ("line", "Returns", ""),
        ("sentence", "You may return an item within\n30 days of delivery.", ""),
        ("sentence", "It is free.", ""),
        ("line", "Fees", ""),
    ]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("| Plan | Price |\n|:-----|-----:|\n| Basic | 5 |\n| Plus | 10 |", "| Plan | Price |"),
        ("Plan | Price\n--- | ---\nBasic | free\nPlus | dear", "Plan | Price"),
        ("Plan\tPrice\nBasic\t5\nPlus\t10", "Plan\tPrice"),
        ("Plan   Price\nBasic  5 EUR\nPlus   10 EUR", "Plan   Price"),
        ("plan,price,term\nBasic,5,a year\nPlus,10,a month", "plan,price,term"),
        ("Key figures (in million euros)\n2017 2018\nSales 412.6 455.1\nStaff 1,204 1,310", "2017 2018"),
        ("Table 2: Sales\n(in millions) 2017 2018\nSales 412.6 455.1\nStaff 1,204 1,310", "(in millions) 2017 2018"),
        ("Line From To Departure Fare\n12 Skell Harbour 09:40 3.50\n14 Skell Airport 10:15 7.00", "Line From To Departure Fare"),
        ("\\begin{tabular}{|l|l|}\n  & High & Low \\\\\n  First Quarter & \\$ 8 & 7 \\\\\n\\end{tabular}", "& High & Low \\\\"),
    ],
)
def test_a_row_leads_with_the_header_of_its_table(text: str, header: str) -> None:
    leads = list(rows(text).values())
    assert leads[-1] == header
    assert leads.count("") <= 1


def test_a_caption_is_no_header() -> None:
    assert set(rows("Table 1: Sales of 2 years\nSales 412.6 455.1\nStaff 1,204 1,310").values()) == {""}


def test_a_further_row_of_years_is_the_header_of_what_is_below() -> None:
    text = "2017 2018\nSales 412.6 455.1\nStaff 1,204 1,310\n2015 2016\nSales 1.6 5.1"
    assert rows(text)["Sales 1.6 5.1"] == "2015 2016"


def test_a_dash_stands_for_a_figure() -> None:
    text = "Name Air Water\nAldrin 10 1\nIsodrin - 1\nMirex 2 -"
    assert rows(text) == dict.fromkeys(text.split("\n")[1:], "Name Air Water")


def test_a_row_knows_its_group() -> None:
    text = "(in millions) 2017 2018\nAssets:\nCash 12 13\nDebts:\nLoans 7 8"
    groups = {text[unit.start : unit.end]: text[slice(*unit.group)] for unit in units(text) if unit.group}
    assert groups == {"Cash 12 13": "Assets:", "Loans 7 8": "Debts:"}
    assert rows(text)["Loans 7 8"] == "(in millions) 2017 2018"


@pytest.mark.parametrize(
    "line",
    [
        "Invoice number: INV-17",
        "姓名：王明",
        "Due date 11 June 2024",
        "Zahlungsziel 21.05.14",
        "Deposit € 200.00",
        "Opening hours: Monday to Friday, 9 to 17",
    ],
)
def test_a_label_and_its_value_are_a_pair(line: str) -> None:
    assert told(f"Lease\n\n{line}") == [("line", "Lease", ""), ("pair", line, "")]
    assert ("pair", line, "") in told(f"Total: 20 EUR\n{line}\nPaid on 3 May 2024")


@pytest.mark.parametrize(
    "text", ["Note: the office is closed on all public holidays.", "He brought three things: apples\nand pears.", "Figure 3: A map"]
)
def test_a_colon_alone_makes_no_pair(text: str) -> None:
    assert {kind for kind, _, _ in told(text)} <= {"sentence", "line"}


def test_items_lead_with_what_introduces_them() -> None:
    text = (
        "Bring these:\n\n- a pen\n- paper that is\nlong\n\nSteps\n1. Wash it. Use soap.\n2. Dry it:\na) in air\nb) in wind\n3. Go\n\nEnd."
    )
    assert told(text) == [
        ("line", "Bring these:", ""),
        ("item", "- a pen", "Bring these:"),
        ("item", "- paper that is\nlong", "Bring these:"),
        ("line", "Steps", ""),
        ("item", "1. Wash it.", "Steps"),
        ("sentence", "Use soap.", ""),
        ("item", "2. Dry it:", "Steps"),
        ("item", "a) in air", "2. Dry it:"),
        ("item", "b) in wind", "2. Dry it:"),
        ("item", "3. Go", "Steps"),
        ("sentence", "End.", ""),
    ]


def test_a_formula_leads_with_the_words_before_it() -> None:
    assert told("The area is\n\n$$\na = b. C\n$$\n\nIt holds.")[1] == ("line", "$$\na = b. C\n$$", "The area is")


def test_short_lines_below_one_another_stand_alone() -> None:
    assert [words for _, words, _ in told("Acme Ltd\n12 High Street\nLondon SW1A 1AA")] == ["Acme Ltd", "12 High Street", "London SW1A 1AA"]


def check(text: str) -> list[Unit]:
    found, end = units(text), 0
    for unit in found:
        assert unit.start >= end
        assert not text[end : unit.start].strip()
        assert text[unit.start : unit.end] == text[unit.start : unit.end].strip() != ""
        for span in (unit.lead, unit.group):
            assert span is None or span[0] < span[1] <= unit.start
        end = unit.end
    assert not text[end:].strip()
    return found


@given(st.text(st.characters() | st.sampled_from(".!?。 \n\n\t|&\\\"'”)(-#1aZ:กข"), max_size=200))
def test_all_text_is_in_one_unit(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000,
        "1" * 50_000,
        ". " * 25_000,
        "1. " * 20_000,
        "A 1 2 3\n" * 5_000,
        "| a | 1 |\n" * 2_000,
        " " * 50_000 + "x",
        "ก " * 20_000,
        "好。" * 20_000,
        "- a\n" * 10_000,
        "\\begin{tabular}\n" * 5_000,
        "\ud800. \n" * 5_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    started = time.thread_time()
    check(text)
    assert time.thread_time() - started < 5  # a hundredth of what it takes where the time grows with the square
