"""Sections of a document, their key sentences, and the answers that are made of them without a chat model."""

import time

import numpy as np
import pytest

from rag import Chunk, DocumentRecord
from rag.answering.key_sentences import key_sentences
from rag.answering.listing import FEWEST_ENTRIES, MOST_ENTRIES, Listing, find_all
from rag.answering.outline import MOST_LINES, document_lines, quoted_lines
from rag.answering.question import RetrievedQuestion
from rag.answering.sections import Block, blocks, merged, sections
from rag.text.titles import repeated_lines, title_lines

DISCLAIMER = "The information contained here reflects no opinion of anybody and comes with no warranty, express or implied."
HANDBOOK = [
    DISCLAIMER,
    "Holidays\nHolidays at Brightwater Boats\nEveryone at Brightwater Boats has thirty days of holidays in each calendar year. Ask your "
    "team leader.\nCarrying over\nUnused holidays may be carried over until the end of March of the following year.",
    "Safety\nSafety at Brightwater Boats begins with the boots and the helmet that everyone wears in the hall.\nTraining\nNew people at "
    "Brightwater Boats are trained in safety before they enter the hall for the first time.",
    "Pay\nPay at Brightwater Boats reaches your account on the last working day of each month without fail.",
]


def document(*pages: str, name: str = "handbook.pdf") -> list[Block]:
    """Blocks of a document with a chunk for each page."""
    labels = tuple(map(str, range(1, len(pages) + 1)))
    record = DocumentRecord("d" * 64, name, "", "text/plain", (name,), len(pages), len(pages), (), labels, "", 1, "")
    return blocks(record, [Chunk(record.id, n, n + 1, 0, len(text), text) for n, text in enumerate(pages) if text])


def outline(*pages: str) -> list[tuple[str, str]]:
    return [(line.label, " ".join(line.quote.text.split())) for line in document_lines(document(*pages), lambda _: {})]


def titles(page: str) -> list[str]:
    return [page[line.start : line.end] for line in title_lines(page, frozenset())]


def question() -> RetrievedQuestion:
    return RetrievedQuestion("What is this about?", "What is this about?", (), (), time.monotonic())


def test_an_outline_has_the_titles_with_a_sentence_each_and_no_disclaimer() -> None:
    assert outline(*HANDBOOK) == [
        ("Holidays", "Everyone at Brightwater Boats has thirty days of holidays in each calendar year."),
        ("Carrying over", "Unused holidays may be carried over until the end of March of the following year."),
        ("Safety", "Safety at Brightwater Boats begins with the boots and the helmet that everyone wears in the hall."),
        ("Training", "New people at Brightwater Boats are trained in safety before they enter the hall for the first time."),
        ("Pay", "Pay at Brightwater Boats reaches your account on the last working day of each month without fail."),
    ]
    assert document_lines(document(*HANDBOOK), lambda _: {})[0].inner == ("Holidays at Brightwater Boats",)


def test_headings_of_the_markup_come_before_what_looks_like_titles() -> None:
    text = (
        "# Boats\n\n## Hulls\n\nA hull is built of oak and larch in our hall.\n\n## Masts\n\nA mast is a spruce of forty years.\n\n"
        "## Sails\n\nSails are sewn by hand in winter."
    )
    record = document(text)[0].record
    starts = [
        (text.index(title), path)
        for title, path in [("## Hulls", "Boats > Hulls"), ("## Masts", "Boats > Masts"), ("## Sails", "Boats > Sails")]
    ]
    chunk = Chunk(record.id, 0, 1, 0, len(text), text, "Boats", "", tuple(starts))
    found = merged(sections(blocks(record, [chunk])), MOST_LINES)
    assert [(section.title, section.pieces[0].text.strip()) for section in found if section.pieces] == [
        ("Hulls", "A hull is built of oak and larch in our hall."),
        ("Masts", "A mast is a spruce of forty years."),
        ("Sails", "Sails are sewn by hand in winter."),
    ]


def test_a_quotation_is_literally_on_its_page() -> None:
    pages = HANDBOOK
    answer = quoted_lines(question(), "An outline:", document_lines(document(*pages), lambda _: {}), "")
    assert answer.finish == "complete"
    for citation in answer.citations:
        assert pages[citation.passage.page - 1][citation.quote_start : citation.quote_end] == citation.quote
        assert answer.text[citation.position :].startswith(f"[{citation.number}]")
        assert citation.passage == answer.passages[citation.number - 1]
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end].startswith("“")


def test_sentences_from_all_over_where_there_are_no_titles() -> None:
    pages = [f"In year {n} the harbour of Saltmere was dredged by the crew of barge number {n}. It rained." for n in range(1900, 1960)]
    vectors = {("d" * 64, n): np.eye(60, dtype=np.float32)[n] for n in range(60)}
    lines = document_lines(document(*pages), lambda _: vectors)
    assert [line.label for line in lines] == [""] * len(lines)
    years = [line.quote.block.chunks[0].page for line in lines]
    assert years == sorted(years)
    assert 5 <= len(lines) <= 8
    assert years[-1] - years[0] > 40


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("Opening hours\nThe yard is open from eight to five on all working days.", ["Opening hours"]),
        ("It was late. The\nHarbour Master\nwent home in the rain, as he had always done before.", []),
        ("§ 4 Notice\n\nNotice is given in writing and a month ahead of time.", ["§ 4 Notice"]),
        ("Last updated: 2024-01-05\nThis policy holds for all people in the company.", []),
        ("- Oak planks\nThe planks are sawn in the yard behind the old hall.", []),
        ("第一章 总则\n本制度适用于公司全体员工，自发布之日起施行，由人事部门负责解释。", ["第一章 总则"]),
        ("Kündigung\nDie Kündigung ist schriftlich und mit einer Frist von drei Monaten zu erklären.", ["Kündigung"]),
        ("© 2024 Brightwater\nThe boats shown in this brochure may differ from those delivered.", []),
        ("", []),
        ("12\n13\n14 15 16", []),
    ],
)
def test_lines_that_look_like_titles(page: str, found: list[str]) -> None:
    assert titles(page) == found


def test_what_every_page_repeats_is_neither_title_nor_text() -> None:
    pages = [f"Brightwater Handbook {n}\nPart {n}\nText number {n} is about boats and their long masts in spring." for n in range(5)]
    assert repeated_lines(pages) >= {"Brightwater Handbook"}
    assert all("Handbook" not in piece.text for section in sections(document(*pages)) for piece in section.pieces)


def test_many_sections_are_merged_into_a_few() -> None:
    page = "\n".join(f"{n}. Chapter of {n} boats\n\nThe {n} boats of this chapter were built by {n} people.\n" for n in range(1, 60))
    found = merged(sections(document(page)), MOST_LINES)
    assert len(found) <= MOST_LINES
    assert sum(len(section.inner) + bool(section.title) for section in found) == 59


ROLES = [(1, "Master of the boat", "chart"), (2, "Mate of the boat", "sails"), (3, "Cook of the boat", "stove")]
TABLE = (
    "Spare parts\n\n| Number | Name |\n| --- | --- |\n"
    + "\n".join(f"| P-{n} | Part {n} |" for n in range(1, 8))
    + "\n\nNothing else is kept.\n"
)


def find(subject: str, *pages: str) -> Listing | None:
    whole = document(*pages)
    return find_all(subject, [whole], {chunk.key for block in whole for chunk in block.chunks})


def listed(subject: str, *pages: str) -> tuple[list[str], bool] | None:
    found = find(subject, *pages)
    return ([entry.quote.text for entry in found.entries], found.is_counted) if found else None


def test_the_rows_of_the_table_that_is_asked_about_are_all_found_and_counted() -> None:
    assert listed("spare parts", "Boats are built here.\n", TABLE) == ([f"| P-{n} | Part {n} |" for n in range(1, 8)], True)


def test_a_list_runs_over_a_page() -> None:
    first, second = (
        "Our values:\n1. Care: we mend things.\n2. Calm: we take our time.",
        "3. Candour: we say what is.\nThe end is near here.",
    )
    assert listed("values", first, second) == (
        ["1. Care: we mend things.", "2. Calm: we take our time.", "3. Candour: we say what is."],
        True,
    )


def test_a_list_belongs_to_the_titles_above_it_and_to_no_other() -> None:
    roles = "\n\n".join(f"{n} {role}\n\nDuties of this role:\n- Watch the {thing}.\n- Mend the {thing}." for n, role, thing in ROLES)
    assert listed("duties of the mate", roles) == (["Watch the sails.", "Mend the sails."], True)


def test_sentences_that_name_something_are_listed_but_not_counted() -> None:
    text = "The deadline for boats is in May. Nothing else is said. Another deadline, for masts, is in June."
    found = listed("deadlines", text)
    assert found == (["The deadline for boats is in May.", "Another deadline, for masts, is in June."], False)


def test_what_is_not_there_or_there_once_is_no_list() -> None:
    assert FEWEST_ENTRIES == 2
    assert listed("anchors", TABLE) is None
    assert listed("deadlines", "The deadline for boats is in May.") is None
    assert listed("the", TABLE) is None
    assert listed("", TABLE) is None


def test_of_many_entries_the_first_are_shown() -> None:
    rows = "Error codes\n\n| Code | Meaning |\n| --- | --- |\n" + "\n".join(f"| E-{n} | Fault {n} |" for n in range(2000))
    began = time.thread_time()
    found = find("error codes", rows)
    assert found is not None
    assert len(found.entries) == 2000
    assert len(found.lines()) == MOST_ENTRIES
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(
    "text", ["word " * 10_000, "7 " * 20_000, "x" * 50_000, "日本語" * 10_000, "a\n" * 20_000, "A title\n" * 5_000, "\ud800 odd"]
)
def test_odd_texts_are_soon_read(text: str) -> None:
    began = time.thread_time()
    found = merged(sections(document(text.strip())), MOST_LINES)
    key_sentences(found)
    find("boats", text.strip())
    assert time.thread_time() - began < 5


def test_three_hundred_pages_take_less_than_a_second() -> None:
    page = "\n".join(
        f"Topic {n} of boats\nThe boats of topic {n} are built of oak, and their masts of spruce from the north. They sail."
        for n in range(18)
    )
    pages = [page.replace("Topic", f"Topic {number}.") for number in range(300)]
    whole = document(*pages)
    began = time.thread_time()
    assert document_lines(whole, lambda _: {})
    assert time.thread_time() - began < 3  # on a slow machine; 0.3 s on a usual one
