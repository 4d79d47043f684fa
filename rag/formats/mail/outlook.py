"""Reads messages that Outlook has saved (.msg)."""

from email.utils import format_datetime
from typing import Any

from oxmsg import Message as OutlookMessage
from oxmsg.domain import constants as properties

from rag.formats.decoding import DecodedText
from rag.formats.html import text_of_html
from rag.formats.mail.message import Message, guessed
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

_SHORT_NAME = 0x3704
_RECIPIENT_TYPE = 0x0C15
_TO, _CC = 1, 2
_NEVER = 1601  # the year of a date that was never set


def open_msg(file: FileToOpen) -> TextPages:
    """The plain text of a message, or its HTML as text where it has no other."""
    mail = OutlookMessage.load(file.path.read_bytes())
    try:
        is_message = bool(mail.message_class)
    except KeyError:
        is_message = False
    if not is_message:
        raise NotReadableError("it is another file that an Office program has saved")
    headers = mail.message_headers
    date = headers.get("Date") or (format_datetime(sent) if (sent := mail.sent_date) and sent.year > _NEVER else "")
    body, guess = _plain(mail.body), ""
    if not body:
        decoded = _html(mail)
        body, guess = text_of_html(decoded.text), decoded.guess
    attachments = [(_name(each), each.size) for each in mail.attachments]
    return Message(mail.sender or "", _people(mail, _TO), _people(mail, _CC), date, _plain(mail.subject), body, attachments, guess).pages()


def _plain(text: str | None) -> str:
    return (text or "").strip("\0 \r\n")


def _html(mail: OutlookMessage) -> DecodedText:
    if data := mail.properties.binary_prop_value(properties.PID_HTML):
        return guessed(data)
    return DecodedText(mail.properties.str_prop_value(properties.PID_BODY_HTML) or "")


def _people(mail: OutlookMessage, kind: int) -> str:
    people = [each for each in mail.recipients if (each.properties.int_prop_value(_RECIPIENT_TYPE) or _TO) == kind]
    return ", ".join(_person(_plain(each.name), _plain(each.email_address)) for each in people)


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address and name != address else name or address


def _name(attachment: Any) -> str:
    names = map(attachment.properties.str_prop_value, (properties.PID_ATTACH_LONG_FILENAME, _SHORT_NAME, properties.PID_DISPLAY_NAME))
    return next(filter(None, map(_plain, names)), "a file")
