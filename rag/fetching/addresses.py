"""Which addresses are downloaded from: http and https, and hosts that anybody could reach.

Whoever may name an address could otherwise have this machine read what it alone can reach: a router's page, a cloud's key server.
"""

import asyncio
import ipaddress
import re
import socket
from typing import TYPE_CHECKING

from rag.endpoints.addresses import without_secrets
from rag.errors import DownloadError

if TYPE_CHECKING:
    import httpx2

LONGEST_ADDRESS = 4000  # characters
LARGEST_PORT = 65_535
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:(?=//)|data:|javascript:|mailto:", re.IGNORECASE)  # not "C:", nor a file called "a:b"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses, as a network without IPv4 has them
_6TO4, _TEREDO = ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32")  # tunnels to IPv4 addresses
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")


def is_address(given: object) -> bool:
    """Whether this is an address, whether or not it can be downloaded from, and no path."""
    return isinstance(given, str) and _SCHEME.match(given.strip()) is not None


def checked_address(given: str) -> "httpx2.URL":
    """The address without its fragment; `DownloadError` where it is malformed, holds a password or is neither http nor https."""
    import httpx2

    given = given.strip()
    shown = without_secrets(given)[:200]
    if len(given) > LONGEST_ADDRESS:
        raise DownloadError(f"{shown}… is too long for an address ({len(given):,} characters).")
    try:
        url = httpx2.URL(given).copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError) as error:
        raise DownloadError(f"{shown} is not a web address. Give one such as https://example.com/page.") from error
    if url.scheme not in {"http", "https"}:
        raise DownloadError(f"{shown} was not opened: only addresses that begin with http:// or https:// are.")
    if not url.host or re.search(r"[\s%]", url.host) or (url.port or 0) > LARGEST_PORT:
        raise DownloadError(f"{shown} is not a web address: it has no valid host name or port.")
    if url.userinfo:
        raise DownloadError(f"The address contains a user name or password: {shown}. Give it without; pages behind a login are not read.")
    return url


async def system_addresses(host: str, port: int) -> list[str]:
    """All IP addresses of a host, as the system resolves its name; `OSError` where it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not of this machine, a local network, a group, or reserved."""
    ip = _plain(address)
    if ip.version == 6 and (ip not in _GLOBAL_IPV6 or ip in _6TO4 or ip in _TEREDO):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def is_public_or_local(address: str) -> bool:
    """As `is_public`, or of this machine or a local network; not of a single link: clouds hand their machines' keys out there."""
    ip = _plain(address)
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback))


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address, as the IPv4 address that it stands for if so."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or (ipaddress.IPv4Address(ip.packed[-4:]) if ip in _NAT64 else ip)
    return ip
