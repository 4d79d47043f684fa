"""Footnote: chat with your documents; every sentence footnoted to the page it came from.

from rag import Library

with Library.open("data/library") as library:
    library.add("reports/")
    print(library.ask("When may I return an item?").text)
"""

from importlib import import_module
from typing import TYPE_CHECKING

from rag.errors import (
    ChatAuthenticationError,
    ChatConnectionError,
    ChatError,
    ChatModelNotFoundError,
    ChatNotConfiguredError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatRequestError,
    ChatServerError,
    DocumentError,
    DocumentNotFoundError,
    EmbeddingError,
    EmptyQuestionError,
    EvaluationError,
    ExploringError,
    FileTooLargeError,
    LibraryClosedError,
    LibraryDamagedError,
    LibraryError,
    LibraryLockedError,
    NewerSchemaError,
    NoTextError,
    PasswordNeededError,
    QuestionFileError,
    QuestionTooLongError,
    RagError,
    RerankingError,
    SettingChangeError,
    StorageError,
    TooManyRequestsError,
    UnreadableFileError,
    UnsupportedFileError,
)
from rag.types import (
    Answer,
    CheckedSentence,
    Chunk,
    Citation,
    Document,
    DocumentRecord,
    Finding,
    Heading,
    Message,
    Outcome,
    Page,
    Passage,
    Progress,
    Report,
    Sent,
)

if TYPE_CHECKING:
    from rag.embedding.protocol import Embedder
    from rag.endpoints.chat.model import ChatDelta, ChatModel, ChatStatus
    from rag.library import Library
    from rag.reranking import Reranker
    from rag.settings import Settings

_LOADED_LATER = {
    "ChatDelta": "rag.endpoints.chat.model",
    "ChatModel": "rag.endpoints.chat.model",
    "ChatStatus": "rag.endpoints.chat.model",
    "Embedder": "rag.embedding.protocol",
    "Library": "rag.library",
    "Reranker": "rag.reranking",
    "Settings": "rag.settings",
}
"""Names whose modules take time to load: `rag --help` and whoever wants the values alone need not wait for numpy and pydantic."""

__all__ = [
    "Answer",
    "ChatAuthenticationError",
    "ChatConnectionError",
    "ChatDelta",
    "ChatError",
    "ChatModel",
    "ChatModelNotFoundError",
    "ChatNotConfiguredError",
    "ChatProtocolError",
    "ChatRateLimitError",
    "ChatRequestError",
    "ChatServerError",
    "ChatStatus",
    "CheckedSentence",
    "Chunk",
    "Citation",
    "Document",
    "DocumentError",
    "DocumentNotFoundError",
    "DocumentRecord",
    "Embedder",
    "EmbeddingError",
    "EmptyQuestionError",
    "EvaluationError",
    "ExploringError",
    "FileTooLargeError",
    "Finding",
    "Heading",
    "Library",
    "LibraryClosedError",
    "LibraryDamagedError",
    "LibraryError",
    "LibraryLockedError",
    "Message",
    "NewerSchemaError",
    "NoTextError",
    "Outcome",
    "Page",
    "Passage",
    "PasswordNeededError",
    "Progress",
    "QuestionFileError",
    "QuestionTooLongError",
    "RagError",
    "Report",
    "Reranker",
    "RerankingError",
    "Sent",
    "SettingChangeError",
    "Settings",
    "StorageError",
    "TooManyRequestsError",
    "UnreadableFileError",
    "UnsupportedFileError",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
