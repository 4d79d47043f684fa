"""`/metrics`: counts and times in Prometheus' format. No contents and no names: labels are methods, routes, statuses and libraries' ids."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from starlette.responses import Response

from rag.errors import RagError
from rag.library import Library
from rag.tracing import failures
from ui.http.access import caller_of
from ui.http.api.indexing import Queue
from ui.http.callers import LEVELS, NOT_ALLOWED
from ui.http.requests import METHODS, Seen
from ui.http.standing import Standing, standing_of
from ui.people.recording import Asked

disable_created_metrics()  # type: ignore[no-untyped-call] # when a series began: as many lines again
SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 15, 60)
Gauges = Iterator[tuple[str, str, dict[str, str], float]]
"""Name, meaning, labels and value of each."""


class Metrics:
    """What is counted from the start of the server on; `watch` says which libraries are open."""

    def __init__(self, sessions: Callable[[], int] = lambda: 0, lost: Callable[[], int] = lambda: 0) -> None:
        """Count; `sessions` tells how many have signed in, `lost` how many records of the audit log could not be written."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._sessions = sessions
        self._lost = lost
        self._libraries: dict[str, tuple[Library, Queue]] = {}
        self.registry.register(self)  # whatever has `collect`
        given: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter("footnote_requests", "Requests answered", ["method", "route", "status"], **given)
        self._seconds = Histogram("footnote_request_seconds", "Seconds that a request took", ["route"], buckets=SECONDS, **given)
        self._failures = Counter("footnote_sign_in_failures", "Sign-ins that failed or were held back", **given)
        self._questions = Counter("footnote_questions", "Questions, searches and checks", ["library", "verb", "outcome"], **given)
        self._first = Histogram("footnote_first_words_seconds", "Seconds to an answer's first words", buckets=SECONDS, **given)
        self._answering = Histogram("footnote_question_seconds", "Seconds to the whole answer", ["verb"], buckets=SECONDS, **given)
        self._sentences = Counter("footnote_sentences", "Sentences of answers and of checked texts", ["verdict"], **given)

    def watch(self, library_id: str, library: Library, queue: Queue) -> None:
        """Tell of an open library from now on; "" is the main one."""
        self._libraries[library_id] = library, queue

    def forget(self, library_id: str) -> None:
        """Tell no more of a library that was closed."""
        self._libraries.pop(library_id, None)

    def request(self, seen: Seen) -> None:
        """Count a request."""
        self._requests.labels(seen.method if seen.method in METHODS else "other", seen.route, seen.status).inc()
        self._seconds.labels(seen.route).observe(seen.seconds)
        if seen.route.startswith("/sign-in") and seen.status in {401, 403, 429}:
            self._failures.inc()

    def asked(self, asked: Asked) -> None:
        """Count a question."""
        self._questions.labels(asked.library, asked.verb, asked.outcome).inc()
        self._answering.labels(asked.verb).observe(asked.seconds)
        if asked.first is not None:
            self._first.observe(asked.first)
        for verdict in asked.verdicts:
            self._sentences.labels(verdict).inc()

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """What is looked up when it is asked for."""
        failed = CounterMetricFamily("footnote_storage_errors", "Calls of what stores documents that failed", labels=["part"])
        for part, count in failures().items():
            failed.add_metric([part], count)
        families: dict[str, GaugeMetricFamily] = {}
        for name, meaning, labels, value in self._gauges():
            family = families.setdefault(name, GaugeMetricFamily(f"footnote_{name}", meaning, labels=[*labels]))
            family.add_metric([*labels.values()], value)
        return [*families.values(), failed]

    def _gauges(self) -> Gauges:
        yield "sessions", "Sessions that have not ended", {}, self._sessions()
        yield "audit_records_lost", "Records of the audit log that could not be written since one was", {}, self._lost()
        for library_id, (library, queue) in [*self._libraries.items()]:
            try:
                if standing := standing_of(library):
                    yield from _of_server(library_id, standing)
                yield from _of_library(library_id, library, queue)
            except RagError:  # `/readyz` says it
                continue


def _of_server(library_id: str, standing: Standing) -> Gauges:
    membership, following, here = standing.membership, standing.following, {"library": library_id}
    for role in ("writer", "standby", "replica"):
        yield "role", "1 for this server's role in the cluster", here | {"role": role}, role == membership.role
    yield "lease_epoch", "Number of the lease, raised whenever another server becomes the writer", here, membership.epoch
    yield "takeovers", "How often this server has become the writer", here, membership.takeovers
    if membership.heartbeat_seconds is not None:
        yield "writer_heartbeat_seconds", "Seconds since the writer renewed its lease", here, membership.heartbeat_seconds
    if membership.role != "writer":
        yield "lag_records", "Changes that the writer has made and this server has not seen", here, following.records
        if following.seconds is not None:
            yield "lag_seconds", "Seconds since this server had seen all changes", here, following.seconds


def _of_library(library_id: str, library: Library, queue: Queue) -> Gauges:
    records, jobs = library.documents(), [job for job in queue.jobs if job.state in {"queued", "reading"}]
    here = {"library": library_id}
    yield "documents", "Documents", here, len(records)
    yield "chunks", "Chunks of documents", here, sum(record.chunks for record in records)
    for waiting, count in (
        ("files", len(jobs)),
        ("documents to embed", sum(record.indexed < 1 for record in records)),
        ("pages for OCR", sum(len(record.ocr_waiting) for record in records)),
    ):
        yield "waiting", "What waits in the background", here | {"waiting": waiting}, count


def metrics_routes(metrics: Metrics) -> APIRouter:
    """`/metrics`, for administrators: a token of one needs no more than the scope "read"."""
    router = APIRouter()

    @router.get("/metrics")
    def shown(request: Request) -> Response:
        if not (caller := caller_of(request.scope)).administers:
            raise HTTPException(403, NOT_ALLOWED.format(needed=LEVELS["admin"], has=LEVELS[caller.right or "read"]))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
