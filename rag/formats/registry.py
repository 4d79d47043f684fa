"""What kind of file this is: by its first bytes, then by its name."""

from pathlib import PurePath
from typing import Literal

from rag.errors import UnsupportedFileError

MediaType = Literal["application/pdf", "text/markdown", "text/plain"]
PDF: Literal["application/pdf"] = "application/pdf"

HEAD_BYTES = 4096
"""How much of a file `media_type` wants to see."""

_MARKDOWN_SUFFIXES = frozenset({".md", ".markdown"})
_TEXT_SUFFIXES = frozenset({".txt", ".text", ".rst", ".log", ".csv", ".tsv", ""})
_READ = "PDF (.pdf), plain text (.txt, .text, .rst, .log, .csv, .tsv) and Markdown (.md, .markdown) files are read"

_PDF_MAGIC = b"%PDF-"
_PDF_HEADER_WITHIN = 1024  # readers accept rubbish of this many bytes before the header

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or Java class"),
    (b"PK\x03\x04", "a ZIP archive or an Office document (docx, xlsx, pptx, odt, epub)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (doc, xls, ppt)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a picture, sound or film (WebP, WAV, AVI)"),
    (b"OggS", "a sound"),
    (b"ID3", "a sound (MP3)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"(\xb5/\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "an RTF document"),
    (b"%!ps", "a PostScript document"),
    (b"<!doctype html", "a web page (HTML)"),
    (b"<html", "a web page (HTML)"),
)


def media_type(name: str, head: bytes) -> MediaType:
    """The kind a file is read as.

    Args:
        name: The file's name; its ending counts where the content does not tell.
        head: The first bytes, `HEAD_BYTES` of them where there are as many.

    Raises:
        UnsupportedFileError: It is of no kind that is read, or is not what its name says.
    """
    suffix = PurePath(name).suffix.lower()
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if start.startswith(_PDF_MAGIC) or (suffix == ".pdf" and _PDF_MAGIC in head[:_PDF_HEADER_WITHIN]):
        return "application/pdf"
    if suffix == ".pdf":
        _refuse_false_pdf(name, head)
        return "application/pdf"  # its header is damaged, which a reader may survive
    if suffix not in _MARKDOWN_SUFFIXES | _TEXT_SUFFIXES:
        raise UnsupportedFileError(f"{name} is of a kind that is not read{_guess(head, ': ')}; {_READ}.")
    for magic, kind in _MARKUP[:2]:  # a page of HTML named .txt is still words; RTF and PostScript are codes
        if start[: len(magic)].lower() == magic:
            raise UnsupportedFileError(f"{name} is {kind} under another name; save it as PDF and add it again.")
    return "text/markdown" if suffix in _MARKDOWN_SUFFIXES else "text/plain"


def describe_binary(name: str, head: bytes) -> str:
    """The message for a file that is named as a text and is none."""
    return f"{name} holds no text{_guess(head, ': it looks like ') or ' but binary data'}; {_READ}."


def _guess(head: bytes, before: str) -> str:
    if head[4:8] == b"ftyp":
        return f"{before}a film or sound (MP4)"
    return next((before + kind for magic, kind in _MAGIC if head.startswith(magic)), "")


def _refuse_false_pdf(name: str, head: bytes) -> None:
    start = head.lstrip()[:20].lower()
    kind = _guess(head, "") or next((kind for magic, kind in _MARKUP if start.startswith(magic)), "")
    if not kind and b"obj" not in head and b"xref" not in head and _is_plain(head):
        kind = "plain text; if that is what it should be, name it .txt"
    if kind:
        raise UnsupportedFileError(f"{name} is not a PDF, as its name says: it looks like {kind}.")


def _is_plain(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # more than a character cut in two at the end
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
