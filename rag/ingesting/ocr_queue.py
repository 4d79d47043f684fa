"""Documents with pages that OCR has still to look at -> their words, page by page, while what there is of them is searched.

The record is all there is of a queue: `ocr_waiting` names the pages. What OCR reads is kept on disk (`rag.formats.ocr.file`), then its
chunks are put after those that the document has, whose keys and vectors stay, and the record, written last, counts them. A crash in between
costs no more than to do so again.
"""

import logging
import threading
from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import replace

import numpy as np

from rag.embedding.protocol import Embedder, text_to_embed
from rag.errors import DocumentError, LibraryClosedError
from rag.formats.isolation import WorkerClosedError
from rag.formats.protocol import FileToOpen, RecognisedPage
from rag.formats.recogniser import PageReader
from rag.formats.registry import format_of
from rag.ingesting.staging import Stager
from rag.storing.index import Index
from rag.storing.originals import Originals
from rag.types import Chunk, DocumentRecord, Page

log = logging.getLogger(__name__)

SECONDS_A_STEP = 0.3  # how long a step waits for a page, which takes some seconds: what is more urgent is done between steps

Reading = tuple[str, int, Future[RecognisedPage]]
"""A document's id, a page of it, and what OCR will have read there."""


class OcrQueue:
    """Has the pages that wait for OCR read, and stores them one at a time; threads take turns."""

    def __init__(self, recogniser: PageReader, stager: Stager, embedder: Embedder, index: Index, originals: Originals) -> None:
        self._recogniser = recogniser
        self._stager = stager
        self._embedder = embedder
        self._index = index
        self._originals = originals
        self._turn = threading.Lock()
        self._begun: deque[Reading] = deque()
        self._last: tuple[str, int, str] = "", 0, ""  # the page that was stored last: its document, number and text
        self._illegible: set[tuple[str, int]] = set()  # pages whose text gives way; they wait until all others of the document are read

    def is_waiting(self, record: DocumentRecord) -> bool:
        """Whether there is something of a document that `step` will read."""
        return bool(record.ocr_waiting) and not self._recogniser.cure and not self._originals.problem(record)

    def step(self) -> bool:
        """Begin with the next page, or store what was read of the last one; whether there was anything to do.

        Raises StorageError or EmbeddingError; the page is stored another time then.
        """
        with self._turn:
            while len(self._begun) < self._recogniser.at_once and (following := self._next()):
                self._begun.append(following)
            if not self._begun:
                self._recogniser.rest()
                return False
            document_id, number, reading = self._begun[0]
            try:
                read: RecognisedPage | DocumentError = reading.result(SECONDS_A_STEP)
            except TimeoutError:
                return True
            except (WorkerClosedError, CancelledError, LibraryClosedError):
                self._begun.clear()
                return False
            except DocumentError as error:
                read = error
            self._begun.popleft()
            try:
                self._store(document_id, number, read)
            except DocumentError as error:  # the library's own copy, read anew
                self._store(document_id, number, error)
            return True

    def _next(self) -> Reading | None:
        """Begin with a page of the document that has the fewest: a letter does not wait for a book."""
        with self._stager.writing, self._index.guarded():
            waiting = [record for record in self._index.store.records.values() if self.is_waiting(record) and self._next_page(record)]
            if not waiting:
                return None
            record = min(waiting, key=lambda each: len(each.ocr_waiting))
            folder = self._originals.new_ocr(record)
            path = self._originals.path(record.id, record.media_type)
        number = self._next_page(record)
        passwords = (record.password,) if record.password else ()
        file = FileToOpen(path.absolute(), record.name, format_of(record.media_type), passwords, folder.absolute())
        return record.id, number, self._recogniser.read(file, number)

    def _next_page(self, record: DocumentRecord) -> int:
        """The next page of a document that was not begun; those whose text gives way once no other is left, and 0 for none."""
        begun = {number for id_, number, _ in self._begun if id_ == record.id}
        fresh = (page for page in record.ocr_waiting if page not in begun and (record.id, page) not in self._illegible)
        return next(fresh, 0 if begun else record.ocr_waiting[0])

    def _store(self, document_id: str, number: int, result: RecognisedPage | DocumentError) -> None:
        """Store what was read of a page, or that it cannot be; of a document that was removed meanwhile, nothing.

        Where texts give way, the document is indexed anew in the end, from what is kept of all its pages.
        """
        record = self._index.store.records.get(document_id)
        if record is None or number not in record.ocr_waiting or not self._originals.ocr(document_id).exists():
            return
        self._originals.keep_ocr(document_id)
        read = result if isinstance(result, RecognisedPage) else None
        if read is None:
            log.warning("%s", result)
        elif read.is_replaced:
            self._illegible.add((document_id, number))
            if self._illegible.issuperset((document_id, page) for page in record.ocr_waiting):
                self._stager.add_again(record)
            return
        chunks = self._cut(record, number, read) if read else []
        texts = [text_to_embed(chunk, self._embedder) for chunk in chunks]
        embeddings = self._embedder.embed_documents(texts) if texts else np.empty((0, 0), np.float32)
        with self._stager.writing, self._index.guarded():
            now = self._index.store.records.get(document_id)
            if now and now.chunks == record.chunks and number in now.ocr_waiting:  # else it was removed and added meanwhile
                self._index.grow(_grown(now, number, read, len(chunks)), chunks, embeddings)

    def _cut(self, record: DocumentRecord, number: int, read: RecognisedPage) -> list[Chunk]:
        chunker = self._stager.chunker(record.id)
        # Where several are read at a time, who read this page did not know what OCR made of the one before.
        is_next = self._last[:2] == (record.id, number - 1)
        chunker.go_on(record.chunks, self._last[2] if is_next else read.before)
        self._last = record.id, number, read.text
        page = Page(number, record.labels[number - 1], read.text, is_ocr=True)
        return list(chunker.cut(page, begin=read.start))


def _grown(record: DocumentRecord, number: int, read: RecognisedPage | None, chunks: int) -> DocumentRecord:
    """The record of a document of which one more page has been read, or could not be."""
    has_text = read is not None and bool(read.text.strip())
    return replace(
        record,
        chunks=record.chunks + chunks,
        empty_pages=tuple(each for each in record.empty_pages if each != number or not has_text),
        ocr_pages=tuple(sorted({*record.ocr_pages, number})) if read and read.has_words else record.ocr_pages,
        ocr_waiting=tuple(each for each in record.ocr_waiting if each != number),
        ocr_failed=record.ocr_failed if read else (*record.ocr_failed, number),
    )
