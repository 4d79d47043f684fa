"""How long a text from outside may be. A longer one is refused with a sentence that says so, and nothing of it is kept."""

from typing import Any

from rag.errors import RagError
from rag.retrieving.search import MOST_QUESTION_CHARACTERS
from ui import text

MOST_NAME_CHARACTERS = 200
MOST_ADDRESS_CHARACTERS = 4_000
MOST_SEARCH_CHARACTERS = 200
MOST_NOTE_CHARACTERS = 4_000
MOST_PASSWORD_CHARACTERS = 1_000
MOST_WORD_CHARACTERS = 200
MOST_SUM_CHARACTERS = 2_000
MOST_LIST_CHARACTERS = 1_000_000  # of texts, or examples, one a line
MOST_TURNS = 500  # questions in a conversation
MOST_PAINTED = 50  # the last questions of a conversation, which the page shows: all that it shows is written anew as an answer grows


class TextTooLongError(RagError):
    """A text has too many characters."""


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
