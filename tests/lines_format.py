"""A made-up format, in one file as any other: each line is a page with a picture, and may stand behind a password."""

import os

from rag.formats.protocol import FileToOpen, Format, NotReadableError, PageContent, Rectangle, TextPages, WrongPasswordError

LINES = Format(
    name="Lines",
    media_type="application/x-lines",
    reader="tests.lines_format:open_lines",
    suffixes=(".lines",),
    magic=(b"LINES\n",),
    unit="slide",
    is_drawn=True,
)


class Lines(TextPages):
    """Its texts, and pictures of them: as wide as the page, a tenth of it high."""

    def draw(self, index: int, scale: float) -> bytes:
        return f"picture of {self.page(index).text} at {scale}".encode()

    def locate(self, index: int, text: str, start: int, end: int) -> tuple[tuple[float, float], list[Rectangle]]:
        return (100.0, 50.0), [(start / len(text), 0.0, end / len(text), 0.1)] if end else []


def open_lines(file: FileToOpen) -> Lines:
    """A line "password: ..." asks for one; the title tells which process has read it."""
    head, *lines = file.path.read_text(encoding="utf-8").splitlines()
    if head != "LINES":
        raise NotReadableError("its first line is another one")
    password = ""
    if lines[0].startswith("password: "):
        password = lines.pop(0).removeprefix("password: ")
        if password not in file.passwords:
            raise WrongPasswordError
    pages = [PageContent(f"slide {number}", line, headings=[(1, line.split()[0], 0)]) for number, line in enumerate(lines, start=1)]
    return Lines(pages, f"Read by {os.getpid()}", password)
