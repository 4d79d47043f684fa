"""Files that are to be added -> what workers read in them, begun some files ahead, each given when its turn comes."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from rag.distributed.order import Order, SentFile
from rag.distributed.workers import Workers
from rag.errors import DocumentError
from rag.files import check_is_file
from rag.ingesting.staging import ReadFile, Source

MOST_SENT_BYTES = 100_000_000  # of a file: a larger one is read on this machine, page by page
MOST_BYTES_AHEAD = 200_000_000  # of all files that workers have at a time


@dataclass(frozen=True, slots=True)
class FileReading:
    """Has workers read the files that are added, where `is_wanted` does not say of a document's id that it is not to be read."""

    workers: Workers
    order: Callable[[], Order]
    is_wanted: Callable[[str], bool]

    def begin(self, sources: Sequence[Source], passwords: Sequence[str]) -> "FilesAhead":
        """Files in the order in which they are added; nothing is begun before the first is needed."""
        return FilesAhead(self, sources, passwords)


@dataclass(frozen=True, slots=True)
class _Begun:
    document_id: str
    size: int
    future: Future[Any] | None


class FilesAhead:
    """What is begun of some files. For one thread."""

    def __init__(self, reading: FileReading, sources: Sequence[Source], passwords: Sequence[str]) -> None:
        self._reading = reading
        self._sources = sources
        self._places = {id(source): place for place, source in enumerate(sources)}
        self._passwords = passwords
        self._next = 0  # place of the first that was not looked at
        self._begun: dict[int, _Begun] = {}
        self._seen: set[str] = set()

    def __call__(self, source: Source, document_id: str) -> ReadFile | None:
        """What was read in a file; None where it is to be read here. Raises the `DocumentError` that its reading ended with."""
        place = self._places[id(source)]
        self._begun = {other: begun for other, begun in self._begun.items() if other >= place}  # those before it did not need reading
        if self._next <= place:
            self._next = place
            self._begin_next()
        for _ in range(self._reading.workers.at_once):  # no more are looked at for one
            is_full = (
                len(self._begun) >= self._reading.workers.at_once or sum(each.size for each in self._begun.values()) > MOST_BYTES_AHEAD
            )
            if not is_full and self._next < len(self._sources):
                self._begin_next()
        begun = self._begun.pop(place, None)
        if begun is None or begun.future is None or begun.document_id != document_id:  # it is large; the cluster is away; it has changed
            return None
        read: ReadFile | None = self._reading.workers.result(begun.future, source.name)
        return read

    def _begin_next(self) -> None:
        """Send the next file, unless it is large, known, or cannot be read: its turn says why."""
        place, source = self._next, self._sources[self._next]
        self._next += 1
        if source.error or source.outcome:
            return
        try:
            if not 0 < check_is_file(source.path) <= MOST_SENT_BYTES:
                return
            content = source.path.read_bytes()
        except (OSError, ValueError, DocumentError):
            return
        document_id = hashlib.sha256(content).hexdigest()
        if document_id not in self._seen and self._reading.is_wanted(document_id):
            self._seen.add(document_id)
            file = SentFile(document_id, source.name, source.path.suffix, (*self._passwords, *filter(None, [source.password])))
            future = self._reading.workers.begin("read", self._reading.order(), content, file)
            self._begun[place] = _Begun(document_id, len(content), future)
