"""Downloads one file from the web: of bounded size, in bounded time, and never from a host that is not public.

A name is resolved here, each of its addresses is checked, and the connection goes to the address that was checked: a name that means
another host a moment later leads nowhere else. Each redirect is treated as the first address was.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rag.errors import DownloadError, FileTooLargeError, storage_errors
from rag.fetching.addresses import checked_address, is_public, system_addresses
from rag.fetching.naming import download_name, media_type_and_charset

if TYPE_CHECKING:
    import httpx2

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""A host and a port -> its IP addresses; `OSError` where it has none."""

MOST_REDIRECTS = 5
CONNECT_SECONDS = 10.0
SILENT_SECONDS = 20.0  # the longest wait for the next bytes
HEAD_BYTES = 65_536  # in which a page's title is looked for
MOST_RECODED = 20_000_000  # bytes of a text that are converted to UTF-8
BLOCK_BYTES = 1 << 20  # unpacked at a time
HEADERS = {"User-Agent": "Footnote", "Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "close"}
REASONS = {
    401: "the page needs a login. Save it in a browser and add the file",
    403: "the server does not allow it. Save it in a browser and add the file",
    404: "there is no such page. Check the address",
    410: "the page was removed",
    429: "the server receives too many requests. Try again later",
}


@dataclass(frozen=True, slots=True)
class Download:
    """A file from the web: where it is now, its name, and the address that it was asked for at."""

    path: Path
    name: str
    address: str


class Fetcher:
    """Downloads files."""

    def __init__(
        self, *, max_bytes: int, seconds: float, is_allowed: Callable[[str], bool] = is_public, resolve: Resolver = system_addresses
    ) -> None:
        """Limit a file's size, the time from the name's lookup to the last byte, and the IP addresses that are connected to."""
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._is_allowed = is_allowed
        self._resolve = resolve

    def fetch(self, address: str, folder: Path, on_fraction: Callable[[float], None]) -> Download:
        """Download a file into a folder; `on_fraction` is told how much of it is there, in [0, 1], and may raise to end it.

        Raises a `DocumentError`, or StorageError where it cannot be written.
        """
        work = self._fetch(address, folder, on_fraction)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(work)
        with ThreadPoolExecutor(1) as executor:  # in a notebook, whose loop has this thread
            return executor.submit(asyncio.run, work).result()

    async def _fetch(self, address: str, folder: Path, on_fraction: Callable[[float], None]) -> Download:
        import httpx2

        url = checked_address(address)
        shown = str(url)
        try:
            async with asyncio.timeout(self._seconds), self._opened(url) as (response, last):
                head = await self._save(response, shown, folder / "download", on_fraction)
        except TimeoutError as error:
            raise DownloadError(f"{shown} was not downloaded: it took longer than {self._seconds:g} seconds.") from error
        except httpx2.TimeoutException as error:
            raise DownloadError(f"{shown} was not downloaded: the server did not answer in time. Try again later.") from error
        except httpx2.HTTPError as error:
            raise DownloadError(f"{shown} was not downloaded: the connection failed ({error or type(error).__name__}).") from error
        media_type, charset = media_type_and_charset(response.headers.get("Content-Type", ""))
        name = download_name(last, response.headers.get("Content-Disposition", ""), media_type, head, charset)
        if media_type.startswith("text/") or media_type == "application/xhtml+xml":
            _recode(folder / "download", charset)
        return Download(folder / "download", name, shown)

    @asynccontextmanager
    async def _opened(self, url: "httpx2.URL") -> "AsyncIterator[tuple[httpx2.Response, httpx2.URL]]":
        """The answer at the end of all redirects, its body not read yet, and where that is."""
        import httpx2

        timeout = httpx2.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
        first = url
        for _ in range(MOST_REDIRECTS + 1):
            # Of the environment, certificates are used and no proxy is: that would look names up by itself.
            transport = httpx2.AsyncHTTPTransport(trust_env=True)
            async with httpx2.AsyncClient(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False) as client:
                response = await self._sent(client, url)
                try:
                    if not response.has_redirect_location:
                        yield response, url
                        return
                    url = checked_address(str(url.join(response.headers["Location"])))
                except httpx2.InvalidURL as error:
                    raise DownloadError(f"{first} was not downloaded: it redirects to a malformed address.") from error
                finally:
                    await response.aclose()
        raise DownloadError(f"{first} was not downloaded: it redirects more than {MOST_REDIRECTS} times.")

    async def _sent(self, client: "httpx2.AsyncClient", url: "httpx2.URL") -> "httpx2.Response":
        """The answer of the first of a host's checked addresses that can be connected to."""
        import httpx2

        failure: httpx2.TransportError | None = None
        for ip in await self._checked_ips(url):
            headers = HEADERS | {"Host": url.netloc.decode("ascii")}
            request = client.build_request(
                "GET", url.copy_with(host=ip), headers=headers, extensions={"sni_hostname": url.raw_host.decode()}
            )
            try:
                return await client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
        raise failure or httpx2.ConnectError("the name has no address")

    async def _checked_ips(self, url: "httpx2.URL") -> list[str]:
        try:
            found = await self._resolve(url.raw_host.decode("ascii").strip("[]"), url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise DownloadError(f"{url} was not downloaded: there is no server called {url.host}. Check the address.") from error
        if not all(map(self._is_allowed, found)):
            raise DownloadError(
                f"{url} was not opened: {url.host} is an address of this machine or of a local network. "
                "To allow such addresses, set RAG_FETCH_PRIVATE=true."
            )
        return [ip.partition("%")[0] for ip in found]

    async def _save(self, response: "httpx2.Response", shown: str, path: Path, on_fraction: Callable[[float], None]) -> bytes:
        """Write the body to a file; returns its beginning."""
        if not response.is_success:
            reason = REASONS.get(response.status_code, "the server failed. Try again later" if response.status_code >= 500 else "")
            raise DownloadError(
                f"{shown} was not downloaded (status {response.status_code}): {reason or response.reason_phrase or 'nothing came'}."
            )
        length = response.headers.get("Content-Length", "")
        expected = int(length) if length.isascii() and length.isdigit() else 0
        if expected > self._max_bytes:
            self._refuse_size(shown, expected)
        size, head = 0, b""
        with storage_errors(f"{shown} could not be stored"), path.open("wb") as file:
            async for block in _unpacked(response, shown):
                size += len(block)
                head += block[: HEAD_BYTES - len(head)]
                if size > self._max_bytes:
                    self._refuse_size(shown, 0)
                file.write(block)
                on_fraction(min(1.0, response.num_bytes_downloaded / expected) if expected else 0.0)
        return head

    def _refuse_size(self, shown: str, size: int) -> NoReturn:
        told = f"it has {size / 1e6:,.1f} MB" if size else "it goes on"
        limit = f"the limit is {self._max_bytes / 1e6:,.10g} MB"
        raise FileTooLargeError(f"{shown} is too large: {told}, and {limit}. RAG_MAX_FILE_MEGABYTES raises it.")


async def _unpacked(response: "httpx2.Response", shown: str) -> AsyncIterator[bytes]:
    """The body, unpacked where it is compressed, a little at a time: a few bytes can stand for gigabytes."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        async for block in response.aiter_raw():
            yield block
    elif encoding in {"gzip", "x-gzip", "deflate"}:
        unpacker = zlib.decompressobj(47 if encoding != "deflate" else 15)
        try:
            async for packed in response.aiter_raw():
                while packed:
                    yield unpacker.decompress(packed, BLOCK_BYTES)
                    packed = unpacker.unconsumed_tail
        except zlib.error as error:
            raise DownloadError(f"{shown} was not downloaded: what came is damaged (not {encoding}, as the server says).") from error
        if not unpacker.eof:
            raise DownloadError(f"{shown} was not downloaded: it ended too early. Try again.")
    else:
        raise DownloadError(f"{shown} was not downloaded: the server sent it in an unknown encoding ({encoding[:40]}).")


def _recode(path: Path, charset: str) -> None:
    """Convert a text to UTF-8 that is in another charset by its server's word, which counts more than the text's own and is not stored."""
    if charset in {"", "utf-8", "utf8", "us-ascii"} or path.stat().st_size > MOST_RECODED:
        return
    try:
        text = path.read_bytes().decode(charset)
    except (LookupError, ValueError):  # no such charset, or not that of the text: its reader finds out
        return
    path.write_text(text, encoding="utf-8-sig", newline="")
