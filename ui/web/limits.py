"""How long a text from the browser may be. What is longer is refused with a sentence that says so, and nothing of it is kept."""

from typing import Any

from rag.errors import RagError
from rag.retrieving.search import MOST_QUESTION_CHARACTERS
from ui.web import text

MOST_NAME_CHARACTERS = 200
MOST_SEARCH_CHARACTERS = 200
MOST_NOTE_CHARACTERS = 4_000
MOST_PASSWORD_CHARACTERS = 1_000
MOST_WORD_CHARACTERS = 200
MOST_SUM_CHARACTERS = 2_000
MOST_LIST_CHARACTERS = 1_000_000
"""Of texts, or examples, one a line."""

MOST_TURNS = 500
"""Questions in a conversation."""

MOST_PAINTED = 50
"""Questions of a conversation that the page shows, the last ones: all of what is shown is written anew as an answer grows."""


class TextTooLongError(RagError):
    """A text has more characters than it may."""


class ConversationFullError(RagError):
    """A conversation takes no more questions."""


def limited(given: Any, most: int, what: str) -> str:
    """A text from the browser, without white space around it.

    Args:
        given: What was sent; nothing is "".
        most: Characters that it may have.
        what: What it is, to begin the sentence that refuses it.

    Raises:
        TextTooLongError: It has more.
    """
    words = "" if given is None else str(given).strip()
    if len(words) > most:
        raise TextTooLongError(text.TOO_LONG.format(what=what, count=len(words), most=most))
    return words


def question_of(given: Any) -> str:
    """A question from the browser; as `limited`."""
    return limited(given, MOST_QUESTION_CHARACTERS, text.QUESTION)
