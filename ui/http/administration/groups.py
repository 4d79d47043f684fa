"""Groups: their names and members."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from ui import text
from ui.http.access import Access
from ui.http.administration.frame import Frame, Outcome, listed
from ui.http.administration.users import Asked, Field
from ui.people.groups import Group
from ui.people.store import People

GROUPS = "/administration/groups"


def group_routes(access: Access, frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    _add_list(router, access.people, frame)
    _add_group(router, access.people, frame)
    _add_members(router, access.people, frame)
    return router


def _add_list(router: APIRouter, people: People, frame: Frame) -> None:
    @router.get(GROUPS)
    def groups(request: Request, find: Asked = "", page: Asked = "") -> Response:
        shown = listed(people.groups(), lambda each: each.name, find, page)
        sizes = {each.id: len(people.members(each.id)) for each in shown.rows}
        return frame.page(request, "groups.html", text.GROUPS, section="groups", list=shown, sizes=sizes)

    @router.post(GROUPS)
    def add(request: Request, name: Field = "") -> Response:
        def act() -> Outcome:
            group = people.add_group(name)
            return Outcome(text.GROUP_ADDED.format(name=group.name), to=_page(group))

        return frame.answer(request, act, to=GROUPS, name=name)


def _add_group(router: APIRouter, people: People, frame: Frame) -> None:
    @router.get(GROUPS + "/{group_id}")
    def group(request: Request, group_id: str, find: Asked = "", page: Asked = "") -> Response:
        def show() -> Response:
            group = people.group(group_id)
            shown = listed(people.members(group.id), lambda each: each.name, find, page)
            rights = people.grants_of(group.id)
            return frame.page(request, "group.html", group.name, section="groups", group=group, list=shown, rights=rights)

        return frame.shown(request, show, otherwise=GROUPS)

    @router.post(GROUPS + "/{group_id}/name")
    def rename(request: Request, group_id: str, name: Field = "") -> Response:
        def act() -> str:
            people.rename_group(group_id, name)
            return text.RENAMED_TO.format(name=people.group(group_id).name)

        return frame.answer(request, act, to=f"{GROUPS}/{group_id}", name=name)

    @router.get(GROUPS + "/{group_id}/remove")
    def question(request: Request, group_id: str) -> Response:
        def show() -> Response:
            group = people.group(group_id)
            values = {"group": group, "members": len(people.members(group.id)), "rights": people.grants_of(group.id)}
            return frame.page(request, "group_removal.html", text.REMOVE_NAMED.format(name=group.name), section="groups", **values)

        return frame.shown(request, show, otherwise=GROUPS)

    @router.post(GROUPS + "/{group_id}/remove")
    def remove(request: Request, group_id: str) -> Response:
        def act() -> str:
            group = people.group(group_id)
            people.remove_group(group.id)
            return text.GROUP_REMOVED.format(name=group.name)

        return frame.answer(request, act, to=GROUPS)


def _add_members(router: APIRouter, people: People, frame: Frame) -> None:
    @router.post(GROUPS + "/{group_id}/members")
    def join(request: Request, group_id: str, member: Field = "") -> Response:
        def act() -> str:
            group, person = people.group(group_id), people.find(member)
            people.join(group.id, person.id)
            return text.JOINED.format(name=person.name, group=group.name)

        return frame.answer(request, act, to=f"{GROUPS}/{group_id}", member=member)

    @router.post(GROUPS + "/{group_id}/members/{person_id}/leave")
    def leave(request: Request, group_id: str, person_id: str) -> Response:
        def act() -> str:
            group, person = people.group(group_id), people.person(person_id)
            people.leave(group.id, person.id)
            return text.LEFT.format(name=person.name, group=group.name)

        return frame.answer(request, act, to=f"{GROUPS}/{group_id}")


def _page(group: Group) -> str:
    return f"{GROUPS}/{group.id}"
