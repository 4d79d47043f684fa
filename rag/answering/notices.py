"""What an answer says about itself."""

CONNECT = (
    "No chat model is connected, so these are sentences quoted from your documents. For answers in prose, start any OpenAI-compatible "
    "server and set RAG_CHAT_BASE_URL, for example http://localhost:11434/v1 for Ollama."
)
EMPTY_LIBRARY = "There are no documents yet. Add some, then ask again."
NOTHING_SELECTED = "No documents or passages are selected. Select some, or ask about all of them."
NO_MATCH = "No passage matches this question."
SELECTION_GONE = "The selected passages are no longer in the library. Select others, or ask about all documents."
CLOSEST_PASSAGES = "The closest passages:"
DOUBTFUL = "The passages may not answer this question: check the footnotes."
CUT = "The answer was cut off at the token limit. Ask for less at once, or raise RAG_CHAT_MAX_TOKENS or the server's own limit."
INTERRUPTED = "The answer is incomplete: the endpoint stopped partway. Try again."
SILENT = "The model's reply was empty. Try again, or choose another model with RAG_CHAT_MODEL."
UNCITED = "The answer has no footnotes: check it against the passages."
UNSUPPORTED = "No passage supports this answer: do not rely on it."
SERVER_CUT = (
    "The server read far fewer tokens than it was sent: its context is shorter, and it dropped passages or messages without an error. "
    "Raise its context length (Ollama: OLLAMA_CONTEXT_LENGTH), or lower RAG_CHAT_CONTEXT_TOKENS."
)
SHORTENED = "The conversation is longer than the model's context: the {count} oldest messages were not sent."


def still_indexing(documents: int) -> str:
    """Say that so many documents were searched without all their vectors; "" where none was."""
    if not documents:
        return ""
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
