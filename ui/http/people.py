"""Signing in and out, and what people change of their own: forms of plain HTML, without a script.

A form is taken from this server's own pages alone: `addresses` refuses those of other web sites, and the cookie is not sent with them.
All lead to one page of ours, so no address in a request leads anywhere.
"""

import secrets
import time
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ui import text
from ui.http.access import COOKIE, Access, Caller, caller_of
from ui.http.clients import client_of
from ui.people.rights import RIGHTS, includes
from ui.people.store import LEAST_PASSWORD_CHARACTERS, SESSION_SECONDS, Person, PersonError, account_key
from ui.people.throttle import Throttle
from ui.rendering.html import render

NO_STORE = {"Cache-Control": "no-store"}
Field = Annotated[str, Form()]


def people_routes(access: Access, code: str = "", throttle: Throttle | None = None) -> APIRouter:
    """The routes; who has `code` makes the first administrator, while there is nobody."""
    router, held = APIRouter(), throttle or Throttle()
    _add_signing_in(router, access, held)
    _add_first(router, access, code)
    _add_account(router, access, held)
    _add_tokens(router, access)
    return router


def _add_signing_in(router: APIRouter, access: Access, throttle: Throttle) -> None:
    people = access.people

    @router.get("/sign-in")
    def shown(request: Request) -> Response:
        if not access.needs_login or caller_of(request.scope).person:
            return RedirectResponse("/", 303)
        return _form(access)

    @router.post("/sign-in")
    def sign_in(request: Request, name: Field = "", password: Field = "") -> Response:
        if wait := _throttled(throttle, request, name):
            return _form(access, text.TOO_MANY_GUESSES.format(seconds=wait), 429, retry=wait)
        person = people.checked(name, password)
        if person is None:
            return _form(access, text.WRONG_PASSWORD, 401)
        throttle.succeed(account_key(name), client_of(request.scope).address)
        return _signed_in(access, request, person)

    @router.post("/sign-out")
    def sign_out(request: Request, everywhere: Field = "") -> Response:
        caller = caller_of(request.scope)
        if everywhere and caller.person:
            people.end_sessions(caller.person)
        people.end_session(caller.session)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response


def _add_first(router: APIRouter, access: Access, code: str) -> None:
    def check(given: str) -> None:
        if not code or not secrets.compare_digest(given.encode("utf-8", "replace"), code.encode()) or access.people.exist():
            raise HTTPException(404, text.LINK_USED)

    @router.get("/first-administrator")
    def first(code: Annotated[str, Query()] = "") -> Response:
        check(code)
        return _form(access, first=code)

    @router.post("/first-administrator")
    def make_first(request: Request, code: Field = "", name: Field = "", password: Field = "") -> Response:
        check(code)
        try:
            person = access.people.add(name, password, "administrator", only_first=True)
        except PersonError as error:
            return _form(access, str(error), 422, first=code)
        if person is None:
            raise HTTPException(404, text.LINK_USED)
        return _signed_in(access, request, person)


def _form(access: Access, problem: str = "", status: int = 200, *, first: str = "", retry: int = 0) -> HTMLResponse:
    nobody = not first and not access.people.exist()
    page = render("sign_in.html", problem=problem, first=first, nobody=nobody, least=LEAST_PASSWORD_CHARACTERS)
    return HTMLResponse(page, status, NO_STORE | ({"Retry-After": str(retry)} if retry else {}))


def _signed_in(access: Access, request: Request, person: Person) -> Response:
    access.people.end_session(request.cookies.get(COOKIE, ""))  # an old one is worth nothing from now on
    return _with_cookie(RedirectResponse("/", 303), request, access.people.begin_session(person))


def _add_account(router: APIRouter, access: Access, throttle: Throttle) -> None:
    @router.get("/account")
    def account(request: Request) -> HTMLResponse:
        return _account_page(access, caller_of(request.scope))

    @router.post("/account/password")
    def change(request: Request, old: Field = "", new: Field = "") -> Response:
        caller = caller_of(request.scope)
        assert caller.person
        name, people = caller.person.name, access.people
        if wait := _throttled(throttle, request, name):
            return _account_page(access, caller, text.TOO_MANY_GUESSES.format(seconds=wait), status=429)
        if people.checked(name, old) is None:
            return _account_page(access, caller, text.WRONG_OLD_PASSWORD, status=422)
        throttle.succeed(account_key(name), client_of(request.scope).address)
        try:
            people.set_password(caller.person, new)
        except PersonError as error:
            return _account_page(access, caller, str(error), status=422)
        return _with_cookie(_account_page(access, caller, text.PASSWORD_CHANGED), request, people.begin_session(caller.person))


def _add_tokens(router: APIRouter, access: Access) -> None:
    @router.post("/account/tokens")
    def add(request: Request, name: Field = "", scope: Field = "", days: Field = "") -> Response:
        caller = caller_of(request.scope)
        assert caller.person
        wanted = next((each for each in RIGHTS if each == scope), None)
        if wanted is None or not (days.isascii() and days.isdecimal() and len(days) < 6):
            return _account_page(access, caller, text.TOKEN_FIELDS, status=422)
        try:
            secret = access.people.add_token(caller.person, name, wanted, int(days))
        except PersonError as error:
            return _account_page(access, caller, str(error), status=422)
        return _account_page(access, caller, secret=secret)

    @router.post("/account/tokens/{token_id}/revoke")
    def revoke(request: Request, token_id: str) -> Response:
        caller = caller_of(request.scope)
        if caller.person:
            access.people.revoke(caller.person, token_id)
        return RedirectResponse("/account", 303)


def _account_page(access: Access, caller: Caller, problem: str = "", *, secret: str = "", status: int = 200) -> HTMLResponse:
    assert caller.person
    scopes = {right: text.SCOPES[right] for right in RIGHTS if includes(caller.right, right)}
    tokens = [(each, time.strftime("%d %b %Y", time.localtime(each.expires))) for each in access.people.tokens(caller.person)]
    page = render("account.html", person=caller.person, scopes=scopes, tokens=tokens, problem=problem, secret=secret, now=time.time())
    return HTMLResponse(page, status, NO_STORE)


def _throttled(throttle: Throttle, request: Request, name: str) -> int:
    return ceil(throttle.begin(account_key(name), client_of(request.scope).address))


def _with_cookie(response: Response, request: Request, secret: str) -> Response:
    response.set_cookie(COOKIE, secret, int(SESSION_SECONDS), path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return response
