"""Bytes of a text file -> text, whatever encoding they are in."""

import codecs
import re

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
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# Of the many that can be guessed, those that text files are found in.
_LEGACY = ["cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "big5", "cp949"]

_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
_MOST_CONTROLS = 0.02  # share of control characters above which bytes are no text; random bytes have 0.1
_SAMPLE_BYTES = 20_000  # what charset-normalizer sees, whose time grows with it
_WESTERN_SHARE = 0.3  # western European text has fewer accented letters among its letters than this; Cyrillic, Greek, Thai have more
_NOT_ASCII = re.compile(rb"[\x80-\xff]")

# Polish read as Western European: "za\xb3o\xbfony". An accent, a micro sign or a middle dot may stand in a word.
_MARK_IN_WORD = re.compile(r"[^\W\d_][\xa1-\xa9\xab-\xb3\xb6\xb8\xb9\xbb-\xbf\xd7\xf7][^\W\d_]")


def decode(data: bytes, name: str) -> str:
    """Decode and clean a whole text file: UTF-8, UTF-16, UTF-32, else the likeliest older encoding.

    A short text in an encoding of one byte a character is taken for Western European wherever its words allow it. `UnreadableFileError`
    where it is empty, `UnsupportedFileError` where it is binary, `NoTextError` where it is white space.
    """
    if not data:
        raise UnreadableFileError(f"{name} is empty (0 bytes).")
    text = _decode_unicode(data)
    if text is None:
        if _controls(data) > _MOST_CONTROLS:
            raise UnsupportedFileError(describe_binary(name, data[:HEAD_BYTES]))
        text = data.decode(_legacy_encoding(data), errors="replace")
    cleaned = clean(text).text
    if not cleaned.strip():
        raise NoTextError(f"{name} has no text, only white space.")
    return cleaned


def _decode_unicode(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data and (wide := _wide_encoding(data)):
        return data.decode(wide, errors="replace")
    if _controls(data) > _MOST_CONTROLS:
        return None
    if b"\x1b$" in data and data.isascii():
        return data.decode("iso2022_jp", errors="replace")
    text = data.decode("utf-8", errors="replace")
    wrong = text.count(REPLACEMENT)
    if not wrong:
        return text
    # A few damaged bytes do not make a UTF-8 file something else: older encodings are hardly ever valid UTF-8.
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    return text if right >= 10 * wrong else None


def _controls(data: bytes) -> float:
    return 1 - len(data.translate(None, _CONTROLS)) / len(data)


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: the one in which the text is valid and has the most ASCII."""
    sample = data[: _SAMPLE_BYTES // 4 * 4]
    best: str | None = None
    most = 0.05  # spaces and line ends alone make up more
    for encoding in _WIDE:
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(not (character.isprintable() or character.isspace()) for character in text)
        share = len(text.encode("ascii", "ignore")) / len(text)
        if odd <= _MOST_CONTROLS * len(text) and share > most:
            best, most = encoding, share
    return best


def _legacy_encoding(data: bytes) -> str:
    from charset_normalizer import from_bytes  # only old files need it

    sample = _telling_lines(data)
    if _is_western(sample):
        return "cp1252"
    best = from_bytes(sample, cp_isolation=_LEGACY).best()
    return best.encoding if best else "cp1252"


def _telling_lines(data: bytes) -> bytes:
    """Lines that are not ASCII, as many as the sample takes, never cut within a character."""
    lines: list[bytes] = []
    size = end = 0
    while size < _SAMPLE_BYTES and (accent := _NOT_ASCII.search(data, end)):
        start = data.rfind(b"\n", end, accent.start()) + 1 or end
        end = data.find(b"\n", accent.start()) + 1 or len(data)
        lines.append(data[start:end])
        size += end - start
    sample = b"".join(lines)[:_SAMPLE_BYTES]
    if size <= _SAMPLE_BYTES:
        return sample
    # Bytes below "0" are never the second half of a character, in no encoding of the list.
    whole = re.match(rb"(?s).*[\n -/]", sample)
    return whole[0] if whole else sample


def _is_western(sample: bytes) -> bool:
    """Whether the bytes make sense as Western European words. Statistics fail here: too few letters tell."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    letters = sum(map(str.isalpha, text))
    accented = sum(character > "\x7f" for character in text)
    return accented <= _WESTERN_SHARE * max(letters, 1) and not _MARK_IN_WORD.search(text)
