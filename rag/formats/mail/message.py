"""What is read of a message -> its page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.errors import DocumentError
from rag.formats.cleaning import clean, tidy_heading
from rag.formats.decoding import DecodedText, decode_and_tell
from rag.formats.protocol import PageContent, TextPages
from rag.formats.text import part_labels, split


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its header lines, its words, the names and sizes in bytes of its attachments, and what its encoding was guessed to be."""

    senders: str
    to: str
    cc: str
    date: str
    subject: str
    body: str
    attachments: Sequence[tuple[str, int]] = field(default=())
    guess: str = ""

    def pages(self) -> TextPages:
        """One page, or parts of a long message; its title is the subject."""
        named = ", ".join(f"{_line(name)} ({size_text(size)})" for name, size in self.attachments)
        fields = zip(
            ("From", "To", "Cc", "Date", "Subject", "Attachments"),
            (self.senders, self.to, self.cc, self.date, self.subject, named),
            strict=True,
        )
        head = "\n".join(f"{name}: {_line(value)}" for name, value in fields if _line(value))
        parts = list(split(clean(f"{head}\n\n{self.body.strip()}").text.strip()))
        pages = [PageContent(label, part) for label, part in zip(part_labels(parts), parts, strict=True)]
        notice = DecodedText("", self.guess).notice
        return TextPages(pages, tidy_heading(self.subject), notice=notice, author=self.senders, date=self.date)


def guessed(data: bytes) -> DecodedText:
    """Words in an encoding that is not known, or wrongly named; "" where they are none."""
    try:
        return decode_and_tell(data.strip(b"\0"), "A message")
    except DocumentError:
        return DecodedText("")


def size_text(size: int) -> str:
    """A size as people write it: "120 kB"."""
    for unit, bytes_each in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= bytes_each:
            return f"{size / bytes_each:,.{int(size < 10 * bytes_each)}f} {unit}".replace(".0 ", " ")
    return f"{size} bytes"


def joined(texts: Iterable[str]) -> str:
    """Several texts of a message, a blank line between them."""
    return "\n\n".join(filter(None, (text.strip() for text in texts)))


def _line(text: str) -> str:
    return " ".join(text.split())
