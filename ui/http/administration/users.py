"""Users: who they are, their roles, one-time links for their passwords, their sessions, and what becomes of what was theirs."""

from typing import Annotated, get_args

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from ui import text
from ui.http.access import Access, caller_of
from ui.http.administration.frame import Frame, Outcome, listed
from ui.http.paths import root_of
from ui.people.accounts import Person
from ui.people.file import PersonError
from ui.people.rights import Role
from ui.people.store import People

USERS = "/administration/users"
Field = Annotated[str, Form()]
Asked = Annotated[str, Query()]


def user_routes(access: Access, frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    _add_list(router, access, frame)
    _add_user(router, access, frame)
    _add_removal(router, access.people, frame)
    return router


def _add_list(router: APIRouter, access: Access, frame: Frame) -> None:
    people = access.people

    @router.get("/administration")
    def first(request: Request) -> Response:
        return RedirectResponse(root_of(request.scope) + USERS, 303)

    @router.get(USERS)
    def users(request: Request, find: Asked = "", page: Asked = "") -> Response:
        shown = listed(people.listed(), lambda each: f"{each.name} {each.role}", find, page)
        return frame.page(request, "users.html", text.USERS, section="users", list=shown, roles=get_args(Role))

    @router.post(USERS)
    def add(request: Request, name: Field = "", role: Field = "", private: Field = "") -> Response:
        def act() -> Outcome:
            added = people.add(name, None, _role(role))
            assert added  # not only the first
            if private:
                people.add_private_library(added)
            if not access.sign_on.passwords:
                return Outcome(text.USER_ADDED_ELSEWHERE.format(name=added.name), to=f"{USERS}/{added.id}")
            words = text.USER_ADDED.format(name=added.name)
            return Outcome(words, secret=_link(request, people.make_link(added)), to=f"{USERS}/{added.id}")

        return frame.answer(request, act, to=USERS, name=name, role=role, private=private)


def _add_user(router: APIRouter, access: Access, frame: Frame) -> None:
    people = access.people

    @router.get(USERS + "/{person_id}")
    def user(request: Request, person_id: str) -> Response:
        def show() -> Response:
            person = people.person(person_id)
            groups = people.groups_of(person.id)
            rights = people.libraries_of(person)
            values = {"person": person, "roles": get_args(Role), "groups": groups, "rights": rights, "passwords": access.sign_on.passwords}
            return frame.page(request, "user.html", person.name, section="users", **values)

        return frame.shown(request, show, otherwise=USERS)

    @router.post(USERS + "/{person_id}/role")
    def set_role(request: Request, person_id: str, role: Field = "") -> Response:
        def act() -> Outcome:
            person = people.person(person_id)
            people.set_role(person, _role(role))
            words = text.ROLE_CHANGED.format(name=person.name, role=role, may=text.PERSON_ROLES[role])
            return Outcome(words, to="/" if role != "administrator" and _is_self(request, person) else "")

        return frame.answer(request, act, to=f"{USERS}/{person_id}")

    @router.post(USERS + "/{person_id}/link")
    def link(request: Request, person_id: str) -> Response:
        def act() -> Outcome:
            person = people.person(person_id)
            return Outcome(text.LINK_MADE.format(name=person.name), secret=_link(request, people.make_link(person)))

        return frame.answer(request, act, to=f"{USERS}/{person_id}")

    @router.post(USERS + "/{person_id}/sessions")
    def end_sessions(request: Request, person_id: str) -> Response:
        def act() -> str:
            person = people.person(person_id)
            people.end_sessions(person)
            return text.SESSIONS_ENDED.format(name=person.name)

        return frame.answer(request, act, to=f"{USERS}/{person_id}")


def _add_removal(router: APIRouter, people: People, frame: Frame) -> None:
    @router.get(USERS + "/{person_id}/remove")
    def question(request: Request, person_id: str) -> Response:
        def show() -> Response:
            person = people.person(person_id)
            private = [each for each in people.libraries() if each.owner == person.id]
            values = {"person": person, "tokens": len(people.tokens(person)), "private": private, "is_self": _is_self(request, person)}
            return frame.page(request, "user_removal.html", text.REMOVE_NAMED.format(name=person.name), section="users", **values)

        return frame.shown(request, show, otherwise=USERS)

    @router.post(USERS + "/{person_id}/remove")
    def remove(request: Request, person_id: str) -> Response:
        def act() -> Outcome:
            person = people.remove(people.person(person_id))
            return Outcome(text.USER_REMOVED.format(name=person.name), to="/" if _is_self(request, person) else "")

        return frame.answer(request, act, to=USERS)


def _role(given: str) -> Role:
    role: Role | None = next((each for each in get_args(Role) if each == given), None)
    if role is None:
        raise PersonError(text.CHOOSE_ROLE)
    return role


def _link(request: Request, secret: str) -> str:
    return f"{request.base_url}choose-password?code={secret}"


def _is_self(request: Request, person: Person) -> bool:
    caller = caller_of(request.scope)
    return caller.person is not None and caller.person.id == person.id
