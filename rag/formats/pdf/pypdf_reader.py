"""pypdf as a reader: slower than pdfium, but it opens and spells some files that pdfium does not."""

import io
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from rag.formats.cleaning import clean
from rag.formats.protocol import NotReadableError, PageContent, WrongPasswordError, reason_of, tidy_label, tidy_title

_GLYPH_NAMES = re.compile(r"/[A-Za-z]{1,5}\d+")
"""What pypdf gives for letters it cannot spell: "/g31/g7"."""


class PypdfPdf:
    """A document read by pypdf. It raises errors of every kind on odd files, so each call here survives any `Exception`."""

    def __init__(self, data: bytes, passwords: Sequence[str], reason: str = "") -> None:
        """Open a document with the first password that fits, the empty one before all others.

        Args:
            data: The file.
            passwords: See above.
            reason: What another library said against it, for messages; kept as an attribute.

        Raises:
            WrongPasswordError: No password fits.
            NotReadableError: It is too damaged.
        """
        self.reason = reason
        import pypdf  # a tenth of a second that most files do not need

        try:
            self._reader = pypdf.PdfReader(io.BytesIO(data))
            self.password = self._unlock(passwords) if self._reader.is_encrypted else ""
            self._count = len(self._reader.pages)
        except WrongPasswordError:
            raise
        except Exception as error:
            raise NotReadableError(reason or reason_of(error)) from error

    def __len__(self) -> int:
        return self._count

    @property
    def title(self) -> str:
        """What the file calls itself."""
        try:
            metadata = self._reader.metadata
            return tidy_title(str(metadata.title or "")) if metadata else ""
        except Exception:  # noqa: BLE001 - see the class
            return ""

    def pages(self) -> Iterator[PageContent]:
        """Each page, in order; without headings: files that only pypdf can open are too damaged to trust their outline."""
        return map(self.page, range(len(self)))

    def page(self, index: int) -> PageContent:
        """See `OpenedFile.page`."""
        label = tidy_label(self._labels[index] if index < len(self._labels) else "", index)
        return PageContent(label, self.text(index))

    def close(self) -> None:
        """Free it."""
        self._reader.close()

    def text(self, index: int) -> str:
        """The cleaned text of a page, or "" where it cannot be had."""
        try:
            text = clean(self._reader.pages[index].extract_text()).text
        except Exception:  # noqa: BLE001 - see the class
            return ""
        return text if len("".join(_GLYPH_NAMES.findall(text))) <= len(text) / 2 else ""

    @cached_property
    def _labels(self) -> list[str]:
        try:
            return self._reader.page_labels
        except Exception:  # noqa: BLE001 - see the class
            return []

    def _unlock(self, passwords: Sequence[str]) -> str:
        for password in ("", *passwords):
            if self._reader.decrypt(password):
                return password
        raise WrongPasswordError
