"""What a format says of itself, and what its reader gives: all that one more format has to bring.

A reader is a function `FileToOpen -> OpenedFile`. It runs in a child process, which limits its memory, and its time: to open the file,
and for each page. The file's size is checked before; a reader of a compressed format limits what it unpacks. A reader may raise

- `WrongPasswordError`, `ProtectedError`, `NotReadableError`, and while drawing `NotDrawableError`: they become a message about the file;
- a `DocumentError` with a message of its own;
- `OSError`; `ImportError` where a library that it needs is not installed; whatever its parser raises on odd files.

Whatever it is, even a crash of the process, it is the outcome of that file alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast, runtime_checkable

from rag.types import FileKind

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of the page's picture; the origin is top left."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes:
        name: As people call it, such as "PDF".
        media_type: Stored with every document, so it never changes.
        reader: "module:function", imported in the child process alone.
        suffixes: Lower case, with the dot; "" stands for names without one. The library's copy of a file gets the first.
        magic: First bytes of each file of this format and of no other; they count more than the name.
        container: First bytes that it shares with other formats, such as those of a ZIP archive; the suffix decides.
        traces: Bytes that speak for this format in a file with its suffix whose magic is damaged; of an Office file, the folder of its
            parts, which tells it whatever its name.
        unit: What a page is called: "page", "slide", "sheet". Labels of others than "page" begin with it: "slide 3".
        is_drawn: Whether a page is shown as a picture with marks, by a `DrawnFile`, and not as text with the words marked.
        is_code: Whether the text of a page that is not drawn is shown as it stands, line by line, in a font of one width.
        is_markdown: Whether the text of a page that is not drawn is Markdown.
        inline_type: What a browser may show the file itself as; "" has it saved. Nothing that can hold a script.
        kind: The family that a search can be limited to.
    """

    name: str
    media_type: str
    reader: str
    suffixes: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()
    container: tuple[bytes, ...] = ()
    traces: tuple[bytes, ...] = ()
    unit: str = "page"
    is_drawn: bool = False
    is_code: bool = False
    is_markdown: bool = False
    inline_type: str = ""
    kind: FileKind = "text"


@dataclass(frozen=True, slots=True)
class FileToOpen:
    """A file by its absolute path, what it is called in messages, and the passwords to try after none.

    `ocr` is the folder that keeps what OCR reads in it, if any.
    """

    path: Path
    name: str
    format: Format
    passwords: tuple[str, ...] = field(default=(), repr=False)
    ocr: Path | None = None

    def open(self) -> "OpenedFile":
        """Open it, in the child process: what can be raised is said at the top of this file."""
        module, _, function = self.format.reader.partition(":")
        opened = cast("OpenedFile", getattr(import_module(module), function)(self))
        if self.ocr is None or not isinstance(opened, DrawnFile):
            return opened
        from rag.formats.ocr.engine import recognise
        from rag.formats.ocr.file import OcrFile

        return OcrFile(opened, self.ocr, recognise)


@dataclass(frozen=True, slots=True)
class Request:
    """What a child process is asked: to read a file, to draw a page, 1-based, to find `text[start:end]` on it, or to recognise it."""

    verb: Literal["read", "draw", "look", "recognise", "describe"]
    file: FileToOpen
    page: int = 0
    scale: float = 0.0
    start: int = 0
    end: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page's printed label, its text, cleaned and perhaps empty, and what stands on it.

    Attributes:
        label: Printed on the page, or its number; see `Format.unit`.
        text: What is cut, searched and cited.
        is_picture: Whether it has a picture and no text, as a scan.
        headings: In reading order: level, 1 for the outermost; title; offset in `text`.
        is_ocr: Whether its words, or some of them, were read by OCR.
        awaits_ocr: Whether OCR has still to look at it.
    """

    label: str
    text: str
    is_picture: bool = False
    headings: Sequence[tuple[int, str, int]] = ()
    is_ocr: bool = False
    awaits_ocr: bool = False


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """A page that OCR has looked at.

    Attributes:
        text: All of it.
        start: Where in it the words begin that OCR found; what stands before them was known.
        has_words: Whether there are any.
        is_replaced: Whether a text that was known before was illegible, and is not part of it.
        before: The text of the page before it, whose table may go on.
    """

    text: str
    start: int
    has_words: bool
    is_replaced: bool
    before: str


@dataclass(frozen=True, slots=True)
class PageView:
    """What is known of a page that is to be shown.

    Attributes:
        size: Of its picture, in points (1/72 inch), if it can be drawn.
        text: As it was when it was indexed.
        marks: Where the words stand in the picture, if known.
        headings: Those in its text, as in `PageContent`, if it is not drawn.
    """

    size: tuple[float, float] | None
    text: str
    marks: tuple[Rectangle, ...] = ()
    headings: tuple[tuple[int, str, int], ...] = ()


class OpenedFile(Protocol):
    """An open file: the title that it gives itself, or "", and the password that opened it.

    It may have a `notice` too: a sentence for the person who adds it, such as that its encoding was guessed; and its `author` and `date`,
    in whatever form the format has them: see `rag.formats.properties`.
    """

    title: str
    password: str

    def __len__(self) -> int:
        """How many pages it says it has."""

    def pages(self) -> Iterator[PageContent]:
        """Each page that can be loaded; each one yielded is progress, and starts the time for the next."""

    def page(self, index: int) -> PageContent:
        """One page by its 0-based index, with its headings if it is not drawn; without text where it cannot be loaded."""

    def close(self) -> None:
        """Free it."""


@runtime_checkable
class DrawnFile(OpenedFile, Protocol):
    """One whose pages have a look of their own. Both raise `NotDrawableError`."""

    def draw(self, index: int, scale: float) -> bytes:
        """A page as PNG, `scale` pixels a point or less."""

    def locate(self, index: int, text: str, start: int, end: int) -> tuple[tuple[float, float], list[Rectangle]]:
        """Its size in points, and a rectangle for each line of `text[start:end]`; `text` is that of `page`."""


@dataclass(slots=True)
class TextPages:
    """An `OpenedFile` that is the texts of its pages: enough for a format that is not drawn."""

    contents: Sequence[PageContent]
    title: str = ""
    password: str = field(default="", repr=False)
    notice: str = ""
    author: str = ""
    date: str = ""

    def __len__(self) -> int:
        return len(self.contents)

    def pages(self) -> Iterator[PageContent]:
        """See `OpenedFile`."""
        return iter(self.contents)

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        return self.contents[index]

    def close(self) -> None:
        """See `OpenedFile`."""
        self.contents = ()


class NotReadableError(Exception):
    """The file is too damaged. The message says what is wrong with it, as a clause."""


class NotDrawableError(Exception):
    """A page cannot be drawn. The message says why, as a clause."""


class ProtectedError(Exception):
    """No password can open it: it is encrypted for the holders of certain certificates, say."""


class WrongPasswordError(Exception):
    """It is encrypted, and no password that was given opens it."""
