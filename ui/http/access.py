"""Who asks, and whether they may: each request to the server comes through `with_access`, which holds it against `RULES`."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import LimitReachedError, RagError, StorageError
from rag.library import Library
from ui.chats.conversations import OWNER
from ui.chats.schema import LOCAL
from ui.http.addresses import SHARED_PAGE
from ui.http.callers import Caller
from ui.http.clients import KEY as CLIENT
from ui.http.clients import cookie_name
from ui.http.limits import with_limit
from ui.http.paths import path_of, root_of, split_library
from ui.http.proxies import USER
from ui.http.requests import ProblemResponse, seen_of
from ui.http.rules import FORMS, MOST_BYTES, MOST_FORM_BYTES, PROGRAMS, QUESTIONS, UPLOADS, need_of
from ui.people.audit import TRAIL, AuditLog, Trail, audit_log
from ui.people.file import PersonError
from ui.people.libraries import MAIN, HostedLibrary, shared_right
from ui.people.limits import ACCOUNT, Account, Desk
from ui.people.recording import recorded_people
from ui.people.rights import RIGHTS, Right, lower
from ui.people.sign_on import SignOn, sign_on_of
from ui.people.store import People
from ui.rendering.html import render

COOKIE = "footnote-sign-in"
OWN_USER, SERVER_TOKEN = "the server's own user", "RAG_API_TOKEN"  # who it was, where nobody has signed in
CLOSED = "This server can be reached from other machines, so its API needs a token: set RAG_API_TOKEN and restart it."
WRONG = "The token is missing or wrong. Send it as `Authorization: Bearer TOKEN`: the server's RAG_API_TOKEN, or one of a user's own."
SIGNED_OUT = "You are signed out. Reload the page to sign in."
NOT_ADMINISTRATOR = "This is for administrators of the server."
UNKNOWABLE = "Nobody can be let in at the moment: see the server's log."
NOT_YOURS = "Paths are read for programs of the same user on the same machine alone. Upload the files instead."
HEALTH = {"/healthz", "/readyz"}
MOST_LOOKUPS = 16  # at a time; others wait
SECONDS_FOR_THE_DATABASE = 15.0
_KEY, _ACCESS, _ACCOUNT = "footnote.caller", "footnote.access", "footnote.account"
_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """What opens the server.

    Attributes:
        people: Who may sign in. Where there is anybody, all have to.
        token: The setting RAG_API_TOKEN, or "".
        holder_token: In the library's folder, for who may read that anyway.
        is_local: Whether only this machine reaches the server.
        no_login: Whether the page is open to all who reach it while there is nobody.
        audit: Where it is recorded who did what, once there are users or other machines reach the server.
        desk: Counts what people do, and holds them to their limits; without one there are none.
        sign_on: Who else may say who somebody is.
    """

    people: People
    token: str = field(default="", repr=False)
    holder_token: str = field(default="", repr=False)
    is_local: bool = True
    no_login: bool = False
    audit: AuditLog | None = None
    desk: Desk | None = field(default=None, repr=False)
    sign_on: SignOn = field(default_factory=SignOn)

    def caller(self, connection: HTTPConnection) -> Caller:
        """Who sends a request. Raises StorageError where that cannot be told, PersonError where a proxy names somebody who may not."""
        library, path = split_library(path_of(connection.scope))
        caller = self._known(connection, path)
        right = self._right(caller, library)
        connects = library == MAIN and (self.is_local or caller.owns or caller.owner != LOCAL)
        return replace(caller, right=right, library=library, connects=connects)

    def libraries(self, caller: Caller) -> list[tuple[HostedLibrary, Right]]:
        """The libraries that a caller may read, and with which right."""
        if caller.account:
            rights = ((each, lower(right, caller.scope)) for each, right in self.people.libraries_of(caller.account))
        else:
            rights = ((each, self._right(caller, each.id)) for each in self.people.libraries())
        return [(each, right) for each, right in rights if right]

    def is_private(self, library_id: str) -> bool:
        """Whether a library is somebody's private one."""
        library = self.people.library(library_id) if library_id != MAIN else None
        return library is not None and library.is_private

    def _right(self, caller: Caller, library_id: str) -> Right | None:
        if caller.account:
            return lower(self.people.right_in(caller.account, library_id), caller.scope)
        if caller.scope is None or library_id == MAIN:
            return caller.scope
        library = self.people.library(library_id)
        return None if library is None else caller.scope if caller.owns else shared_right(library, caller.scope)

    def _known(self, connection: HTTPConnection, path: str) -> Caller:
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if _same(given, self.holder_token):
            return Caller(scope="admin", owns=True, way=OWN_USER)
        if _same(given, self.token):
            return Caller(scope="admin", way=SERVER_TOKEN)
        caller = self._of_token(given) if given else self._of_person(connection)
        if caller.scope or self.needs_login:  # in this order: who is known need not be asked whether there is anybody
            return caller
        is_program = PROGRAMS.fullmatch(path)
        return Caller(scope=None if is_program and not (self.is_local and not self.token) else "admin")

    @property
    def is_audited(self) -> bool:
        """Whether records are kept: not where one person's machine is all there is."""
        return not self.is_local or self.people.exist()

    def own_trail(self) -> Trail | None:
        """Where it is recorded what the server does by itself, such as reading an upload."""
        return Trail(self.audit, door="server") if self.is_audited else None

    def records_lost(self) -> int:
        """How many records could not be written since one was."""
        return self.audit.lost if self.audit else 0

    @property
    def needs_login(self) -> bool:
        """Whether the page needs one."""
        return self.people.exist() or self.sign_on.is_on or not (self.is_local or self.no_login)

    def refusal(self, scope: Scope, caller: Caller) -> tuple[int, str] | None:
        """The status and the words with which a request is refused."""
        path = split_library(path_of(scope))[1]
        needed, is_program = need_of(scope["method"], path or "/"), PROGRAMS.fullmatch(path)
        if needed == "administrator" and caller.library == MAIN and caller.person and not caller.administers:
            return 403, NOT_ADMINISTRATOR
        if caller.library != MAIN and needed not in RIGHTS:
            needed = "read"
        if caller.may(needed):
            return None
        if needed == "administrator" and caller.person:
            return 403, NOT_ADMINISTRATOR
        if caller.scope and needed in RIGHTS:
            return caller.refusal(needed)
        if is_program and not self.token and not self.people.exist():
            return 403, CLOSED
        return 401, WRONG if is_program else SIGNED_OUT

    def _of_token(self, given: str) -> Caller:
        found = self.people.of_token(given)
        return Caller(found[0].id, account=found[0], scope=found[1]) if found else Caller()

    def _of_person(self, connection: HTTPConnection) -> Caller:
        if self.sign_on.header and (name := connection.scope.get(USER)):
            named = self.sign_on.named(self.people, name)
            return Caller(named.id, person=named, account=named, scope="admin")
        secret = connection.cookies.get(cookie_name(connection.scope, COOKIE), "")
        person = self.people.of_session(secret)
        return Caller(person.id, person=person, session=secret, account=person, scope="admin") if person else Caller()


def access_to(library: Library, people: People, desk: Desk | None = None, *, is_local: bool = True, no_login: bool = False) -> Access:
    """What opens the server of a library."""
    token = library.settings.api_token.get_secret_value() if library.settings.api_token else ""
    audit = audit_log(library.folder, library.settings)
    return Access(recorded_people(people), token, library.holder_token, is_local, no_login, audit, desk, sign_on_of(library.settings))


def caller_of(scope: Scope) -> Caller:
    """Who sent a request that has come through `with_access`; nobody, where it has not."""
    caller: Caller = scope.get(_KEY, Caller())
    return caller


def account_of(scope: Scope) -> Account:
    """On whose account a request is; see `caller_of`."""
    account: Account = scope.get(_ACCOUNT, Account())
    return account


def people_of(scope: Scope) -> People:
    """Everybody whom the server of a request knows."""
    access: Access = scope[_ACCESS]
    return access.people


def libraries_of(scope: Scope) -> list[tuple[HostedLibrary, Right]]:
    """The libraries that the caller of a request may read, and with which right."""
    access: Access | None = scope.get(_ACCESS)
    return access.libraries(caller_of(scope)) if access else []


def with_access(app: ASGIApp, access: Access, seconds: float = SECONDS_FOR_THE_DATABASE) -> ASGIApp:
    """ASGI middleware that lets in who may come in, and notes who it is; within `with_clients`. A shared database has `seconds` to tell."""
    look_up = _Lookups(seconds).run if access.people.is_shared else _at_once
    limited, small = (with_limit(app, most_bytes=most) for most in (MOST_BYTES, MOST_FORM_BYTES))

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        seen = seen_of(scope)
        try:
            caller, answer, kept_in, is_private = await look_up(partial(_admission, access, scope))
        except PersonError as error:
            caller, is_open = Caller(), need_of(scope["method"], path_of(scope)) == "anyone"
            answer = None if is_open else PlainTextResponse(str(error), 403)
            seen.let_in(scope, split_library(path_of(scope))[1], access.audit, person="", name="")
        except RagError as error:
            log.warning("%s", error)
            caller, answer = Caller(), refused(path_of(scope), 503, UNKNOWABLE)
        else:
            person = caller.account.id if caller.account else ""
            seen.let_in(scope, split_library(path_of(scope))[1], kept_in, person=person, name=caller.name)
            seen.trail.library, seen.trail.is_private = caller.library, is_private
        if answer:
            await answer(scope, receive, send)
            return
        account = Account(access.desk, caller.owner, caller.library, scope[CLIENT].address if CLIENT in scope else "")
        noted = {**scope, _KEY: caller, _ACCESS: access, _ACCOUNT: account}
        if caller.owner != LOCAL and CLIENT in scope:  # what one person uploads, another does not take, in the same browser either
            noted[CLIENT] = replace(scope[CLIENT], session=f"{scope[CLIENT].session} {caller.owner}", person=caller.owner)
        path = split_library(path_of(scope))[1]
        is_question = scope["method"] == "POST" and QUESTIONS.fullmatch(path)
        owned, trailed, accounted = OWNER.set(caller.owner), TRAIL.set(seen.trail), ACCOUNT.set(account)
        try:
            with account.question() if is_question else nullcontext():
                inner = app if UPLOADS.fullmatch(path) else limited if PROGRAMS.fullmatch(path) else small
                await inner(noted, receive, send)
        except LimitReachedError as error:  # of `question`: the app answers its own
            await refused(path, 429, str(error), error.retry_seconds)(scope, receive, send)
        finally:
            ACCOUNT.reset(accounted)
            OWNER.reset(owned)
            TRAIL.reset(trailed)

    return guarded


class _Lookups:
    """Looks people up in threads of its own: while a database that others share does not answer, the server answers what needs none."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(MOST_LOOKUPS, "people")

    async def run(self, look_up: Callable[[], T]) -> T:
        """What it finds; raises StorageError where that takes too long."""
        work = asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, look_up)
        try:
            return await asyncio.wait_for(work, self._seconds)
        except TimeoutError as error:
            raise StorageError(f"The database has not said for {self._seconds:g} seconds who sends a request.") from error


async def _at_once(look_up: Callable[[], T]) -> T:
    return look_up()


def _admission(access: Access, scope: Scope) -> tuple[Caller, Response | None, AuditLog | None, bool]:
    """Who sends a request, the answer if refused, the log that is told, whether the library is private; raises as `Access.caller`."""
    if path_of(scope) in HEALTH and scope["method"] in {"GET", "HEAD"}:  # told whether or not the database can be reached
        return Caller(), None, None, False
    caller = access.caller(HTTPConnection(scope))
    refusal = access.refusal(scope, caller)
    answer = _answer(scope, access, caller, *refusal) if refusal else None
    return caller, answer, access.audit if access.is_audited else None, access.is_private(caller.library)


def _answer(scope: Scope, access: Access, caller: Caller, status: int, words: str) -> Response:
    """A refusal; who opens a page is led to where it can be opened, or to another that can."""
    library, path = split_library(path_of(scope))
    is_form, is_page, is_shared = FORMS.fullmatch(path), path in {"", "/"}, SHARED_PAGE.fullmatch(path_of(scope))
    if status == 401 and scope["method"] in {"GET", "HEAD"} and (is_form or is_page):
        return RedirectResponse(f"{root_of(scope)}/sign-in", 303)
    if status == 401 and scope["method"] == "GET" and is_shared:
        return RedirectResponse(f"{root_of(scope)}/sign-in?then={path_of(scope)}", 303)
    if is_form or is_shared:
        facts = {"words": words, "signed_out": status == 401, "sent": scope["method"] == "POST"}
        return HTMLResponse(render("refused.html", root=root_of(scope), **facts), status)
    if is_page and scope["method"] in {"GET", "HEAD"} and library == MAIN and caller.person:
        first = next((f"/libraries/{each.id}/" for each, _ in access.libraries(caller)), "/account")
        return RedirectResponse(root_of(scope) + first, 303)
    return refused(path, status, words)


def refused(path: str, status: int, words: str, retry_seconds: int = 0) -> Response:
    """A refusal as whoever calls this path within a library takes it: a program of each API, or the page."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 and PROGRAMS.fullmatch(path) else {}
    headers |= {"Retry-After": str(retry_seconds)} if retry_seconds else {}
    error = words if path.startswith("/gradio_api/") else {"message": words, "type": _KINDS.get(status, "server_error")}
    about = {"type": "about:blank", "title": words, "status": status, "detail": words, "error": error}  # for each API, and the page
    return ProblemResponse(about, status, headers)


def _same(given: str, token: str) -> bool:
    return bool(token) and secrets.compare_digest(given.encode("latin-1"), token.encode())  # as it was in the header


def is_owner(request: Request) -> bool:
    """Whether a request comes from who may read the library's folder."""
    return caller_of(request.scope).owns


def checked_owner(owned: Annotated[bool, Depends(is_owner)]) -> None:
    """Let only those in who may read the library's folder."""
    if not owned:
        raise HTTPException(403, NOT_YOURS)
