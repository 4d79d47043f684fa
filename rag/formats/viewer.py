"""A page of a file -> its picture, its words, and where they stand: made in child processes, under limits."""

import os
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.formats.frames import Frame
from rag.formats.isolation import Worker
from rag.formats.marks import PageView
from rag.formats.pool import PageRequest, Pool
from rag.formats.refusals import refusal
from rag.formats.registry import PDF, MediaType

DRAW_SECONDS = 10.0
"""A page that takes longer to draw is given up."""

LOOK_SECONDS = 20.0
"""A page whose words take longer to find is given up; of a long text, all of it is decoded first."""

DRAWERS = 2
"""Child processes that draw: one page that takes long keeps no other document waiting."""


@dataclass(frozen=True, slots=True)
class FileToView:
    """A file whose pages are shown.

    Attributes:
        path: Where it is.
        name: What it is called in messages.
        media_type: Of `rag.formats.registry`.
        password: What opens it, or "".
    """

    path: Path
    name: str
    media_type: MediaType = PDF
    password: str = field(default="", repr=False)


class Viewer:
    """Draws and looks at pages. Its child processes are not the one that reads files: a page is shown while a file is read."""

    def __init__(self, *, draw_seconds: float = DRAW_SECONDS, look_seconds: float = LOOK_SECONDS, memory_megabytes: int = 2048) -> None:
        """Start nothing yet.

        Args:
            draw_seconds: Longest time to draw a page.
            look_seconds: Longest time to find a page's words.
            memory_megabytes: Memory that each child process may take, where the system can limit it; at least 256.
        """
        self._drawing = Pool([Worker(seconds=draw_seconds, megabytes=memory_megabytes) for _ in range(DRAWERS)], _picture)
        self._looking = Pool([Worker(seconds=look_seconds, megabytes=memory_megabytes)], _view)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start the processes now that the first page needs."""
        self._drawing.start()
        self._looking.start()

    def close(self) -> None:
        """End the processes at once; what they are at fails. What is asked afterwards starts them anew."""
        self._drawing.close()
        self._looking.close()

    def render(self, file: FileToView, page: int, *, scale: float = 2.0) -> Future[bytes]:
        """Draw a page of a PDF as it would be shown: cropped, turned, with the forms filled in.

        Args:
            file: The PDF.
            page: Physical page, 1-based.
            scale: Pixels a point (1/72 inch), above 0; less for pages whose picture would pass 16 megapixels.

        Returns:
            A PNG; or `UnreadableFileError` where the file cannot be drawn, has no such page, or takes too long or too much memory, and
            `PasswordNeededError` where the password is wrong. It may be cancelled.

        Raises:
            TooManyRequestsError: Too many pages wait to be drawn.
        """
        if not scale > 0:
            raise ValueError(f"scale must be above 0, not {scale}")
        return self._drawing.ask(_request("render", file, page, scale, scale=scale))

    def look(self, file: FileToView, page: int, start: int = 0, end: int = 0, *, whole: bool = False) -> Future[PageView]:
        """What there is to a page besides its picture, and where `page.text[start:end]` stands in that.

        Args:
            file: The file.
            page: Physical page, 1-based.
            start: Offset in the page's text, as it was read.
            end: Offset after the last character; not above `start` where no words are to be marked.
            whole: Whether the file was read as one page, as long texts once were.

        Returns:
            As for `render`. The marks are one rectangle a line, `(left, top, right, bottom)` as fractions of the picture, in [0, 1],
            origin top left, in reading order.

        Raises:
            TooManyRequestsError: Too many pages wait to be looked at.
        """
        return self._looking.ask(_request("look", file, page, 0.0, start=start, end=end, whole=whole))


def _request(verb: str, file: FileToView, page: int, effort: float, **details: float) -> PageRequest:
    passwords = (file.password,) if file.password else ()
    said = {"media_type": file.media_type, "passwords": passwords, **details}
    return PageRequest(os.path.abspath(file.path), file.name, page, verb, effort, tuple(said.items()))  # noqa: PTH100


def _picture(request: PageRequest, frame: Frame) -> bytes:
    return _checked(request, frame).payload


def _view(request: PageRequest, frame: Frame) -> PageView:
    header = _checked(request, frame).header
    size = (header["size"][0], header["size"][1]) if header["size"] else None
    return PageView(size, header["text"], tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in header["marks"]))


def _checked(request: PageRequest, frame: Frame) -> Frame:
    if "error" in frame.header:
        raise refusal(request.name, frame, tried=bool(dict(request.details)["passwords"]))
    return frame
