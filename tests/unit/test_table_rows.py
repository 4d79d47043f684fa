"""A row of a table with its header: cut, embedded, searched, read, quoted, wherever the header stands."""

import time
from pathlib import Path

import pytest

from rag import Chunk, Document, Library, Page, Passage, Settings
from rag.answering.prompt import build_prompt
from rag.answering.quoting import best_units, quoted, quotes_of
from rag.embedding.protocol import text_to_embed
from rag.reading.reader import Reader, ReadUnit
from rag.reading.weighing import weighed
from rag.text.table_headers import TableRows
from rag.text.term_weights import TermWeights
from rag.text.units import units
from rag.verifying.matching import prepare
from tests.chunked import chunk_document
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

WORDS = BagOfWordsEmbedder()
TWO_LINES = "| Town | 2021 In | 2021 Out | 2022 In | 2022 Out |\n| --- | --- | --- | --- | --- |\n| Bath | 1 | 2 | 3 | 4 [1] |"
HEADER = "Item\tPrice\tStock"


def price_list(count: int) -> str:
    return "\n".join([HEADER, *(f"SKU-{1000 + n}\t{n * 37 % 900}.50\t{n * 7 % 90}" for n in range(count))])


def cut(*pages: str, tokens: int = 60) -> list[Chunk]:
    made = tuple(Page(number, str(number), text) for number, text in enumerate(pages, start=1))
    return list(chunk_document(Document("d" * 64, "list.tsv", "", "text/plain", made), WORDS, tokens))


def passage(chunk: Chunk, text: str | None = None) -> Passage:
    text = text or chunk.text
    start = chunk.start + chunk.text.index(text)
    place = 1, 0.5, 0.5, "list.tsv", "d" * 64, chunk.page, str(chunk.page), start, start + len(text), text
    return Passage(*place, "", chunk.start, chunk.text, header=chunk.header)


def rows_of(text: str) -> list[tuple[str, str, str]]:
    """Each row with its header and the name of its group."""
    return [
        (text[unit.start : unit.end], text[slice(*(unit.lead or (0, 0)))], text[slice(*(unit.group or (0, 0)))])
        for unit in units(text)
        if unit.kind == "row"
    ]


def shown(text: str, words: str) -> str:
    """What an answer shows of the unit with these words."""
    found = [ReadUnit(0, unit, 0, 0, 0, float(words in text[unit.start : unit.end])) for unit in units(text)]
    passages = [Passage(1, 0.5, 0.5, "list.tsv", "d" * 64, 1, "1", 0, len(text), text, chunk_text=text)]
    return quoted(*quotes_of(best_units(found, passages, 0.5), passages))[0]


def test_rows_are_kept_whole_and_each_chunk_knows_its_header() -> None:
    text = f"Prices of the shop. They hold until May.\n\n{price_list(60)}\n\nAll prices are in euros."
    first, *others = cut(text)
    assert first.header == ""
    assert HEADER in first.text
    assert {chunk.header for chunk in others if "SKU" in chunk.text} == {f"{HEADER}\n"}
    assert [line for chunk in (first, *others) for line in chunk.text.split("\n") if line] == [line for line in text.split("\n") if line]


def test_a_row_with_sentences_is_not_cut_after_one_of_them() -> None:
    rows = [f"Dr. A. Moss {n}\tSee St. Ives. He left early. He came back.\tPaid in full." for n in range(30)]
    chunks = cut("\n".join(["Name\tNote\tState", *rows]))
    assert {line for chunk in chunks for line in chunk.text.split("\n")} == {"Name\tNote\tState", *rows}


def test_a_part_of_a_row_too_long_for_a_chunk_has_the_names_of_its_columns_and_the_rows() -> None:
    columns = [f"Column{n}" for n in range(150)]
    row = "\t".join(["North", *(str(n) for n in range(1, 150))])
    parts = [chunk for chunk in cut("\n".join(["\t".join(columns), row, row])) if chunk.header]
    assert len(parts) > 2
    for chunk in parts:
        names, *group = chunk.header.rstrip("\n").split("\n")
        assert [f"Column{cell}".replace("ColumnNorth", "Column0") for cell in chunk.text.split("\t")] == names.split("\t")
        assert [line.rstrip("\t") for line in group] == ([] if chunk.text.startswith("North") else ["North"])


def test_a_header_goes_over_a_page_break_where_the_table_does() -> None:
    first, second, third = price_list(30), "SKU-2000\t7.50\t3\nSKU-2001\t8.50\t4", "SKU-3000\t1.50\t2"
    assert {chunk.page: chunk.header for chunk in cut(first, second, third)} == {1: f"{HEADER}\n", 2: f"{HEADER}\n", 3: f"{HEADER}\n"}
    for other in ("The end.\n\n" + second, "Town\tArea\tMayor\nLeiden\t23\tMoss", f"{HEADER}\nSKU-2000\t7.50\t3", "Moss\t8"):
        assert cut(first, other)[-1].header == ""
    assert cut(f"{first}\n\nThe end.", second)[-1].header == ""


def test_empty_cells_at_the_ends_of_a_row_are_told_where_the_chunk_has_lost_them() -> None:
    text = "\n".join(["\t2017\t2018", *(f"Line {n}\t{n}.5\t" for n in range(9)), *(f"\t{n}.5\t7" for n in range(40))])
    chunks = cut(text)
    assert chunks[0].header == "\t"
    assert {chunk.header for chunk in chunks[2:]} == {"\t2017\t2018\n\t"}
    read = chunks[-1].header + chunks[-1].text
    assert shown(read, "39.5\t7") == "|  | 2017 | 2018 |\n| --- | --- | --- |\n|  | 39.5 | 7 [1] |"


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("Item\tSize\tPrice\nPen\t\t5", "Pen", "| Item | Size | Price |\n| --- | --- | --- |\n| Pen |  | 5 [1] |"),
        ("Item\tSize\tPrice\nPen\tbig", "Pen", "| Item | Size | Price |\n| --- | --- | --- |\n| Pen | big |  [1] |"),
        ("Item\t\tPrice\nPen\t5", "Pen", "| Item | Price |\n| --- | --- |\n| Pen | 5 [1] |"),
        (
            "\t2021\t\t2022\t\nTown\tIn\tOut\tIn\tOut\nBath\t1\t2\t3\t4\nGraz\t5\t6\t7\t8",
            "Bath",
            TWO_LINES,
        ),
        ("\t2017\t2018\nPen\t5\nInk\t7\t8", "Pen", "|  | 2017 | 2018 |\n| --- | --- | --- |\n| Pen | 5 |  [1] |"),
        ("\t2021\t\t2022\nTown\tIn\tOut\tIn\tOut\nBath\t1\t2\t3\t4\nGraz\t5\t6\t7\t8", "Bath", TWO_LINES),
        ("Name\tJob\nMoss\tclerk\nLund\tcook", "Lund", "| Name | Job |\n| --- | --- |\n| Lund | cook [1] |"),
        ("2019 2020\nSales\t5.1 6.2\nStaff\t7.3 8.4", "Staff", "“2019 2020 … Staff 7.3 8.4” [1]"),
    ],
    ids=[
        "empty cell",
        "end lost",
        "more tabs than one",
        "two lines",
        "corner and end lost",
        "two lines, end lost",
        "words alone",
        "line above",
    ],
)
def test_a_row_stands_below_the_names_of_its_columns(text: str, row: str, expected: str) -> None:
    assert shown(text, row) == expected


def test_a_row_with_one_cell_filled_names_a_group_or_is_a_row_of_its_table() -> None:
    text = "in euros\t2017\t2018\nAssets\t\t\nCash\t12\t13\nDebts\nLoans\t7\t8\n\t\tcorrected\nBonds\t5\t6"
    assert {row: (header, group) for row, header, group in rows_of(text)} == {
        "in euros\t2017\t2018": ("", ""),
        "Assets": ("in euros\t2017\t2018", ""),
        "Cash\t12\t13": ("in euros\t2017\t2018", "Assets"),
        "Debts": ("in euros\t2017\t2018", ""),
        "Loans\t7\t8": ("in euros\t2017\t2018", "Debts"),
        "corrected": ("in euros\t2017\t2018", "Debts"),
        "Bonds\t5\t6": ("in euros\t2017\t2018", "Debts"),
    }
    rows = TableRows.of(text)
    assert rows.header(text.index("Bonds"), len(text)) == "in euros\t2017\t2018\nDebts\n"


def test_what_is_embedded_has_as_much_of_the_header_as_the_model_reads() -> None:
    chunk = cut(price_list(60))[-1]
    assert text_to_embed(chunk, WORDS) == f"{HEADER}\n{chunk.text}"
    room = len(WORDS.token_spans(chunk.text))
    assert text_to_embed(chunk, BagOfWordsEmbedder(max_tokens=room + 2)) == f"Item\tPrice\n{chunk.text}"
    assert text_to_embed(chunk, BagOfWordsEmbedder(max_tokens=room)) == chunk.text


def test_a_header_is_read_for_its_rows_and_is_no_answer() -> None:
    chunk = cut("\n".join(["Line\tDeparture\tFare", *(f"Line {n}\t{n}:45\t{n}.20" for n in range(30))]))[-1]
    read = Reader().read("What is the departure of Line 29?", [passage(chunk)])
    text = passage(chunk).headed_text
    assert [text[each.unit.start : each.unit.end] for each in read] == chunk.text.split("\n")
    assert {text[slice(*each.unit.lead)] for each in read if each.unit.lead} == {"Line\tDeparture\tFare"}
    bare = Reader().read("What is the departure of Line 29?", [passage(Chunk("d", 0, 1, 0, len(chunk.text), chunk.text))])
    assert [each.score for each in read] != [each.score for each in bare]


def test_a_row_is_quoted_below_a_header_of_another_chunk_and_cited_in_its_place() -> None:
    text = price_list(60)
    chunk = cut(text)[-1]
    passages = [passage(chunk, chunk.text.split("\n")[0])]
    unit = next(unit for unit in units(passages[0].headed_text) if "SKU-1059" in passages[0].headed_text[unit.start : unit.end])
    answer, citations, _ = quoted(*quotes_of([ReadUnit(0, unit, 1, 1, 1, 1)], passages))
    assert answer == "| Item | Price | Stock |\n| --- | --- | --- |\n| SKU-1059 | 383.50 | 53 [1] |"
    (cited,) = citations
    assert cited.quote == text[cited.quote_start : cited.quote_end] == "SKU-1059\t383.50\t53"


@pytest.mark.parametrize(
    ("question", "names", "best"),
    [
        ("In which room is Dana Moss?", ("Dana Grau", "Dana Moss", "Olga Moss"), ["Dana Moss"]),
        ("In which room is the pump?", ("Pump", "Pump 2", "Pump 3"), ["Pump"]),
        ("In which rooms are Moss and Grau?", ("Dana Grau", "Dana Moss"), ["Dana Grau", "Dana Moss"]),
        ("Which room is free?", ("Dana Grau", "Dana Moss"), ["Dana Grau", "Dana Moss"]),
    ],
)
def test_the_row_that_is_named_is_quoted_alone(question: str, names: tuple[str, ...], best: list[str]) -> None:
    text = "\n".join(["Name\tRoom", *(f"{name}\t10{n}" for n, name in enumerate(names))])
    passages = [passage(cut(text)[0])]
    weights = TermWeights(question, {"en"}, lambda terms: dict.fromkeys(terms, 1.0))
    found = weighed([ReadUnit(0, unit, 0, 0, 0) for unit in units(text) if unit.lead], passages, [weights])
    chosen = best_units(found, passages)
    assert sorted(text[each.unit.start : each.unit.end].split("\t")[0] for each in chosen) == best


@pytest.mark.parametrize(
    ("question", "names", "best"),
    [
        ("Compare the notice after 3 and after 12 years", ("1 year", "3 years", "12 years"), ["12 years", "3 years"]),
        (
            "Compare the notice after 3 and after 12 years",
            ("Up to 3 years here", "From 12 years on"),
            ["From 12 years on", "Up to 3 years here"],
        ),
        ("Which has a longer notice, Pump or Valve?", ("Pump", "Valve", "Valve, old"), ["Pump", "Valve"]),
        ("What is the notice of the pump and its total?", ("Pump A", "Pump B", "Pump C"), ["Pump A"]),
        ("What is the notice for a pump with valve?", ("Pump", "Valve"), ["Pump"]),
    ],
)
def test_each_row_of_a_table_that_is_compared_is_quoted(question: str, names: tuple[str, ...], best: list[str]) -> None:
    text = "\n".join(["Kind\tNotice", *(f"{name}\t{n} weeks" for n, name in enumerate(names))])
    passages = [passage(cut(text)[0])]
    weights = TermWeights(question, {"en"}, lambda terms: dict.fromkeys(terms, 1.0))
    rows = [unit for unit in units(text) if unit.lead]
    found = weighed(
        [ReadUnit(0, unit, -5.0 * place, 0, 0) for place, unit in enumerate(rows)], passages, [weights], lists=" with " not in question
    )
    chosen = best_units(found, passages)
    assert sorted(text[each.unit.start : each.unit.end].split("\t")[0] for each in chosen) == best


def test_a_header_is_not_quoted_beside_its_row() -> None:
    text = "Name\tRoom\nMoss\t101"
    found = [ReadUnit(0, unit, 0, 0, 0, 2.0 - place) for place, unit in enumerate(reversed(units(text)))]
    passages = [passage(cut(text)[0])]
    assert [text[each.unit.start : each.unit.end] for each in best_units(found, passages)] == ["Moss\t101"]


def test_a_chat_model_and_the_check_see_the_header() -> None:
    chunk = cut(price_list(60))[-1]
    trimmed = passage(chunk, chunk.text.split("\n")[-1])
    assert f"{HEADER}\n{trimmed.text}" in build_prompt("Price?", [trimmed], [], Settings()).messages[-1].content
    assert f"{HEADER}\n" in prepare(trimmed).titles
    whole = passage(cut(price_list(3))[0], "SKU-1002\t74.50\t14")  # trimmed to a row below its header
    assert f"{HEADER}\n{whole.text}" in build_prompt("Price?", [whole], [], Settings()).messages[-1].content


@pytest.fixture
def shop(open_library: OpenLibrary, tmp_path: Path) -> Library:
    (tmp_path / "list.tsv").write_text(price_list(500))
    (tmp_path / "notes.txt").write_text("The shop sells items of steel. Each item has a number on its back.")
    library = open_library(chunk_tokens=60)
    assert library.add([tmp_path / "list.tsv", tmp_path / "notes.txt"]).all_searchable
    return library


def test_an_exact_number_is_found_and_its_row_alone_is_quoted(shop: Library) -> None:
    for number in (1003, 1282, 1499):
        answer = shop.ask(f"What is the price of SKU-{number}?")
        assert f"SKU-{number}" in answer.passages[0].chunk_text
        assert [cited.quote.split("\t")[0] for cited in answer.citations] == [f"SKU-{number}"]
        assert answer.text.startswith("| Item | Price | Stock |")


def test_a_word_of_the_header_finds_a_row_far_below_it(shop: Library) -> None:
    passages = shop.retrieve("stock", documents=["list.tsv"], top_k=100)
    assert any(passage.header and "stock" not in passage.chunk_text.casefold() for passage in passages)


def test_ten_thousand_rows_are_cut_in_seconds() -> None:
    head, *rows = price_list(10_000).split("\n")
    pages = ["\n".join([head, *rows[first : first + 1000]]) for first in range(0, len(rows), 1000)]
    began = time.process_time()
    chunks = cut(*pages, tokens=200)
    assert time.process_time() - began < 5
    assert sum(chunk.text.count("SKU") for chunk in chunks) == 10_000
