"""Who may do what in a library: given, changed and taken back by its own administrators, and by the server's on their page of it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from ui import text
from ui.http.access import caller_of, people_of
from ui.http.administration.frame import Frame, Listed, Outcome, listed
from ui.http.administration.users import Asked, Field
from ui.people.file import PersonError
from ui.people.libraries import GONE
from ui.people.rights import RIGHTS, Right
from ui.people.store import People


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form of a right says: whose, by id or else by name, and which right; `take` is not empty where it is to be taken back."""

    subject: str = ""
    name: str = ""
    kind: str = ""
    right: str = ""
    take: str = ""


def rights_routes() -> APIRouter:
    """The routes of the library that a request is about."""
    router, frame = APIRouter(), Frame()

    @router.get("/rights")
    def rights(request: Request, find: Asked = "", page: Asked = "") -> Response:
        people = people_of(request.scope)
        library = people.library(caller_of(request.scope).library)
        if library is None:
            raise PersonError(GONE)
        shown = grants_listed(people, library.id, find, page)
        title = text.RIGHTS_IN.format(name=library.name)
        return frame.page(request, "rights.html", title, library=library, list=shown, rights=RIGHTS, form="/rights")

    @router.post("/rights")
    def change(request: Request, subject: Field = "", name: Field = "", kind: Field = "", right: Field = "", take: Field = "") -> Response:
        people, caller = people_of(request.scope), caller_of(request.scope)

        def act() -> Outcome:
            words = changed(people, caller.library, Wish(subject, name, kind, right, take))
            has_left = caller.person and people.right_in(caller.person, caller.library) != "admin"  # who gave up the own right
            return Outcome(words, to="/" if has_left else "")

        return frame.answer(request, act, to="/rights", name=name, kind=kind, right=right)

    return router


def grants_listed(people: People, library_id: str, find: str, page: str) -> Listed:
    """A page of the rights given in a library."""
    return listed(people.grants(library_id), lambda each: each.name, find, page)


def changed(people: People, library_id: str, wish: Wish) -> str:
    """Do what a form says, and tell it; raises PersonError."""
    right: Right | None = next((each for each in RIGHTS if each == wish.right), None)
    if right is None and not wish.take:
        raise PersonError(text.CHOOSE_RIGHT)
    if wish.subject:
        subject_id, name = wish.subject, _name(people, library_id, wish.subject)
    else:
        found = people.find_group(wish.name) if wish.kind == "group" else people.find(wish.name)
        subject_id, name = found.id, found.name
    people.grant(library_id, subject_id, None if wish.take else right)
    return text.RIGHT_TAKEN.format(name=name) if right is None or wish.take else text.RIGHT_GIVEN.format(name=name, may=text.SCOPES[right])


def _name(people: People, library_id: str, subject_id: str) -> str:
    """Whose right is changed, who must have one still: another administrator may have taken it back meanwhile."""
    name = next((each.name for each in people.grants(library_id) if each.subject == subject_id), None)
    if name is None:
        raise PersonError(text.RIGHT_GONE)
    return name
