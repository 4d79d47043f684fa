"""A question in the words of the library: other names, acronyms spelt out, typing errors corrected."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from rag import Library, Wording
from rag.embedding.built_in_tokens import BuiltInTokens
from rag.remote.wire import encoded
from rag.retrieving.wording import other_wordings, reworded
from rag.storing.lexical import Entry, LexicalIndex
from tests.conftest import OpenLibrary
from ui.chats.turns import Turn
from ui.web.answers import turn_html

Reword = Callable[..., str]


@pytest.fixture
def reword(tmp_path: Path) -> Iterator[Reword]:
    """Rewords a question for an index of some texts, each a document."""
    made = dict[Path, LexicalIndex]()
    with ExitStack() as stack:

        def asked(question: str, *texts: str) -> str:
            folder = tmp_path / str(hash(texts))
            if folder not in made:
                made[folder] = stack.enter_context(closing(LexicalIndex(folder, "f1")))
                made[folder].put(Entry(f"d{number}", 0, text, "") for number, text in enumerate(texts))
            index = made[folder]
            wordings = other_wordings(question, index, lambda word: len(BuiltInTokens().token_spans(word)) == 1)
            return reworded(question, wordings)

        yield asked


DEFINED = "Gross additions to low-emission rolling stock (LERS) rose.", "Of LERS, 40 % were leased."


def test_an_acronym_is_spelt_as_the_library_explains_it(reword: Reword) -> None:
    assert reword("How much LERS was leased?", *DEFINED) == "How much low-emission rolling stock was leased?"


def test_a_name_is_searched_by_its_acronym(reword: Reword) -> None:
    assert reword("Which low emission rolling stock was leased?", *DEFINED) == "Which low emission rolling stock, LERS was leased?"


def test_what_is_explained_elsewhere_changes_nothing(reword: Reword) -> None:
    assert reword("How much LERS was leased?", "Of LERS, 40 % were leased.") == "How much LERS was leased?"


def test_a_caption_is_found_by_what_analysts_call_it(reword: Reword) -> None:
    rows = "Purchases of property, plant and equipment 412", "Cost of sales 1,200"
    assert reword("What was the capital expenditure?", *rows) == "What was the purchases of property, plant and equipment?"
    assert reword("Show COGS and capex", *rows) == "Show cost of sales and purchases of property, plant and equipment"


def test_names_that_the_library_does_not_use_are_left_out(reword: Reword) -> None:
    assert reword("What was the capital expenditure?", "Sales of paint rose.") == "What was the capital expenditure?"


def test_small_words_are_no_acronyms(reword: Reword) -> None:
    texts = "Go to the emergency room.", "Human resources decides.", "Accounts payable and receivable."
    assert reword("Is her ap or hr file er fine?", *texts) == "Is her ap or hr file er fine?"
    assert reword("Does HR decide?", *texts) == "Does human resources decide?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the deductibel?", "What is the deductible?"),
        ("Who pays for the anesthesiologst?", "Who pays for the anesthesiologist?"),
        ("Is the plan healthy?", "Is the plan healthy?"),  # a word, though not of these texts
        ("Is Dedoctiblex a company?", "Is Dedoctiblex a company?"),  # too far
        ("Find dedcutible-X7", "Find dedcutible-X7"),  # a code
    ],
)
def test_typing_errors_are_corrected(reword: Reword, question: str, expected: str) -> None:
    texts = "The deductible is $500 and the deductible is yearly.", "The anesthesiologist is paid for in full. Good health."
    assert reword(question, *texts) == expected


def test_german_compounds_are_parted(reword: Reword) -> None:
    texts = ("Der Antrag auf Urlaub ist vier Wochen vorher zu stellen, und er wird von der Leitung genehmigt oder abgelehnt.",)
    assert reword("Wie stelle ich einen Urlaubsantrag?", *texts) == "Wie stelle ich einen Urlaub antrag?"


def test_the_library_finds_what_is_called_otherwise(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "cash.txt").write_text("Purchases of property, plant and equipment: 412. They were financed from operations.")
    for number in range(12):
        (tmp_path / f"other{number}.txt").write_text(f"The capital of region {number} kept expenditure on roads at {number} per head.")
    found = {}
    for wordings in (True, False):
        library = open_library(str(tmp_path / "library"), wordings=wordings)
        library.add(sorted(tmp_path.glob("*.txt")))
        found[wordings] = library.retrieve("What was the capital expenditure?", top_k=1)[0].document
        library.close()
    assert found[True] == "cash.txt"
    assert found[False] != "cash.txt"


def test_an_answer_says_what_else_was_searched_for(library: Library) -> None:
    library.add_text("Purchases of property, plant and equipment: 412. The ferry cost 90.", "cash.txt")
    answer = library.ask("What was the capital expenditure?")
    asked = Wording(13, "capital expenditure", "purchases of property, plant and equipment")
    assert answer.wordings == (asked,)
    assert encoded(answer)["wordings"] == [{"start": 13, "asked": asked.asked, "searched": asked.searched}]
    said = "“capital expenditure” also as “purchases of property, plant and equipment”"
    turn = Turn("t", answer.question, answer, state="done")
    assert f"<span>{said}</span>" in turn_html(turn)
    assert library.ask("What did the ferry cost?").wordings == ()
    assert "fn-searched" not in turn_html(Turn("t", "x", library.ask("What did the ferry cost?"), state="done"))
