"""Sentences of a chat model's answer that no passage supports: marked, written anew, put in the passage's words, or dropped."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from rag import Answer, Change, Library, Settings
from rag.types import Way
from tests.fakes import BagOfWordsEmbedder

RETURN = "Customers may return unused benches within thirty days."
OIL = "Teak benches are oiled twice every year."
QUESTION = "When may customers return benches?"
WRONG = "Customers may return unused benches within ninety days."
NOWHERE = "Penguins repair the lighthouse at night."

Asked = Callable[..., Answer]


class Model:
    """Replies in turn, the first time with the answer; it remembers what it was sent."""

    def __init__(self, *replies: str | Exception) -> None:
        self.replies = list(replies)
        self.sent: list[list[dict[str, str]]] = []

    def __call__(self, messages: list[dict[str, str]]) -> str:
        self.sent.append(messages)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repairing")
    (folder / "shop.txt").write_text(f"{RETURN} Keep the receipt.")
    (folder / "oil.txt").write_text(OIL)
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add([folder / "shop.txt", folder / "oil.txt"]).all_searchable
    return folder / "library"


@pytest.fixture
def ask(folder: Path) -> Asked:
    def asked(model: Model, how: str, question: str = QUESTION) -> Answer:
        with Library.open(folder, Settings(unsupported=how), embedder=BagOfWordsEmbedder(), chat_model=model) as library:
            return library.ask(question)

    return asked


def verdicts(answer: Answer) -> list[str]:
    return [sentence.verdict for sentence in answer.sentences]


def test_by_default_the_text_stays_and_is_marked(folder: Path) -> None:
    model = Model(f"{RETURN}[1] {WRONG}[1]")
    with Library.open(folder, Settings(), embedder=BagOfWordsEmbedder(), chat_model=model) as library:
        answer = library.ask(QUESTION)
    assert (answer.text, answer.changes, verdicts(answer)) == (f"{RETURN}[1] {WRONG}[1]", (), ["supported", "unsupported"])
    assert (answer.support, len(model.sent)) == (0.5, 1)


def test_a_sentence_is_regenerated_from_its_nearest_passage_by_one_request(ask: Asked) -> None:
    model = Model(f"{OIL}[2] {WRONG} {NOWHERE}[1]", f"“{RETURN}”[1]")
    answer = ask(model, "regenerate")
    assert answer.text == f"{OIL}[1] {RETURN}[2] {NOWHERE}[2]"
    assert answer.changes == (Change("regenerated", WRONG, RETURN),)
    assert len(model.sent) == 2
    asked = model.sent[-1][-1]["content"]
    assert (RETURN in asked, OIL in asked, WRONG in asked, QUESTION in asked) == (True, False, True, True)
    assert answer.finish == "complete"
    for citation in answer.citations:
        assert answer.text[citation.position :].startswith(f"[{citation.number}]")
    (cited,) = [each for each in answer.citations if each.sentence == RETURN]
    assert (cited.verdict, cited.quote) == ("supported", RETURN)


@pytest.mark.parametrize("reply", [WRONG, NOWHERE, "Not found in your documents.", "", "-", "Word " * 2000])
def test_what_the_model_writes_instead_must_be_supported_else_the_sentence_stays_marked(ask: Asked, reply: str) -> None:
    model = Model(f"{RETURN}[1] {WRONG}[1]", reply)
    answer = ask(model, "regenerate")
    assert (answer.text, answer.changes, verdicts(answer)) == (f"{RETURN}[1] {WRONG}[1]", (), ["supported", "unsupported"])
    assert (len(model.sent), answer.notice) == (2, "")


def test_an_answer_costs_few_requests_more(ask: Asked) -> None:
    wrong = [WRONG.replace("ninety", f"{days}") for days in range(91, 99)]
    model = Model(" ".join(f"{each}[1]" for each in wrong), *(RETURN + " Keep the receipt." * n for n in range(len(wrong))))
    answer = ask(model, "regenerate")
    assert [change.original for change in answer.changes] == wrong[:4]
    assert verdicts(answer)[-4:] == ["unsupported"] * 4
    assert len(model.sent) == 5


def test_two_sentences_do_not_become_the_same(ask: Asked) -> None:
    other = WRONG.replace("ninety", "eighty")
    answer = ask(Model(f"{WRONG}[1] {other}[1]"), "soften")
    assert answer.text == f"“{RETURN}”[1]"
    assert answer.changes == (Change("softened", WRONG, f"“{RETURN}”"), Change("dropped", other, ""))


def test_what_the_answer_says_already_is_not_said_again(ask: Asked) -> None:
    answer = ask(Model(f"{RETURN}[1] {WRONG}[1]", RETURN), "regenerate")
    assert (answer.text, answer.changes) == (f"{RETURN}[1]", (Change("dropped", WRONG, ""),))


def test_an_endpoint_that_fails_meanwhile_leaves_the_rest_as_it_is_and_says_so(ask: Asked) -> None:
    other = WRONG.replace("ninety", "eighty")
    model = Model(f"{WRONG}[1] {other}[1] {other}[1]", RETURN, ConnectionError("gone"))
    answer = ask(model, "regenerate")
    assert (answer.changes, verdicts(answer)) == ((Change("regenerated", WRONG, RETURN),), ["supported", "unsupported", "unsupported"])
    assert "failed when it was asked again" in answer.notice
    assert (len(model.sent), answer.finish) == (3, "complete")


def test_softened_sentences_say_what_the_passage_says_and_others_stay(ask: Asked) -> None:
    answer = ask(Model(f"- **{WRONG}**[1]\n- {NOWHERE}[2]"), "soften")
    assert answer.text == f"- “{RETURN}”[1]\n- {NOWHERE}[2]"
    assert answer.changes == (Change("softened", WRONG, f"“{RETURN}”"),)
    assert verdicts(answer) == ["supported", "unsupported"]


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (f"{RETURN}[1] {WRONG}[1]", f"{RETURN}[1]"),
        (f"{WRONG}[1] {RETURN}[1]", f"{RETURN}[1]"),
        (f"{RETURN}[1] {WRONG} {NOWHERE}[2] {OIL}[2]", f"{RETURN}[1] {OIL}[2]"),
        (f"It is so:\n\n- {WRONG}[1]\n- {RETURN}[1]\n- **{NOWHERE}** {WRONG}\n", f"It is so:\n\n- {RETURN}[1]"),
        (f"{WRONG}[1]\n\n{NOWHERE}\n\n> {RETURN}[1]", f"> {RETURN}[1]"),
        (f"{RETURN}[1]\n\n```\n{WRONG}\n```", f"{RETURN}[1]\n\n```\n{WRONG}\n```"),
    ],
)
def test_dropped_sentences_leave_no_trace_in_the_text_and_numbers_follow_it(ask: Asked, written: str, left: str) -> None:
    answer = ask(Model(written), "drop")
    numbered = [each.number for each in answer.citations]
    assert answer.text.replace("[2]", "[n]").replace("[1]", "[n]") == left.replace("[2]", "[n]").replace("[1]", "[n]")
    assert numbered == sorted(numbered)
    assert {change.kind for change in answer.changes} <= {"dropped"}
    assert answer.support == 1.0


def test_rows_of_tables_and_parts_of_emphasis_stay(ask: Asked) -> None:
    table = f"| what | when |\n|---|---|\n| {WRONG} | never[1] |\n\n*It is so: {WRONG} {RETURN}*[1]"
    answer = ask(Model(table), "drop")
    assert answer.text.startswith("| what | when |\n|---|---|\n| Customers may return unused benches within ninety days. | never[1] |")
    assert answer.text.count("*") % 2 == 0


def test_an_answer_of_which_nothing_is_left_is_a_refusal_that_says_why(ask: Asked) -> None:
    answer = ask(Model(f"{NOWHERE}[1]"), "drop")
    assert (answer.finish, answer.changes) == ("not_found", (Change("dropped", NOWHERE, ""),))
    assert answer.text.startswith("Not found in your documents.")
    assert "No passage supports what the chat model answered" in answer.notice
    assert NOWHERE not in answer.text


@pytest.mark.parametrize(
    ("way", "replies", "text", "kind"),
    [
        ("regenerate", [RETURN], f"{OIL}[1] {RETURN}[2]", "regenerated"),
        ("soften", [], f"{OIL}[1] “{RETURN}”[2]", "softened"),
        ("drop", [], f"{OIL}[1]", "dropped"),
    ],
)
def test_an_answer_that_was_shown_is_corrected(folder: Path, way: Way, replies: list[str], text: str, kind: str) -> None:
    model = Model(f"{OIL} {WRONG}", *replies)
    with Library.open(folder, Settings(), embedder=BagOfWordsEmbedder(), chat_model=model) as library:
        shown = library.ask(QUESTION)
        corrected = asyncio.run(library.answerer.corrected(shown, way))
        again = asyncio.run(library.answerer.corrected(corrected, way))

    assert verdicts(shown) == ["supported", "unsupported"]
    assert [(change.kind, change.original) for change in corrected.changes] == [(kind, WRONG)]
    assert set(verdicts(corrected)) == {"supported"}
    assert corrected.text == text
    assert again.changes == corrected.changes


def test_a_shown_answer_of_which_nothing_is_left_becomes_a_refusal(folder: Path) -> None:
    with Library.open(folder, Settings(), embedder=BagOfWordsEmbedder(), chat_model=Model(NOWHERE)) as library:
        corrected = asyncio.run(library.answerer.corrected(library.ask(QUESTION), "drop"))

    assert (corrected.finish, corrected.citations, corrected.text) == ("not_found", (), "Not found in your documents.")
    assert corrected.notice


def test_the_words_stream_as_they_are_written_and_only_the_last_answer_is_changed(folder: Path) -> None:
    def pieces(messages: Sequence[dict[str, str]]) -> Iterator[str]:
        if "correct one sentence" in messages[0]["content"]:
            yield RETURN
        else:
            yield from (f"{WRONG}[1] ", f"{OIL}[2]")

    async def all_of() -> list[Answer]:
        with Library.open(folder, Settings(unsupported="regenerate"), embedder=BagOfWordsEmbedder(), chat_model=pieces) as library:
            async with aclosing(library.stream(QUESTION)) as answers:
                return [answer async for answer in answers]

    *growing, last = asyncio.run(all_of())
    assert growing[0].text.startswith(WRONG)
    assert all("ninety" in answer.text and not answer.changes for answer in growing)
    assert (last.changes[0].words, last.support) == (RETURN, 1.0)
