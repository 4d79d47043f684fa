"""Who asks, and whether they may: each request to the server comes through `with_access`, which holds it against `RULES`."""

import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import RagError
from rag.library import Library
from rag.remote.wire import PROBLEM
from ui.chats.conversations import OWNER
from ui.chats.schema import LOCAL
from ui.http.clients import KEY as CLIENT
from ui.http.limits import with_limit
from ui.people.rights import Right, includes
from ui.people.store import People, Person

Need = Right | Literal["anyone", "person"]
"""What a route needs: a right, nothing, or somebody who has signed in, whom no token stands for."""

RULES: Sequence[tuple[str, str, Need]] = (
    ("GET POST", r"/sign-in|/first-administrator", "anyone"),
    ("GET", r"/healthz|/readyz|/favicon\.ico|/api/docs|/api/openapi\.json", "anyone"),
    ("GET POST", r"/account(/.*)?", "person"),
    ("POST", r"/sign-out", "person"),
    ("GET", r"/doctor|/api/(findings|settings)", "admin"),
    ("GET", r"/|/theme\.css|/manifest\.json|/health|/(assets|static|documents|figures|conversations)/.*|/gradio_api/.*", "read"),
    ("GET", r"/(api|v1)/.*", "read"),
    ("POST", r"/gradio_api/(queue/join|run/predict|cancel|reset)", "read"),  # each event has a right of its own: `ui.web.rights`
    ("POST", r"/gradio_api/upload", "ask"),  # Check, Compare and Classify take files too
    ("POST", r"/api/(search|chunks)", "read"),
    ("POST", r"/api/(ask|check|confidence|eval)|/v1/.*", "ask"),
    ("PATCH DELETE", r"/api/conversations/.*", "ask"),
    ("POST", r"/mcp", "ask"),
    ("POST", r"/api/(documents|paths|removed/.*)", "write"),
    ("PUT DELETE", r"/api/documents/.*", "write"),
)
"""Methods, a regular expression that the whole path matches, and what is needed; the first that fits counts. All else needs "admin"."""

COOKIE = "footnote-sign-in"
PROGRAMS = re.compile(r"/(api|v1|mcp)(/.*)?")
FORMS = re.compile(r"/sign-in|/sign-out|/first-administrator|/account(/.*)?")
MOST_FORM_BYTES = 64_000
LEVELS: dict[Right, str] = {"read": "read", "ask": "ask questions", "write": "add and remove documents", "admin": "administer the server"}
CLOSED = "This server can be reached from other machines, so its API needs a token: set RAG_API_TOKEN and restart it."
WRONG = "The token is missing or wrong. Send it as `Authorization: Bearer TOKEN`: the server's RAG_API_TOKEN, or one of a user's own."
SIGNED_OUT = "You are signed out. Reload the page to sign in."
NOT_ALLOWED = "This needs the right to {needed}. Yours is to {has}."
NOT_YOURS = "Paths are read for programs of the same user on the same machine alone. Upload the files instead."
_KEY = "footnote.caller"
_KINDS = {401: "authentication_error", 403: "permission_error"}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    Attributes:
        owner: Of conversations: a person's id, or `LOCAL`.
        right: The highest; None where nobody has signed in.
        person: Where one has signed in on the page.
        session: The secret of that.
        owns: Whether the caller can read the library's folder anyway.
        connects: Whether chat models may be connected from there: this machine, or somebody of the server's own people.
    """

    owner: str = LOCAL
    right: Right | None = None
    person: Person | None = None
    session: str = field(default="", repr=False)
    owns: bool = False
    connects: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What opens the server.

    Attributes:
        people: Who may sign in. Where there is anybody, all have to.
        token: The setting RAG_API_TOKEN, or "".
        holder_token: In the library's folder, for who may read that anyway.
        is_local: Whether only this machine reaches the server.
        no_login: Whether the page is open to all who reach it while there is nobody.
    """

    people: People
    token: str = field(default="", repr=False)
    holder_token: str = field(default="", repr=False)
    is_local: bool = True
    no_login: bool = False

    def caller(self, connection: HTTPConnection) -> Caller:
        """Who sends a request. Raises StorageError where that cannot be told."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if _same(given, self.holder_token):
            return Caller(right="admin", owns=True)
        if _same(given, self.token):
            return Caller(right="admin")
        if self.needs_login:
            return self._of_token(given) if given else self._of_session(connection)
        is_program = PROGRAMS.fullmatch(connection.scope["path"])
        return Caller(right=None if is_program and not (self.is_local and not self.token) else "admin")

    @property
    def needs_login(self) -> bool:
        """Whether the page needs one."""
        return self.people.exist() or not (self.is_local or self.no_login)

    def refusal(self, scope: Scope, caller: Caller) -> tuple[int, str] | None:
        """The status and the words with which a request is refused."""
        needed, is_program = need_of(scope["method"], scope["path"]), PROGRAMS.fullmatch(scope["path"])
        if needed == "anyone" or (needed == "person" and caller.person):
            return None
        if needed == "person":
            needed = "read"
            caller = replace(caller, right=None)
        if includes(caller.right, needed):
            return None
        if caller.right:
            return 403, not_allowed(needed, caller.right)
        if is_program and not self.token and not self.people.exist():
            return 403, CLOSED
        return 401, WRONG if is_program else SIGNED_OUT

    def _of_token(self, given: str) -> Caller:
        found = self.people.of_token(given)
        return Caller(found[0].id, found[1]) if found else Caller()

    def _of_session(self, connection: HTTPConnection) -> Caller:
        secret = connection.cookies.get(COOKIE, "")
        person = self.people.of_session(secret)
        return Caller(person.id, person.right, person, secret) if person else Caller()


def access_to(library: Library, people: People, *, is_local: bool = True, no_login: bool = False) -> Access:
    """What opens the server of a library."""
    token = library.settings.api_token.get_secret_value() if library.settings.api_token else ""
    return Access(people, token, library.holder_token, is_local, no_login)


def need_of(method: str, path: str) -> Need:
    """What a route needs."""
    method = "GET" if method == "HEAD" else method
    return next((need for methods, pattern, need in RULES if method in methods.split() and re.fullmatch(pattern, path)), "admin")


def not_allowed(needed: Right, has: Right) -> str:
    """What is said to who lacks a right."""
    return NOT_ALLOWED.format(needed=LEVELS[needed], has=LEVELS[has])


def caller_of(scope: Scope) -> Caller:
    """Who sent a request that has come through `with_access`; nobody, where it has not."""
    caller: Caller = scope.get(_KEY, Caller())
    return caller


def with_access(app: ASGIApp, access: Access) -> ASGIApp:
    """ASGI middleware that lets in who may come in, and notes who it is; within `with_clients`."""
    small = with_limit(app, most_bytes=MOST_FORM_BYTES)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        try:
            caller = access.caller(HTTPConnection(scope))
            caller = replace(caller, connects=access.is_local or caller.owns or caller.owner != LOCAL)
            refused = access.refusal(scope, caller)
        except RagError as error:
            log.warning("%s", error)
            caller, refused = Caller(), (503, str(error))
        if refused:
            await _refused(scope, *refused)(scope, receive, send)
            return
        noted = {**scope, _KEY: caller}
        if caller.owner != LOCAL and CLIENT in scope:  # what one person uploads, another does not take, in the same browser either
            noted[CLIENT] = replace(scope[CLIENT], session=f"{scope[CLIENT].session} {caller.owner}", person=caller.owner)
        owned = OWNER.set(caller.owner)
        try:
            await (small if FORMS.fullmatch(scope["path"]) else app)(noted, receive, send)
        finally:
            OWNER.reset(owned)

    return guarded


def _refused(scope: Scope, status: int, words: str) -> Response:
    if status == 401 and scope["method"] in {"GET", "HEAD"} and scope["path"] in {"/", "/account"}:
        return RedirectResponse("/sign-in", 303)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 and PROGRAMS.fullmatch(scope["path"]) else None
    error = words if scope["path"].startswith("/gradio_api/") else {"message": words, "type": _KINDS.get(status, "server_error")}
    about = {"type": "about:blank", "title": words, "status": status, "detail": words, "error": error}  # for each API, and the page
    return JSONResponse(about, status, headers, PROBLEM)


def _same(given: str, token: str) -> bool:
    return bool(token) and secrets.compare_digest(given.encode("latin-1"), token.encode())  # as it was in the header


def is_owner(request: Request) -> bool:
    """Whether a request comes from who may read the library's folder."""
    return caller_of(request.scope).owns


def checked_owner(owned: Annotated[bool, Depends(is_owner)]) -> None:
    """Let only those in who may read the library's folder."""
    if not owned:
        raise HTTPException(403, NOT_YOURS)
