"""Several servers with one store of conversations: what one writes the others see, and no answer is lost or written over."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from rag import Answer
from rag.errors import StorageError
from rag.storing.database import Database, sql
from ui.chats import cache
from ui.chats.conversations import Conversations
from ui.chats.schema import LOCAL
from ui.chats.store import SECONDS_ALIVE, ConversationKey, ConversationStore
from ui.chats.turns import Turn, to_row

Opened = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Opens the one database, for one more server."""
    with ExitStack() as closes:
        if request.param == "postgresql":
            url = request.getfixturevalue("postgres").database()
            yield lambda: closes.enter_context(Database.schema(url, "footnote_conversations", "conversations"))
        else:
            yield lambda: closes.enter_context(Database.file(tmp_path / "conversations.sqlite3", "conversations"))


@pytest.fixture
def servers(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Conversations, Conversations]]:
    monkeypatch.setattr(cache, "SECONDS_BETWEEN_BEATS", 0.02)
    with ExitStack() as closes:
        made = [closes.enter_context(closing(Conversations(ConversationStore(opened(), is_shared=True)))) for _ in range(2)]
        yield made[0], made[1]


def answered(turn: Turn, text: str = "Words.") -> Turn:
    return replace(turn, state="done", answer=Answer(turn.question, text, (), (), "stand-in", "complete", "", 0.1))


def grown(turn: Turn, text: str) -> Turn:
    return replace(answered(turn, text), state="growing")


def questions(conversations: Conversations, conversation_id: str) -> list[str]:
    return [turn.question for turn in conversations.turns(conversation_id)]


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def text_of(turn: Turn) -> str:
    return turn.answer.text if turn.answer else ""


def test_what_one_server_wrote_the_other_shows_at_once(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    one = here.resume(None)
    here.update(one, answered(here.begin(one, "First?")))
    assert there.resume(one) == one
    there.update(one, answered(there.begin(one, "Second?")))
    assert questions(here, one) == questions(there, one) == ["First?", "Second?"]
    here.rate(one, here.turns(one)[1].id, "up", "Good.")
    assert there.turns(one)[1].vote == "up"
    here.begin(one, "Another?", instead_of=there.turns(one)[0].id)
    assert questions(there, one) == ["Another?"]
    there.rename(one, "Reasons")
    assert [(found.title, found.turns) for found in here.listed("REASONS")] == [("Reasons", 1)]
    there.delete(one)
    assert here.turns(one) == ()
    assert here.resume(one) != one
    with pytest.raises(KeyError):
        here.begin(one, "And now?")


def test_turns_begun_at_the_same_time_stand_behind_each_other(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    one = here.resume(None)
    here.begin(one, "First?")
    first, second = here.begin(one, "Here?"), there.begin(one, "There?")
    assert there.update(one, answered(second, "From there."))
    assert here.update(one, answered(first, "From here."))
    for each in servers:
        assert questions(each, one) == ["First?", "Here?", "There?"]
        assert [text_of(turn) for turn in each.turns(one)[1:]] == ["From here.", "From there."]


def test_a_place_that_was_taken_meanwhile_is_nobody_s_loss(opened: Opened) -> None:
    """Neither server has seen the other's turn when it writes its own."""
    here, there = (ConversationStore(opened(), is_shared=True) for _ in range(2))
    key = ConversationKey(LOCAL, "c")
    for store, question in ((here, "First?"), (there, "Second?"), (here, "Third?")):
        assert store.put(key, to_row(Turn(question, question)))
    assert there.put(key, to_row(Turn("Instead?", "Instead?")), gone=["Second?"]) == 4
    assert [row.question for row in here.rows(key)] == ["First?", "Third?", "Instead?"]
    assert here.put(key, to_row(Turn("Third?", "Third, once more?"))) == 5  # a commit whose answer was lost is tried again
    assert [row.question for row in here.rows(key)] == ["First?", "Third, once more?", "Instead?"]


def test_an_answer_is_seen_growing_elsewhere_and_ends_there_once(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    one = here.resume(None)
    turn = here.begin(one, "Why?")
    assert [each.state for each in there.turns(one)] == ["growing"]
    here.update(one, grown(turn, "Because"))
    wait_until(lambda: text_of(there.turns(one)[0]) == "Because")
    here.update(one, answered(turn, "Because of the tide."))
    (seen,) = there.turns(one)
    assert (seen.state, text_of(seen)) == ("done", "Because of the tide.")


@pytest.mark.parametrize("is_noticed", [True, False])
def test_what_was_stopped_on_another_server_stays_stopped(servers: tuple[Conversations, Conversations], is_noticed: bool) -> None:
    here, there = servers
    one = here.resume(None)
    turn = here.begin(one, "Why?")
    here.update(one, grown(turn, "Because"))
    wait_until(lambda: text_of(there.turns(one)[0]) == "Because")
    there.stop(one)
    if is_noticed:
        wait_until(lambda: not here.update(one, grown(turn, "Because of")))
    here.update(one, answered(turn, "Because of the tide."))
    for each in servers:
        (seen,) = each.turns(one)
        assert (seen.state, text_of(seen)) == ("stopped", "Because")


def test_what_was_deleted_on_another_server_does_not_come_back(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    one = here.resume(None)
    turn = here.begin(one, "Why?")
    there.delete(one)
    wait_until(lambda: not here.update(one, grown(turn, "Because")))
    assert here.update(one, answered(turn)) is False
    assert (here.turns(one), there.turns(one), here.listed()) == ((), (), [])


def test_a_turn_of_a_server_that_died_is_shown_as_stopped(opened: Opened, servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    dying = Conversations(ConversationStore(database := opened(), is_shared=True))
    one = dying.resume(None)
    turn = dying.begin(one, "Why?")
    dying._cache._ended.set()  # it is not heard of any more
    assert dying._cache._beating
    dying._cache._beating.join()
    with database.writing() as connection:
        connection.execute(sql("UPDATE turns SET growing_until = growing_until - :seconds"), {"seconds": SECONDS_ALIVE})
    assert [each.state for each in here.turns(one)] == ["stopped"]
    there.begin(one, "And then?")
    assert questions(here, one) == ["Why?", "And then?"]
    dying.update(one, answered(turn, "It only slept."))
    assert [each.state for each in there.turns(one)] == ["done", "growing"]


def test_what_grows_on_another_server_survives_the_end_of_this_one(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    one = here.resume(None)
    turn = here.begin(one, "Why?")
    assert there.turns(one)
    there.close()
    assert here.update(one, answered(turn))


class Refusing(ConversationStore):
    """A store whose database is away now and then."""

    is_away = False

    def put(self, *given: object, **named: object) -> int | None:
        if self.is_away:
            raise StorageError("The database is away.")
        return super().put(*given, **named)  # type: ignore[arg-type]

    def version(self, key: ConversationKey) -> int | None:
        if self.is_away:
            raise StorageError("The database is away.")
        return super().version(key)


def test_what_the_database_refused_is_written_when_it_is_back(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SECONDS_BETWEEN_BEATS", 0.02)
    store, other = Refusing(opened(), is_shared=True), Conversations(ConversationStore(opened(), is_shared=True))
    with closing(Conversations(store)) as here, closing(other) as there:
        one = here.resume(None)
        here.update(one, answered(here.begin(one, "First?")))
        store.is_away = True
        here.update(one, answered(here.begin(one, "Second?"), "Said meanwhile."))
        assert here.problem == "The database is away."
        assert questions(here, one) == ["First?", "Second?"]
        there.update(one, answered(there.begin(one, "Third?")))
        store.is_away = False
        wait_until(lambda: here.problem == "")
        for each in (here, there):
            assert questions(each, one) == ["First?", "Third?", "Second?"]
            assert text_of(each.turns(one)[2]) == "Said meanwhile."


def test_words_are_found_whatever_they_are(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    for question in ("100 % of a_b?", "Wo ist die STRASSE?", "What\0ever!"):
        here.update(one := here.resume(None), answered(here.begin(one, question), "Ten days, in March."))
    here.rename(one, "Äpfel")
    assert {query: len(there.listed(query)) for query in ("%", "_", "!", "straße", "march die", "äPFEL", "march", "\0")} == {
        "%": 1, "_": 1, "!": 1, "straße": 1, "march die": 1, "äPFEL": 1, "march": 3, "\0": 1,
    }  # fmt: skip
    assert here.of("somebody else").listed("march") == []


def test_a_link_is_the_same_on_all_servers(servers: tuple[Conversations, Conversations]) -> None:
    here, there = (each.of("her") for each in servers)
    one = here.resume(None)
    here.update(one, answered(here.begin(one, "Why?")))
    link = here.share(one)
    assert there.share(one) == link
    assert (found := there.shared(link))
    assert [turn.question for turn in found.turns] == ["Why?"]
    there.unshare(one)
    assert here.shared(link) is None


def test_old_conversations_are_deleted_for_all(servers: tuple[Conversations, Conversations]) -> None:
    here, there = servers
    one, other = here.resume(None), there.resume(None)
    here.update(one, answered(here.begin(one, "Old?")))
    there.begin(other, "Growing?")
    there.expire(time.time() + 60)
    assert (here.turns(one), questions(here, other)) == ((), ["Growing?"])
