"""Traces: how long the steps of a request, a question and a file took, for whatever reads OpenTelemetry's protocol.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set, which goes to a collector over gRPC: nothing of opentelemetry is imported then. Its other
standard variables count too, such as OTEL_SERVICE_NAME and OTEL_TRACES_SAMPLER. What is told of a step are counts, kinds and statuses:
no contents, no names, and of an error its class alone.
"""

import atexit
import logging
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache, wraps
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from rag.errors import StorageError

if TYPE_CHECKING:
    from opentelemetry import trace

P = ParamSpec("P")
T = TypeVar("T")
Fact = str | int | float | bool
Kind = Literal["internal", "server", "client"]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SECONDS_TO_END = 2.0  # that the end of the process waits for a collector to take the last steps

log = logging.getLogger(__name__)

_CURRENT: "ContextVar[trace.Span | None]" = ContextVar("span", default=None)
_starting = threading.Lock()
_failures: Counter[str] = Counter()


class Span:
    """A step that is going on; without traces it takes everything and does nothing."""

    def __init__(self, span: "trace.Span | None" = None) -> None:
        self._span = span

    def note(self, **facts: Fact) -> None:
        """Say more of it."""
        self.describe({f"footnote.{name}": fact for name, fact in facts.items()})

    def describe(self, attributes: Mapping[str, Fact], name: str = "") -> None:
        """Say more of it in OpenTelemetry's own words, and what it is called, where that is known late."""
        if self._span:
            self._span.set_attributes(attributes)
            if name:
                self._span.update_name(name)

    def fail(self, kind: str) -> None:
        """Say that it failed, and how: a class of errors, or a status."""
        if self._span:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", kind)
            self._span.set_status(StatusCode.ERROR)


_OFF = nullcontext(Span())


def span(name: str, *, kind: Kind = "internal", headers: Mapping[str, str] | None = None, **facts: Fact) -> AbstractContextManager[Span]:
    """Time a step, within the one that is going on, or the one that a request's `headers` name (W3C Trace Context)."""
    if not _is_on() or (tracer := _tracer()) is None:
        return _OFF
    return _timed(tracer, name, kind, headers, facts)


def traced(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Time each call of a function."""

    def wrapped(call: Callable[P, T]) -> Callable[P, T]:
        @wraps(call)
        def timed(*given: P.args, **options: P.kwargs) -> T:
            with span(name):
                return call(*given, **options)

        return timed

    return wrapped


def carried(call: Callable[P, T]) -> Callable[P, T]:
    """A function for another thread, whose steps are within the one that is going on here."""
    if not _is_on() or (current := _CURRENT.get()) is None:
        return call

    def run(*given: P.args, **options: P.kwargs) -> T:
        before = _CURRENT.get()
        _CURRENT.set(current)
        try:
            return call(*given, **options)
        finally:
            _CURRENT.set(before)

    return run


def trace_headers() -> dict[str, str]:
    """What a request to another server of ours carries, so that its steps are within the one that is going on; nothing without traces."""
    found: dict[str, str] = {}
    if _is_on() and (current := _CURRENT.get()):
        from opentelemetry.trace import set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(found, set_span_in_context(current))
    return found


@contextmanager
def calling(part: str, **facts: Fact) -> Iterator[None]:
    """Time a call of what stores things elsewhere ("chroma", "database", "bucket"), and count its errors: see `failures`."""
    with span(part, kind="client") as step:
        step.note(**facts)
        try:
            yield
        except StorageError:
            _failures[part] += 1
            raise


def failures() -> dict[str, int]:
    """How often calls of each of these parts have failed since the process began."""
    return dict(_failures)


@cache
def _is_on() -> bool:
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not is_off and any(os.environ.get(name) for name in ENDPOINTS)


def _tracer() -> "trace.Tracer | None":
    with _starting:
        return _started()


@cache
def _started() -> "trace.Tracer | None":
    """The tracer; a provider of its own, because Chroma's client may set the one that all share."""
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning("%s is set, but traces need the extra `otel`: pip install 'footnote[otel]' (%s).", ENDPOINTS[0], error)
        return None
    own = {
        "service.name": "footnote",
        "service.version": version("footnote"),
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
    }
    provider = TracerProvider(resource=Resource(own).merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    exporter = OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _end_in_time(provider.shutdown, exporter.shutdown)
    return provider.get_tracer("footnote")


def _end_in_time(end: Callable[[], object], give_up: Callable[[], object]) -> None:
    """Have the end of the process send what is left, and wait for no collector that is away: by itself the exporter tries for long."""
    ending = threading.Event()

    def watch() -> None:  # a thread that is there by then: at the end of a process none can be started
        ending.wait()
        time.sleep(SECONDS_TO_END)
        give_up()

    def finish() -> None:
        ending.set()
        end()

    threading.Thread(target=watch, name="traces", daemon=True).start()
    atexit.register(finish)


@contextmanager
def _timed(tracer: "trace.Tracer", name: str, kind: Kind, headers: Mapping[str, str] | None, facts: Mapping[str, Fact]) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    before = _CURRENT.get()
    context = set_span_in_context(before) if before else None
    if headers is not None:
        context = TraceContextTextMapPropagator().extract(headers)
    attributes = {f"footnote.{key}": fact for key, fact in facts.items()}
    begun = tracer.start_span(name, context, SpanKind[kind.upper()], attributes)
    current = Span(begun)
    _CURRENT.set(begun)  # not reset by a token: an asynchronous generator may end in another context than it began in
    try:
        yield current
    except Exception as error:
        current.fail(type(error).__name__)
        raise
    finally:
        _CURRENT.set(before)
        begun.end()
