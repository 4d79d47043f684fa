"""How long a text from outside may be. A longer one is refused with a sentence that says so, and nothing of it is kept."""

from typing import Any

from rag.answering.checking import MOST_CHARACTERS, checked_statements
from rag.errors import RagError, TextTooLongError
from rag.retrieving.search import MOST_QUESTION_CHARACTERS
from ui import text

MOST_NAME_CHARACTERS = 200
MOST_ADDRESS_CHARACTERS = 4_000
MOST_SEARCH_CHARACTERS = 200
MOST_NOTE_CHARACTERS = 4_000
MOST_PASSWORD_CHARACTERS = 1_000
MOST_WORD_CHARACTERS = 200
MOST_SUM_CHARACTERS = 2_000
MOST_LIST_CHARACTERS = MOST_CHARACTERS  # of texts, or examples, one a line
MOST_SENTENCES = 300  # of a text that is checked in one reply, some 60 seconds: where nothing shows how far it is
MOST_TURNS = 500  # questions in a conversation
MOST_PAINTED = 50  # the last questions of a conversation, which the page shows: all that it shows is written anew as an answer grows


class ConversationFullError(RagError):
    """A conversation takes no more questions."""


def limited(given: Any, most: int, what: str) -> str:
    """A text from outside, stripped; `what` it is begins the sentence of the TextTooLongError for one longer than `most`."""
    words = "" if given is None else str(given).strip()
    if len(words) > most:
        raise TextTooLongError(text.TOO_LONG.format(what=what, count=len(words), most=most))
    return words


def question_of(given: Any) -> str:
    """A question from outside; see `limited`."""
    return limited(given, MOST_QUESTION_CHARACTERS, text.QUESTION)


def checkable(given: str, how: str) -> str:
    """A text with few enough sentences to be checked in one reply; `how` says what to do about the TextTooLongError for another."""
    if len(given) <= MOST_CHARACTERS and (count := len(checked_statements(given))) > MOST_SENTENCES:
        raise TextTooLongError(text.TOO_MANY_SENTENCES.format(count=count, most=MOST_SENTENCES, how=how))
    return given
