"""Every error the library raises. Each message says what happened, to what, and what to do.

RagError
├── DocumentError              one file could not be read; becomes that file's outcome
│   ├── UnsupportedFileError
│   ├── FileTooLargeError
│   ├── PasswordNeededError
│   ├── NoTextError
│   ├── UnreadableFileError
│   └── DownloadError
├── LibraryError               the library itself
│   ├── LibraryClosedError
│   ├── LibraryLockedError
│   ├── ServerError
│   ├── StorageError
│   │   ├── UnavailableError
│   │   ├── LibraryDamagedError
│   │   └── NewerSchemaError
│   ├── DocumentNotFoundError
│   │   └── NothingMatchesError
│   ├── EmptyQuestionError
│   ├── QuestionTooLongError
│   └── TooManyRequestsError
├── LimitReachedError          somebody has used as much as is allowed at present
├── TextTooLongError           a text is longer than can be taken at once
├── SettingsError              a setting, or a file of settings, cannot be used
├── EmbeddingError             the embedding model could not be loaded or used
├── RerankingError             the reranker, or its endpoint, could not be used
├── VerifierError              the verifier, or its endpoint, could not be used
├── ExploringError             a view of the library cannot be made
├── EvaluationError            an evaluation cannot begin
│   ├── QuestionFileError
│   └── SettingChangeError
└── ChatError                  the chat endpoint
    ├── ChatNotConfiguredError
    ├── ChatConnectionError
    ├── ChatAuthenticationError
    ├── ChatModelNotFoundError
    ├── ChatRateLimitError
    ├── ChatRequestError
    ├── ChatServerError
    ├── ChatProtocolError
    └── ChatFunctionError
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from rag.types import OutcomeStatus


class RagError(Exception):
    """The root of all errors meant for the person at the screen."""


class DocumentError(RagError):
    """One file could not be read. `status` is the outcome it becomes."""

    status: ClassVar[OutcomeStatus] = "unreadable"


class UnsupportedFileError(DocumentError):
    """The file is of an unsupported type, or not what its name says."""

    status: ClassVar[OutcomeStatus] = "unsupported"


class FileTooLargeError(DocumentError):
    """The file exceeds the size limit."""

    status: ClassVar[OutcomeStatus] = "too_large"


class PasswordNeededError(DocumentError):
    """The file opens only with a password that was not given."""

    status: ClassVar[OutcomeStatus] = "needs_password"


class NoTextError(DocumentError):
    """The file has no text, like a scan."""

    status: ClassVar[OutcomeStatus] = "no_text"


class UnreadableFileError(DocumentError):
    """The file is damaged, vanished, forbidden, or took too long to read."""

    status: ClassVar[OutcomeStatus] = "unreadable"


class DownloadError(DocumentError):
    """The file could not be downloaded from its address, or the address is not one that is opened."""

    status: ClassVar[OutcomeStatus] = "not_downloaded"


class LibraryError(RagError):
    """The library as a whole failed."""


class LibraryLockedError(LibraryError):
    """Another process has the library open."""


class ServerError(LibraryError):
    """The server that holds the library cannot be reached, stopped answering, or refuses."""


class LibraryClosedError(LibraryError):
    """The library was closed."""


class StorageError(LibraryError):
    """The disk or the database failed."""


class UnavailableError(StorageError):
    """A server that keeps a part of the library cannot be reached at present. What was asked can be asked again."""


@contextmanager
def storage_errors(
    problem: str,
    kinds: tuple[type[Exception], ...] = (OSError,),
    cure: str = "See that the disk works and has room.",
    raised: type[StorageError] = StorageError,
) -> Iterator[None]:
    """Turn errors of these kinds, and a panic of Rust, which is no Exception, into a `StorageError` "PROBLEM: REASON. CURE"."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, kinds) and type(error).__name__ != "PanicException":
            raise
        raise raised(f"{problem}: {getattr(error, 'strerror', None) or error}. {cure}") from error


class LibraryDamagedError(StorageError):
    """The record is empty or cannot be read, though the library has files."""


class NewerSchemaError(StorageError):
    """A newer version of Footnote wrote what is stored; nothing of it was changed."""


class DocumentNotFoundError(LibraryError):
    """No document, or more than one, has that name or id."""


class NothingMatchesError(DocumentNotFoundError):
    """No document is what a search was limited to."""


class TooManyRequestsError(LibraryError):
    """Too many requests are waiting; try again a little later."""


class EmptyQuestionError(LibraryError):
    """The question is empty."""


class QuestionTooLongError(LibraryError):
    """The question exceeds the length limit."""


class LimitReachedError(RagError):
    """A limit for each person is reached; `retry_seconds` says when to try again."""

    retry_seconds: int = 60


class TextTooLongError(RagError):
    """A text has too many characters, or too many sentences."""


class SettingsError(RagError):
    """A setting, or a file of settings, cannot be used."""


class EmbeddingError(RagError):
    """The embedding model could not be loaded or used."""


class RerankingError(RagError):
    """The reranker, or its endpoint, could not be used."""


class VerifierError(RagError):
    """The model that checks claims, or its endpoint, could not be used."""


class ExploringError(RagError):
    """A view of the library cannot be made: too few documents, an empty selection, an unknown word."""


class EvaluationError(RagError):
    """An evaluation cannot begin."""


class QuestionFileError(EvaluationError):
    """The file of questions is malformed.

    Attributes:
        path: The file.
        problems: Each `(line, what is wrong)`, in the order of the lines; line 0 for the file as a whole.
    """

    MOST_TOLD = 20

    def __init__(self, path: Path, problems: tuple[tuple[int, str], ...]) -> None:
        self.path = path
        self.problems = problems
        told = [f"{path}, line {line}: {problem}" if line else f"{path}: {problem}" for line, problem in problems[: self.MOST_TOLD]]
        if len(problems) > self.MOST_TOLD:
            told.append(f"... and {len(problems) - self.MOST_TOLD} more.")
        super().__init__("\n".join(told))


class SettingChangeError(EvaluationError):
    """No such setting, an invalid value, or a setting that does not affect retrieval."""


class ChatError(RagError):
    """The chat endpoint failed."""


class ChatNotConfiguredError(ChatError):
    """The endpoint's settings are incomplete or invalid."""


class ChatConnectionError(ChatError):
    """Nothing answers at the endpoint's address, or it stopped answering."""


class ChatAuthenticationError(ChatError):
    """The endpoint rejected the key (401, 403)."""


class ChatModelNotFoundError(ChatError):
    """The endpoint does not know the model or the path (404)."""


class ChatRateLimitError(ChatError):
    """Too many requests, or the quota is used up (429)."""


class ChatRequestError(ChatError):
    """The endpoint rejected the request (other 4xx)."""


class ChatServerError(ChatError):
    """The endpoint failed (5xx, or an error in the middle of the stream)."""


class ChatProtocolError(ChatError):
    """The reply is not in the OpenAI protocol (HTML, an empty stream)."""


class ChatFunctionError(ChatError):
    """The function that writes answers raised an error, or returned something other than words."""
