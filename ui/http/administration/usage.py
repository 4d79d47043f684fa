"""What people used, by person, day, library or chat model, and the limits of their own that some of them or their groups have."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from rag.errors import RagError
from rag.exploring.lists import write_csv
from rag.settings import Settings
from ui import text
from ui.chats.schema import LOCAL
from ui.http.access import Access
from ui.http.administration.frame import NO_STORE, Frame, Outcome, listed
from ui.http.administration.users import Asked, Field
from ui.people.audit import note
from ui.people.file import PersonError
from ui.people.ledger import Amounts, Used, csv_rows, summed
from ui.people.limits import KINDS, MEGABYTE, Desk, Kind
from ui.people.store import People

log = logging.getLogger(__name__)
USAGE = "/administration/usage"
DAYS = (1, 7, 30, 90, 365)
USUAL_DAYS = 30
WAYS: Mapping[str, Callable[[Used], str]] = {
    "person": lambda used: used.person,
    "day": lambda used: used.day,
    "library": lambda used: used.library,
    "model": lambda used: used.model,
}
"""What the table may have a row for."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What was used by one person, on one day, ...; `stored` are bytes, `cost` is in words, "" where no price is set."""

    name: str
    amounts: Amounts
    stored: int = 0
    cost: str = ""


def usage_routes(access: Access, frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    if access.desk:
        _add_table(router, access.desk, access.people, frame)
        _add_limits(router, access.desk, access.people, frame)
    return router


def _add_table(router: APIRouter, desk: Desk, people: People, frame: Frame) -> None:
    @router.get(USAGE)
    def usage(request: Request, days: Asked = "", by: Asked = "", find: Asked = "", page: Asked = "") -> Response:
        return frame.shown(
            request, lambda: table(request, _days(days), by if by in WAYS else "person", find, page), otherwise="/administration/users"
        )

    def table(request: Request, count: int, way: str, find: str, page: str) -> Response:
        rows = _rows(desk, people, desk.ledger.used(_since(count)), way)
        shown = listed(rows, lambda row: row.name, find, page)
        total = summed(row.amounts for row in rows)
        whole = UsageRow("", total, cost=_cost(desk.settings, total))
        values = {"days": count, "all_days": DAYS, "by": way, "ways": WAYS, "list": shown, "whole": whole, "megabyte": MEGABYTE}
        values |= {"own": _own_limits(desk, people), "general": _limit_words(desk.general), "kinds": KINDS}
        values["currency"] = desk.settings.token_price[2] if desk.settings.token_price else ""
        return frame.page(request, "usage.html", text.ADMINISTRATION["usage"], section="usage", **values)

    @router.get(USAGE + ".csv")
    def download(request: Request, days: Asked = "") -> Response:
        return frame.shown(request, lambda: as_csv(desk.ledger.used(_since(_days(days)))), otherwise="/administration/users")

    def as_csv(used: list[Used]) -> Response:
        columns, *rows = csv_rows(used, _people(people), _libraries(people))
        headers = NO_STORE | {"Content-Disposition": 'attachment; filename="usage.csv"'}
        return Response(write_csv(columns, (map(str, row) for row in rows)), media_type="text/csv; charset=utf-8", headers=headers)


def _add_limits(router: APIRouter, desk: Desk, people: People, frame: Frame) -> None:
    @router.post(USAGE + "/limits")
    def limit(request: Request, whose: Field = "", name: Field = "", kind: Field = "", most: Field = "") -> Response:
        def act() -> Outcome:
            subject = people.find_group(name) if whose == "group" else people.find(name)
            if kind not in KINDS:
                raise PersonError(text.LIMIT_UNKNOWN)
            if most and not (most.isascii() and most.isdecimal() and len(most) < 10):
                raise PersonError(text.LIMIT_NUMBER)
            desk.ledger.set_limit(subject.id, kind, int(most) if most else None)
            note("limit.set", subject=subject.id, name=subject.name, limit=kind, most=most)
            words = text.LIMIT_REMOVED if not most else text.LIMIT_SET if int(most) else text.LIMIT_LIFTED
            return Outcome(words.format(name=subject.name, kind=text.LIMITS[kind], most=int(most or 0)))

        return frame.answer(request, act, to=USAGE, name=name, most=most)


def used_words(desk: Desk, person: str) -> str:
    """What a person used today and in thirty days, in a sentence or two; "" where that cannot be read."""
    try:
        used, limits = desk.ledger.used(_since(USUAL_DAYS), person), _limit_words(desk.limits(person))
    except RagError as error:
        log.warning("%s", error)
        return ""
    now = summed(each.amounts for each in used if each.day == _since(1))
    month = summed(each.amounts for each in used)
    words = text.USED.format(today=now.questions, month=month.questions, days=USUAL_DAYS, files=month.files)
    if month.requests:
        words += f" {text.USED_TOKENS[month.unreported > 0].format(today=now.tokens, month=month.tokens)}"
    return f"{words} {text.YOUR_LIMITS.format(limits=limits)}" if limits else words


def _limit_words(limits: Mapping[Kind, int]) -> str:
    return ", ".join(text.LIMIT_WORDS.format(kind=text.LIMITS[kind], most=most) for kind, most in limits.items() if most)


def _rows(desk: Desk, people: People, used: list[Used], way: str) -> list[UsageRow]:
    names = {"person": _people(people), "library": _libraries(people), "model": {"": text.NO_CHAT_MODEL}}.get(way, {})
    stored, amounts = desk.ledger.stored_bytes() if way == "person" else {}, dict[str, list[Amounts]]()
    for each in used:
        amounts.setdefault(WAYS[way](each), []).append(each.amounts)
    for key in stored:
        amounts.setdefault(key, [])
    sums = {key: summed(each) for key, each in amounts.items()}
    rows = [
        UsageRow(names.get(key, key if way != "person" else text.REMOVED_USER), each, stored.get(key, 0), _cost(desk.settings, each))
        for key, each in sums.items()
    ]
    return sorted(rows, key=lambda row: row.name, reverse=True) if way == "day" else sorted(rows, key=lambda row: -row.amounts.questions)


def _cost(settings: Settings, amounts: Amounts) -> str:
    if settings.token_price is None or not amounts.requests:
        return ""
    sent, written, _ = settings.token_price
    return f"{(amounts.prompt_tokens * sent + amounts.completion_tokens * written) / 1e6:,.2f}"


def _own_limits(desk: Desk, people: People) -> list[tuple[str, str, str, int]]:
    """Limits of their own: "user" or "group", the name, the kind and the number; the same order each time."""
    named = {each.id: ("user", each.name) for each in people.listed()} | {each.id: ("group", each.name) for each in people.groups()}
    return sorted(
        (*named[subject], kind, most) for subject, kinds in desk.ledger.limits().items() if subject in named for kind, most in kinds.items()
    )


def _people(people: People) -> dict[str, str]:
    return {LOCAL: text.NOBODYS_PROGRAM, **{each.id: each.name for each in people.listed()}}


def _libraries(people: People) -> dict[str, str]:
    return {each.id: each.name for each in people.libraries()}


def _days(given: str) -> int:
    return next((days for days in DAYS if str(days) == given), USUAL_DAYS)


def _since(days: int) -> str:
    """The first of so many days, today included."""
    now = time.localtime()
    return time.strftime("%Y-%m-%d", time.localtime(time.mktime((now.tm_year, now.tm_mon, now.tm_mday - days + 1, 12, 0, 0, 0, 0, -1))))
