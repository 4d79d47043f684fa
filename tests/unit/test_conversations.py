import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rag import Answer, Citation, Message, Passage
from rag.errors import StorageError
from rag.storing.database import Database
from rag.types import CheckedSentence, Sent
from ui.chats.cache import MOST_OPEN
from ui.chats.conversations import Conversations
from ui.chats.schema import LOCAL
from ui.chats.store import ConversationKey, ConversationStore, Row
from ui.chats.turns import AskedDocument, Turn, to_row
from ui.web.answers import messages
from ui.web.history import history_html

PASSAGE = Passage(1, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 0, 5, "Words")
CITATION = Citation.of_words(1, PASSAGE)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "conversations.sqlite3"


@pytest.fixture(params=["memory", "postgresql"])
def conversations(request: pytest.FixtureRequest) -> Iterator[Conversations]:
    """New ones."""
    if request.param == "memory":
        yield Conversations()
        return
    url = request.getfixturevalue("postgres").database()
    with Database.schema(url, "footnote_conversations", "conversations") as database:
        conversations = Conversations(ConversationStore(database, is_shared=True))
        yield conversations
        conversations.close()


def answered(turn: Turn, text: str = "Words [1].") -> Turn:
    return replace(turn, state="done", answer=Answer(turn.question, text, (CITATION,), (PASSAGE,), "stand-in", "complete", "", 0.1))


def test_a_conversation_is_found_again_by_its_id(conversations: Conversations) -> None:
    one = conversations.resume(None)
    turn = conversations.begin(one, "Why?")
    assert conversations.resume(one) == one
    assert conversations.turns(one) == (turn,)
    other = conversations.resume("made up by a stranger")
    assert other not in {one, "made up by a stranger"}
    assert conversations.turns(other) == ()


def test_ids_cannot_be_guessed(conversations: Conversations) -> None:
    ids = {conversations.resume(None) for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 20


def test_turns_are_kept_apart_and_in_order(conversations: Conversations) -> None:
    one, other = conversations.resume(None), conversations.resume(None)
    for question in ("First?", "Second?"):
        conversations.update(one, answered(conversations.begin(one, question)))
    assert [turn.question for turn in conversations.turns(one)] == ["First?", "Second?"]
    assert conversations.turns(other) == ()
    assert conversations.history(one) == [
        Message("user", "First?"),
        Message("assistant", "Words [1]."),
        Message("user", "Second?"),
        Message("assistant", "Words [1]."),
    ]


def test_the_history_holds_answered_questions_only(conversations: Conversations) -> None:
    one = conversations.resume(None)
    conversations.begin(one, "Still growing?")
    conversations.update(one, replace(conversations.begin(one, "Failed?"), state="failed", problem="The server is away."))
    conversations.update(one, answered(conversations.begin(one, "Empty?"), text=""))
    assert conversations.history(one) == []


def test_one_turn_can_be_stopped_alone(conversations: Conversations) -> None:
    one = conversations.resume(None)
    first, second = conversations.begin(one, "First?"), conversations.begin(one, "Second?")
    conversations.stop(one, first.id)
    assert [turn.state for turn in conversations.turns(one)] == ["stopped", "growing"]
    assert second.state == "growing"


def test_what_was_stopped_stays_stopped(conversations: Conversations) -> None:
    one = conversations.resume(None)
    turn = conversations.begin(one, "Why?")
    conversations.update(one, replace(answered(turn, "So far"), state="growing"))
    conversations.stop(one)
    conversations.update(one, answered(turn, "A late word"))
    (kept,) = conversations.turns(one)
    assert kept.state == "stopped"
    assert kept.answer
    assert kept.answer.text == "So far"
    assert [message.content for message in conversations.history(one)] == ["Why?", "So far"]


def test_a_question_asked_in_the_place_of_another_takes_that_of_those_after_it_too(conversations: Conversations) -> None:
    one = conversations.resume(None)
    turns = [conversations.begin(one, question) for question in ("First?", "Second?", "Third?")]
    conversations.begin(one, "Another?", instead_of=turns[1].id)
    assert [turn.question for turn in conversations.turns(one)] == ["First?", "Another?"]
    assert conversations.update(one, answered(turns[2])) is False


def test_a_footnote_belongs_to_its_conversation_and_turn(conversations: Conversations) -> None:
    one, other = conversations.resume(None), conversations.resume(None)
    turn = answered(conversations.begin(one, "Why?"))
    conversations.update(one, turn)
    assert conversations.citation(one, turn.id, 0) == CITATION
    assert conversations.citation(one, turn.id, 1) is None
    assert conversations.citation(one, turn.id, -1) is None
    assert conversations.citation(one, "other", 0) is None
    assert conversations.citation(other, turn.id, 0) is None
    assert conversations.citation("unknown", turn.id, 0) is None


def test_all_conversations_are_found_again_however_many_are_open(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    first = conversations.resume(None)
    conversations.update(first, answered(conversations.begin(first, "Why?")))
    for _ in range(MOST_OPEN + 1):
        conversations.resume(None)
    assert conversations.resume(first) == first
    assert conversations.citation(first, conversations.turns(first)[0].id, 0) == CITATION


def test_nothing_grows_under_an_id_that_is_gone(conversations: Conversations) -> None:
    conversations.stop("gone")
    conversations.update("gone", Turn("1", "Why?"))
    assert conversations.turns("gone") == ()
    assert conversations.resume("gone") != "gone"


def test_a_restart_keeps_all_of_a_turn(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    turn = conversations.begin(one, "Why?", (AskedDocument("d" * 64, "notes.txt"),))
    sent = Sent((Message("user", "Why?"),), 10, 4000, 0, (PASSAGE,), 9, 0.5, "stop")
    whole = answered(turn)
    assert whole.answer
    citation = replace(CITATION, verdict="supported", sentence="Words.", position=6)
    answer = replace(whole.answer, citations=(citation,), sentences=(CheckedSentence(0, 9, "supported", (0,)),), reasoning="Hm.", sent=sent)
    conversations.update(one, replace(whole, answer=answer))
    conversations.rate(one, turn.id, "up", "Well said.")
    kept = conversations.turns(one)
    conversations.close()

    again = Conversations(ConversationStore.open(store))
    assert again.resume(one) == one
    assert again.turns(one) == kept == (replace(whole, answer=answer, vote="up", note="Well said."),)
    assert again.history(one) == [Message("user", "Why?"), Message("assistant", "Words [1].")]
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_a_question_outlives_a_crash_and_what_grew_is_stopped(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    conversations.begin(one, "Why?")  # and never closed
    (turn,) = Conversations(ConversationStore.open(store)).turns(one)
    assert (turn.question, turn.state) == ("Why?", "stopped")


def test_conversations_are_listed_by_their_last_change_named_renamed_and_searched(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one, other, empty = (conversations.resume(None) for _ in range(3))
    conversations.update(one, answered(conversations.begin(one, "How long is leave?"), "Ten days, in March."))
    conversations.begin(other, "Where is the STRASSE?")
    assert [(found.id, found.title, found.turns) for found in conversations.listed()] == [
        (other, "Where is the STRASSE?", 1),
        (one, "How long is leave?", 1),
    ]
    assert [found.id for found in conversations.listed("march LONG")] == [one]
    assert [found.id for found in conversations.listed("straße")] == [other]
    assert conversations.listed("march strasse") == []
    assert conversations.listed("%") == []
    conversations.rename(one, "  Holidays \n 2026 ")
    assert conversations.title(one) == "Holidays 2026"
    assert [found.title for found in conversations.listed("holidays")] == ["Holidays 2026"]
    conversations.rename(one, "  ")
    assert conversations.title(one) == "How long is leave?"
    assert conversations.title(empty) == ""


def test_a_deleted_conversation_is_gone_from_the_file_and_nothing_grows_in_it(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    turn = conversations.begin(one, "What is the capital of Wonderland?")
    conversations.delete(one)
    assert conversations.update(one, answered(turn)) is False
    assert conversations.turns(one) == ()
    assert conversations.listed() == []
    conversations.close()
    assert b"Wonderland" not in b"".join(path.read_bytes() for path in store.parent.iterdir())


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_file_is_moved_aside(store: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    store.write_bytes(damage)
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    conversations.update(one, answered(conversations.begin(one, "Why?")))
    assert [found.title for found in Conversations(ConversationStore.open(store)).listed()] == ["Why?"]
    assert store.with_name("conversations.damaged-1.sqlite3").read_bytes() == damage
    assert "is damaged" in caplog.text


def test_a_damaged_file_is_told_on_the_page(store: Path) -> None:
    store.write_bytes(b"no database at all" * 100)
    conversations = Conversations(ConversationStore.open(store))
    listing = history_html(conversations, None)
    assert "conversations.sqlite3 was damaged" in listing
    assert "conversations.damaged-1.sqlite3" in listing
    conversations.close()
    assert "damaged" not in history_html(Conversations(ConversationStore.open(store)), None)  # told until the next start


def test_a_file_that_was_emptied_is_told_as_damaged(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    conversations.begin(conversations.resume(None), "Why?")
    conversations.close()
    store.write_bytes(b"")
    assert "was damaged" in Conversations(ConversationStore.open(store)).notice


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another program is writing."""
    ConversationStore.open(store).close()
    with closing(sqlite3.connect(store)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def a_folder(store: Path) -> Iterator[None]:
    store.mkdir()
    yield


@contextmanager
def beside_a_folder(store: Path) -> Iterator[None]:
    """What SQLite would write is a folder."""
    store.with_name(f"{store.name}-journal").mkdir()
    store.with_name(f"{store.name}-wal").mkdir()
    yield


@contextmanager
def forbidden(store: Path) -> Iterator[None]:
    """This user may not open the file."""
    store.touch(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (locked, "in use by another program"),
        (a_folder, "is a folder"),
        (beside_a_folder, "cannot be opened"),
        (forbidden, "no permission"),
    ],
)
def test_a_file_that_cannot_be_opened_is_told_at_once(
    store: Path, trouble: Callable[[Path], AbstractContextManager[None]], said: str
) -> None:
    with trouble(store):
        conversations = Conversations(ConversationStore.open(store))
    listing = history_html(conversations, None)
    assert said in listing
    assert "This conversation is kept only until the server stops." in listing
    one = conversations.resume(None)
    conversations.update(one, answered(conversations.begin(one, "Why?")))
    assert [found.title for found in conversations.listed()] == ["Why?"]


@pytest.mark.parametrize("use", ["begin", "listed", "resume", "title", "rename", "delete"])
def test_damage_while_serving_is_told_and_what_is_open_goes_on_in_a_new_file(store: Path, use: str) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one, other = conversations.resume(None), conversations.resume(None)
    for conversation_id in (one, other):
        conversations.update(conversation_id, answered(conversations.begin(conversation_id, f"Why {'x' * 3000}?")))
    with closing(sqlite3.connect(store)) as checkpoint:
        checkpoint.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(store.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    store.write_bytes(damaged)
    uses: dict[str, Callable[[], object]] = {
        "begin": lambda: conversations.begin(one, "And then?"),
        "listed": conversations.listed,
        "resume": lambda: conversations.resume("not in memory"),
        "title": lambda: conversations.title(one),
        "rename": lambda: conversations.rename(one, "Reasons"),
        "delete": lambda: conversations.delete(other),
    }
    uses[use]()
    assert "conversations.damaged-1.sqlite3" in history_html(conversations, one)
    left = {one} if use == "delete" else {one, other}
    assert {found.id for found in conversations.listed()} == left
    conversations.update(one, answered(conversations.begin(one, "At last?")))
    assert conversations.problem == ""
    conversations.close()
    again = Conversations(ConversationStore.open(store))
    assert {found.id for found in again.listed()} == left
    assert again.turns(one)[-1].question == "At last?"


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", 7, "[" * 100_000, "null", '{"id": "b", "question": "Odd?", "answer": {}}', "\ud83d".encode("utf-8", "surrogatepass")],
)
def test_a_row_that_cannot_be_read_hides_no_other(store: Path, body: object) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    for question in ("First?", "Second?", "Third?"):
        conversations.update(one, answered(conversations.begin(one, question)))
    conversations.close()
    with closing(sqlite3.connect(store)) as other, other:
        other.execute(
            "UPDATE turns SET body = CAST(? AS TEXT) WHERE place = 1"
            if isinstance(body, bytes)
            else "UPDATE turns SET body = ? WHERE place = 1",
            (body,),
        )
        other.execute("UPDATE turns SET question = CAST(x'ff' AS TEXT) WHERE place = 2")
    again = Conversations(ConversationStore.open(store))
    turns = again.turns(one)
    assert [turn.state for turn in turns] == ["done", "failed", "done"]
    assert len(messages(turns)) == 6
    assert again.listed()


def test_a_folder_that_cannot_be_written_does_not_keep_the_page_from_starting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    conversations = Conversations(ConversationStore.open(tmp_path / "no such folder" / "conversations.sqlite3"))
    one = conversations.resume(None)
    conversations.begin(one, "Why?")
    assert [found.title for found in conversations.listed()] == ["Why?"]
    assert "no longer" in caplog.text


def test_rows_of_an_older_version_load_and_those_that_cannot_say_so(store: Path) -> None:
    file = ConversationStore.open(store)
    old = (
        '{"id": "a", "question": "Old?", "answer": {"question": "Old?", "text": "Yes.", "citations": [], "passages": [], '
        '"model": "m", "finish": "complete", "notice": "", "seconds": 1.0}, "state": "done"}'
    )
    file.put(ConversationKey(LOCAL, "c"), Row("a", "Old?", "old?", old))
    file.put(ConversationKey(LOCAL, "c"), Row("b", "Odd?", "odd?", '{"id": 3}'))
    read, odd = Conversations(file).turns("c")
    assert read.answer
    assert (read.answer.text, read.answer.sent, read.vote) == ("Yes.", None, "")
    assert (odd.question, odd.state) == ("Odd?", "failed")
    assert "Ask again" in odd.problem


def test_what_the_disk_refuses_stays_and_is_written_later(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    other = sqlite3.connect(store)
    other.execute("ALTER TABLE turns RENAME TO away")
    turn = conversations.begin(one, "Why?")
    assert "cannot be saved" in conversations.problem
    assert [turn.question for turn in conversations.turns(one)] == ["Why?"]
    with pytest.raises(StorageError):
        conversations.listed()
    other.execute("ALTER TABLE away RENAME TO turns")
    other.close()
    conversations.update(one, answered(turn))
    assert conversations.problem == ""
    assert [found.title for found in Conversations(ConversationStore.open(store)).listed()] == ["Why?"]


def test_half_a_character_of_a_broken_answer_is_kept_as_a_question_mark(store: Path) -> None:
    conversations = Conversations(ConversationStore.open(store))
    one = conversations.resume(None)
    conversations.update(one, answered(conversations.begin(one, "Why \ud83d?"), "So \ud83d."))
    (turn,) = Conversations(ConversationStore.open(store)).turns(one)
    assert turn.answer
    assert (turn.question, turn.answer.text) == ("Why ??", "So ?.")


def made_before_versions(store: Path) -> None:
    """A file as it was made before it had a version and owners."""
    with closing(sqlite3.connect(store)) as old, old:
        old.executescript("""
        PRAGMA journal_mode = WAL;
        CREATE TABLE conversations (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', changed REAL NOT NULL);
        CREATE TABLE turns (
            conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
            place INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (conversation, place)
        ) WITHOUT ROWID;
        INSERT INTO conversations VALUES ('c', 'Tea', 1), ('d', '', 2);
        """)
        turn = Turn("a", "Where is Wonderland?", state="done")
        row = to_row(turn)
        old.execute("INSERT INTO turns VALUES ('c', 0, 'a', ?, ?, ?)", (row.question, row.words, row.body))
        old.execute("INSERT INTO turns VALUES ('d', 0, 'b', 'Why?', 'why?', '{}')")


def test_a_file_without_a_version_is_brought_up_to_date(store: Path) -> None:
    made_before_versions(store)
    conversations = Conversations(ConversationStore.open(store))
    assert [(found.id, found.title, found.turns) for found in conversations.listed()] == [("d", "Why?", 1), ("c", "Tea", 1)]
    assert conversations.turns("c") == (Turn("a", "Where is Wonderland?", state="done"),)
    conversations.update("c", answered(conversations.begin("c", "And then?")))
    conversations.close()
    again = Conversations(ConversationStore.open(store))
    assert (again.notice, [turn.question for turn in again.turns("c")]) == ("", ["Where is Wonderland?", "And then?"])
    again.delete("c")
    again.close()
    assert b"Wonderland" not in b"".join(path.read_bytes() for path in store.parent.iterdir())


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(store: Path) -> None:
    made_before_versions(store)
    with closing(sqlite3.connect(store)) as newer:
        newer.execute("PRAGMA user_version = 99")
    before = store.read_bytes()
    conversations = Conversations(ConversationStore.open(store))
    conversations.begin(conversations.resume(None), "Why?")
    assert "was written by a newer version of Footnote" in history_html(conversations, None)
    assert [found.title for found in conversations.listed()] == ["Why?"]
    conversations.close()
    assert store.read_bytes() == before


def test_owners_never_see_each_others_conversations(store: Path) -> None:
    file = ConversationStore.open(store)
    hers, his = ConversationKey("her", "c"), ConversationKey("him", "c")
    file.put(hers, to_row(Turn("a", "Hers?")))
    assert (file.rows(his), file.title(his), file.listed("him", [], 9), file.listed("him", ["hers?"], 9)) == ([], "", [], [])
    file.put(his, to_row(Turn("b", "His?")))
    file.rename(his, "Mine")
    assert (file.title(hers), [found.title for found in file.listed("her", [], 9)]) == ("Hers?", ["Hers?"])
    assert file.listed("her", ["mine"], 9) == []
    file.delete([his])
    assert ([row.question for row in file.rows(hers)], file.rows(his)) == (["Hers?"], [])


@pytest.mark.parametrize("reopened", [False, True])
def test_nobody_reaches_a_conversation_by_the_id_of_somebody_else(store: Path, reopened: bool) -> None:
    her = Conversations(ConversationStore.open(store), owner="her")
    one = her.resume(None)
    turn = answered(her.begin(one, "Hers?"))
    her.update(one, turn)
    growing = her.begin(one, "And then?")
    if reopened:
        her.close()
        her = Conversations(ConversationStore.open(store), owner="her")
    him = her.of("him")
    assert him.resume(one) != one
    assert (him.turns(one), him.turn(one, turn.id), him.citation(one, turn.id, 0), him.history(one)) == ((), None, None, [])
    assert (him.listed(), him.listed("hers?"), him.title(one)) == ([], [], "")
    with pytest.raises(KeyError):
        him.begin(one, "His?")
    assert him.update(one, growing) is False
    before = her.turns(one)
    him.stop(one)
    him.rate(one, turn.id, "down", "his")
    him.rename(one, "His")
    him.delete(one)
    assert (her.turns(one), her.title(one), her.resume(one)) == (before, "Hers?", one)
