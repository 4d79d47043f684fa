"""What an answer says about itself, in English; `notices.toml` has the same in other languages."""

import tomllib
from functools import cache
from pathlib import Path

NOT_FOUND = "Not found in your documents."  # what a chat model is asked to reply as well when the passages hold no answer

CONNECT = (
    "No chat model is connected, so these are sentences quoted from your documents. For answers in prose, start any OpenAI-compatible "
    "server and set RAG_CHAT_BASE_URL, for example http://localhost:11434/v1 for Ollama."
)
EMPTY_LIBRARY = "There are no documents yet. Add some, then ask again."
NOTHING_SELECTED = "No documents or passages are selected. Select some, or ask about all of them."
NO_MATCH = "No passage matches this question."
SELECTION_GONE = "The selected passages are no longer in the library. Select others, or ask about all documents."
NOTHING_TO_CHECK = "There are no documents yet that the text could be checked against. Add some, then check it again."
TOO_LONG = "A sentence of more than {most:,} characters was not compared: is it a list without punctuation?"
CLOSEST_PASSAGES = "The closest passages:"
PERHAPS = "The documents may not answer this; this is the nearest they say:"
NOTHING_ABOUT = "Nothing about {name} was found."
DOUBTFUL = "The passages may not answer this question: check the footnotes."
WIDENED = "Nothing in {names} answers this, so everything was searched."
CUT = "The answer was cut off at the token limit. Ask for less at once, or raise RAG_CHAT_MAX_TOKENS or the server's own limit."
INTERRUPTED = "The answer is incomplete: the endpoint stopped partway. Try again."
SILENT = "The model's reply was empty. Try again, or choose another model with RAG_CHAT_MODEL."
UNCITED = "The answer has no footnotes: check it against the passages."
UNSUPPORTED = "No passage supports this answer: do not rely on it."
NOT_REGENERATED = "The chat model failed when it was asked again, so sentences without support stay as it wrote them."
ALL_DROPPED = "No passage supports what the chat model answered, so all of it was left out."
SERVER_CUT = (
    "The server read far fewer tokens than it was sent: its context is shorter, and it dropped passages or messages without an error. "
    "Raise its context length (Ollama: OLLAMA_CONTEXT_LENGTH), or lower RAG_CHAT_CONTEXT_TOKENS."
)
SHORTENED = "The conversation is longer than the model's context: the {count} oldest messages were not sent."
PARTLY_READ = "The text is very long: {share} % of it, from all over it, was read for this answer."
OCR_WAITING = "Pages that OCR has still to read, and that are not searched yet: {count}."
OUTLINE = "An outline of {document}, in its own words:"
OVERVIEW = "What each document says first, in its own words:"
OVERVIEW_OF_SOME = "What {shown} of {documents} documents say first, in their own words (select documents to ask about others):"
ENTRIES = "I found {count} entries:"
FIRST_ENTRIES = "I found {count} entries. The first {shown}:"
PLACES = "Your documents name it here:"
FIRST_PLACES = "Your documents name it in more places than these {shown}:"


def in_language(notice: str, language: str) -> str:
    """One of these notices in a language by its ISO 639-1 code; as it is where there is no translation."""
    return _translations().get((notice, language), notice)


@cache
def refusals() -> tuple[str, ...]:
    """What a refusal begins with, in any language. A model may repeat the second from an old conversation: earlier versions asked it."""
    return (NOT_FOUND.rstrip("."), "The documents do not say", *(table["NOT_FOUND"].rstrip(".。।") for table in _tables().values()))


def still_indexing(documents: int, language: str = "en") -> str:
    """Say that so many documents were searched without all their vectors; "" where none was."""
    if not documents:
        return ""
    if language in _tables():
        return _tables()[language]["STILL_INDEXING"].format(count=documents)
    which, them = ("1 document is", "it") if documents == 1 else (f"{documents} documents are", "them")
    return f"{which} still being indexed: keyword search covers {them} fully, semantic search not yet."


def nothing_found(documents: int, left_behind: int) -> str:
    """Say why a search found no passage at all, in a library with so many documents, and so many more to re-index."""
    if documents:
        return NO_MATCH
    return needs_reindexing(left_behind) or EMPTY_LIBRARY


def needs_reindexing(documents: int) -> str:
    """Say that so many documents cannot be searched before they are re-indexed; "" where there are none."""
    if not documents:
        return ""
    which, they = ("1 document needs", "it was") if documents == 1 else (f"{documents} documents need", "they were")
    return f"{which} to be re-indexed ({they} indexed with different settings). Run `rag reindex`."


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def _translations() -> dict[tuple[str, str], str]:
    """Notices by their English and a language."""
    english = globals()
    return {(english[name], language): words for language, table in _tables().items() for name, words in table.items() if name in english}
