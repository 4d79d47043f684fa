"""What goes wrong at an endpoint: every error of httpx2 and openai becomes, type by type, an error of the service, in words for a person.

A test compares `KINDS` with the classes that the two libraries define: a new one has to be placed here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from rag.endpoints.addresses import without_secrets
from rag.endpoints.client import CONNECT_SECONDS, Endpoint, Failure
from rag.errors import RagError

if TYPE_CHECKING:
    import httpx2

Kind = Literal["address", "unreachable", "slow", "dropped", "garbled", "refused", "broken_off", "failed"]

_NAMES: dict[Kind, str] = {
    "address": "httpx2.InvalidURL httpx2.UnsupportedProtocol",
    "unreachable": "httpx2.ConnectError httpx2.ConnectTimeout httpx2.ProxyError",
    "slow": "httpx2.TimeoutException httpx2.ReadTimeout httpx2.WriteTimeout httpx2.PoolTimeout openai.APITimeoutError",
    "dropped": """
        httpx2.HTTPError httpx2.RequestError httpx2.TransportError httpx2.NetworkError httpx2.ReadError httpx2.WriteError httpx2.CloseError
        httpx2.ProtocolError httpx2.LocalProtocolError httpx2.RemoteProtocolError openai.APIConnectionError""",
    # ValueError is that of broken JSON or UTF-8
    "garbled": "httpx2.DecodingError httpx2.SSEError httpx2.TooManyRedirects openai.APIResponseValidationError builtins.ValueError",
    "refused": """
        httpx2.HTTPStatusError openai.APIStatusError openai.BadRequestError openai.UnprocessableEntityError openai.ConflictError
        openai.NotFoundError openai.AuthenticationError openai.PermissionDeniedError openai.OAuthError openai.RateLimitError
        openai.InternalServerError""",
    "broken_off": "openai.APIError",
    "failed": """
        openai.OpenAIError openai.LengthFinishReasonError openai.ContentFilterFinishReasonError openai.WebSocketConnectionClosedError
        openai.WebSocketQueueFullError openai.InvalidWebhookSignatureError openai._AmbiguousModuleClientUsageError httpx2.CookieConflict
        httpx2.StreamError httpx2.StreamClosed httpx2.StreamConsumed httpx2.RequestNotRead httpx2.ResponseNotRead""",
}
KINDS: dict[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
"""What each class of errors of the two libraries means."""

QUOTED_CHARACTERS = 300  # longest quotation of a server's own words in a message
TRY_AGAIN = "Try again, or look at the server's log."

TOO_LONG = re.compile(r"context|too long|too large|too many (tokens|inputs|texts)|maximum.{0,30}(tokens|length|size)", re.IGNORECASE)

UNKNOWN = re.compile(
    r"not (found|valid|a valid|available|supported|exist)|unknown|invalid|no such|requested|required|missing", re.IGNORECASE
)
"""How a server says that it does not have a model, or has to be told which."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: its HTTP status, its body (JSON, or text where it is none) and its headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    def is_about(self, model: str) -> bool:
        """Whether it refuses the model, not the path or the request: most servers answer 404 then, some 400 or 422."""
        words = all_words(self.body)
        if self.status == 404:
            return "model" in words.lower() and not words.lstrip().startswith("<")
        named = model in words if model else "model" in words.lower()
        return self.status in {400, 422} and named and bool(UNKNOWN.search(words))


def translate(error: Exception, endpoint: Endpoint, model: str = "") -> RagError:
    """The service's error for one of httpx2, of openai, or of decoding an answer; `model` is what was asked for, "" for none."""
    kind, cause = _kind(error), error.__cause__
    if kind in {"dropped", "slow"} and cause and _kind(cause):  # openai wraps those of httpx2
        kind = _kind(cause)
    body = getattr(error, "body", None)
    if kind == "refused":
        response: httpx2.Response = error.response  # type: ignore[attr-defined]
        return refusal(Reply(response.status_code, body, response.headers), endpoint, model)
    if kind == "unreachable":
        return _unreachable(cause if cause and _kind(cause) else error, endpoint)
    if kind == "garbled":
        return not_the_protocol("invalid JSON", endpoint)
    if kind == "slow":
        return too_slow(endpoint)
    others: dict[Kind | None, tuple[Failure, str]] = {
        "dropped": ("connection", f"closed the connection before its answer was complete. {TRY_AGAIN}"),
        "broken_off": ("server", f"broke off with an error.{_quotation(body, endpoint)} {TRY_AGAIN}"),
        "address": ("not_configured", f"cannot be used as an address. Correct {endpoint.service.url_setting}."),
    }
    failure, problem = others.get(kind, ("failed", f"could not be asked: {_redacted(str(error), endpoint)}"))
    return endpoint.error(failure, f"{endpoint.shown} {problem}")


def refusal(reply: Reply, endpoint: Endpoint, model: str = "") -> RagError:
    """The service's error for an answer whose status is one."""
    status, service, said = reply.status, endpoint.service, _quotation(reply.body, endpoint)
    failure: Failure
    if 300 <= status < 400:
        there = without_secrets(reply.headers.get("location", "")) or "another address"
        failure, problem = "not_configured", f"redirects to {there}. If that is right, set {service.url_setting} to the new address."
    elif status in {401, 403}:  # not quoted: some servers repeat a part of the key here
        failure, problem = "key", f"{'refused the key' if endpoint.key else 'needs a key'} ({status}). Set {service.key_setting}."
    elif reply.is_about(model):
        lacks = f"does not have the model {model!r}" if model else "needs the name of a model"
        failure, problem = "model", f"{lacks} ({status}).{said} Set {service.model_setting} to one that it has."
    elif status in {404, 405}:
        failure, problem = "model", f"has no {service.name} at this address ({status}).{said} {_address_hint(endpoint)}"
    elif status == 429:
        after = reply.headers.get("retry-after", "")
        wait = f"Wait {after} seconds" if after.isdigit() else "Wait a moment"
        failure, problem = "rate_limit", f"has reached its rate limit (429).{said} {wait} and try again, or check the account's quota."
    elif status >= 500:
        failure, problem = "server", f"failed ({status}).{said} {TRY_AGAIN}"
    else:
        request = f"the request to {model!r}" if model else "the request"
        advice = service.shorten if status == 413 or TOO_LONG.search(all_words(reply.body)) else service.correct
        failure, problem = "request", f"refused {request} ({status}).{said} {advice}".rstrip()
    return endpoint.error(failure, f"{endpoint.shown} {problem}")


def not_the_protocol(received: str, endpoint: Endpoint) -> RagError:
    """The error for an answer of another kind; `received` says in a few words what came."""
    url, kind = endpoint.shown, endpoint.service.kind
    return endpoint.error("protocol", f"{url} does not answer as {kind} does ({received}). {_address_hint(endpoint)}")


def too_slow(endpoint: Endpoint) -> RagError:
    """The error for an answer that takes too long."""
    service = endpoint.service
    return endpoint.error(
        "connection",
        f"{endpoint.shown} {service.slow} {endpoint.timeout_seconds:g} seconds. Its model may be loading: {service.patience}.",
    )


def all_words(body: Any) -> str:
    """All that a server said of an error, for looking at, not for showing."""
    return body if isinstance(body, str) else json.dumps(body, default=str)


def _quotation(body: Any, endpoint: Endpoint) -> str:
    """A server's own words as a sentence with a space before it, without the key; "" where it said nothing in plain words."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    named = [body.get(name) for name in ("message", "detail", "error")] if isinstance(body, dict) else [body]
    said = _redacted(" ".join(next((words for words in named if isinstance(words, str)), "").split()).rstrip("."), endpoint)
    if not said or said.startswith("<"):
        return ""
    return f" It says: “{said if len(said) <= QUOTED_CHARACTERS else said[:QUOTED_CHARACTERS] + '…'}”."


def _kind(error: BaseException) -> Kind | None:
    names = (f"{each.__module__}.{each.__name__}" for each in type(error).__mro__)
    return next((KINDS[name] for name in names if name in KINDS), None)


def _unreachable(cause: BaseException, endpoint: Endpoint) -> RagError:
    import httpx2

    url, service = endpoint.shown, endpoint.service
    if "CERTIFICATE" in str(cause).upper():
        message = f"The certificate of {url} is not trusted ({cause}). Correct {service.url_setting}, or set SSL_CERT_FILE."
        return endpoint.error("connection", message)
    within = f" within {CONNECT_SECONDS:g} seconds" if isinstance(cause, httpx2.ConnectTimeout) else ""
    return endpoint.error("connection", f"{service.nobody} answers at {url}{within}. Start the server, or correct {service.url_setting}.")


def _address_hint(endpoint: Endpoint) -> str:
    url, service = endpoint.shown.rstrip("/"), endpoint.service
    if not service.path or urlsplit(url).path.endswith("/v1"):
        return f"Check {service.url_setting}; a usual address is {service.example}."
    return f"Most addresses end in /v1: try {url}/v1 as {service.url_setting}."


def _redacted(text: str, endpoint: Endpoint) -> str:
    return text.replace(endpoint.key, "***") if endpoint.key else text
