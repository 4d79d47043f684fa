"""Signing in at an OpenID Connect provider: the authorization code flow with PKCE, carried out by authlib and joserfc."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from rag.errors import RagError
from rag.settings import is_plain_loopback
from ui.people.identities import NAMELESS, Identity

SECONDS = 10.0  # for all that the provider is asked at once
SECONDS_KNOWN = 600.0  # what it says of itself
MOST_BYTES = 1_000_000  # of an answer
LEEWAY_SECONDS = 60  # between its clock and ours
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""With which ID tokens may be signed: by a private key. Who knows only the public one can sign with none of them."""

UNREACHABLE = "{name} cannot be reached. Try again later, or tell who runs this server."
NO_PROVIDER = "{name} did not answer as an OpenID Connect provider does. Tell who runs this server."
REFUSED = "{name} did not confirm this sign-in. Begin again."
UNVERIFIED = "What {name} says of you could not be verified, so you are not signed in. Tell who runs this server."
ELSEWHERE = "Addresses at {domain} may not sign in here."
log = logging.getLogger(__name__)


class ProviderError(RagError):
    """The provider did not sign somebody in."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in that has begun: its browser keeps the three secrets until the provider sends it back."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


@dataclass(frozen=True, slots=True)
class Client:
    """What the server is at a provider, and what it takes from it; as the settings `RAG_OIDC_...` say."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    name: str = "single sign-on"
    claim: str = "email"
    domains: frozenset[str] = frozenset()
    groups_claim: str = ""


class Provider:
    """A provider. What goes wrong there raises ProviderError with words for who signs in; the log says more."""

    def __init__(self, client: Client, seconds: float = SECONDS) -> None:
        self.client = client
        self._seconds = seconds
        self._trust = httpx2.create_ssl_context()  # reading the authorities takes longer than all else here
        self._about: Mapping[str, Any] = {}
        self._asked = -SECONDS_KNOWN

    async def begin(self, attempt: Attempt, back: str) -> str:
        """The provider's address that a browser is sent to; it comes back to the address `back`."""
        async with self._session(back) as session:
            about = await self._described(session)
            sent = {"state": attempt.state, "nonce": attempt.nonce, "code_verifier": attempt.verifier}
            address: str = session.create_authorization_url(about["authorization_endpoint"], **sent)[0]
            return address

    async def finish(self, attempt: Attempt, back: str, code: str) -> Identity:
        """Who has come back with a code."""
        async with self._session(back) as session:
            about = await self._described(session)
            if "client_secret_basic" not in about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
                session.token_endpoint_auth_method = "client_secret_post"
            sent = {"code": code, "code_verifier": attempt.verifier, "grant_type": "authorization_code"}
            token = await session.fetch_token(about["token_endpoint"], **sent)
            claims = self._verified(token, await self._json(session, about["jwks_uri"]), attempt.nonce)
            wanted = {self.client.claim, self.client.groups_claim} - {""}
            if not wanted <= claims.keys() and "userinfo_endpoint" in about:
                more = await self._json(session, about["userinfo_endpoint"], withhold_token=False)
                claims |= more if more.get("sub") == claims["sub"] else {}
        return self._identity(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        client, email = self.client, claims.get("email")
        is_verified = claims.get("email_verified") in (True, "true") and isinstance(email, str)  # some send the word
        domain = str(email).rpartition("@")[2].lower() if is_verified else ""
        if client.domains and domain not in client.domains:
            raise ProviderError(ELSEWHERE.format(domain=domain) if domain else NAMELESS)
        name = claims.get(client.claim)
        is_told = isinstance(name, str) and (client.claim != "email" or is_verified)
        groups = claims.get(client.groups_claim, []) if client.groups_claim else None
        names = [groups] if isinstance(groups, str) else groups
        known = (
            None
            if names is None
            else frozenset(each for each in names if isinstance(each, str))
            if isinstance(names, list)
            else frozenset()
        )
        return Identity(client.issuer, str(claims["sub"]), str(name) if is_told else "", known)

    def _verified(self, token: Mapping[str, Any], keys: Any, nonce: str) -> dict[str, Any]:
        """The claims of the ID token in a provider's answer, signed by it, for us, now, and for this sign-in."""
        client = self.client
        signed = jwt.decode(str(token["id_token"]), KeySet.import_key_set(keys), registry=JWSRegistry(algorithms=ALGORITHMS))
        must = {"iss": {"essential": True, "value": client.issuer}, "aud": {"essential": True, "value": client.client_id}}
        about = {"nonce": nonce, "client_id": client.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(signed.claims, signed.header, must, about)
        claims.validate(leeway=LEEWAY_SECONDS)
        if not (isinstance(claims["sub"], str) and claims["sub"]):
            raise ValueError("its subject is empty")
        return dict(claims)

    async def _described(self, session: Any) -> Mapping[str, Any]:
        """What the provider says of itself."""
        if time.monotonic() - self._asked >= SECONDS_KNOWN:
            issuer = self.client.issuer
            about = await self._json(session, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != issuer:
                raise ValueError(f"its issuer is {about.get('issuer')!r}, and RAG_OIDC_ISSUER is {issuer!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not str(about[name]).startswith("https://") and not (is_plain_loopback(issuer) and is_plain_loopback(about[name])):
                    raise ValueError(f"its {name} is not at https://")
            self._about, self._asked = about, time.monotonic()
        return self._about

    async def _json(self, session: Any, address: str, *, withhold_token: bool = True) -> dict[str, Any]:
        answer = await session.request("GET", address, withhold_token=withhold_token)
        answer.raise_for_status()
        plain = answer.json()
        if not isinstance(plain, dict):
            raise ValueError(f"{address} holds no JSON object")  # noqa: TRY004 - as other text that is no JSON
        return plain

    @asynccontextmanager
    async def _session(self, back: str) -> AsyncIterator[Any]:
        client = self.client
        try:
            async with (
                asyncio.timeout(self._seconds),
                AsyncOAuth2Client(
                    client.client_id,
                    client.secret,
                    scope="openid email profile",
                    redirect_uri=back,
                    code_challenge_method="S256",
                    leeway=0,  # the access token is used at once, or not at all
                    timeout=self._seconds,
                    verify=self._trust,
                    event_hooks={"response": [_limit]},
                ) as session,
            ):
                yield session
        except (httpx2.TransportError, TimeoutError) as error:
            raise self._failure(UNREACHABLE, error) from error
        except AuthlibBaseError as error:
            raise self._failure(REFUSED, error) from error
        except JoseError as error:
            raise self._failure(UNVERIFIED, error) from error
        except (httpx2.HTTPStatusError, httpx2.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise self._failure(NO_PROVIDER, error) from error

    def _failure(self, words: str, error: Exception) -> ProviderError:
        log.warning("Signing in at %s failed: %s: %s", self.client.issuer, type(error).__name__, error)
        return ProviderError(words.format(name=self.client.name))


class _Limited(httpx2.AsyncByteStream):
    """An answer that ends where it is too long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > MOST_BYTES:
                raise ValueError("an answer is too long")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _limit(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Limited(response.stream)
