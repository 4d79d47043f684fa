"""What an answer says about itself."""

CONNECT = (
    "No chat model is connected, so these are sentences quoted from your documents. For answers in prose, start any OpenAI-compatible "
    "server and set RAG_CHAT_BASE_URL, for example http://localhost:11434/v1 for Ollama."
)
EMPTY_LIBRARY = "There are no documents yet. Add some, then ask again."
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
