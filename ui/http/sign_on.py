"""Signing in at an OpenID Connect provider: a browser is sent there, and comes back with a code."""

import secrets
from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from rag.errors import RagError
from ui import text
from ui.http.access import Access
from ui.http.clients import client_of, cookie_name
from ui.http.paths import root_of
from ui.people.accounts import Person
from ui.people.audit import note
from ui.people.file import PersonError
from ui.people.throttle import Throttle

if TYPE_CHECKING:
    from ui.people.oidc import Attempt, Provider

COOKIE = "footnote-sign-on"  # what a browser keeps meanwhile: another's code, or one of another time, does not fit to it
SECONDS_THERE = 900
Text = Annotated[str, Query()]


def sign_on_routes(access: Access, throttle: Throttle, form: Callable[..., Response], welcome: Callable[..., Response]) -> APIRouter:
    """The routes; `form` shows why somebody was not signed in, `welcome` begins a session."""
    router = APIRouter()

    @router.get("/sign-in/begin")
    async def begin(request: Request, then: Text = "") -> Response:
        if access.sign_on.provider is None:
            return RedirectResponse(f"{root_of(request.scope)}/sign-in", 303)
        from ui.people.oidc import Attempt

        attempt, client = Attempt(), client_of(request.scope).address
        if wait := throttle.begin(attempt.state, client):
            return form(access, request, text.TOO_MANY_GUESSES.format(seconds=ceil(wait)), 429)
        try:
            address = await access.sign_on.provider.begin(attempt, _back(request))
        except RagError as error:
            return form(access, request, str(error), 502)
        throttle.succeed(attempt.state, client)
        response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
        kept, is_tls = f"{attempt.state}.{attempt.nonce}.{attempt.verifier}.{then[:100]}", request.url.scheme == "https"
        name = cookie_name(request.scope, COOKIE)
        response.set_cookie(name, kept, SECONDS_THERE, path=_path(request), httponly=True, samesite="lax", secure=is_tls)
        return response

    @router.get("/sign-in/callback")
    async def callback(request: Request, state: Text = "", code: Text = "", iss: Text = "") -> Response:
        provider = access.sign_on.provider
        if provider is None:
            return RedirectResponse(f"{root_of(request.scope)}/sign-in", 303)
        attempt, then = _attempt(request, state)
        if attempt is None or iss not in {"", provider.client.issuer}:
            return form(access, request, text.BEGIN_AGAIN, 400)
        if wait := throttle.begin(state, client_of(request.scope).address):
            return form(access, request, text.TOO_MANY_GUESSES.format(seconds=ceil(wait)), 429)
        try:
            person = await _person(access, provider, attempt, _back(request), code)
            throttle.succeed(state, client_of(request.scope).address)
            response = await run_in_threadpool(welcome, access, request, person, then)
        except RagError as error:
            note("sign_in.failed", by="oidc")
            response = form(access, request, str(error), 403)
        response.delete_cookie(cookie_name(request.scope, COOKIE), path=_path(request), secure=request.url.scheme == "https")
        return response

    return router


async def _person(access: Access, provider: "Provider", attempt: "Attempt", back: str, code: str) -> Person:
    if not code:
        raise PersonError(text.NOT_SIGNED_IN.format(name=provider.client.name))
    identity = await provider.finish(attempt, back, code)
    return await run_in_threadpool(access.sign_on.admit, access.people, identity)


def _path(request: Request) -> str:
    return f"{root_of(request.scope)}/sign-in/callback"


def _back(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{_path(request)}"


def _attempt(request: Request, state: str) -> "tuple[Attempt | None, str]":
    """What this browser has begun, where it is what the provider answers; and what it wanted to open."""
    from ui.people.oidc import Attempt

    *kept, then = request.cookies.get(cookie_name(request.scope, COOKIE), "").split(".", 3)
    if len(kept) != 3 or not all(kept) or not secrets.compare_digest(kept[0].encode(), state.encode("utf-8", "replace")):
        return None, ""
    return Attempt(*kept), then
