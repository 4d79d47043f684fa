"""Words of others as they may be shown: nothing in them steers a terminal, or the order in which a line is read."""

import re

REPLACEMENT = "\ufffd"

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_LINES = "\t\n"

_STEERING = re.compile(f"[{_BIDI}]")
_UNSHOWABLE = re.compile(f"[{_CONTROLS}]")
_IN_JSON = re.compile(f"[{_BIDI}{_CONTROLS}]")


def printable(words: str) -> str:
    r"""Words for a terminal or a page: what has no look of its own is gone.

    Args:
        words: Of a document, a model, a server; "\n" and "\t" stay, as all marks and joined characters do.

    Returns:
        Valid Unicode without escape sequences: each control character, line separator and half of a character is "\ufffd". The
        characters that do nothing but turn the direction of reading are left out; Arabic and Hebrew are read as before.
    """
    return _UNSHOWABLE.sub(REPLACEMENT, _STEERING.sub("", words))


def printable_line(words: str) -> str:
    """The same on one line, as for a name, a title, a heading: a line end or tab in it is shown as what it is, out of place."""
    return re.sub(f"[{_LINES}]", REPLACEMENT, printable(words))


def printable_json(line: str) -> str:
    """A JSON document with the same values, in which these characters are escaped."""
    return _IN_JSON.sub(lambda character: f"\\u{ord(character[0]):04x}", line)
