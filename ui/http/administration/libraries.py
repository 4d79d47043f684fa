"""Libraries: shared and private ones, their names and owners, and who may do what in those that are shared."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from rag.errors import RagError
from ui import text
from ui.http.access import Access
from ui.http.administration.frame import Frame, Outcome, listed
from ui.http.administration.rights import Wish, changed, grants_listed
from ui.http.administration.users import Asked, Field
from ui.people.file import PersonError
from ui.people.folders import folder_of
from ui.people.libraries import GONE, MAIN, HostedLibrary
from ui.people.rights import RIGHTS
from ui.people.store import People

LIBRARIES = "/administration/libraries"
Removal = Callable[[str], Awaitable[object]]
MAIN_PAGE = "main"  # instead of the main library's id, which is ""


def library_routes(access: Access, frame: Frame, folder: Path, remove: Removal) -> APIRouter:
    """The routes; `folder` is the server's, `remove` removes a library."""
    router = APIRouter()
    _add_list(router, access.people, frame)
    _add_library(router, access.people, frame, folder)
    _add_rights(router, access.people, frame)
    _add_removal(router, access.people, frame, remove)
    return router


def _add_list(router: APIRouter, people: People, frame: Frame) -> None:
    @router.get(LIBRARIES)
    def libraries(request: Request, find: Asked = "", page: Asked = "") -> Response:
        owners = {each.id: each.name for each in people.listed()}
        shown = listed(people.libraries(), lambda each: f"{each.name} {owners.get(each.owner or '', '')}", find, page)
        return frame.page(request, "libraries.html", text.LIBRARIES, section="libraries", list=shown, owners=owners)

    @router.post(LIBRARIES)
    def add(request: Request, name: Field = "", owner: Field = "") -> Response:
        def act() -> Outcome:
            added = people.add_library(name, people.find(owner).id if owner.strip() else None)
            return Outcome(text.LIBRARY_ADDED.format(name=added.name), to=_page(added))

        return frame.answer(request, act, to=LIBRARIES, name=name, owner=owner)


def _add_library(router: APIRouter, people: People, frame: Frame, folder: Path) -> None:
    @router.get(LIBRARIES + "/{library_id}")
    def library(request: Request, library_id: str, find: Asked = "", page: Asked = "") -> Response:
        def show() -> Response:
            library = _library(people, library_id)
            owner = people.person(library.owner) if library.owner else None
            shown = grants_listed(people, library.id, find, page)
            stored = _bytes_in(folder_of(folder, library.id)) if library.id else None
            form = f"{_page(library)}/rights"
            values = {"library": library, "owner": owner, "stored": stored, "list": shown, "rights": RIGHTS, "form": form}
            return frame.page(request, "library.html", library.name, section="libraries", **values)

        return frame.shown(request, show, otherwise=LIBRARIES)

    @router.post(LIBRARIES + "/{library_id}/name")
    def rename(request: Request, library_id: str, name: Field = "") -> Response:
        def act() -> str:
            people.rename_library(_library(people, library_id).id, name)
            return text.RENAMED_TO.format(name=_library(people, library_id).name)

        return frame.answer(request, act, to=f"{LIBRARIES}/{library_id}", name=name)

    @router.post(LIBRARIES + "/{library_id}/owner")
    def give(request: Request, library_id: str, owner: Field = "") -> Response:
        def act() -> str:
            library, person = _library(people, library_id), people.find(owner)
            people.give_library(library.id, person.id)
            return text.LIBRARY_GIVEN.format(name=library.name, owner=person.name)

        return frame.answer(request, act, to=f"{LIBRARIES}/{library_id}", owner=owner)


def _add_rights(router: APIRouter, people: People, frame: Frame) -> None:
    @router.post(LIBRARIES + "/{library_id}/rights")
    def change(  # noqa: PLR0913, PLR0917 - the fields of a form
        request: Request, library_id: str, subject: Field = "", name: Field = "", kind: Field = "", right: Field = "", take: Field = ""
    ) -> Response:
        def act() -> str:
            library = _library(people, library_id)
            if library.is_private:
                raise PersonError(text.PRIVATE_RIGHTS)
            return changed(people, library.id, Wish(subject, name, kind, right, take))

        return frame.answer(request, act, to=f"{LIBRARIES}/{library_id}", name=name, kind=kind, right=right)


def _add_removal(router: APIRouter, people: People, frame: Frame, remove: Removal) -> None:
    @router.get(LIBRARIES + "/{library_id}/remove")
    def question(request: Request, library_id: str) -> Response:
        def show() -> Response:
            library = _library(people, library_id)
            owner = people.person(library.owner) if library.owner else None
            values = {"library": library, "owner": owner, "grants": len(people.grants(library.id))}
            title = text.REMOVE_NAMED.format(name=library.name)
            return frame.page(request, "library_removal.html", title, section="libraries", **values)

        return frame.shown(request, show, otherwise=LIBRARIES)

    @router.post(LIBRARIES + "/{library_id}/remove")
    async def removed(request: Request, library_id: str) -> Response:
        try:
            library = _library(people, library_id)
            await remove(library.id)
            outcome = Outcome(text.LIBRARY_REMOVED.format(name=library.name, id=library.id))
        except RagError as error:
            outcome = Outcome(str(error), is_problem=True)
        return frame.answer(request, lambda: outcome, to=LIBRARIES)


def _library(people: People, library_id: str) -> HostedLibrary:
    library = people.library(MAIN if library_id == MAIN_PAGE else library_id)
    if library is None or not library_id:
        raise PersonError(GONE)
    return library


def _bytes_in(folder: Path) -> int:
    """What a library's files take; one that is written meanwhile may not count."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _page(library: HostedLibrary) -> str:
    return f"{LIBRARIES}/{library.id or MAIN_PAGE}"
