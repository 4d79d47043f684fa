"""Footnote: chat with your documents; every sentence footnoted to the page it came from.

from rag import Library

with Library.open("data/library") as library:
    library.add("reports/")
    print(library.ask("When may I return an item?").text)
"""

from rag.answering.chat.model import ChatDelta, ChatModel, ChatStatus
from rag.embedding.protocol import Embedder
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
    FileTooLargeError,
    LibraryError,
    LibraryLockedError,
    NoTextError,
    PasswordNeededError,
    QuestionFileError,
    RagError,
    RerankingError,
    SettingChangeError,
    StorageError,
    UnreadableFileError,
    UnsupportedFileError,
)
from rag.library import Library
from rag.reranking.protocol import Reranker
from rag.settings import Settings
from rag.types import (
    Answer,
    Chunk,
    Citation,
    Document,
    DocumentRecord,
    Heading,
    Message,
    Outcome,
    Page,
    Passage,
    Progress,
    Report,
)

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
    "FileTooLargeError",
    "Heading",
    "Library",
    "LibraryError",
    "LibraryLockedError",
    "Message",
    "NoTextError",
    "Outcome",
    "Page",
    "Passage",
    "PasswordNeededError",
    "Progress",
    "QuestionFileError",
    "RagError",
    "Report",
    "Reranker",
    "RerankingError",
    "SettingChangeError",
    "Settings",
    "StorageError",
    "UnreadableFileError",
    "UnsupportedFileError",
]
