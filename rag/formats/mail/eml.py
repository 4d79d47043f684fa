"""Reads messages as mail servers keep them (.eml)."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from typing import cast

from rag.formats.decoding import DecodedText
from rag.formats.html import text_of_html
from rag.formats.mail.message import Message, guessed, joined
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

_FIELDS = ("From", "To", "Cc", "Date", "Subject")
_FLOWED = re.compile(r"(?<!\n--) \n(?![>\s])")  # RFC 3676: a line that ends in a space goes on
_ODD = (MessageError, ValueError, LookupError, AttributeError, TypeError)  # what `email` raises on odd headers


def open_eml(file: FileToOpen) -> TextPages:
    """The plain text of a message, or its HTML as text where it has no other."""
    try:
        mail = BytesParser(policy=policy.default).parsebytes(file.path.read_bytes())
        return _message(mail).pages()
    except RecursionError as error:
        raise NotReadableError("its parts are nested too deeply") from error


def _message(mail: EmailMessage) -> Message:
    if not any(field in mail for field in _FIELDS):
        raise NotReadableError("it has none of the header lines of a message")
    parts = list(_parts(mail))
    texts = [_text(part) for part in parts if _is_body(part, "text/plain")]
    body = joined(each.text for each in texts)
    if not body:
        texts = [_text(part) for part in parts if _is_body(part, "text/html")]
        body = joined(text_of_html(each.text) for each in texts)
    guess = next(filter(None, (each.guess for each in texts)), "")
    others = (part for part in parts if not _is_body(part, "text/plain", "text/html") and not _is_inline_picture(part))
    attachments = [(_name(part), _size(part)) for part in others]
    senders, to, cc, date, subject = (_header(mail, field) for field in _FIELDS)
    return Message(senders, to, cc, date, subject, body, attachments, guess)


def _parts(mail: MIMEPart) -> Iterator[MIMEPart]:
    """The parts of a message that have no parts, and the messages that are attached to it, in its order."""
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting += reversed(cast(list[MIMEPart], part.get_payload()))
        else:
            yield part


def _is_body(part: MIMEPart, *kinds: str) -> bool:
    return part.get_content_type() in kinds and part.get_content_disposition() != "attachment" and not part.get_filename()


def _is_inline_picture(part: MIMEPart) -> bool:
    return part.get_content_maintype() == "image" and ("Content-ID" in part or part.get_content_disposition() == "inline")


def _text(part: MIMEPart) -> DecodedText:
    """The words of a part, in its own encoding, or in one that is guessed where it names none or a wrong one."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return DecodedText("")
    try:
        decoded = DecodedText(data.decode(part.get_content_charset() or "ascii"))
    except (LookupError, ValueError):
        decoded = guessed(data)
    text = decoded.text.replace("\r\n", "\n")
    return replace(decoded, text=_FLOWED.sub(" ", text) if part.get_param("format") == "flowed" else text)


def _header(part: MIMEPart, field: str) -> str:
    words = ""
    with suppress(*_ODD):
        words = str(part.get(field, ""))
    return words or next((str(value) for name, value in part.raw_items() if name.lower() == field.lower()), "")


def _name(part: MIMEPart) -> str:
    if part.get_content_type() == "message/rfc822":
        inner = cast(list[MIMEPart], part.get_payload())
        return part.get_filename() or (_header(inner[0], "Subject") if inner else "") or "a message"
    return part.get_filename() or part.get_content_type()


def _size(part: MIMEPart) -> int:
    data = part.get_payload(decode=True)
    return len(data) if isinstance(data, bytes) else len(part.as_bytes())
