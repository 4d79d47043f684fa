"""The PDF that was asked for last, kept open: to open a file anew takes longer than to look at a page of it. For the worker process."""

from collections.abc import Sequence
from pathlib import Path

from rag.loading.pdf import NotReadableError
from rag.loading.pdfium_reader import PdfiumPdf, open_in_pdfium
from rag.loading.pypdf_reader import PypdfPdf

MOST_REQUESTS = 100
"""Answered from one opening: pdfium and pypdf keep what they have read of a file until it is closed."""

_Key = tuple[Path, int, int, int, tuple[str, ...]]


class KeptPdf:
    """One open PDF at most."""

    def __init__(self) -> None:
        self._pdf: PdfiumPdf | PypdfPdf | None = None
        self._key: _Key | None = None
        self._requests = 0

    def get(self, path: Path, passwords: Sequence[str]) -> PdfiumPdf | PypdfPdf:
        """The file, open: as it was left if it is the one of last time and has not changed since.

        Raises:
            WrongPasswordError: No password fits.
            ProtectedError: No password could open it.
            NotReadableError: Neither library can open it, or it has no pages.
            OSError: It cannot be read.
        """
        status = path.stat()
        key = (path, status.st_ino, status.st_size, status.st_mtime_ns, tuple(passwords))
        self._requests += 1
        if self._pdf is None or self._key != key or self._requests > MOST_REQUESTS:
            self.close()  # first, so that never two of them are in memory
            self._pdf, self._key = open_pdf(path.read_bytes(), passwords), key
        return self._pdf

    def close(self) -> None:
        """Free it."""
        if self._pdf is not None:
            self._pdf.close()
        self._pdf, self._key, self._requests = None, None, 0


def open_pdf(data: bytes, passwords: Sequence[str]) -> PdfiumPdf | PypdfPdf:
    """Open a file in pdfium, or in pypdf where pdfium cannot.

    Raises:
        WrongPasswordError: No password fits.
        ProtectedError: No password could open it.
        NotReadableError: Neither library can open it, or it has no pages.
    """
    try:
        return PdfiumPdf(data, *open_in_pdfium(data, passwords))
    except NotReadableError as error:
        document = PypdfPdf(data, passwords, reason=str(error))
    if not len(document):
        raise NotReadableError("it has no pages")
    return document
