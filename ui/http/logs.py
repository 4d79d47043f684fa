"""The server's log: as text, or with one JSON object a line for each of the program's records and for each request."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from rag.text.printable import printable, printable_json
from ui.http.requests import Seen
from ui.people.audit import TRAIL

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_FACTS = "facts"  # of a record: what a request's line says
requests = logging.getLogger("footnote.requests")


class TextFormatter(logging.Formatter):
    """A record as a line, and the lines of its traceback; no name in it begins another or steers a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as it is called
        """The line."""
        record.message = printable(record.message).replace("\n", "\\n")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as it is called
        """The traceback."""
        return printable(super().formatException(ei)).replace("\n", "\n  ")


class JsonFormatter(logging.Formatter):
    """A record as a JSON object on one line, with the request that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        about: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trail := TRAIL.get():
            about["request"] = trail.request
        if record.exc_info:
            about["exception"] = self.formatException(record.exc_info)
        return printable_json(json.dumps(about | getattr(record, _FACTS, {}), ensure_ascii=False))


def configure_logs(kind: str, level: str) -> None:
    """Log to standard error from `level` on, as "text" or "json"; with the latter, requests are logged at any level but "error".

    Libraries of others never log below "warning": what they send and receive is documents and questions.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if kind == "json" else TextFormatter(TEXT))
    logging.basicConfig(handlers=[handler], level="ERROR" if level == "error" else "WARNING", force=True)
    for own in ("rag", "ui"):
        logging.getLogger(own).setLevel(level.upper())
    requests.setLevel("INFO" if kind == "json" and level != "error" else "CRITICAL")


def log_request(seen: Seen) -> None:
    """The line of a request: no path, which may name a document, no question and no name."""
    if requests.isEnabledFor(logging.INFO):
        trail = seen.trail
        facts = {
            "method": seen.method,
            "route": seen.route,
            "status": seen.status,
            "milliseconds": round(seen.seconds * 1000, 1),
            "person": trail.person,
            "library": trail.library,
            "request": trail.request,
        }
        requests.info("request", extra={_FACTS: facts})
