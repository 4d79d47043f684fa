"""Addresses of servers: checked before use, shown without secrets. Quick to import: settings and storage use it too."""

import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit

_USER = re.compile(r"^((?:\w+:)?+//)?+(?:(?!\[)[^/?#@:]*:(?!\d+(?:[/?#]|$)).*@|[^/?#]*@)", re.DOTALL)
"""What stands before a host. A password may hold "/", "?" and "#" though it should not; "host:80/" is none."""


class AddressError(ValueError):
    """An unusable address: "form" where it is no http(s) address with a host, "more" where it holds a password or a query too."""

    def __init__(self, reason: Literal["form", "more"]) -> None:
        super().__init__(reason)
        self.reason = reason


def checked_address(url: str) -> SplitResult:
    """Split an http(s) address into its parts; raises `AddressError` where it has no host, or more than host and path."""
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


def without_secrets(url: str) -> str:
    """An address that may be shown: no user, password, query or fragment, even where these are malformed."""
    return re.split(r"[?#]", _USER.sub(r"\1", url.strip()), maxsplit=1)[0]
