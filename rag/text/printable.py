"""Untrusted text made safe to show: nothing in it controls a terminal or the reading direction."""

import re
import unicodedata

REPLACEMENT = "\ufffd"

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"

_STEERING = re.compile(f"[{_BIDI}]")
_UNSHOWABLE = re.compile(f"[{_CONTROLS}]")
_IN_JSON = re.compile(f"[{_BIDI}{_CONTROLS}]")


def printable(text: str) -> str:
    r"""Untrusted text for a terminal or a page: valid Unicode on lines of "\n" and "\t".

    Control characters, line separators and lone surrogates become "\ufffd"; characters that only change the reading direction are dropped.
    """
    return _UNSHOWABLE.sub(REPLACEMENT, _STEERING.sub("", text))


def printable_line(text: str) -> str:
    r"""The same on one line, for a name or a title: line ends and tabs become "\ufffd" too."""
    return re.sub(r"[\t\n]", REPLACEMENT, printable(text))


def composed_name(name: str) -> str:
    """A name as names are compared: macOS writes "é" as two characters, most keyboards as one."""
    return unicodedata.normalize("NFC", printable_line(name))


def printable_json(line: str) -> str:
    """The same JSON document with these characters escaped."""
    return _IN_JSON.sub(lambda character: f"\\u{ord(character[0]):04x}", line)


def is_right_to_left(text: str) -> bool:
    """Whether most of a text's first letters are of a script that is written from right to left."""
    classes = [unicodedata.bidirectional(character) for character in text[:1000] if not "\ue000" <= character <= "\uf8ff"]
    return sum(each in {"R", "AL"} for each in classes) > classes.count("L")
