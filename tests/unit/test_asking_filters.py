"""Filters on the page: chosen beside the question, shown as chips, kept with the conversation."""

from pathlib import Path

import gradio as gr
import pytest

from rag.library import Library
from tests.conftest import OpenLibrary
from tests.page_events import drive, event
from ui.chats.conversations import Conversations
from ui.chats.filtering import EVERYWHERE, AskedFilter, filters_of, offered, words_of
from ui.chats.turns import AskedDocument, from_row, scope_words, to_row
from ui.web.answers import turn_html
from ui.web.asking import AskingHandlers, asking_html
from ui.web.chat import ChatHandlers

PDF = AskedFilter("kind", "pdf")


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    """Two documents of two kinds, in two folders."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "boats-2021-report.txt").write_text("Small boats pass the lock at noon.")
    (tmp_path / "ferries-2022-report.md").write_text("Large boats pass the lock at midnight.")
    library = open_library(min_confidence=0.0)
    library.add(tmp_path / "old" / "boats-2021-report.txt", metadata={"harbour": "North"})
    library.add(tmp_path / "ferries-2022-report.md")
    return library


def test_what_tells_documents_apart_is_offered(library: Library) -> None:
    found = {each.name: each.options for each in offered(library.documents())}
    assert found == {
        "folder": (("old", "folder old (1)"),),
        "metadata": (('{"harbour": "North"}', "harbour: North (1)"),),
        "since": (),
        "until": (),
        "where": (),
    }
    library.remove("boats-2021-report.txt")
    assert "where" not in {each.name for each in offered(library.documents())}  # no metadata


def test_filters_are_chosen_and_taken_away(library: Library) -> None:
    handlers = AskingHandlers(library, Conversations())
    assert "fn-filters" in handlers.open_filters("", (), event(is_open=True))
    assert 'class="fn-filters"' not in handlers.open_filters("", (), event(is_open=False))
    document = AskedDocument("d" * 64, "a.txt")
    chosen, line = handlers.add_filter("", (document,), event(name="since", value="2021", is_open=True))
    assert chosen == (document, AskedFilter("since", "2021"))
    chosen, line = handlers.add_filter("", chosen, event(name="since", value="2022", is_open=True))
    chosen, line = handlers.add_filter("", chosen, event(name="kind", value="pdf", is_open=True))
    assert chosen == (document, AskedFilter("since", "2022"), PDF)
    assert all(words in line for words in ("from 2022", ">PDF<", 'aria-label="Remove filter PDF"', 'data-drop="kind"', "fn-filters"))
    with pytest.warns(UserWarning, match="not a date"):  # how Gradio shows a warning outside of its queue
        assert handlers.add_filter("", chosen, event(name="until", value="soon", is_open=True))[0] == chosen
    assert handlers.add_filter("", chosen, event(name="documents", value="x", is_open=True))[0] == chosen
    chosen, line = handlers.drop_filter("", chosen, event(name="kind", value="pdf", is_open=False))
    assert chosen == (document, AskedFilter("since", "2022"))
    assert ">PDF<" not in line
    condition = AskedFilter("where", '{"year": {"$gte": 2021}}')
    chosen, line = handlers.add_filter("", chosen, event(name="where", value=condition.value, is_open=True))
    assert chosen[-1] == condition
    assert "{&#34;year&#34;: {&#34;$gte&#34;: 2021}}</span>" in line
    for wrong, said in (("year", "Write one as"), ("[1]", "Write one as"), ('{"year": {"$more": 1}}', "no operator")):
        with pytest.warns(UserWarning, match=said):
            assert handlers.add_filter("", chosen, event(name="where", value=wrong, is_open=True))[0] == chosen


def test_a_question_is_limited_and_its_filters_are_kept_with_it(library: Library) -> None:
    conversations = Conversations()
    handlers, one = ChatHandlers(library, conversations), conversations.resume(None)
    chosen = (AskedFilter("metadata", '{"harbour": "North"}'), AskedFilter("folder", "old"))
    drive(handlers.ask("When do boats pass the lock?", one, "", chosen, ""))
    (turn,) = conversations.turns(one)
    assert turn.filters == chosen
    assert turn.answer
    assert {passage.document for passage in turn.answer.passages} == {"boats-2021-report.txt"}
    assert scope_words(turn) == "Asked about harbour: North, folder old only"
    assert from_row(to_row(turn)) == turn
    resumed = handlers.resume(one, "")
    assert (resumed.chosen, "folder old" in resumed.line) == (chosen, True)
    opened = handlers.open(one, conversations.resume(None), "", ())
    assert opened.chosen == chosen
    assert handlers.fresh(one, "", chosen).chosen == chosen


def test_filters_that_leave_nothing_say_what_there_is(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    handlers = ChatHandlers(library, conversations)
    assert handlers.resume(one, "").chosen == gr.skip()  # what is chosen while the page loads stays
    drive(handlers.ask("When do boats pass?", one, "", (PDF,), ""))
    (turn,) = conversations.turns(one)
    assert turn.state == "failed"
    assert "kind pdf" in turn.problem
    assert "text (2)" in turn.problem


def test_what_the_question_limits_is_a_chip_that_asks_again_without(library: Library) -> None:
    conversations = Conversations()
    handlers, one = ChatHandlers(library, conversations), conversations.resume(None)
    drive(handlers.ask("When do boats pass the lock, according to ferries-2022-report.md?", one, "", (), ""))
    (turn,) = conversations.turns(one)
    assert turn.answer
    assert turn.answer.only == "ferries-2022-report.md"
    assert f'id="everywhere-{turn.id}"' in turn_html(turn)
    drive(handlers.everywhere(one, "", event(id=turn.id)))
    (again,) = conversations.turns(one)
    assert again.filters == (AskedFilter(EVERYWHERE),)
    assert again.answer
    assert again.answer.only == ""
    assert len({passage.document for passage in again.answer.passages}) == 2
    assert "everywhere-" not in turn_html(again)
    assert handlers.resume(one, "").chosen == ()


def test_words_and_filters_agree() -> None:
    asked = [PDF, AskedFilter("language", "de"), AskedFilter("until", "2022"), AskedFilter("metadata", '{"year": 2022}')]
    assert [words_of(each) for each in asked] == ["PDF", "German", "until 2022", "year: 2022"]
    filters = filters_of(asked)
    assert (filters.kinds, filters.languages, filters.until, filters.reads_question) == (("pdf",), ("de",), "2022", True)
    assert filters.where == {"$and": [{"year": 2022}]}
    assert filters_of([AskedFilter("where", '{"year": {"$gte": 2021}}')]).where == {"$and": [{"year": {"$gte": 2021}}]}
    many = tuple(AskedDocument(f"{n:064}", f"{n}.txt") for n in range(4))
    assert "4 documents" in asking_html(many)
