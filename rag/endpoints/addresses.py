"""Addresses of endpoints, and what is quoted of their answers: the same care for all of them."""

import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit

QUOTED_CHARACTERS = 300
"""Longest quotation of a server's own words in a message."""

_USER = re.compile(r"^((?:\w+:)?+//)?+(?:(?!\[)[^/?#@:]*:(?!\d+(?:[/?#]|$)).*@|[^/?#]*@)", re.DOTALL)
"""What stands before a host. A password may hold "/", "?" and "#" though it should not; "host:80/" is none."""

HEADERS_SENT = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"}
"""Besides the endpoint's key. openai's client would add what OPENAI_* variables hold for another host, and facts about this machine."""


class AddressError(ValueError):
    """An address that cannot be used.

    Attributes:
        reason: "form" where it is no http(s) address with a host, "more" where it holds a password or a query too.
    """

    def __init__(self, reason: Literal["form", "more"]) -> None:
        super().__init__(reason)
        self.reason = reason


def checked_address(url: str) -> SplitResult:
    """Take an address apart.

    Raises:
        AddressError: It is no http(s) address with a host, or has more to it than host and path.
    """
    import httpx2

    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in {"http", "https"} and bool(httpx2.URL(url.strip()).host) and not re.search(r"\s", parts.netloc)
    except (ValueError, httpx2.InvalidURL):
        is_address = False
    if not is_address:
        raise AddressError("form")
    if parts.username is not None or parts.query:
        raise AddressError("more")
    return parts


def is_sendable(key: str) -> bool:
    """Whether a request can carry a key."""
    return key.isascii() and key.isprintable()


def without_secrets(url: str) -> str:
    """An address that may be shown: without user, password, query and fragment, also where these are not written as they should be."""
    return re.split(r"[?#]", _USER.sub(r"\1", url.strip()), maxsplit=1)[0]


def quoted(words: str, key: str | None) -> str:
    """A server's own words as a sentence with a space before it, or "" where it said nothing in plain words.

    Args:
        words: What it says of an error.
        key: Is not repeated.
    """
    said = " ".join(words.split()).rstrip(".")
    said = said.replace(key, "***") if key else said
    if not said or said.startswith("<"):
        return ""
    return f" It says: “{said if len(said) <= QUOTED_CHARACTERS else said[:QUOTED_CHARACTERS] + '…'}”."
