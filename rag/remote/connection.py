"""One server's API over HTTP: requests, answers as they come, and its errors as ours."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from rag.errors import LibraryClosedError, LibraryError, ServerError
from rag.remote.wire import EVENTS, KIND, VERSION, decoded, error_of, events_in
from rag.tracing import trace_headers

if TYPE_CHECKING:
    import ssl

    import httpx2

T = TypeVar("T")

CONNECT_SECONDS = 10.0
SILENT_SECONDS = 60.0  # the longest wait for the next bytes: a server sends a comment before that
WORK_SECONDS = 3600.0  # the longest wait for an answer that comes whole: a repair may embed a library again

OWN_CA = "Name the file of the authority that signed it in SSL_CERT_FILE, or use the name that the certificate has."


class Connection:
    """Speaks to the API at an address; any thread may use it."""

    def __init__(self, url: str, token: str = "", *, is_home: bool = False) -> None:
        """Connect when first used; `is_home` as in `trust`. Raises ValueError where the address is none."""
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is not the address of a server. Give it as http://HOST:PORT.")
        self.url = url.strip().rstrip("/")
        self._headers = {b"Authorization": f"Bearer {token}".encode()} if token else {}
        self._is_home = is_home
        self._client: httpx2.Client | None = None
        self._server = ""  # its version
        self._is_closed = False

    def close(self) -> None:
        """Close the connections. Doing so twice is harmless."""
        self._is_closed = True
        if self._client:
            self._client.close()

    def send(self, method: str, path: str, **content: Any) -> "httpx2.Response":
        """A whole answer; raises the error that it tells of, or `ServerError`."""
        with self._failures():
            response = self._opened().request(method, f"{self.url}/api{path}", **content)
        self._server = response.headers.get(VERSION, self._server)
        if response.status_code >= 400:
            raise self._refused(response)
        return response

    def get(self, kind: type[T], path: str, **content: Any) -> T:
        """The value in a whole answer."""
        return self.read(kind, "GET", path, **content)

    def post(self, kind: type[T], path: str, plain: Any = None) -> T:
        """The value in a whole answer to JSON."""
        return self.read(kind, "POST", path, json=plain)

    def read(self, kind: type[T], method: str, path: str, **content: Any) -> T:
        """The value in a whole answer."""
        return self.decoded(kind, self._json(self.send(method, path, **content)))

    def decoded(self, kind: type[T], plain: Any) -> T:
        """The value in decoded JSON; raises `LibraryError` where it is another, as from a server of another version."""
        try:
            return decoded(kind, plain)
        except LibraryError as error:
            raise LibraryError(f"{error} {self._versions}") from error

    def events(self, path: str, **content: Any) -> Iterator[tuple[str, Any]]:
        """The events of a long piece of work, but a problem, which is raised; closing the iterator ends the work."""
        client = self._opened()
        headers = {"Accept": EVENTS}
        with self._failures(), client.stream("POST", f"{self.url}/api{path}", headers=headers, timeout=_timeout(), **content) as response:
            self._server = response.headers.get(VERSION, self._server)
            if response.status_code >= 400:
                response.read()
                raise self._refused(response)
            if not response.headers.get("content-type", "").startswith(EVENTS):  # of a server that tells no steps of this
                response.read()
                yield "report", self._json(response)
                return
            yield from map(_raised, events_in(response.iter_lines()))

    @asynccontextmanager
    async def async_events(self, path: str, plain: Any) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """The same for tasks."""
        import httpx2

        self._opened()
        headers = {b"Accept": EVENTS.encode(), **self._headers}
        client = httpx2.AsyncClient(headers=headers, timeout=_timeout(), trust_env=False, verify=trust(self.url, self._is_home))
        with self._failures():
            async with client, client.stream("POST", f"{self.url}/api{path}", json=plain, headers=trace_headers()) as response:
                if response.status_code >= 400:
                    await response.aread()
                    raise self._refused(response)
                yield _async_events(response)

    def _opened(self) -> "httpx2.Client":
        if self._is_closed:
            raise LibraryClosedError("The library was closed.")
        if self._client is None:
            import httpx2

            timeout = httpx2.Timeout(WORK_SECONDS, connect=CONNECT_SECONDS)
            # no proxy of the environment: a token goes to the server that was named, and to nobody else
            verify = trust(self.url, self._is_home)
            hooks: dict[str, list[Callable[..., Any]]] = {"request": [lambda request: request.headers.update(trace_headers())]}
            self._client = httpx2.Client(headers=self._headers, timeout=timeout, trust_env=False, verify=verify, event_hooks=hooks)
        return self._client

    def _json(self, response: "httpx2.Response") -> Any:
        try:
            return response.json()
        except ValueError as error:
            raise ServerError(f"What is at {self.url} is not a Footnote server.") from error

    def _refused(self, response: "httpx2.Response") -> Exception:
        """The error that a refusal tells of."""
        try:
            plain: Mapping[str, Any] = response.json()
        except ValueError:
            plain = {}
        is_unknown = response.status_code in {404, 405} and not str(plain.get("type", "")).startswith(KIND)
        if is_unknown:
            return LibraryError(f"What is at {self.url} cannot do this. {self._versions}")
        if plain.get("type") == f"{KIND}ValueError" and response.status_code == 422 and self._server != version("footnote"):
            return error_of({**plain, "detail": f"{str(plain.get('detail')).removesuffix('.')}. {self._versions}"})
        return error_of(plain or {"detail": f"The server refused: {response.text.strip()[:300] or response.reason_phrase}"})

    @property
    def _versions(self) -> str:
        if not self._server:
            return "The server runs an older version of Footnote, or is another program: update and restart it, or check the address."
        own = version("footnote")
        return f"The server runs Footnote {self._server}, this program is Footnote {own}: update the older one, and restart the server."

    @contextmanager
    def _failures(self) -> Iterator[None]:
        import httpx2

        try:
            yield
        except httpx2.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise ServerError(f"The certificate of {self.url} cannot be verified ({error}). {OWN_CA}") from error
            raise ServerError(f"No server answers at {self.url}. Start it with `rag serve`, or check the address.") from error
        except httpx2.TimeoutException as error:
            raise ServerError(f"The server at {self.url} did not answer in time. Try again.") from error
        except httpx2.HTTPError as error:
            raise ServerError(f"The server at {self.url} stopped answering ({error or type(error).__name__}). Try again.") from error


def trust(url: str, is_home: bool) -> "ssl.SSLContext | bool":
    """What a server's certificate is held against: the authorities of this machine, or those in SSL_CERT_FILE.

    Nothing for `is_home`, an address that the library's own folder names: it is this machine's, and a certificate has other names.
    """
    import httpx2

    return httpx2.create_ssl_context() if url.startswith("https:") and not is_home else not is_home


def _timeout() -> "httpx2.Timeout":
    import httpx2

    return httpx2.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)


async def _async_events(response: "httpx2.Response") -> AsyncIterator[tuple[str, Any]]:
    lines = list[str]()
    async for line in response.aiter_lines():
        lines.append(line)
        if not line:
            for event in events_in(lines):
                yield _raised(event)
            lines.clear()


def _raised(event: tuple[str, Any]) -> tuple[str, Any]:
    """An event; a problem is raised."""
    if event[0] == "problem":
        raise error_of(event[1])
    return event
