"""How the benchmark of quoting judges an answer."""

import pytest

from rag import Answer, Citation, Passage
from tests.benchmarks.quoted import Gold, Question, Texts, judged, needed_of, pieces_of, squeeze, without_tables
from tests.benchmarks.quoting import compared, table

PAGE = "The lift carries eight people. The roof was renewed in 2011. The yard is 2011.5 square metres large."
TEXTS = Texts({"lease.txt": squeeze("Estate. " + PAGE), "other.txt": squeeze("Elsewhere a roof fell down in 2011.")})
PLACE = (squeeze("Estate. " + PAGE).index("theroof"), squeeze("Estate. " + PAGE).index("theyard"))


def passage(text: str = PAGE, chunk: str = PAGE, document: str = "lease.txt") -> Passage:
    return Passage(1, 1.0, 0.5, document, "0" * 64, 1, "1", chunk.index(text), chunk.index(text) + len(text), text, "", 0, chunk)


def answer(quote: str, found: Passage) -> Answer:
    start = found.text.index(quote) if quote else 0
    citations = (Citation.of_words(1, found, start, start + len(quote)),) if quote else ()
    text = f"“{quote}” [1]" if quote else "The documents do not say. The closest passages: [1]"
    return Answer("?", text, citations, (found,), "extractive", "complete" if quote else "not_found", "", 0.1)


def judge(quote: str, found: Passage, gold: Gold | None = None) -> dict[str, object]:
    gold = gold or Gold(needed=("2011",), document="lease.txt", place=PLACE)
    return judged(Question("When was the roof renewed?", "library", "en", gold=gold), answer(quote, found), TEXTS)


def test_right_is_what_has_the_answer_in_its_place() -> None:
    row = judge("The roof was renewed in 2011.", passage())
    assert (row["right"], row["placed"], row["first"], row["stage"], row["characters"]) == (True, True, True, "", 29)


def test_a_number_within_a_longer_one_is_not_the_answer() -> None:
    row = judge("The yard is 2011.5 square metres large.", passage())
    assert (row["answered"], row["right"], row["near"]) == (True, False, True)


def test_each_miss_has_its_stage() -> None:
    lift = "The lift carries eight people."
    assert judge(lift, passage())["stage"] == "wrong sentence"
    assert judge("", passage())["stage"] == "gate"
    assert judge("", passage(lift))["stage"] == "trimmed away"
    elsewhere = "Elsewhere a roof fell down in 2011."
    row = judge(elsewhere, passage(elsewhere, elsewhere, "other.txt"))
    assert (row["right"], row["placed"], row["page"], row["stage"]) == (True, False, False, "")
    assert judge("", passage(elsewhere, elsewhere, "other.txt"))["stage"] == "not retrieved"


@pytest.mark.parametrize(
    ("gold", "right"),
    [
        (Gold(("The roof was renewed & 2011",)), True),
        (Gold(("\x08egin{tabular}{|c|c|} \\hline The roof & renewed & 2011 \\\\ \\hline \\end{tabular}",)), True),
        (Gold(("The roof and gutters were painted by Smith in 2012",)), False),
        (Gold(needed=("2011",), forbidden=("ROOF  was",)), False),
    ],
)
def test_evidence_counts_by_its_words_and_what_is_forbidden_may_not_stand_there(gold: Gold, right: bool) -> None:
    assert judge("The roof was renewed in 2011.", passage(), gold)["right"] is right


def test_an_answer_is_read_piece_by_piece() -> None:
    assert pieces_of("“One.” [1]\n\n“Two [sic].” [2][3]") == ["One.", "Two [sic]."]


def test_a_short_answer_is_needed_where_its_page_has_it() -> None:
    assert needed_of("$ 5.95", "bundle & $ 5.95", "bundle | $ 5.95") == ("$ 5.95",)
    assert needed_of("$5.95", "bundle & $5.95", "bundle | $ 5.95") == ("5.95",)
    assert needed_of("No", "No refunds", "No refunds") == needed_of("", "x", "x") == ()


def test_tables_become_lines_of_cells() -> None:
    latex = "A\n\\begin{tabular}{|c|c|}\n\\hline & \\multicolumn{2}{|c|}{High} \\\\\nThird & \\$ & $1,061.78$ \\\\\n\\end{tabular}\nB"
    assert without_tables(latex).split() == ["A", "High", "Third", "|", "$", "|", "1,061.78", "B"]


def test_tables_of_figures() -> None:
    common = {"set": "s", "group": "en", "kind": "", "ms": 5.0, "confidence": 0.5, "characters": 9}
    asked = {**common, "question": "a", "answerable": True, "answered": True, "placed": True, "first": True, "page": True}
    good = {**asked, "right": True, "passage": True, "near": False, "stage": ""}
    probe = {**common, "question": "a", "answerable": False, "answered": False, "confidence": 0.1}
    assert "| en | 1 | 100.0 ± 0.0 |" in table([good, probe])
    assert "| 1 | 0.0 ± 0.0 | 1.000 | 0 | 0 | 0 | 0 |" in table([good, probe])
    assert "| en, right | 1 | 0.0 | 100.0 | +100.0 ± 0.0 |" in compared([{**good, "right": False}], [good, probe])
