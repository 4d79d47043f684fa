"""What is quoted, and how it is shown."""

import pytest

from rag import Passage
from rag.answering.quoting import MOST_QUOTES, best_units, covering, quoted, quotes_of
from rag.reading.reader import ReadUnit
from rag.text.units import units


def passage(text: str, start: int = 0, end: int | None = None) -> Passage:
    end = len(text) if end is None else end
    return Passage(1, 0.5, 0.5, "notes.txt", "d" * 64, 1, "1", start, end, text[start:end], chunk_text=text)


def read(passages: list[Passage], scores: dict[str, float]) -> list[ReadUnit]:
    """All units of the passages; those that have the words are worth as much as given, others far less."""
    return [
        ReadUnit(
            index, unit, 0, 0, 0, next((score for words, score in scores.items() if words in each.chunk_text[unit.start : unit.end]), -9)
        )
        for index, each in enumerate(passages)
        for unit in units(each.chunk_text)
    ]


def shown(text: str, *words: str) -> str:
    """What an answer shows of the units with these words."""
    passages = [passage(text)]
    chosen = best_units(read(passages, {each: 5.0 - place for place, each in enumerate(words)}), passages)
    return quoted(*quotes_of(chosen, passages))[0]


def test_quotations_are_the_best_units_and_few() -> None:
    passages = [passage(" ".join(f"The warranty lasts {n} years in country {n}." for n in range(9)))]
    found = best_units(read(passages, {f"lasts {n} years": 3 + n / 10 for n in range(9)}), passages)
    assert [passages[0].chunk_text[each.unit.start : each.unit.end][19:20] for each in found] == ["8", "7", "6"]
    assert len(found) == MOST_QUOTES


def test_what_answers_far_worse_is_not_quoted() -> None:
    assert (
        shown("The bench may be oiled after eight weeks. Rain falls often.", "oiled") == "“The bench may be oiled after eight weeks.” [1]"
    )


def test_the_same_words_are_quoted_once() -> None:
    passages = [passage("The bench may be oiled\nafter eight weeks."), passage("The bench may be oiled after eight weeks.")]
    assert [each.index for each in best_units(read(passages, {"bench": 2}), passages)] == [0]


def test_a_row_is_shown_as_a_table_under_its_header() -> None:
    text = "Key figures\n2017 2018 2019\nRevenue 412.6 455.1 498.0\nEmployees 1,204 1,310 1,388"
    assert shown(text, "Revenue") == "|  | 2017 | 2018 | 2019 |\n| --- | --- | --- | --- |\n| Revenue | 412.6 | 455.1 | 498.0 [1] |"


def test_a_cell_with_a_bar_stays_one_cell() -> None:
    text = "| Name | Form |\n|---|---|\n| Either | a & b |\n| Other | c |"
    assert shown(text, "Either").endswith("| Either | a & b [1] |")


LIST = "The following are not insured:\n- bicycles left outside at night\n- cash above 500 euros\n- pets"


def test_a_list_item_comes_with_what_introduces_the_list() -> None:
    assert shown(LIST, "cash") == "“The following are not insured:”\n\n- “cash above 500 euros” [1]"


def test_an_item_that_nothing_introduces_is_quoted_without_its_bullet() -> None:
    assert shown("Rooms\n\n- north room, 40 pallets\n- south room", "north") == "“north room, 40 pallets” [1]"


def test_items_of_one_list_stand_below_one_lead_in_their_order() -> None:
    assert shown(LIST, "pets", "bicycles") == ("“The following are not insured:”\n\n- “bicycles left outside at night” [1]\n- “pets” [1]")


def test_a_lead_that_answers_brings_its_whole_list() -> None:
    assert shown(LIST, "following").count("\n- “") == 3


def test_rows_of_one_table_stand_below_one_header() -> None:
    text = "2017 2018 2019\nRevenue 412.6 455.1 498.0\nCosts 300.1 310.2 342.7\nEmployees 1,204 1,310 1,388"
    assert shown(text, "Employees", "Revenue").count("---") == 4
    assert shown(text, "Employees", "Revenue").endswith("498.0 [1] |\n| Employees | 1,204 | 1,310 | 1,388 [1] |")


def test_a_label_comes_with_its_value() -> None:
    assert shown("Invoice number: 2291\nDue date: 11 June 2024\nTotal: 84.00", "11 June") == "“Due date: 11 June 2024” [1]"


def test_every_citation_has_the_words_of_its_passage() -> None:
    text = "The office is open. The bench may be oiled. Cloths are sold here."
    trimmed = [passage(text, 0, 19)]
    quotes, widened = quotes_of(best_units(read(trimmed, {"Cloths": 4}), trimmed), trimmed)
    _, citations, sentences = quoted(quotes, widened)
    assert (citations[0].quote, text[citations[0].quote_start : citations[0].quote_end]) == ("Cloths are sold here.",) * 2
    assert [sentence.verdict for sentence in sentences] == ["supported"]
    assert widened[0].text == text


def test_a_passage_grows_to_have_the_words_and_never_shrinks() -> None:
    text = "One is here. Two is here. Three is here."
    middle = passage(text, 13, 25)
    assert covering(middle, 0, 12).text == "One is here. Two is here."
    assert covering(middle, 13, 16) == middle


@pytest.mark.parametrize("text", ["7", "日本", "|---|", " \n ", "7 " * 5000])
def test_texts_that_are_no_sentences_are_no_fault(text: str) -> None:
    passages = [passage(text)]
    quoted(*quotes_of(best_units(read(passages, {}), passages), passages))


DEVICES = "Hyperbaric chambers hold pure oxygen. Carbon poisoning is treated with these devices. They are costly.\n\nPrices follow."


def with_answer(text: str, best: str, answer: str) -> list[ReadUnit]:
    """The units of a text; one is worth most, another one has the answer itself."""
    return [
        ReadUnit(0, unit, 0, float(answer in text[unit.start : unit.end]), 0, 5.0 if best in text[unit.start : unit.end] else -9)
        for unit in units(text)
    ]


@pytest.mark.parametrize(
    ("best", "answer", "quoted_words"),
    [
        ("these devices", "Hyperbaric", DEVICES[:85]),
        ("these devices", "costly", DEVICES[38:102]),
        ("these devices", "these devices", DEVICES[38:85]),
        ("costly", "Prices", "They are costly."),
        ("costly", "Hyperbaric", "They are costly."),
    ],
)
def test_a_sentence_comes_with_the_one_beside_it_that_has_the_answer(best: str, answer: str, quoted_words: str) -> None:
    passages = [passage(DEVICES)]
    (found,) = best_units(with_answer(DEVICES, best, answer), passages)
    assert DEVICES[found.unit.start : found.unit.end] == quoted_words


def test_sentences_that_share_a_neighbour_are_one_quotation() -> None:
    read = with_answer(DEVICES, "these devices", "Hyperbaric")
    read[0] = ReadUnit(0, read[0].unit, 0, 1, 0, 4.5)
    (found,) = best_units(read, [passage(DEVICES)])
    assert DEVICES[found.unit.start : found.unit.end] == DEVICES[:85]
