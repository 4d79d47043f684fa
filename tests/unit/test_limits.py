"""What a client sends too much of is refused at once, and nothing of it is kept."""

import asyncio
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from rag import Library, Message, QuestionTooLongError, TextTooLongError
from rag.retrieving.search import MOST_HISTORY_CHARACTERS, MOST_HISTORY_MESSAGES, MOST_QUESTION_CHARACTERS
from tests.chat_server import ChatServer
from tests.conftest import OpenLibrary
from tests.page_events import drive, event
from ui.chats.conversations import Conversations
from ui.chats.schema import LOCAL
from ui.chats.store import MOST_SHOWN_CHARACTERS, ConversationKey, ConversationStore
from ui.chats.turns import Turn, to_row
from ui.limits import MOST_PAINTED, MOST_TURNS, ConversationFullError
from ui.uploading.indexer import Indexer
from ui.web.answers import messages
from ui.web.asking import AskingHandlers
from ui.web.chat import ChatHandlers
from ui.web.documents import DocumentsHandlers
from ui.web.exploring import arithmetic, classify, compare, tokens
from ui.web.exploring import map as map_view
from ui.web.exploring.figures import Figures
from ui.web.exploring.view import Tools
from ui.web.history import HistoryHandlers
from ui.web.listing import View
from ui.web.mounting import Page

LONG = "x" * 1_000_000


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    """One document."""
    (tmp_path / "boats.txt").write_text("Small boats pass the lock at noon.")
    library = open_library()
    library.add(tmp_path / "boats.txt")
    return library


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What the page warns of, as Gradio says it where there is no page."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
        said += [str(warning.message) for warning in caught]


def test_a_question_that_is_too_long_says_how_long_it_may_be(library: Library) -> None:
    assert library.retrieve("When do boats pass? " + " " * 1_000_000)
    longest = "boats " * (MOST_QUESTION_CHARACTERS // 6)
    assert library.ask(longest).finish
    for asked in (library.ask, library.retrieve):
        with pytest.raises(QuestionTooLongError, match=r"has 1,000,000 characters; the limit is 4,000"):
            asked(LONG)
    with pytest.raises(QuestionTooLongError):
        library.confidence(LONG, [])


def test_of_a_long_history_the_newest_messages_count(open_library: OpenLibrary, chat_server: ChatServer, tmp_path: Path) -> None:
    (tmp_path / "boats.txt").write_text("Small boats pass the lock at noon.")
    library = open_library(chat_base_url=chat_server.url(), chat_model="stand-in", chat_context_tokens=1_000_000)
    library.add(tmp_path / "boats.txt")
    many = [Message(role, f"{role} {n}.") for n in range(MOST_HISTORY_MESSAGES) for role in ("user", "assistant")]
    answer = library.ask("When do small boats pass the lock?", history=many)
    assert answer.sent
    contents = [message.content for message in answer.sent.messages]
    assert len(contents) == MOST_HISTORY_MESSAGES + 2
    assert contents[-2] == many[-1].content
    large = [Message("user", LONG), Message("assistant", LONG), Message("user", "Where?"), Message("assistant", "Here.")]
    answer = library.ask("When do small boats pass the lock?", history=large)
    assert answer.sent
    assert [message.content for message in answer.sent.messages[1:-1]] == ["Where?", "Here."]
    assert sum(len(message.content) for message in answer.sent.messages) < MOST_HISTORY_CHARACTERS


def test_a_long_question_is_refused_on_every_way_in_and_kept_nowhere(library: Library, tmp_path: Path, told: list[str]) -> None:
    conversations = Conversations(ConversationStore.open(tmp_path / "conversations.sqlite3"))
    one = conversations.resume(None)
    chat = ChatHandlers(library, conversations)
    (record,) = library.documents()
    example: Any = gr.SelectData(None, {"index": 0, "value": {"text": LONG}})
    asked = [
        chat.ask(LONG, one, "", (), ""),
        chat.ask_example(one, "", example),
        chat.ask_passages(one, "", event(question=LONG, passages={record.id: [0]})),
    ]
    painted = [drive(paintings) for paintings in asked]
    assert [len(paintings) for paintings in painted] == [1, 1, 1]
    assert LONG not in str(painted)
    assert conversations.turns(one) == ()
    conversations.close()
    assert b"xxxxx" not in b"".join(path.read_bytes() for path in tmp_path.glob("conversations*"))


def test_long_names_searches_notes_and_passwords_are_refused(library: Library, told: list[str]) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    turn = conversations.begin(one, "Why?")
    history, asking = HistoryHandlers(conversations), AskingHandlers(library, conversations)
    listing = history.rename(one, "", event(id=one, title=LONG))
    assert ("Why?" in listing, len(listing) < 10_000) == (True, True)
    listing = history.show(one, LONG)
    assert ("The search has 1,000,000 characters; the limit is 200." in listing, len(listing) < 10_000) == (True, True)
    asking.save_note(one, (), "", event(id=turn.id, note=LONG))
    (kept,) = conversations.turns(one)
    assert (kept.note, conversations.title(one)) == ("", "Why?")
    indexer = Indexer(library)
    DocumentsHandlers(library, indexer).unlock(View(), event(id="job", password=LONG))
    with pytest.raises(TextTooLongError, match="The name has"):
        conversations.rename(one, LONG)


def test_every_warning_says_how_long_a_text_may_be(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    with pytest.warns(UserWarning, match="The question has 1,000,000 characters; the limit is 4,000"):
        drive(ChatHandlers(library, conversations).ask(LONG, one, "", (), ""))
    with pytest.warns(UserWarning, match="The name has 1,000,000 characters; the limit is 200"):
        HistoryHandlers(conversations).rename(one, "", event(id=one, title=LONG))


def test_the_views_of_explore_refuse_long_texts(library: Library) -> None:
    tools = Tools(library, Figures())
    longer = LONG + "x"
    comparing, classifying = compare.CompareHandlers(tools), classify.ClassifyHandlers(tools)
    shown = [
        *comparing.compare("texts", longer, None, ""),
        *comparing.compare("texts", "a\nb", None, LONG),
        *comparing.compare("documents", "", None, LONG),
        *classifying.classify(longer, "documents", "", 0.5),
        *classifying.classify("a: b\nc: d", "texts", longer, 0.5),
        *classifying.check(longer),
        *arithmetic.ArithmeticHandlers(tools).solve(LONG, "library"),
        list(tokens.TokensHandlers(tools).compare(LONG, "a", "b"))[-1],
        tokens.TokensHandlers(tools).split(LONG),
        list(tokens.TokensHandlers(tools).heat(LONG, "b"))[-1],
        *map_view.MapHandlers(tools).draw("chunks", "pca", "document", LONG),
    ]
    said = [one if isinstance(one, str) else one[0] for one in shown]
    assert len(said) == 11
    assert max(map(len, said)) < 1_000
    assert sum("1,000,000 characters" in words or "1,000,001 characters" in words for words in said) == 9  # the model shows no tokens


def test_a_file_longer_than_a_box_holds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("\n".join(f"{n} {'x' * 900}" for n in range(1_200)))
    for load in (compare.load, classify.load):
        assert "characters; the limit is 1,000,000" in load(str(tmp_path / "long.txt"))[-1]


def test_a_conversation_holds_so_many_questions_and_the_page_shows_the_last(library: Library) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    for n in range(MOST_TURNS):
        conversations.begin(one, f"Question {n}?")
    with pytest.raises(ConversationFullError, match="Start a new conversation"):
        conversations.begin(one, "One more?")
    turns = conversations.turns(one)
    shown = messages(turns)
    assert len(shown) == 2 * MOST_PAINTED
    assert f"{MOST_TURNS - MOST_PAINTED} earlier questions are not shown" in str(shown[0])
    assert f"Question {MOST_TURNS - 1}?" in str(shown[-2])
    drive(ChatHandlers(library, conversations).retry(one, "", gr.EventData(None, {"id": turns[-MOST_PAINTED].id})))
    turns = conversations.turns(one)
    assert (len(turns), turns[-1].question) == (MOST_TURNS - MOST_PAINTED + 1, f"Question {MOST_TURNS - MOST_PAINTED}?")


def test_lists_carry_titles_and_what_an_older_version_kept_of_a_long_question_is_not_read_whole(tmp_path: Path) -> None:
    store = ConversationStore.open(tmp_path / "conversations.sqlite3")
    row, key = to_row(Turn("a", "y" * 5_000_000)), ConversationKey(LOCAL, "old")
    store.put(key, row)
    store.put(key, to_row(Turn("b", "And then?", state="done")))
    conversations = Conversations(store)
    (listed,) = conversations.listed()
    assert len(listed.title) == len(conversations.title("old")) == MOST_SHOWN_CHARACTERS
    long, other = conversations.turns("old")
    assert (len(long.question), long.state, other.question) == (MOST_QUESTION_CHARACTERS, "failed", "And then?")


def test_the_page_keeps_nothing_of_what_events_were_given_and_showed() -> None:
    async def kept() -> list[Any]:
        with Page() as page:
            box = gr.Textbox()
            box.submit(str, box, box)
        state, function = SessionState(page), page.fns[0]
        assert await page.preprocess_data(function, [LONG], state) == [LONG]
        await page.postprocess_data(function, [LONG], state)
        return [config["props"].get("value") for config in state.config_values.values()]

    assert LONG not in asyncio.run(kept())
