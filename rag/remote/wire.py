"""How values, errors and the steps of long work look between a server and its clients: JSON with the dataclasses' own field names."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, WrapValidator

from rag import arguments, errors
from rag.errors import RagError
from rag.filters import Filters
from rag.retrieving.search import SearchRequest
from rag.storing.kept_settings import KeptSettings
from rag.types import ChunkKey, Message, MetadataValue, ModelSwitch

T = TypeVar("T")

PROBLEM = "application/problem+json"  # RFC 9457
EVENTS = "text/event-stream"
VERSION = "Footnote-Version"  # the header in which a server says its program's
KIND = "urn:footnote:"  # before the name of an error, in a problem's `type`
SECRETS = {"password"}  # fields that no client is sent
MALFORMED = "A value is out of range or malformed"
STRICT = ConfigDict(extra="forbid")
"""Of requests: a field that is misspelt, or that only a later version knows, must not be passed over as if it had been obeyed."""


def _filters(plain: Any, read: Callable[[Any], Any]) -> Any:
    """Filters, or conditions in Chroma's words, which have other keys; a `TypeError` as the `ValueError` that pydantic knows."""
    unknown = plain.keys() - {each.name for each in fields(Filters)} if isinstance(plain, dict) else set()
    if unknown and len(unknown) < len(plain):
        raise ValueError(f"there is no filter {min(unknown)!r}; conditions on metadata stand in its field `where`")
    try:
        return read({"where": plain} if unknown else plain)
    except TypeError as error:
        raise ValueError(str(error)) from error


Conditions = Annotated[Filters, WrapValidator(_filters)]
"""What a search may be limited to: the fields of `Filters`, or `{"year": {"$gte": 2021}}` by itself."""


@dataclass(frozen=True, slots=True)
class Paths:
    """What to add: web addresses; and paths on the server's machine, for clients there that may read the library's folder."""

    __pydantic_config__: ClassVar = STRICT

    paths: tuple[str, ...]
    passwords: tuple[str, ...] = field(default=(), repr=False)
    wait: bool = True
    leave_out_removed: bool = False
    metadata: dict[str, MetadataValue] | None = None


@dataclass(frozen=True, slots=True)
class QuestionToSearch:
    """What `Library.retrieve` takes."""

    __pydantic_config__: ClassVar = STRICT

    question: str
    history: tuple[Message, ...] = ()
    top_k: int | None = None
    documents: tuple[str, ...] | None = None
    chunks: tuple[ChunkKey, ...] | None = None
    where: Conditions | None = None

    @classmethod
    def checked(
        cls, question: str, *, where: Filters | Mapping[str, Any] | None = None, connection: str | None = None, **given: Any
    ) -> Self:
        """What is asked, without what would be refused anyway: errors as `SearchRequest.checked` and `Filters.of` raise them."""
        request = SearchRequest.checked(question, **given)
        filters = None if where is None else Filters.of(where)
        own = {} if connection is None else {"connection": arguments.text("connection", connection)}
        return cls(request.question, request.history, request.top_k, request.documents, request.chunks, filters, **own)


@dataclass(frozen=True, slots=True)
class QuestionToAnswer(QuestionToSearch):
    """What `Library.ask` and `stream` take."""

    connection: str | None = None


@dataclass(frozen=True, slots=True)
class TextToCheck:
    """What `Library.check` takes."""

    __pydantic_config__: ClassVar = STRICT

    text: str
    top_k: int | None = None
    documents: tuple[str, ...] | None = None
    where: Conditions | None = None


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that a library is written to, or read from.

    Attributes:
        path: Of the file, on the server's machine.
        merge: Whether it is imported although the library has documents.
    """

    __pydantic_config__: ClassVar = STRICT

    path: str
    merge: bool = False


@dataclass(frozen=True, slots=True)
class SettingsState:
    """What a library keeps.

    Attributes:
        kept: Its settings; a key is shown as asterisks.
        fixed: Settings that are set elsewhere, which wins: by name, where.
    """

    kept: KeptSettings
    fixed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LibraryState:
    """What a client asks of a library as a whole.

    Attributes:
        version: Of the API.
        folder: Where it lies, on the server's machine.
        index_identity: As `Library.index_identity`.
        min_confidence: As `Library.min_confidence`.
        is_read_only: As `Library.is_read_only`.
        is_erasing: As `Library.is_erasing`.
        ocr_cure: As `Library.ocr_cure`.
        embedding_model: As `Library.embedding_model`.
        is_model_fixed: As `Library.is_model_fixed`.
        model_switch: As `Library.model_switch`.
    """

    version: str
    folder: str
    index_identity: str
    min_confidence: float
    is_read_only: bool
    is_erasing: bool
    ocr_cure: str
    embedding_model: str
    is_model_fixed: bool
    model_switch: ModelSwitch | None


STATED = tuple(each.name for each in fields(LibraryState) if each.name not in {"version", "folder"})
"""The properties of a library that are in its state."""

_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """What turns values of a type into JSON and back; made once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def encoded(value: Any, kind: Any = None) -> Any:
    """A value as JSON knows it; `kind` is its type, where `type(value)` does not say all, as of a list."""
    return _shown(_adapter(kind or type(value)).dump_python(value, mode="json"))


def sent(value: Any) -> Any:
    """A request as JSON, without fields at their defaults: an older server refuses those that it does not know."""
    return _adapter(type(value)).dump_python(value, mode="json", exclude_defaults=True)


def decoded(kind: type[T], plain: Any) -> T:
    """The value in decoded JSON; unknown fields are passed over. Raises `LibraryError` where it is another."""
    try:
        value: T = _adapter(kind).validate_python(plain, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise errors.LibraryError(f"The server's answer is not as expected ({where}: {first['msg']}).") from error
    return value


def read_json(kind: Any, given: str, name: str) -> Any:
    """The value that a client gives as JSON in a field; raises ValueError where it is another."""
    try:
        return _adapter(kind).validate_json(given)
    except ValidationError as error:
        raise ValueError(f"{name}: {error.errors()[0]['msg']}") from error


def _shown(plain: Any) -> Any:
    """Without secrets."""
    if isinstance(plain, dict):
        return {name: _shown(each) for name, each in plain.items() if name not in SECRETS}
    return [_shown(each) for each in plain] if isinstance(plain, list) else plain


def problem(error: Exception, status: int) -> dict[str, Any]:
    """An error as a problem: its class as `type`, what it says as `detail`."""
    kind = type(error) if isinstance(error, RagError) else ValueError
    title = MALFORMED if kind is ValueError else (kind.__doc__ or kind.__name__).partition("\n")[0].rstrip(".")
    return {"type": f"{KIND}{kind.__name__}", "title": title, "status": status, "detail": str(error)}


def error_of(plain: Any) -> Exception:
    """The error that a problem tells of: one of ours, or a ValueError; a `LibraryError` where it is neither."""
    name = str(plain.get("type", "")).removeprefix(KIND) if isinstance(plain, dict) else ""
    detail = str(plain.get("detail") or plain.get("title")) if isinstance(plain, dict) else str(plain)
    if name == "ValueError":
        return ValueError(detail)
    kind = getattr(errors, name, None)
    is_ours = isinstance(kind, type) and issubclass(kind, RagError) and kind.__init__ is Exception.__init__
    return kind(detail) if is_ours and kind else errors.LibraryError(detail)


def event(name: str, plain: Any) -> bytes:
    """A server-sent event."""
    return f"event: {name}\ndata: {json.dumps(plain, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


def events_in(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The server-sent events in lines, each with its name; comments are passed over."""
    name, data = "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield name, json.loads("\n".join(data))
            name, data = "", []
            continue
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "event":
            name = value
        elif key == "data":
            data.append(value)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ: of an answer that grows, most do not."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}
