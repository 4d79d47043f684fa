"""A collector of traces that speaks OpenTelemetry's protocol over gRPC, as a real one does."""

import threading
import time
from collections.abc import Callable
from concurrent import futures
from types import TracebackType
from typing import Any, Self

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service

SECONDS = 30.0


class Collector(service.TraceServiceServicer):
    """Listens on a free port of 127.0.0.1; a context manager.

    Attributes:
        spans: What was sent, in the order of their ends.
        resources: The attributes of who sent it, by name.
    """

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        service.add_TraceServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call] # what protoc generates has no types
        self.url = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take spans."""
        with self._lock:
            for sent in request.resource_spans:
                self.resources |= {each.key: each.value.string_value for each in sent.resource.attributes}
                self.spans += [span for scope in sent.scope_spans for span in scope.spans]
        return messages.ExportTraceServiceResponse()

    def named(self, name: str) -> list[Any]:
        """The spans of a name."""
        with self._lock:
            return [span for span in self.spans if span.name == name]

    def wait(self, has: Callable[[], object]) -> None:
        """Wait until something has come."""
        until = time.monotonic() + SECONDS
        while not has():
            assert time.monotonic() < until, sorted({span.name for span in self.spans})
            time.sleep(0.05)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.stop(None).wait()


def attributes(span: Any) -> dict[str, str | int | float | bool]:
    """What is said of a span."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
