from dataclasses import replace

from rag import Answer, Citation, Message, Passage
from ui.web.conversations import MOST_CONVERSATIONS, Conversations, Turn

PASSAGE = Passage(1, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 0, 5, "Words")
CITATION = Citation.of_words(1, PASSAGE)


def answered(turn: Turn, text: str = "Words [1].") -> Turn:
    return replace(turn, state="done", answer=Answer(turn.question, text, (CITATION,), (PASSAGE,), "stand-in", "complete", "", 0.1))


def test_a_conversation_is_found_again_by_its_id() -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    turn = conversations.begin(one, "Why?")
    assert conversations.resume(one) == one
    assert conversations.turns(one) == (turn,)
    other = conversations.resume("made up by a stranger")
    assert other not in {one, "made up by a stranger"}
    assert conversations.turns(other) == ()


def test_ids_cannot_be_guessed() -> None:
    conversations = Conversations()
    ids = {conversations.resume(None) for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 20


def test_turns_are_kept_apart_and_in_order() -> None:
    conversations = Conversations()
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


def test_the_history_holds_answered_questions_only() -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    conversations.begin(one, "Still growing?")
    conversations.update(one, replace(conversations.begin(one, "Failed?"), state="failed", problem="The server is away."))
    conversations.update(one, answered(conversations.begin(one, "Empty?"), text=""))
    assert conversations.history(one) == []


def test_one_turn_can_be_stopped_alone() -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    first, second = conversations.begin(one, "First?"), conversations.begin(one, "Second?")
    conversations.stop(one, first.id)
    assert [turn.state for turn in conversations.turns(one)] == ["stopped", "growing"]
    assert second.state == "growing"


def test_what_was_stopped_stays_stopped() -> None:
    conversations = Conversations()
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


def test_a_turn_and_those_after_it_can_be_taken_back() -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    for question in ("First?", "Second?", "Third?"):
        conversations.begin(one, question)
    assert conversations.cut(one, 1) == "Second?"
    assert [turn.question for turn in conversations.turns(one)] == ["First?"]
    assert conversations.cut(one, 1) is None
    assert conversations.cut(one, -1) is None


def test_a_footnote_belongs_to_its_conversation_and_turn() -> None:
    conversations = Conversations()
    one, other = conversations.resume(None), conversations.resume(None)
    turn = answered(conversations.begin(one, "Why?"))
    conversations.update(one, turn)
    assert conversations.citation(one, turn.id, 0) == CITATION
    assert conversations.citation(one, turn.id, 1) is None
    assert conversations.citation(one, turn.id, -1) is None
    assert conversations.citation(one, "other", 0) is None
    assert conversations.citation(other, turn.id, 0) is None
    assert conversations.citation("unknown", turn.id, 0) is None


def test_the_conversations_used_last_are_kept() -> None:
    conversations = Conversations()
    first, second = conversations.resume(None), conversations.resume(None)
    conversations.begin(first, "Why?")
    conversations.turns(first)
    for _ in range(MOST_CONVERSATIONS - 1):
        conversations.resume(None)
    assert conversations.resume(first) == first
    assert conversations.resume(second) != second


def test_nothing_grows_under_an_id_that_is_gone() -> None:
    conversations = Conversations()
    conversations.stop("gone")
    conversations.update("gone", Turn("1", "Why?"))
    assert conversations.turns("gone") == ()
    assert conversations.resume("gone") != "gone"
