"""pypdf, slower than pdfium: it opens, spells and decrypts some files that pdfium cannot."""

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import pypdf

from rag.formats.cleaning import clean, tidy_label, tidy_title
from rag.formats.protocol import NotReadableError, PageContent, WrongPasswordError

_GLYPH_NAMES = re.compile(r"/[A-Za-z]{1,5}\d+")  # what pypdf gives for letters it cannot spell: "/g31/g7"
_USUAL_BITS = (128, 40)  # lengths of a key, for files that leave theirs out or state it wrongly, as in bytes
_SHORTEST_CHECK = {2: 32, 3: 16, 4: 16, 5: 48, 6: 48}
"""By revision, how many bytes of the entry /U a password is compared with: with fewer of them, none fits."""


class PypdfFile:
    """A document read by pypdf. It raises errors of every kind on odd files, so each call here survives any `Exception`."""

    def __init__(self, data: bytes, passwords: Sequence[str]) -> None:
        """Open it with the first password that fits, or raise `WrongPasswordError`; `NotReadableError` where it has no pages."""
        try:
            self._reader = pypdf.PdfReader(io.BytesIO(data))
            self.password = self._unlock(passwords) if self._reader.is_encrypted else ""
            self._count = len(self._reader.pages)
        except WrongPasswordError:
            raise
        except Exception as error:
            raise NotReadableError(str(error)) from error
        if not self._count:
            raise NotReadableError("it has no pages")
        self.title = ""
        with contextlib.suppress(Exception):
            if self._reader.metadata:
                self.title = tidy_title(str(self._reader.metadata.title or ""))

    def __len__(self) -> int:
        return self._count

    def pages(self) -> Iterator[PageContent]:
        """Each page; without headings: files that only pypdf can open are too damaged to trust their outline."""
        return map(self.page, range(len(self)))

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        text = ""
        with contextlib.suppress(Exception):
            text = clean(self._reader.pages[index].extract_text()).text
        is_spelt = len("".join(_GLYPH_NAMES.findall(text))) <= len(text) / 2
        return PageContent(tidy_label(self._labels.get(index, ""), index), text if is_spelt else "")

    def close(self) -> None:
        """See `OpenedFile`."""
        self._reader.close()

    @cached_property
    def _labels(self) -> dict[int, str]:
        with contextlib.suppress(Exception):
            return dict(enumerate(self._reader.page_labels))
        return {}

    def _unlock(self, passwords: Sequence[str]) -> str:
        for password in ("", *passwords):
            if self._reader.decrypt(password):
                return password
        raise WrongPasswordError


def decrypt(data: bytes, passwords: Sequence[str]) -> tuple[bytes, str] | None:
    """Decrypt a PDF that pdfium refuses, though its encryption is sound or nearly so: its bytes, and the password that opened it.

    None where pypdf makes nothing of the file, `WrongPasswordError` where no password fits, `NotReadableError` where none could, since the
    encryption is damaged.
    """
    try:
        reader = _MendingReader(io.BytesIO(data))
        encryption = reader._encryption
    except pypdf.errors.PdfReadError as error:
        if "ncrypt" in str(error):  # "/O entry of the encryption dictionary is missing"
            raise NotReadableError(f"its encryption is damaged: {error}") from error
        return None
    except Exception:  # noqa: BLE001 - pypdf raises errors of every kind on odd files
        return None
    if encryption is None:
        return None
    if len(encryption.values.U) < _SHORTEST_CHECK.get(encryption.R, 0):
        raise NotReadableError("its encryption is damaged: the entry that passwords are checked by is cut short")
    for bits in dict.fromkeys((encryption.Length, *_USUAL_BITS)):
        encryption.Length = bits
        for password in ("", *passwords):
            try:
                fits = reader.decrypt(password)
            except Exception:  # noqa: BLE001 - a key of minus eight bits, say
                continue
            if fits:
                return _written(reader), password
    raise WrongPasswordError


class _MendingReader(pypdf.PdfReader):
    def _handle_encryption(self, password: str | bytes | None) -> None:
        try:
            super()._handle_encryption(password)
        except Exception:
            if self._encryption is None:
                raise
            self._override_encryption = False  # the empty password was tried with a key of no sensible length


def _written(reader: pypdf.PdfReader) -> bytes:
    try:
        with io.BytesIO() as file:
            pypdf.PdfWriter(clone_from=reader).write(file)
            return file.getvalue()
    except Exception as error:
        raise NotReadableError(f"it is encrypted, and what it holds is damaged: {error}") from error
