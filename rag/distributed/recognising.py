"""Scanned pages -> what OCR has read on them, by workers, several at a time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from rag.distributed.order import Order, ReadPage, SentFile
from rag.distributed.reading import MOST_SENT_BYTES
from rag.distributed.workers import MOST_AT_ONCE, Workers
from rag.files import unreadable
from rag.formats.protocol import FileToOpen, RecognisedPage
from rag.formats.recogniser import Recogniser


class RemoteRecogniser:
    """Has workers read pages, and `here` those that they cannot.

    Attributes:
        cure: As that of `here`.
    """

    def __init__(self, workers: Workers, order: Callable[[], Order], here: Recogniser) -> None:
        self.cure = here.cure
        self._workers = workers
        self._order = order
        self._here = here
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, "ocr")
        self._lock = threading.Lock()
        self._content: tuple[FileToOpen, bytes] | None = None  # of the last file

    @property
    def at_once(self) -> int:
        """How many pages to begin before the first is read."""
        return self._workers.at_once

    def read(self, file: FileToOpen, page: int) -> Future[RecognisedPage]:
        """See `Recogniser.read`."""
        return self._threads.submit(self._read, file, page)

    def rest(self) -> None:
        """There is no page to read: workers rest by themselves."""
        self._content = None
        self._here.rest()

    def close(self) -> None:
        """Wait for nothing more."""
        self._threads.shutdown(cancel_futures=True)

    def _read(self, file: FileToOpen, page: int) -> RecognisedPage:
        assert file.ocr
        read: ReadPage | None = None
        try:
            if file.path.stat().st_size <= MOST_SENT_BYTES:
                names = [f"{number}.json.gz" for number in (page - 1, page)]  # `rag.formats.ocr.file` writes them
                kept = {name: (file.ocr / name).read_bytes() for name in names if (file.ocr / name).exists()}
                sent = SentFile("", file.name, file.path.suffix, file.passwords, kept)
                future = self._workers.begin("recognise", self._order(), self._content_of(file), sent, file.format.media_type, page)
                read = self._workers.result(future, f"Page {page} of {file.name}") if future else None
            if read is None:
                return self._here.read(file, page).result()
            for name, data in read.kept.items():
                partial = file.ocr / f"{name}.partial"
                partial.write_bytes(data)
                partial.replace(file.ocr / name)
        except OSError as error:  # the document is gone, which its queue sees; or the disk is full
            raise unreadable(file.path, error) from error
        return read.page

    def _content_of(self, file: FileToOpen) -> bytes:
        with self._lock:
            if self._content is None or self._content[0] != file:
                self._content = file, file.path.read_bytes()
            return self._content[1]
