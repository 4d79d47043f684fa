"""A text file as a document of parts. For the worker process."""

from collections.abc import Iterator

from rag.formats.decoding import decode, markdown_title, plain_title
from rag.formats.parts import part_label, split
from rag.formats.protocol import PageContent
from rag.formats.registry import MediaType
from rag.text.headings import part_headings


class TextFile:
    """A text file; its pages are its parts, one where it is not long."""

    password = ""

    def __init__(self, data: bytes, name: str, media_type: MediaType) -> None:
        """Decode a file.

        Args:
            data: All of it.
            name: Its name, for messages.
            media_type: "text/markdown" or "text/plain".

        Raises:
            DocumentError: As for `decode`.
        """
        words = decode(data, name)
        self.title = markdown_title(words) if media_type == "text/markdown" else plain_title(words)
        self._parts = list(split(words))

    def __len__(self) -> int:
        return len(self._parts)

    def pages(self) -> Iterator[PageContent]:
        """Each part, in order."""
        for index, headings in enumerate(part_headings(self._parts)):
            yield PageContent(self._label(index), self._parts[index], headings=[(each.level, each.title, each.start) for each in headings])

    def page(self, index: int) -> PageContent:
        """One part, without its headings."""
        return PageContent(self._label(index), self._parts[index])

    def close(self) -> None:
        """Free it."""
        self._parts = []

    def _label(self, index: int) -> str:
        return part_label(index + 1) if len(self) > 1 else "1"
