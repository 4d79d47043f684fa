"""A file of any kind that is read -> it, open. For the worker process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rag.formats.pdf.encryption import decrypt
from rag.formats.pdf.pdfium_reader import PdfiumPdf, open_in_pdfium
from rag.formats.pdf.pypdf_reader import PypdfPdf
from rag.formats.protocol import NotReadableError, OpenedFile, ProtectedError, WrongPasswordError
from rag.formats.registry import PDF, MediaType
from rag.formats.text import TextFile

MOST_REQUESTS = 100
"""Answered from one opening: pdfium and pypdf keep what they have read of a file until it is closed."""


@dataclass(frozen=True, slots=True)
class FileToOpen:
    """What a request says of a file.

    Attributes:
        path: Where it is.
        name: What it is called in messages.
        media_type: What it is opened as.
        passwords: Tried in turn, after none.
    """

    path: Path
    name: str
    media_type: MediaType
    passwords: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, request: dict[str, Any]) -> Self:
        """The file of a request."""
        return cls(Path(request["path"]), request["name"], request["media_type"], tuple(request["passwords"]))

    def open(self) -> OpenedFile:
        """Open it.

        Raises:
            WrongPasswordError: No password fits.
            ProtectedError: No password could open it.
            NotReadableError: It is too damaged, or has no pages.
            DocumentError: It is no text, or has none.
            OSError: It cannot be read.
        """
        data = self.path.read_bytes()
        return open_pdf(data, self.passwords) if self.media_type == PDF else TextFile(data, self.name, self.media_type)


class KeptFile:
    """The file that was asked for last, kept open: to open it anew takes longer than to look at a page of it."""

    def __init__(self) -> None:
        self._opened: OpenedFile | None = None
        self._key: tuple[FileToOpen, int, int, int] | None = None
        self._requests = 0

    def get(self, file: FileToOpen) -> OpenedFile:
        """The file, open: as it was left if it is the one of last time and has not changed since.

        Raises:
            WrongPasswordError, ProtectedError, NotReadableError, DocumentError, OSError: As for `FileToOpen.open`.
        """
        status = file.path.stat()
        key = (file, status.st_ino, status.st_size, status.st_mtime_ns)
        self._requests += 1
        if self._opened is None or self._key != key or self._requests > MOST_REQUESTS:
            self.close()  # first, so that never two of them are in memory
            self._opened, self._key = file.open(), key
        return self._opened

    def close(self) -> None:
        """Free it."""
        if self._opened is not None:
            self._opened.close()
        self._opened, self._key, self._requests = None, None, 0


def open_pdf(data: bytes, passwords: Sequence[str]) -> PdfiumPdf | PypdfPdf:
    """Open a PDF in pdfium, or in pypdf where pdfium cannot.

    Raises:
        WrongPasswordError: No password fits.
        ProtectedError: No password could open it.
        NotReadableError: Neither library can open it, or it has no pages.
    """
    try:
        return PdfiumPdf(data, *open_in_pdfium(data, passwords))
    except (WrongPasswordError, ProtectedError):
        decrypted = decrypt(data, passwords)
        if decrypted is None:
            raise
        document, _ = open_in_pdfium(decrypted[0], ())
        return PdfiumPdf(decrypted[0], document, decrypted[1])
    except NotReadableError as error:
        document = PypdfPdf(data, passwords, reason=str(error))
    if not len(document):
        raise NotReadableError("it has no pages")
    return document
