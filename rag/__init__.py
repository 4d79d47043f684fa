"""Footnote: chat with your documents; every sentence footnoted to the page it came from.

from rag import Library

with Library.open("data/library") as library:
    library.add("reports/")
    print(library.ask("When may I return an item?").text)
"""

import os
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from rag.errors import (
    ChatAuthenticationError as ChatAuthenticationError,
    ChatConnectionError as ChatConnectionError,
    ChatError as ChatError,
    ChatFunctionError as ChatFunctionError,
    ChatModelNotFoundError as ChatModelNotFoundError,
    ChatNotConfiguredError as ChatNotConfiguredError,
    ChatProtocolError as ChatProtocolError,
    ChatRateLimitError as ChatRateLimitError,
    ChatRequestError as ChatRequestError,
    ChatServerError as ChatServerError,
    DocumentError as DocumentError,
    DocumentNotFoundError as DocumentNotFoundError,
    DownloadError as DownloadError,
    EmbeddingError as EmbeddingError,
    EmptyQuestionError as EmptyQuestionError,
    EvaluationError as EvaluationError,
    ExploringError as ExploringError,
    FileTooLargeError as FileTooLargeError,
    LibraryClosedError as LibraryClosedError,
    LibraryDamagedError as LibraryDamagedError,
    LibraryError as LibraryError,
    LibraryLockedError as LibraryLockedError,
    LimitReachedError as LimitReachedError,
    NewerSchemaError as NewerSchemaError,
    NothingMatchesError as NothingMatchesError,
    NoTextError as NoTextError,
    PasswordNeededError as PasswordNeededError,
    QuestionFileError as QuestionFileError,
    QuestionTooLongError as QuestionTooLongError,
    RagError as RagError,
    RerankingError as RerankingError,
    ServerError as ServerError,
    SettingChangeError as SettingChangeError,
    SettingsError as SettingsError,
    StorageError as StorageError,
    TextTooLongError as TextTooLongError,
    TooManyRequestsError as TooManyRequestsError,
    UnavailableError as UnavailableError,
    UnreadableFileError as UnreadableFileError,
    UnsupportedFileError as UnsupportedFileError,
    VerifierError as VerifierError,
)
from rag.types import (
    Answer as Answer,
    Change as Change,
    CheckedSentence as CheckedSentence,
    BackupPart as BackupPart,
    Chunk as Chunk,
    Citation as Citation,
    Document as Document,
    DocumentRecord as DocumentRecord,
    Finding as Finding,
    Gap as Gap,
    Heading as Heading,
    Message as Message,
    ModelOffer as ModelOffer,
    ModelSwitch as ModelSwitch,
    Outcome as Outcome,
    Page as Page,
    Passage as Passage,
    Progress as Progress,
    QuestionPart as QuestionPart,
    Wording as Wording,
    RemovedDocument as RemovedDocument,
    Report as Report,
    Sent as Sent,
    Usage as Usage,
)

if TYPE_CHECKING:
    from rag.embedding.protocol import Embedder as Embedder
    from rag.endpoints.chat.model import ChatDelta as ChatDelta, ChatModel as ChatModel, ChatStatus as ChatStatus
    from rag.exploring.texts import Texts as Texts
    from rag.filters import Filters as Filters
    from rag.library import Library as Library
    from rag.remote.library import RemoteLibrary as RemoteLibrary, connect as connect
    from rag.reranking import Reranker as Reranker
    from rag.settings import Settings as Settings

    __version__: str

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would report to its makers

_LOADED_LATER = {
    "ChatDelta": "rag.endpoints.chat.model",
    "ChatModel": "rag.endpoints.chat.model",
    "ChatStatus": "rag.endpoints.chat.model",
    "Embedder": "rag.embedding.protocol",
    "Filters": "rag.filters",
    "Library": "rag.library",
    "RemoteLibrary": "rag.remote.library",
    "Reranker": "rag.reranking",
    "Settings": "rag.settings",
    "Texts": "rag.exploring.texts",
    "connect": "rag.remote.library",
}
"""Names whose modules take time to load: `rag --help` and whoever wants the values alone need not wait for numpy and pydantic."""

__all__ = sorted({*_LOADED_LATER, *(name for name, value in globals().items() if isinstance(value, type))})


def __getattr__(name: str) -> object:
    if name == "__version__":
        return version("footnote")
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
