"""Bytes of a text file -> text, whatever encoding they are in."""

import codecs
import contextlib
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

from rag.errors import NoTextError, UnreadableFileError, UnsupportedFileError
from rag.formats.cleaning import REPLACEMENT, clean
from rag.formats.registry import HEAD_BYTES, describe_binary

# UTF-32 first: its little-endian byte order mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
_SAMPLE_BYTES = 20_000  # what a byte order is told by; a multiple of 4

_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
_MOST_CONTROLS = 0.02  # share of control characters above which bytes are no text; random bytes have 0.1
_UNUSED = {"Cc", "Cn", "Co", "Cs"}  # kinds of characters that no text has: controls, unassigned, private ones, halves
_SAMPLE_WORDS = 5_000  # among which UTF-8 is looked for in a file of something else
_ODD = 0.1  # share of characters that make no sense where UTF-8 is read as something else
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]\S*")  # a word from its first such letter on


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A file's text, cleaned, and the encoding where that was guessed, as "Windows-1250"; else ""."""

    text: str
    guess: str = ""

    @property
    def notice(self) -> str:
        """A sentence for the person who gave the file, or ""."""
        if not self.guess:
            return ""
        return f"Its encoding was guessed ({self.guess}). If letters look wrong, save it as UTF-8 and add it again."


def decode(data: bytes, name: str) -> str:
    """The text of `decode_and_tell`, for those who have nobody to tell."""
    return decode_and_tell(data, name).text


def decode_and_tell(data: bytes, name: str) -> DecodedText:
    """Decode and clean a whole text file: UTF-8, UTF-16, UTF-32, else the likeliest older encoding, word by word where UTF-8 is among it.

    `UnreadableFileError` where it is empty, `UnsupportedFileError` where it is binary, `NoTextError` where it is white space.
    """
    if not data:
        raise UnreadableFileError(f"{name} is empty (0 bytes).")
    text, guessed = _decode_unicode(data), ""
    if text is None:
        if _controls(data) > _MOST_CONTROLS:
            raise UnsupportedFileError(describe_binary(name, data[:HEAD_BYTES]))
        text, guessed = _decode_older(data)
    cleaned = clean(text).text
    if not cleaned.strip():
        raise NoTextError(f"{name} has no text, only white space.")
    return DecodedText(cleaned, guessed)


def _decode_unicode(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data and (wide := _wide_encoding(data)):
        return data.decode(wide, errors="replace")
    if b"\x1b$" in data and data.isascii():
        return data.decode("iso2022_jp", errors="replace")
    controls = _controls(data)
    if controls <= _MOST_CONTROLS:
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-8")
    # Of languages without spaces, UTF-16 may have no zero byte, but it has other control characters.
    wide = _wide_encoding(data) if controls else None
    return data.decode(wide, errors="replace") if wide else None


def _controls(data: bytes) -> float:
    return 1 - len(data.translate(None, _CONTROLS)) / len(data)


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: the one in which nearly all are characters in use, of the fewest scripts."""
    best: str | None = None
    most = (1 - _MOST_CONTROLS, -_SAMPLE_BYTES)
    for encoding, width in _WIDE:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(data[:_SAMPLE_BYTES])  # tolerates a character cut off at the end
        except UnicodeDecodeError:
            continue
        if not text or len(data) % width:
            continue
        used = sum(character.isspace() or unicodedata.category(character) not in _UNUSED for character in text)
        rank = (used / len(text), -len({ord(character) >> 7 for character in text}))
        if rank > most:
            best, most = encoding, rank
    return best


def _decode_older(data: bytes) -> tuple[str, str]:
    """Text in an older encoding, perhaps with UTF-8 among it, and what was guessed, or "" where it is damaged UTF-8."""
    from rag.formats.guessing import guess, oddness

    text = data.decode("utf-8", errors="replace")
    wrong = text.count(REPLACEMENT)
    is_mostly_utf8 = len(text) - len(text.encode("ascii", "ignore")) >= 2 * wrong
    lines = [(line, _is_utf8(line)) for line in (data.splitlines(keepends=True) if is_mostly_utf8 else [data])]
    rest = b"".join(line for line, is_valid in lines if not is_valid)
    words = [word[0] for word in islice(_BEYOND_ASCII.finditer(rest), None if is_mostly_utf8 else _SAMPLE_WORDS)]
    utf8 = b" ".join(word for word in words if _utf8(word))
    if is_mostly_utf8 or utf8:
        rest = _BEYOND_ASCII.sub(lambda word: b"" if _utf8(word[0]) else word[0], rest if is_mostly_utf8 else b" ".join(words))
        if rest.isascii():
            return text, ""
        encoding = guess(rest)
        if is_mostly_utf8 or oddness(utf8.decode(encoding, errors="replace")) > _ODD:
            mended = (line if is_valid else _BEYOND_ASCII.sub(lambda word: _as_utf8(word[0], encoding), line) for line, is_valid in lines)
            return b"".join(mended).decode(), f"UTF-8 and {encoding} mixed"
    encoding = guess(data)
    text = data.decode(encoding, errors="replace")
    return unicodedata.normalize("NFC", text) if encoding == "cp1258" else text, encoding  # its tones are marks of their own


def _is_utf8(line: bytes) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        line.decode()
        return True
    return False


def _utf8(word: bytes) -> str:
    """A word of UTF-8, of which fewer bytes may be damaged than letters are whole; "" for another."""
    text = word.decode("utf-8", errors="replace")
    wrong = text.count(REPLACEMENT)
    return text if not wrong or len(text) - len(text.encode("ascii", "ignore")) >= 2 * wrong else ""


def _as_utf8(word: bytes, encoding: str) -> bytes:
    return (_utf8(word) or word.decode(encoding, errors="replace")).encode()
