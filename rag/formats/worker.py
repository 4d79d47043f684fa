"""The child process that touches untrusted files: takes requests from stdin, answers on stdout, one at a time.

A request is a frame `{"verb": "read" | "render" | "look", "path": ..., "name": ..., "media_type": ..., "passwords": [...], ...}`;
its answer some frames, the last of which has "end". Started by `rag.formats.isolation`. What opens a file of which kind, and so
what more kinds there could be, is in `rag.formats.opening`.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from pypdfium2 import PdfiumError

from rag.errors import DocumentError
from rag.formats.files import unreadable
from rag.formats.frames import Frame, read_frame, write_frame
from rag.formats.opening import FileToOpen, KeptFile
from rag.formats.pdf.drawing import find_marks, render_png, size_of
from rag.formats.pdf.pdfium_reader import PdfiumPdf
from rag.formats.pdf.pypdf_reader import PypdfPdf
from rag.formats.protocol import NotReadableError, OpenedFile, ProtectedError, WrongPasswordError


def main(megabytes: int) -> None:
    """Answer requests until stdin ends.

    Args:
        megabytes: Memory this process may take, where the system can limit it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which may want to finish its file
    logging.disable()  # pypdf logs each oddity of each file
    _limit_memory(megabytes)
    # What a library prints must not get between the frames.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    kept = KeptFile()
    write_frame(answers, Frame({"ready": True}))
    while True:
        header = requests.get().header
        try:
            for frame in _answer(header, kept):
                write_frame(answers, frame)
        except MemoryError:
            write_frame(answers, Frame({"end": "memory"}))
            return  # what is left of the heap is not to be trusted
        write_frame(answers, Frame({"end": "done"}))


def _listen(stream: BinaryIO, requests: "queue.SimpleQueue[Frame]") -> None:
    """Pass requests on; leave at once when the parent is gone, even in the midst of a page that hangs."""
    while frame := read_frame(stream):
        requests.put(frame)
    os._exit(0)


def _limit_memory(megabytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows; systems that refuse
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def _answer(request: dict[str, Any], kept: KeptFile) -> Iterator[Frame]:
    file = FileToOpen.of(request)
    try:
        if request["verb"] == "read":
            yield from _read(file.open())
        else:
            yield _show(kept.get(file), request)
    except WrongPasswordError:
        yield Frame({"error": "password", "reason": ""})
    except ProtectedError:
        yield Frame({"error": "protected", "reason": ""})
    except NotReadableError as error:
        yield Frame({"error": "damaged", "reason": str(error)})
    except DocumentError as error:
        yield Frame({"error": error.status, "reason": str(error)})
    except OSError as error:
        yield Frame({"error": "unreadable", "reason": str(unreadable(file.path, error))})


def _read(document: OpenedFile) -> Iterator[Frame]:
    try:
        yield Frame({"pages": len(document), "title": document.title, "password": document.password})
        for page in document.pages():
            yield Frame(asdict(page))
    finally:
        document.close()


def _show(document: OpenedFile, request: dict[str, Any]) -> Frame:
    number = request["page"]
    if not 1 <= number <= len(document):
        return Frame({"error": "page", "reason": f"has no page {number}; it has {len(document)}"})
    if request["verb"] == "look":
        return _look(document, request)
    if not isinstance(document, PdfiumPdf):
        raise NotReadableError(document.reason if isinstance(document, PypdfPdf) else "it is no PDF")
    try:
        with document.opened(number - 1) as page:
            return Frame({}, render_png(page, request["scale"]))
    except (PdfiumError, NotReadableError) as error:
        return Frame({"error": "page", "reason": f"has a page {number} that cannot be drawn: {error}"})


def _look(document: OpenedFile, request: dict[str, Any]) -> Frame:
    index = request["page"] - 1
    text = "".join(page.text for page in document.pages()) if request["whole"] else document.page(index).text
    size, marks = None, []
    # Of a page that cannot be drawn there is still its text.
    with contextlib.suppress(PdfiumError, NotReadableError):
        if isinstance(document, PdfiumPdf):
            with document.opened(index) as page:
                size = size_of(page)
                marks = find_marks(page, text, request["start"], request["end"])
    return Frame({"size": size, "text": text, "marks": marks})
