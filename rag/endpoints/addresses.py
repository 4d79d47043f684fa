"""How addresses of servers are shown. Quick to import: settings and storage use it too."""

import re

_USER = re.compile(r"^((?:\w+:)?+//)?+(?:(?!\[)[^/?#@:]*:(?!\d+(?:[/?#]|$)).*@|[^/?#]*@)", re.DOTALL)
"""What stands before a host. A password may hold "/", "?" and "#" though it should not; "host:80/" is none."""


def without_secrets(url: str) -> str:
    """An address that may be shown: no user, password, query or fragment, even where these are malformed."""
    return re.split(r"[?#]", _USER.sub(r"\1", url.strip()), maxsplit=1)[0]
