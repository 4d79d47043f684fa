"""What callers pass by mistake, refused with the fix: a `TypeError` where the kind is wrong, a `ValueError` where the value is.

A string is a sequence of strings to Python, so `documents="x.pdf"` would be read letter by letter.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rag.types import ChunkKey, Message, MetadataValue, Passage, ProgressCallback


@dataclass(frozen=True, slots=True)
class Adding:
    """How files are added: see `Library.add`."""

    passwords: tuple[str, ...] = field(repr=False)
    metadata: dict[str, MetadataValue] | None
    wait: bool
    progress: ProgressCallback | None

    @classmethod
    def checked(cls, passwords: Any, said: Any, wait: bool, progress: ProgressCallback | None) -> Self:
        """As a caller gives it; `said` is the metadata."""
        return cls(texts("passwords", passwords), metadata(said), wait, progress)


def texts(name: str, given: Any) -> tuple[str, ...]:
    """A sequence of strings."""
    if isinstance(given, str):
        raise TypeError(f"{name} must be a list of strings: write {name}=[{given!r}].")
    return _each(name, given, str, "strings")


def text(name: str, given: Any) -> str:
    """A string."""
    if not isinstance(given, str):
        decoded = ": decode it first" if isinstance(given, bytes) else ""
        raise TypeError(f"{name} must be a str, not {type(given).__name__}{decoded}.")
    return given


def data(given: Any) -> bytes:
    """Bytes of a file."""
    if not isinstance(given, bytes | bytearray | memoryview):
        raise TypeError(f"data must be bytes, not {type(given).__name__}. For a text, use add_text(text, name).")
    return bytes(given)


def path(name: str, given: Any) -> Path:
    """The path of one file or folder."""
    if not isinstance(given, str | Path):
        raise TypeError(f"{name} must be a str or a Path, not {type(given).__name__}.")
    return Path(given)


def paths(given: Any) -> list[str | Path]:
    """A path or an address, or several."""
    if isinstance(given, str | Path):
        return [given]
    if isinstance(given, bytes | bytearray):
        raise TypeError("paths must be a str, a Path, or a list of them. To add the content of a file, use add_bytes(data, name).")
    return list(_each("paths", given, str | Path, "str or Path"))


def messages(given: Any) -> tuple[Message, ...]:
    """Earlier turns of a conversation."""
    return _each("history", given, Message, 'Message: write [Message("user", "..."), Message("assistant", "...")]')


def passages(given: Any) -> tuple[Passage, ...]:
    """What `retrieve` found."""
    return _each("passages", given, Passage, "Passage, as retrieve returns them")


def keys(given: Any) -> tuple[ChunkKey, ...]:
    """Keys of chunks."""
    found = _each("chunks", given, tuple | list, "(document id, ordinal)")
    for key in found:
        if len(key) != 2 or not isinstance(key[0], str) or not isinstance(key[1], int):
            raise TypeError(f"chunks must be pairs of a document's id and an ordinal, as Chunk.key is, not {key!r}.")
    return tuple((id_, ordinal) for id_, ordinal in found)


def count(name: str, given: Any) -> int:
    """A number of at least 1."""
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{name} must be an int, not {type(given).__name__}.")
    if given < 1:
        raise ValueError(f"{name} must be at least 1, not {given}")
    return given


def part(name: str, given: Any, members: Sequence[str], kind: str) -> None:
    """An object that has what is needed of it; None is not looked at."""
    if given is None:
        return
    if isinstance(given, type):
        raise TypeError(f"{name} must be an object, not a class: write {name}={given.__name__}(...).")
    if missing := [member for member in members if not hasattr(type(given), member) and not hasattr(given, member)]:
        raise TypeError(f"{name} must be {kind}, and {type(given).__name__} has no {', '.join(missing)}.")


def _each(name: str, given: Any, kind: Any, wanted: str) -> tuple[Any, ...]:
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a list of {wanted}, not {type(given).__name__}.")
    found = tuple(given)
    for each in found:
        if not isinstance(each, kind):
            raise TypeError(f"{name} must be a list of {wanted}; it has {each!r:.80}.")
    return found


def metadata(given: Any) -> dict[str, MetadataValue] | None:
    """Metadata as it is stored; None stays None, and what Chroma could not hold is refused."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise TypeError(f'metadata must be a mapping such as {{"year": 2022}}, not {type(given).__name__}.')
    return {_key(key): _value(key, value) for key, value in given.items()}


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key or key.startswith("$"):
        raise ValueError(f"Metadata key {key!r}: keys are words that do not begin with $.")
    return valid(key)


def _value(key: str, value: Any) -> MetadataValue:
    if isinstance(value, list | tuple):
        values: list[Any] = [_plain(key, each) for each in value]
        if not values or len({type(each) for each in values}) > 1:
            raise ValueError(
                f"Metadata {key!r}: a list has at least one value, and values of one type. Leave the key out, or convert them."
            )
        return values
    return _plain(key, value)


def _plain(key: str, value: Any) -> str | int | float | bool:
    if isinstance(value, str):
        return valid(str(value))
    if not isinstance(value, int | float | bool):
        fix = _FIXES.get(type(value).__name__, "convert it")
        raise TypeError(f"Metadata {key!r} is of type {type(value).__name__}: values are str, int, float, bool, or a list of them; {fix}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"Metadata {key!r} is {value}, which no condition can compare. Leave the key out.")
    if isinstance(value, int) and abs(value) >= LARGEST:
        raise ValueError(f"Metadata {key!r} is {value}, which is larger than 64 bits hold. Write it as a str.")
    return value


def valid(given: str) -> str:
    """A string without lone surrogates, which no index and no endpoint takes."""
    return given.encode("utf-8", "replace").decode()


LARGEST = 2**63
_FIXES = {
    "NoneType": "leave the key out",
    "dict": "give each of its values a key of its own",
    "date": "write it with .isoformat()",
    "datetime": "write it with .isoformat()",
}
