"""Traces: sent to a collector where a standard variable names one, without contents and names; else nothing is loaded for them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.browser.serving import RagServer
from tests.chat_server import ChatServer
from tests.otlp_collector import Collector, attributes

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
PROGRAM = """
from rag.tracing import carried, span, trace_headers, traced
with span("outer", bytes=3) as outer:
    outer.note(pages=2)
    carried(traced("inner")(lambda: print(trace_headers())))()
try:
    with span("failing"):
        raise ValueError("secret plans")
except ValueError:
    pass
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as started:
        yield started


def run(program: str, **variables: str) -> str:
    """What a program in a process of its own prints."""
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_steps_are_sent_at_the_end_of_a_program_and_of_an_error_its_class_alone(collector: Collector) -> None:
    printed = run(PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="papers")
    assert collector.resources["service.name"] == "papers"
    (outer,), (inner,), (failing,) = collector.named("outer"), collector.named("inner"), collector.named("failing")
    assert attributes(outer) == {"footnote.bytes": 3, "footnote.pages": 2}
    assert (inner.trace_id, inner.parent_span_id) == (outer.trace_id, outer.span_id)
    assert f"00-{outer.trace_id.hex()}-{inner.span_id.hex()}-" in printed
    assert failing.trace_id != outer.trace_id
    assert attributes(failing) == {"error.type": "ValueError"}
    assert b"secret" not in failing.SerializeToString()


@pytest.mark.parametrize("variables", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}])
def test_without_a_collector_nothing_is_loaded(variables: dict[str, str]) -> None:
    printed = run(
        f"{PROGRAM}\nimport sys\nprint([name for name in sys.modules if name.startswith(('opentelemetry', 'grpc'))])", **variables
    )
    assert printed == "{}\n[]\n"


def test_a_collector_that_is_away_keeps_no_program_from_ending() -> None:
    began = time.monotonic()
    run(PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert time.monotonic() - began < 6


def test_a_server_tells_of_requests_questions_and_files(tmp_path: Path, chat_server: ChatServer, collector: Collector) -> None:
    serving = RagServer(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="200",
        RAG_CHAT_BASE_URL=chat_server.url(),
        RAG_CHAT_MODEL="stand-in",
    )
    with serving as server, httpx2.Client(base_url=server.url, timeout=60) as client:
        client.get("/healthz").raise_for_status()
        file = {"file": ("secret plans.txt", b"The harbour of Aarau counts nine hundred boats a year.", "text/plain")}
        client.post("/api/documents", files=file).raise_for_status()
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        client.post("/api/ask", json={"question": "How many boats are there?"}, headers=headers).raise_for_status()
        collector.wait(lambda: collector.named("POST /api/ask") and collector.named("commit"))
    (asked,) = collector.named("POST /api/ask")
    assert (asked.trace_id.hex(), asked.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(asked) == {"http.request.method": "POST", "http.route": "/api/ask", "http.response.status_code": 200}
    of_question = {span.name: span for span in collector.spans if span.trace_id == asked.trace_id}
    assert {"answer", "retrieve", "embed", "keywords", "vectors", "chroma", "read", "chat", "verdicts"} <= of_question.keys()
    assert of_question["answer"].parent_span_id == asked.span_id
    assert of_question["keywords"].parent_span_id == of_question["retrieve"].span_id
    (added,) = collector.named("POST /api/documents")
    of_file = {span.name for span in collector.spans if span.trace_id == added.trace_id}
    assert {"add file", "read and chunk", "store keyword-ready", "embed", "commit"} <= of_file
    sent = b"".join(span.SerializeToString() for span in collector.spans)
    assert not [word for word in (b"secret", b"harbour", b"boats", b"healthz") if word in sent]
