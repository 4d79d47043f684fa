"""What a downloaded file is called: as its server says, or by its title or address; its suffix fits what it is."""

import mimetypes
import re
from email.message import Message
from html import unescape
from pathlib import PurePath
from typing import TYPE_CHECKING

from rag.files import uploaded_name
from rag.formats.protocol import Format
from rag.formats.registry import FORMATS, format_named

if TYPE_CHECKING:
    import httpx2

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_HTML = {"text/html", "application/xhtml+xml"}
_VAGUE = {"", "application/octet-stream", "binary/octet-stream", "application/download", "application/zip", "text/plain"}
"""Media types that servers send for files of any kind: the name in the address says more."""
_LONGEST_NAME = 120  # characters, without the suffix


def media_type_and_charset(content_type: str) -> tuple[str, str]:
    """The two parts of a Content-Type that tell what a file is, in lower case; "" for what is not given."""
    header = Message()
    header["Content-Type"] = content_type
    charset = header.get_content_charset() or ""
    return (header.get_content_type() if "/" in content_type else ""), charset


def download_name(url: "httpx2.URL", disposition: str, media_type: str, head: bytes, charset: str) -> str:
    """The name of a file from an address, by what its server says of it and its first bytes; never empty.

    A web page is called as its title, any other file as the server says, or as the last part of its address.
    """
    is_html = media_type in _HTML or (media_type in _VAGUE - {"text/plain"} and _looks_like_html(head))
    given = _given_name(disposition)
    title = _title(head, charset) if is_html and not given else ""
    name = title or given or _clean(url.path.rstrip("/").rpartition("/")[2]) or url.host
    return name + _missing_suffix(name, "text/html" if is_html else media_type, head)


def _given_name(disposition: str) -> str:
    header = Message()
    header["Content-Disposition"] = disposition
    return _clean((header.get_filename() or "").replace("\\", "/").rpartition("/")[2])


def _title(head: bytes, charset: str) -> str:
    found = _TITLE.search(head)
    try:
        words = found[1].decode(charset or "utf-8", "replace") if found else ""
    except LookupError:  # no such charset
        words = found[1].decode("utf-8", "replace") if found else ""
    return _clean(unescape(words).replace("/", "-").replace("\\", "-"))


def _clean(name: str) -> str:
    """One printable line of bounded length, its suffix kept; "" where nothing is left."""
    name = " ".join(name.split())
    suffix = PurePath(name).suffix if len(PurePath(name).suffix) <= 10 else ""
    stem = name.removesuffix(suffix)
    try:
        return uploaded_name(stem[:_LONGEST_NAME].strip(" .") + suffix) if stem.strip(" .") else ""
    except ValueError:
        return ""


def _missing_suffix(name: str, media_type: str, head: bytes) -> str:
    """What the name lacks at its end for the format that the file has; "" where it ends well, or nothing better is known."""
    named = format_named(name) if PurePath(name).suffix else None
    start = head.lstrip()
    kind: Format | None = next((each for each in FORMATS if each.magic and start.startswith(each.magic)), None)
    if kind is None and media_type not in _VAGUE:
        kind = next((each for each in FORMATS if each.media_type == media_type), None)
    if kind is not None:
        return "" if named is kind else kind.suffixes[0]
    guessed = mimetypes.guess_extension(media_type) or ""
    if media_type in _VAGUE:
        return "" if PurePath(name).suffix and not (media_type == "text/plain" and named is None) else guessed
    return "" if name.lower().endswith(tuple(mimetypes.guess_all_extensions(media_type)) or ("",)) else guessed


def _looks_like_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    return start.startswith((b"<!doctype html", b"<html"))
