"""The child process that touches untrusted PDFs: takes requests from stdin, answers on stdout, one at a time.

A request is a frame `{"verb": "read" | "render" | "look", "path": ..., "passwords": [...], ...}`; its answer some
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

from rag.loading.drawing import find_marks, render_png, size_of
from rag.loading.files import unreadable
from rag.loading.frames import Frame, read_frame, write_frame
from rag.loading.kept import KeptPdf, open_pdf
from rag.loading.pdf import NotReadableError, ProtectedError, WrongPasswordError, tidy_title
from rag.loading.pdfium_reader import PdfiumPdf
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
    kept = KeptPdf()
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


def _answer(request: dict[str, Any], kept: KeptPdf) -> Iterator[Frame]:
    path = Path(request["path"])
    try:
        if request["verb"] == "read":
            kept.close()  # the file to be read may have need of the memory
            yield from _read(path.read_bytes(), request["passwords"])
        else:
            yield _show(kept.get(path, request["passwords"]), request)
    except WrongPasswordError:
        yield Frame({"error": "password", "reason": ""})
    except ProtectedError:
        yield Frame({"error": "protected", "reason": ""})
    except NotReadableError as error:
        yield Frame({"error": "damaged", "reason": str(error)})
    except OSError as error:
        yield Frame({"error": "file", "reason": str(unreadable(path, error))})


def _read(data: bytes, passwords: list[str]) -> Iterator[Frame]:
    document = open_pdf(data, passwords)
    try:
        header = {"pages": len(document), "title": tidy_title(document.title), "password": document.password}
        yield Frame({**header, "outline": list(document.outline())})
        for page in document.pages():
            yield Frame({"label": page.label, "text": page.text, "is_picture": page.is_picture})
    finally:
        document.close()


def _show(document: PdfiumPdf | PypdfPdf, request: dict[str, Any]) -> Frame:
    number = request["page"]
    if not 1 <= number <= len(document):
        return Frame({"error": "page", "reason": f"has no page {number}; it has {len(document)}"})
    if request["verb"] == "look":
        return _look(document, number - 1, request["start"], request["end"])
    if isinstance(document, PypdfPdf):
        raise NotReadableError(document.reason)
    try:
        with document.opened(number - 1) as page:
            return Frame({}, render_png(page, request["scale"]))
    except (PdfiumError, NotReadableError) as error:
        return Frame({"error": "page", "reason": f"has a page {number} that cannot be drawn: {error}"})


def _look(document: PdfiumPdf | PypdfPdf, index: int, start: int, end: int) -> Frame:
    text = document.page(index).text
    size, marks = None, []
    # Of a page that cannot be drawn there is still its text.
    with contextlib.suppress(PdfiumError, NotReadableError):
        if isinstance(document, PdfiumPdf):
            with document.opened(index) as page:
                size = size_of(page)
                marks = find_marks(page, text, start, end)
    return Frame({"size": size, "text": text, "marks": marks})
