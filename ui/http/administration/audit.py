"""The audit log: who did what, the newest first, and as a file."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response, StreamingResponse

from ui import text
from ui.http.administration.frame import NO_STORE, ROWS, Frame
from ui.http.administration.users import Asked
from ui.people.audit_reading import Record, Wanted, as_csv, as_lines, facts_in_words, records_of

AUDIT = "/administration/audit"
MOST_PAGES = 1_000  # older records are reached by their day
FORMATS = {"jsonl": (as_lines, "application/jsonl"), "csv": (as_csv, "text/csv; charset=utf-8")}


def audit_routes(folder: Path, frame: Frame) -> APIRouter:
    """The routes; `folder` is that of the log."""
    router = APIRouter()

    def records(wanted: Wanted, *, newest_first: bool = True) -> Iterator[Record]:
        return records_of(folder, wanted, newest_first=newest_first)

    @router.get(AUDIT)
    def audit(request: Request, person: Asked = "", action: Asked = "", since: Asked = "", until: Asked = "", page: Asked = "") -> Response:
        wanted = _wanted(person, action, since, until)
        number = int(page) if page.isascii() and page.isdecimal() and 0 < int(page[:9]) <= MOST_PAGES else 1
        shown = [*islice(records(wanted), (number - 1) * ROWS, number * ROWS + 1)]
        rows = [(each, facts_in_words(each)) for each in shown[:ROWS]]
        values = {"rows": rows, "wanted": wanted, "query": urlencode(asdict(wanted)), "page": number, "has_more": len(shown) > ROWS}
        return frame.page(request, "audit.html", text.ADMINISTRATION["audit"], section="audit", **values)

    @router.get(AUDIT + "/export.{kind}")
    def export(kind: str, person: Asked = "", action: Asked = "", since: Asked = "", until: Asked = "") -> Response:
        if kind not in FORMATS:
            raise HTTPException(404, text.AUDIT_FORMATS)
        write, media_type = FORMATS[kind]
        lines: Iterable[str] = write(records(_wanted(person, action, since, until), newest_first=False))
        headers = NO_STORE | {"Content-Disposition": f'attachment; filename="audit.{kind}"'}
        return StreamingResponse(lines, media_type=media_type, headers=headers)

    return router


def _wanted(person: str, action: str, since: str, until: str) -> Wanted:
    """What was asked for; what is no day and no action counts as not given."""
    return Wanted(person.strip(), action if action in text.AUDIT_ACTIONS else "", _day(since), _day(until))


def _day(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        return ""
