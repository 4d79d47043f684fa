"""One client for all endpoints: the address and key are checked, nothing but the endpoint's own key is sent, and no redirect is followed.

A `Service` is one kind of endpoint: what messages call it, which settings name it, which classes its errors have. An `Endpoint` is one
of that kind, where it answers. `errors` turns what fails there into an error of the service.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

from rag.endpoints.addresses import without_secrets
from rag.errors import RagError

if TYPE_CHECKING:
    import httpx2
    from pydantic import SecretStr

CONNECT_SECONDS = 5.0  # longest wait for a connection
HEADERS_SENT = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"}
"""Besides the endpoint's key. openai's client would add what OPENAI_* variables hold for another host, and facts about this machine."""

Failure = Literal["not_configured", "connection", "key", "model", "rate_limit", "request", "server", "protocol", "failed"]
"""What can go wrong at an endpoint, of whatever kind it is."""


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of endpoint."""

    name: str  # such as "chat endpoint"
    kind: str  # the same with an article, and with what it is compatible with
    nobody: str  # the subject of "... answers at ADDRESS" where nothing does
    example: str  # a usual address
    path: str  # what a request adds to the address; forgiven at its end. "" where the adapter looks for the path
    url_setting: str
    key_setting: str
    model_setting: str
    slow: str  # the predicate of a server that took too long, up to the seconds
    patience: str  # what to do then
    shorten: str  # what to do where the request was too large
    correct: str  # what to do where it was refused for another reason
    error: type[RagError]
    errors: Mapping[Failure, type[RagError]] = field(default_factory=dict)  # instead of `error`, of some failures


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service answers, the key meant for that place and no other, and how long to wait for it."""

    service: Service
    base_url: str = field(repr=False)  # it may hold a password
    api_key: "SecretStr | None"
    model: str
    timeout_seconds: float

    @property
    def shown(self) -> str:
        """The address without anything secret."""
        return without_secrets(self.base_url)

    @property
    def key(self) -> str:
        """The key, or "" where there is none."""
        return self.api_key.get_secret_value().strip() if self.api_key else ""

    def error(self, failure: Failure, message: str) -> RagError:
        """An error of the service."""
        return self.service.errors.get(failure, self.service.error)(message)

    def checked_url(self) -> str:
        """The address, fit for requests; raises the service's error where it or the key cannot be used."""
        import httpx2

        service, url, problem = self.service, self.base_url.strip(), ""
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in {"http", "https"} and bool(httpx2.URL(url).host) and not re.search(r"\s", parts.netloc)
        except (ValueError, httpx2.InvalidURL):
            is_address = False
        if not is_address:
            problem = "is not of the form http://HOST/PATH."
        elif parts.username is not None or parts.query:
            problem = f"contains more than a host and a path. Put the key into {service.key_setting}."
        if problem:
            message = f"The {service.name}'s address {self.shown!r} {problem} Set {service.url_setting} to an address such as "
            raise self.error("not_configured", f"{message}{service.example}.")
        if not (self.key.isascii() and self.key.isprintable()):
            message = f"The key for {self.shown} contains characters that no key has. Copy it again, into {service.key_setting}."
            raise self.error("not_configured", message)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix(service.path), "", ""))

    def open_http(self) -> "httpx2.Client":
        """A client that may be kept; it is closed by whoever opened it."""
        import httpx2

        return httpx2.Client(timeout=self._timeout, follow_redirects=False, auth=self._strip)

    def open_async_http(self) -> "httpx2.AsyncClient":
        """A client for one event loop."""
        import httpx2

        return httpx2.AsyncClient(timeout=self._timeout, follow_redirects=False, auth=self._strip)

    @property
    def _timeout(self) -> "httpx2.Timeout":
        import httpx2

        return httpx2.Timeout(self.timeout_seconds, connect=min(CONNECT_SECONDS, self.timeout_seconds))

    def _strip(self, request: "httpx2.Request") -> "httpx2.Request":
        """Take off every header that was not asked for, and put the endpoint's own key on."""
        for name in set(request.headers) - HEADERS_SENT:
            del request.headers[name]
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request
