"""Signing in and out, and what people change of their own: forms of plain HTML, without a script.

A form is taken from this server's own pages alone: `addresses` refuses those of other web sites, and the cookie is not sent with them.
All lead to one page of ours, or to a conversation that was shared; no other address in a request leads anywhere.
"""

import secrets
import time
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ui import text
from ui.http.access import COOKIE, Access, caller_of
from ui.http.addresses import SHARED_PAGE
from ui.http.administration.usage import used_words
from ui.http.clients import client_of, cookie_name
from ui.http.paths import path_of, root_of
from ui.http.sign_on import sign_on_routes
from ui.people.accounts import LEAST_PASSWORD_CHARACTERS, Person
from ui.people.audit import identify, note
from ui.people.file import PersonError, account_key
from ui.people.rights import RIGHTS, includes
from ui.people.sessions import SESSION_SECONDS
from ui.people.throttle import Throttle
from ui.rendering.html import render

NO_STORE = {"Cache-Control": "no-store"}
Field = Annotated[str, Form()]
Then = Annotated[str, Query()]


def people_routes(access: Access, code: str = "", throttle: Throttle | None = None) -> APIRouter:
    """The routes; who has `code` makes the first administrator, while there is nobody."""
    router, held = APIRouter(), throttle or Throttle()
    _add_signing_in(router, access, held)
    _add_first(router, access, code)
    _add_link(router, access)
    _add_account(router, access, held)
    _add_tokens(router, access)
    router.include_router(sign_on_routes(access, held, _form, _signed_in))
    return router


def _add_signing_in(router: APIRouter, access: Access, throttle: Throttle) -> None:
    people = access.people

    @router.get("/sign-in")
    def shown(request: Request, then: Then = "") -> Response:
        if not access.needs_login or caller_of(request.scope).person:
            return _redirect(request, _after(then))
        return _form(access, request)

    @router.post("/sign-in")
    def sign_in(request: Request, name: Field = "", password: Field = "", then: Then = "") -> Response:
        if not access.sign_on.passwords:
            return _form(access, request, text.PASSWORDS_OFF, 403)
        if wait := _throttled(throttle, request, name):
            return _form(access, request, text.TOO_MANY_GUESSES.format(seconds=wait), 429, retry=wait)
        person = people.checked(name, password)
        if person is None:
            return _form(access, request, text.WRONG_PASSWORD, 401)
        throttle.succeed(account_key(name), client_of(request.scope).address)
        return _signed_in(access, request, person, then)

    @router.post("/sign-out")
    def sign_out(request: Request, everywhere: Field = "") -> Response:
        caller = caller_of(request.scope)
        if everywhere and caller.person:
            people.end_sessions(caller.person)
        people.end_session(caller.session)
        note("sign_out", everywhere=bool(everywhere))
        response = _redirect(request, "/sign-in")
        path, secure = root_of(request.scope) or "/", request.url.scheme == "https"
        response.delete_cookie(cookie_name(request.scope, COOKIE), path, secure=secure)
        response.headers["Clear-Site-Data"] = '"cache"'  # pages of documents; taken over HTTPS and on this machine
        return response


def _add_first(router: APIRouter, access: Access, code: str) -> None:
    def check(given: str) -> None:
        if not code or not secrets.compare_digest(given.encode("utf-8", "replace"), code.encode()) or access.people.exist():
            raise HTTPException(404, text.LINK_USED)

    @router.get("/first-administrator")
    def first(request: Request, code: Annotated[str, Query()] = "") -> Response:
        check(code)
        return _form(access, request, first=code)

    @router.post("/first-administrator")
    def make_first(request: Request, code: Field = "", name: Field = "", password: Field = "") -> Response:
        check(code)
        try:
            person = access.people.add(name, password, "administrator", only_first=True)
        except PersonError as error:
            return _form(access, request, str(error), 422, first=code)
        if person is None:
            raise HTTPException(404, text.LINK_USED)
        return _signed_in(access, request, person)


def _add_link(router: APIRouter, access: Access) -> None:
    """The links with which people choose their passwords; only sending the form uses one up, since programs open links in mails."""

    def page(code: str, problem: str = "") -> HTMLResponse:
        if not access.sign_on.passwords:
            raise HTTPException(403, text.PASSWORDS_OFF)
        try:
            name, status = access.people.of_link(code).name, 422 if problem else 200
        except PersonError as error:
            name, problem, status = "", str(error), 404
        values = {"code": code, "name": name, "problem": problem, "least": LEAST_PASSWORD_CHARACTERS}
        return HTMLResponse(render("choose_password.html", **values), status, NO_STORE)

    @router.get("/choose-password")
    def asked(code: Annotated[str, Query()] = "") -> Response:
        return page(code)

    @router.post("/choose-password")
    def chosen(request: Request, code: Field = "", password: Field = "") -> Response:
        if not access.sign_on.passwords:
            return page(code)
        try:
            person = access.people.of_link(code)
            identify(person.id, person.name)
            return _signed_in(access, request, access.people.choose_password(code, password))
        except PersonError as error:
            return page(code, str(error))


def _form(access: Access, request: Request, problem: str = "", status: int = 200, *, first: str = "", retry: int = 0) -> HTMLResponse:
    nobody = not first and not access.people.exist()
    about = {"provider": access.sign_on.provider, "passwords": access.sign_on.passwords or first, "least": LEAST_PASSWORD_CHARACTERS}
    then = after if (after := _after(request.query_params.get("then", ""))) != "/" else ""
    about["is_home"] = path_of(request.scope) == "/sign-in"  # without an address a form keeps what a link to the page has after "#"
    page = render("sign_in.html", root=root_of(request.scope), then=then, problem=problem, first=first, nobody=nobody, **about)
    return HTMLResponse(page, status, NO_STORE | ({"Retry-After": str(retry)} if retry else {}))


def _after(then: str) -> str:
    """Where signing in leads: to what somebody has shared, else to the page; nothing else that a request says counts."""
    return then if SHARED_PAGE.fullmatch(then) else "/"


def _signed_in(access: Access, request: Request, person: Person, then: str = "") -> Response:
    access.people.end_session(request.cookies.get(cookie_name(request.scope, COOKIE), ""))  # an old one is worth nothing from now on
    return _with_cookie(_redirect(request, _after(then)), request, access.people.begin_session(person))


def _add_account(router: APIRouter, access: Access, throttle: Throttle) -> None:
    @router.get("/account")
    def account(request: Request) -> HTMLResponse:
        return _account_page(access, request)

    @router.post("/account/password")
    def change(request: Request, old: Field = "", new: Field = "") -> Response:
        caller = caller_of(request.scope)
        assert caller.person
        name, people = caller.person.name, access.people
        if not _has_password(access, caller.person):
            return _account_page(access, request, text.PASSWORDS_OFF, status=403)
        if wait := _throttled(throttle, request, name):
            return _account_page(access, request, text.TOO_MANY_GUESSES.format(seconds=wait), status=429)
        if people.checked(name, old) is None:
            return _account_page(access, request, text.WRONG_OLD_PASSWORD, status=422)
        throttle.succeed(account_key(name), client_of(request.scope).address)
        try:
            people.set_password(caller.person, new)
        except PersonError as error:
            return _account_page(access, request, str(error), status=422)
        return _with_cookie(_account_page(access, request, text.PASSWORD_CHANGED), request, people.begin_session(caller.person))


def _add_tokens(router: APIRouter, access: Access) -> None:
    @router.post("/account/tokens")
    def add(request: Request, name: Field = "", scope: Field = "", days: Field = "") -> Response:
        caller = caller_of(request.scope)
        assert caller.person
        wanted = next((each for each in RIGHTS if each == scope), None)
        if wanted is None or not (days.isascii() and days.isdecimal() and len(days) < 6):
            return _account_page(access, request, text.TOKEN_FIELDS, status=422)
        try:
            secret = access.people.add_token(caller.person, name, wanted, int(days))
        except PersonError as error:
            return _account_page(access, request, str(error), status=422)
        return _account_page(access, request, secret=secret)

    @router.post("/account/tokens/{token_id}/revoke")
    def revoke(request: Request, token_id: str) -> Response:
        caller = caller_of(request.scope)
        if caller.person:
            access.people.revoke(caller.person, token_id)
        return _redirect(request, "/account")


def _account_page(access: Access, request: Request, problem: str = "", *, secret: str = "", status: int = 200) -> HTMLResponse:
    caller = caller_of(request.scope)
    assert caller.person
    scopes = {right: text.SCOPES[right] for right in RIGHTS if includes(caller.right, right)}
    tokens = [(each, time.strftime("%d %b %Y", time.localtime(each.expires))) for each in access.people.tokens(caller.person)]
    used = used_words(access.desk, caller.person.id) if access.desk else ""
    about = {"root": root_of(request.scope), "has_password": _has_password(access, caller.person), "now": time.time(), "used": used}
    page = render("account.html", **about, person=caller.person, scopes=scopes, tokens=tokens, problem=problem, secret=secret)
    return HTMLResponse(page, status, NO_STORE)


def _has_password(access: Access, person: Person) -> bool:
    return access.sign_on.passwords and access.people.has_password(person)


def _throttled(throttle: Throttle, request: Request, name: str) -> int:
    return ceil(throttle.begin(account_key(name), client_of(request.scope).address))


def _redirect(request: Request, path: str) -> Response:
    return RedirectResponse(f"{root_of(request.scope)}{path}", 303)


def _with_cookie(response: Response, request: Request, secret: str) -> Response:
    path, secure = root_of(request.scope) or "/", request.url.scheme == "https"
    name = cookie_name(request.scope, COOKIE)
    response.set_cookie(name, secret, int(SESSION_SECONDS), path=path, httponly=True, samesite="lax", secure=secure)
    return response
