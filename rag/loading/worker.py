"""The child process that touches untrusted PDFs: takes requests from stdin, answers on stdout, one at a time.

A request is a frame `{"verb": "read" | "render" | "marks", "path": ..., "passwords": [...], ...}`; its answer some
frames, the last of which has "end". Started by `rag.loading.isolation`.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pypdfium2 import PdfiumError

from rag.loading.drawing import find_marks, render_png
from rag.loading.files import unreadable
from rag.loading.frames import Frame, read_frame, write_frame
from rag.loading.pdf import NotReadableError, Pdf, ProtectedError, WrongPasswordError, tidy_title
from rag.loading.pdfium_reader import PdfiumPdf, open_in_pdfium
from rag.loading.pypdf_reader import PypdfPdf


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
    write_frame(answers, Frame({"ready": True}))
    while True:
        header = requests.get().header
        try:
            for frame in _answer(header):
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


def _answer(request: dict[str, Any]) -> Iterator[Frame]:
    path = Path(request["path"])
    try:
        data = path.read_bytes()
        if request["verb"] == "read":
            yield from _read(data, request["passwords"])
        else:
            yield _draw(data, request)
    except WrongPasswordError:
        yield Frame({"error": "password", "reason": ""})
    except ProtectedError:
        yield Frame({"error": "protected", "reason": ""})
    except NotReadableError as error:
        yield Frame({"error": "damaged", "reason": str(error)})
    except OSError as error:
        yield Frame({"error": "file", "reason": str(unreadable(path, error))})


def _read(data: bytes, passwords: list[str]) -> Iterator[Frame]:
    document = _open(data, passwords)
    try:
        header = {"pages": len(document), "title": tidy_title(document.title), "password": document.password}
        yield Frame({**header, "outline": list(document.outline())})
        for page in document.pages():
            yield Frame({"label": page.label, "text": page.text, "is_picture": page.is_picture})
    finally:
        document.close()


def _open(data: bytes, passwords: list[str]) -> Pdf:
    try:
        return PdfiumPdf(data, *open_in_pdfium(data, passwords))
    except NotReadableError as error:
        document = PypdfPdf(data, passwords, reason=str(error))
    if not len(document):
        raise NotReadableError("it has no pages")
    return document


def _draw(data: bytes, request: dict[str, Any]) -> Frame:
    document, _ = open_in_pdfium(data, request["passwords"])
    number = request["page"]
    with document:
        if not 1 <= number <= len(document):
            return Frame({"error": "page", "reason": f"has no page {number}; it has {len(document)}"})
        try:
            if request["verb"] == "marks":
                return Frame({"marks": find_marks(document.get_page(number - 1), request["start"], request["end"])})
            document.init_forms()
            return Frame({}, render_png(document.get_page(number - 1), request["scale"]))
        except (PdfiumError, NotReadableError) as error:
            return Frame({"error": "page", "reason": f"has a page {number} that cannot be drawn: {error}"})
