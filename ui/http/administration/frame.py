"""What all pages for administrators share: the navigation, the outcome of the form that was sent last, and long lists.

A section is a line in `text.ADMINISTRATION` and a router with a `Frame` of its own; its templates extend `administration.html`.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rag.errors import RagError
from ui import text
from ui.http.access import caller_of
from ui.http.paths import path_of, root_of
from ui.rendering.html import render

NO_STORE = {"Cache-Control": "no-store"}
ROWS = 50  # of a list on one page
MOST_OUTCOMES = 200  # not shown yet
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a form.

    Attributes:
        words: For the person who sent it.
        is_problem: Whether nothing was changed.
        secret: Shown this once, such as a link.
        given: What was typed into the form, to be shown in it again where there is a problem.
        to: The page that says so, where it is not the form's.
    """

    words: str = ""
    is_problem: bool = False
    secret: str = field(default="", repr=False)
    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    to: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list: `find` is what was looked for, `count` how many rows match it, of `total`; pages count from 1."""

    rows: Sequence[Any]
    find: str
    count: int
    total: int
    page: int
    pages: int


class Frame:
    """Shows pages and answers forms; any thread may use it. What comes of a form is kept here until its page is shown, in no address."""

    def __init__(self) -> None:
        self._outcomes: OrderedDict[tuple[str, str], Outcome] = OrderedDict()
        self._lock = Lock()

    def page(self, request: Request, template: str, title: str, *, section: str = "", **values: Any) -> HTMLResponse:
        """A page, in a section of the administration or beside it."""
        with self._lock:
            outcome = self._outcomes.pop((_who(request), path_of(request.scope)), Outcome())
        shown = render(
            template,
            title=title,
            root=root_of(request.scope),
            section=section,
            sections=text.ADMINISTRATION,
            outcome=outcome,
            **values,
        )
        return HTMLResponse(shown, headers=NO_STORE)

    def shown(self, request: Request, show: Callable[[], Response], *, otherwise: str) -> Response:
        """A page, or the way to another one that says why not."""
        try:
            return show()
        except RagError as error:
            with self._lock:
                self._outcomes.pop((_who(request), path_of(request.scope)), None)
            return self._lead(request, Outcome(str(error), is_problem=True), otherwise)

    def answer(self, request: Request, act: Callable[[], str | Outcome], *, to: str, **given: str) -> Response:
        """Do what a form asks, and lead to a page that says what came of it.

        Args:
            request: The form's.
            act: Does it, and returns what to say. What raises RagError is a problem, told by its message.
            to: The page that says so: a path from the server's root.
            given: What was typed, to be shown again where there is a problem; nothing secret.
        """
        try:
            done = act()
            outcome = Outcome(done) if isinstance(done, str) else done
        except RagError as error:
            outcome = Outcome(str(error), is_problem=True, given=given)
        return self._lead(request, outcome, outcome.to or to)

    def _lead(self, request: Request, outcome: Outcome, to: str) -> Response:
        with self._lock:
            self._outcomes[_who(request), to] = outcome
            while len(self._outcomes) > MOST_OUTCOMES:
                self._outcomes.popitem(last=False)
        return RedirectResponse(root_of(request.scope) + quote(to), 303)


def listed(rows: Sequence[Row], words_of: Callable[[Row], str], find: str, page: str) -> Listed:
    """The rows whose words contain `find`, a page of them; what is no number of a page counts as the first or the last."""
    words = find.strip().casefold()
    found = [row for row in rows if words in words_of(row).casefold()] if words else list(rows)
    pages = max(1, ceil(len(found) / ROWS))
    number = min(int(page), pages) if page.isascii() and page.isdecimal() and len(page) < 9 else 1
    number = max(number, 1)
    return Listed(found[(number - 1) * ROWS : number * ROWS], find.strip(), len(found), len(rows), number, pages)


def _who(request: Request) -> str:
    caller = caller_of(request.scope)
    return caller.session or caller.owner
