"""A small OpenID Connect provider on a port of 127.0.0.1, which a test can make do wrong."""

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet

CLIENT, SECRET = "footnote", "s3cret"


class OidcProvider:
    """A context manager.

    Attributes:
        keys: What it signs with: the first; and publishes.
        sign: What makes an ID token of claims.
        answers: What a path answers instead of what it should: a function that gets the request.
        userinfo: What it says at /userinfo of who has a token; nothing there if it is None.
        asked: The paths that were asked for.
    """

    def __init__(self) -> None:
        self.keys: list[Key] = [ECKey.generate_key("P-256")]
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.about: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.asked: list[str] = []
        self._codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                provider._answer(self, {name: values[0] for name, values in parse_qs(body).items()})

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, address: str, **claims: Any) -> str:
        """Where a browser that was sent to `address` comes back, when somebody with these claims has signed in."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["client_id"] == CLIENT
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code, now = secrets.token_urlsafe(8), time.time()
        stated = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **claims}
        self._codes[code] = asked, stated
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def signed(self, claims: dict[str, Any]) -> str:
        """An ID token as it should be."""
        return jwt.encode({"alg": "ES256", "kid": self.keys[0].thumbprint()}, claims, self.keys[0])

    def _answer(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        path = request.path
        self.asked.append(path)
        if path in self.answers:
            self.answers[path](request)
        elif path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
            places |= {"userinfo_endpoint": "userinfo"} if self.userinfo else {}
            reply(request, {"issuer": self.issuer, **{name: f"{self.issuer}/{each}" for name, each in places.items()}, **self.about})
        elif path == "/jwks":
            reply(request, KeySet(self.keys).as_dict(private=False))
        elif path == "/userinfo" and request.headers["authorization"] == "Bearer opens-userinfo":
            reply(request, self.userinfo)
        elif path == "/token":
            self._give_token(request, form)
        else:
            reply(request, {}, 404)

    def _give_token(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        asked, claims = self._codes.pop(form.get("code", ""), ({}, {}))
        authorized = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_right = create_s256_code_challenge(form.get("code_verifier", "")) == asked.get("code_challenge")
        if not (request.headers["authorization"] == authorized and is_right and form.get("redirect_uri") == asked.get("redirect_uri")):
            reply(request, {"error": "invalid_grant", "error_description": "<b>no</b>"}, 400)
            return
        reply(request, {"access_token": "opens-userinfo", "token_type": "Bearer", "expires_in": 60, "id_token": self.sign(claims)})


def reply(request: BaseHTTPRequestHandler, plain: Any, status: int = 200) -> None:
    """Answer with JSON."""
    body = json.dumps(plain).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
