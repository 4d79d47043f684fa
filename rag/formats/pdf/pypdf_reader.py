"""pypdf as a reader: slower than pdfium, but it opens and spells some files that pdfium does not."""

import io
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from rag.formats.cleaning import clean, tidy_label, tidy_title
from rag.formats.protocol import NotReadableError, PageContent, WrongPasswordError

if TYPE_CHECKING:
    import pypdf

_GLYPH_NAMES = re.compile(r"/[A-Za-z]{1,5}\d+")
"""What pypdf gives for letters it cannot spell: "/g31/g7"."""


class PypdfFile:
    """A document read by pypdf. It raises errors of every kind on odd files, so each call here survives any `Exception`."""

    def __init__(self, data: bytes, passwords: Sequence[str]) -> None:
        """Open it with the first password that fits, or raise `WrongPasswordError`; `NotReadableError` where it has no pages."""
        import pypdf  # a tenth of a second that most files do not need

        try:
            self._reader = pypdf.PdfReader(io.BytesIO(data))
            self.password = self._unlock(passwords) if self._reader.is_encrypted else ""
            self._count = len(self._reader.pages)
            self.title = _title(self._reader)
        except WrongPasswordError:
            raise
        except Exception as error:
            raise NotReadableError(str(error)) from error
        if not self._count:
            raise NotReadableError("it has no pages")

    def __len__(self) -> int:
        return self._count

    def pages(self) -> Iterator[PageContent]:
        """Each page; without headings: files that only pypdf can open are too damaged to trust their outline."""
        return map(self.page, range(len(self)))

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        label = tidy_label(self._labels[index] if index < len(self._labels) else "", index)
        return PageContent(label, self.text(index))

    def close(self) -> None:
        """See `OpenedFile`."""
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


def _title(reader: "pypdf.PdfReader") -> str:
    try:
        return tidy_title(str(reader.metadata.title or "")) if reader.metadata else ""
    except Exception:  # noqa: BLE001 - see the class
        return ""
