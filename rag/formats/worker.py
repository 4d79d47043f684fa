"""The child process that touches untrusted files: takes requests from stdin, answers on stdout, one at a time.

An answer begins with a frame `{"ready": true}` and ends with `{"end": ""}`, or with the status and the message of a `DocumentError`.
Started by `rag.formats.isolation`.
"""

import contextlib
import logging
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO, cast

from rag.errors import DocumentError, PasswordNeededError, UnreadableFileError
from rag.files import unreadable
from rag.formats.isolation import Frame, write_frame
from rag.formats.kept import keep, open_kept
from rag.formats.properties import said_by
from rag.formats.protocol import (
    DrawnFile,
    FileToOpen,
    NotDrawableError,
    NotReadableError,
    OpenedFile,
    ProtectedError,
    RecognisedPage,
    Rectangle,
    Request,
    WrongPasswordError,
)
from rag.formats.registry import article

if TYPE_CHECKING:
    from rag.formats.ocr.file import OcrFile

MOST_REQUESTS = 100  # answered from one opening: pdfium and pypdf keep what they have read of a file until it is closed


def main(megabytes: int, preloaded: Sequence[str]) -> None:
    """Load these readers and answer requests until stdin ends, in as much memory, where the system can limit it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which may want to finish its file
    logging.disable()  # pypdf logs each oddity of each file
    _limit_memory(megabytes)
    # What a library prints must not get between the frames.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for reader in preloaded:
        _import(reader)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    last = LastFile()
    while True:
        request = requests.get()
        end = {"end": ""}
        try:
            for frame in _answer(request, last):
                write_frame(answers, frame)
        except DocumentError as error:
            end = {"end": error.status, "message": str(error)}
        except MemoryError:
            write_frame(answers, Frame({"end": "memory"}))
            return  # what is left of the heap is not to be trusted
        write_frame(answers, Frame(end))


class LastFile:
    """Keeps the last file open: to open it anew takes longer than to look at a page of it."""

    def __init__(self) -> None:
        self._opened: OpenedFile | None = None
        self._key: tuple[FileToOpen, int, int, int] | None = None
        self._requests = 0

    def get(self, file: FileToOpen) -> OpenedFile:
        """The file, open; anew where it is another one or has changed."""
        status = file.path.stat()
        key = (file, status.st_ino, status.st_size, status.st_mtime_ns)
        self._requests += 1
        if self._opened is None or self._key != key or self._requests > MOST_REQUESTS:
            if self._opened:
                self._opened.close()  # first, so that never two of them are in memory
            self._opened, self._requests = None, 0
            self._opened, self._key = open_kept(file) or file.open(), key
        return self._opened


def _listen(stream: BinaryIO, requests: "queue.SimpleQueue[Request]") -> None:
    """Pass requests on; leave at once when the parent is gone, even in the midst of a page that hangs."""
    with contextlib.suppress(EOFError, pickle.UnpicklingError):
        while True:
            requests.put(pickle.load(stream))
    os._exit(0)


def _limit_memory(megabytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows; systems that refuse
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def _import(reader: str) -> None:
    with contextlib.suppress(ImportError):  # raised again when a file is opened
        import_module(reader.partition(":")[0])


def _answer(request: Request, last: LastFile) -> Iterator[Frame]:
    file = request.file
    _import(file.format.reader)
    if request.verb == "recognise":
        from rag.formats.ocr.engine import load

        load()
    yield Frame({"ready": True})
    try:
        if request.verb == "read":
            opened = file.open()
            keep(file, opened)
            yield from _read(file, opened)
        elif request.verb == "recognise":
            yield _recognise(cast("OcrFile", last.get(file)), request)
        elif request.verb == "describe":
            with contextlib.closing(file.open()) as opened:
                yield Frame(asdict(said_by(file, opened)))
        else:
            yield _show(last.get(file), request)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        raise _problem(file, error) from error


def _problem(file: FileToOpen, error: Exception) -> DocumentError:
    """What an error of a reader means for the person who gave the file."""
    name, kind = file.name, file.format.name
    match error:
        case WrongPasswordError() if file.passwords:
            return PasswordNeededError(f"{name} is encrypted, and none of the given passwords opens it.")
        case WrongPasswordError():
            return PasswordNeededError(f"{name} is encrypted; give its password to read it.")
        case ProtectedError():
            return UnreadableFileError(f"{name} is encrypted in a way that is not supported; print it to a new PDF and add that.")
        case OSError():
            return unreadable(file.path, error)
        case ImportError():
            return UnreadableFileError(f"{name} could not be read: {error.name}, which reads {kind} files, is not installed.")
    # Parsers raise errors of all kinds on odd files; their words are not for people.
    reason = error if isinstance(error, NotReadableError) else "its parts do not fit together"
    return UnreadableFileError(
        f"{name} is damaged or not {article(kind)} {kind} file: it could not be read ({reason}). Try a fresh copy of it."
    )


def _read(file: FileToOpen, opened: OpenedFile) -> Iterator[Frame]:
    with contextlib.closing(opened):
        notice = getattr(opened, "notice", "")
        said = said_by(file, opened)
        header = {"title": opened.title, "password": opened.password, "notice": notice, "author": said.author, "date": said.date}
        yield Frame({"pages": len(opened), **header})
        yield from (Frame(asdict(page)) for page in opened.pages())


def _show(opened: OpenedFile, request: Request) -> Frame:
    file, number = request.file, request.page
    if not 1 <= number <= len(opened):
        raise UnreadableFileError(f"{file.name} has no page {number}; it has {len(opened)}.")
    if request.verb == "look":
        return _look(opened, request)
    if not file.format.is_drawn:
        raise UnreadableFileError(f"{file.name} is shown as text: {file.format.name} has no pictures of pages.")
    if not isinstance(opened, DrawnFile):
        raise NotReadableError("its pages cannot be drawn")
    try:
        return Frame({}, opened.draw(number - 1, request.scale))
    except NotDrawableError as error:
        raise UnreadableFileError(f"{file.name} has a page {number} that cannot be drawn: {error}.") from error


def _recognise(opened: "OcrFile", request: Request) -> Frame:
    index = request.page - 1
    try:
        page, is_replaced = opened.recognise(index)
    except NotDrawableError as error:
        raise UnreadableFileError(f"it cannot be drawn: {error}") from error
    before = opened.page(index - 1).text if index else ""
    return Frame(asdict(RecognisedPage(page.text, page.digital, bool(page.words), is_replaced, before)))


def _look(opened: OpenedFile, request: Request) -> Frame:
    index = request.page - 1
    text, headings = "", list[tuple[int, str, int]]()
    for page in opened.pages() if request.whole else [opened.page(index)]:
        headings += [(level, title, len(text) + start) for level, title, start in page.headings]
        text += page.text
    size: tuple[float, float] | None = None
    marks: list[Rectangle] = []
    if isinstance(opened, DrawnFile):
        with contextlib.suppress(NotDrawableError):  # there is still its text
            size, marks = opened.locate(index, text, request.start, request.end)
    return Frame({"size": size, "text": text, "marks": marks, "headings": headings})
