"""What the chat's handlers do, without a browser."""

import asyncio
from pathlib import Path

import pytest

from rag.library import Library
from tests.conftest import OpenLibrary
from tests.page_events import drive, event
from ui.chats.conversations import Conversations
from ui.chats.turns import AskedDocument, from_row, scope_words, to_row
from ui.web.answers import turn_html
from ui.web.asking import AskingHandlers
from ui.web.chat import ChatHandlers
from ui.web.history import HistoryHandlers


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    """Two documents about boats."""
    (tmp_path / "boats.txt").write_text("Small boats pass the lock at noon.")
    (tmp_path / "ferries.txt").write_text("Large boats pass the lock at midnight.")
    library = open_library()
    library.add([tmp_path / "boats.txt", tmp_path / "ferries.txt"])
    return library


def test_chosen_documents_are_searched_and_no_others(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    ferries = next(record for record in library.documents() if record.name == "ferries.txt")
    chosen, line = AskingHandlers(library, conversations).choose("", (), event(ids=[ferries.id, "stranger"]))
    assert (list(chosen), "ferries.txt" in line) == ([AskedDocument(ferries.id, "ferries.txt")], True)
    drive(ChatHandlers(library, conversations).ask("When do boats pass the lock?", one, "", chosen, ""))
    (turn,) = conversations.turns(one)
    assert turn.state == "done"
    assert turn.documents == tuple(chosen)
    assert turn.answer
    assert {passage.document for passage in turn.answer.passages} == {"ferries.txt"}


def test_a_name_in_the_question_is_kept_with_it_but_not_searched(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    handlers = ChatHandlers(library, conversations)
    drive(handlers.ask("@boats When do boats pass?", one, "", (), ""))
    (turn,) = conversations.turns(one)
    assert turn.answer
    assert (turn.question, turn.answer.question) == ("@boats When do boats pass?", "When do boats pass?")
    assert {passage.document for passage in turn.answer.passages} == {"boats.txt"}
    drive(handlers.retry(one, "", event(id=conversations.turns(one)[0].id)))
    (again,) = conversations.turns(one)
    assert again.id != turn.id
    assert (again.question, again.documents) == (turn.question, turn.documents)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Gradio's, of messages without a page
@pytest.mark.parametrize("question", ["  ", "@nowhere What is it?", "@boats"])
def test_what_cannot_be_asked_changes_nothing(library: Library, question: str) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    drive(ChatHandlers(library, conversations).ask(question, one, "", (), ""))
    assert conversations.turns(one) == ()


def test_an_edited_question_is_asked_in_its_place(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    handlers, asking = ChatHandlers(library, conversations), AskingHandlers(library, conversations)
    for question in ("When do small boats pass?", "And large ones?"):
        drive(handlers.ask(question, one, "", (), ""))
    editing, box, line = asking.edit(one, (), event(id=conversations.turns(one)[0].id))
    assert (box, "You are editing" in line) == ("When do small boats pass?", True)
    first, *_ = drive(handlers.ask("When do large boats pass?", one, "", (), editing))
    assert first[4] == ""
    assert [turn.question for turn in conversations.turns(one)] == ["When do large boats pass?"]


def test_a_thumb_is_kept_and_taken_back_and_a_note_stays(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    drive(ChatHandlers(library, conversations).ask("When do boats pass?", one, "", (), ""))
    asking, turn_id = AskingHandlers(library, conversations), conversations.turns(one)[0].id
    asking.vote(one, event(id=turn_id, vote="down"))
    asking.save_note(one, (), "", event(id=turn_id, note=" Too <b>short</b>. "))
    (turn,) = conversations.turns(one)
    assert (turn.vote, turn.note) == ("down", "Too <b>short</b>.")
    asking.vote(one, event(id=turn_id, vote="sideways"))
    asking.vote(one, event(id="stranger", vote="up"))
    asking.vote(one, event(id=turn_id, vote="down"))
    assert conversations.turns(one)[0].vote == ""
    assert conversations.turns(one)[0].note == "Too <b>short</b>."


def test_a_deleted_conversation_gives_way_to_a_new_one_only_where_it_is_shown(library: Library) -> None:
    conversations = Conversations()
    one, other = conversations.resume(None), conversations.resume(None)
    chat, history = ChatHandlers(library, conversations), HistoryHandlers(conversations)
    for conversation_id, question in ((one, "When do <i>boats</i> pass?"), (other, "And at night?")):
        drive(chat.ask(question, conversation_id, "", (), ""))
    assert "When do &lt;i&gt;boats&lt;/i&gt; pass?" in history.show(other, "")
    assert history.rename(other, "", event(id=one, title="Boats")).count("Boats") > 0
    wanted, listing = history.delete(other, "", event(id=one))
    assert (wanted, "Boats" in listing) == (other, False)
    wanted, listing = history.delete(other, "", event(id=other))
    assert (wanted, "No conversations yet." in listing) == ("", True)
    assert chat.open(wanted, other, "", ())[0] not in {one, other}


def test_a_question_is_asked_again_of_the_file_that_took_the_old_ones_place(library: Library, tmp_path: Path) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    handlers = ChatHandlers(library, conversations)
    drive(handlers.ask("@boats When do boats pass the lock?", one, "", (), ""))
    (tmp_path / "boats.txt").write_text("Small boats pass the lock at dawn.")
    library.add(tmp_path / "boats.txt")
    drive(handlers.retry(one, "", event(id=conversations.turns(one)[0].id)))
    (turn,) = conversations.turns(one)
    assert turn.answer
    assert "at dawn" in turn.answer.text


def test_what_cannot_be_asked_again_keeps_its_answer(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    handlers = ChatHandlers(library, conversations)
    drive(handlers.ask("@boats When do boats pass the lock?", one, "", (), ""))
    before = conversations.turns(one)
    library.remove("boats.txt")
    with pytest.warns(UserWarning, match="boats"):  # what Gradio makes of a message where there is no page
        drive(handlers.retry(one, "", event(id=conversations.turns(one)[0].id)))
    assert conversations.turns(one) == before


def test_a_tab_closed_at_once_leaves_no_answer_growing(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)

    async def leave() -> None:
        paintings = ChatHandlers(library, conversations).ask("When do boats pass the lock?", one, "", (), "")
        await anext(paintings)
        await paintings.aclose()

    asyncio.run(leave())
    assert [turn.state for turn in conversations.turns(one)] == ["stopped"]


def test_passages_chosen_on_the_map_are_asked_and_no_others_also_when_asked_again(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    handlers = ChatHandlers(library, conversations)
    ferries = next(record for record in library.documents() if record.name == "ferries.txt")
    sent = event(question=" When do boats pass the lock? ", passages={ferries.id: [0, 0, "1", -1, True], "stranger": [0], "odd": 3})
    drive(handlers.ask_passages(one, "", sent))
    drive(handlers.retry(one, "", event(id=conversations.turns(one)[0].id)))
    (turn,) = conversations.turns(one)
    assert (turn.question, turn.passages) == ("When do boats pass the lock?", ((ferries.id, 0),))
    assert turn.answer
    assert {passage.document for passage in turn.answer.passages} == {"ferries.txt"}
    assert "Asked about 1 passage of the map only" in turn_html(turn)
    assert scope_words(turn) == "Asked about 1 passage of the map only"
    assert from_row(to_row(turn)) == turn


@pytest.mark.parametrize("passages", [{}, None, {"stranger": [0]}])
def test_no_passages_to_ask_leave_the_conversation_as_it_is(library: Library, passages: object) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    with pytest.warns(UserWarning, match="no longer in the library"):
        drive(ChatHandlers(library, conversations).ask_passages(one, "", event(question="When?", passages=passages)))
    assert conversations.turns(one) == ()
