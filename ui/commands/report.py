"""An evaluation -> one HTML file that needs nothing else: no network, no server."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import StorageError
from rag.evaluating import Comparison, Evaluation, Gold, Metric, Row
from rag.evaluating.judging import is_hit
from rag.evaluating.metrics import recall_curve
from rag.types import Passage
from ui.places import page_words, place

EXCERPT = 240
"""Characters of a passage or a gold text that are shown."""

CONFIDENCE_BINS = 20
LATENCY_BINS = 24
A, B = "a", "b"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, with which settings, on what.

    Attributes:
        file: The questions'.
        folder: The library's.
        index_identity: What its index is made with.
        other_identity: What B's is made with; "" without a B.
        documents: How many it has.
        pages: How many they have.
        chunks: How many they are cut into.
        settings: Those that may change what is retrieved, by name.
        changes: Those that B has otherwise, by name; empty without a B.
        created: When, ISO 8601 in UTC.
        evaluation: The figures of A, which is the library as it is.
        comparison: A and B, or None.
    """

    file: str
    folder: str
    index_identity: str
    other_identity: str
    documents: int
    pages: int
    chunks: int
    settings: dict[str, object]
    changes: dict[str, object]
    created: str
    evaluation: Evaluation
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure of plotly's, as JSON, with its heading and a sentence on how to read it."""

    heading: str
    note: str
    figure: dict[str, Any]


def check_writable(path: Path) -> None:
    """Find out that a report cannot be written before the work is done, not after.

    Raises:
        StorageError: It cannot.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        partial = _partial(path)
        partial.touch()
        partial.unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def write_report(measured: Measured, path: Path) -> None:
    """Write the report, whole or not at all.

    Raises:
        StorageError: It cannot be written; what was there before is unharmed.
    """
    html = render(measured)
    partial = _partial(path)
    try:
        try:
            partial.write_text(html, encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def render(measured: Measured) -> str:
    """The report; everything in it that comes from documents and questions is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for function in (figure, signed, span, expected, place, excerpt, best_rank, is_right):
        environment.globals[function.__name__] = function
    return environment.get_template("report.html").render(
        measured=measured,
        evaluation=measured.evaluation,
        comparison=measured.comparison,
        charts=charts(measured),
        plotly=get_plotlyjs(),
        changes=", ".join(f"{name} = {value}" for name, value in measured.changes.items()),
    )


def figure(key: str, value: float) -> str:
    """A metric's value for a reader: "0.872", or "3.1" where it is milliseconds."""
    return f"{value:.1f}" if key.endswith("_ms") else f"{value:.3f}"


def signed(key: str, value: float) -> str:
    """A difference for a reader, with its sign: "+0.021"."""
    words = figure(key, abs(value))
    if float(words) == 0:
        return words
    return ("+" if value > 0 else "−") + words


def span(metric: Metric) -> str:
    """A metric's interval for a reader: "0.810 to 0.930"."""
    return f"{figure(metric.key, metric.low)} to {figure(metric.key, metric.high)}"


def expected(gold: Gold) -> str:
    """Name what a gold item wants: the document, its page, its words."""
    words = gold.document
    if gold.page is not None:
        words += f", {page_words(gold.page, '')}"
    return words + (f": “{excerpt(gold.text)}”" if gold.text else "")


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text, on one line, without what a terminal might obey."""
    words = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return words if len(words) <= most else words[:most].rpartition(" ")[0] + " …"


def best_rank(row: Row) -> int | None:
    """The rank of the first passage that hits any gold."""
    return min((rank for rank in row.first_ranks if rank is not None), default=None)


def is_right(passage: Passage, row: Row) -> bool:
    """Whether a passage hits any gold."""
    return any(is_hit(passage, gold) for gold in row.question.gold)


def charts(measured: Measured) -> list[Chart]:
    """The charts that there are questions for."""
    comparison = measured.comparison
    shown = [(A, measured.evaluation)] + ([(B, comparison.b)] if comparison else [])
    drawn = []
    if any(row.scores for row in measured.evaluation.rows):
        drawn += [_recall_chart(shown), _rank_chart(shown)]
    for name, evaluation in shown:
        if any(row.confidence is not None for row in evaluation.rows):
            drawn.append(_confidence_chart(evaluation, f" of {name.upper()}" if comparison else ""))
    if any(not row.error for row in measured.evaluation.rows):
        drawn.append(_latency_chart(shown))
    return drawn


def _recall_chart(shown: Sequence[tuple[str, Evaluation]]) -> Chart:
    traces = []
    for name, evaluation in shown:
        recalls = recall_curve(evaluation.rows, evaluation.depth)
        ranks = list(range(1, len(recalls) + 1))
        traces.append({"type": "scatter", "mode": "lines+markers", "x": ranks, "y": recalls, "name": name.upper(), "meta": name})
    axes = {"xaxis": {"title": {"text": "k"}, "dtick": 1 if shown[0][1].depth <= 20 else None}, "yaxis": {"range": [0, 1.04]}}
    return Chart("Recall@k", "The share of the gold found among the first k passages.", _figure(traces, axes))


def _rank_chart(shown: Sequence[tuple[str, Evaluation]]) -> Chart:
    traces = []
    for name, evaluation in shown:
        ranks = [best_rank(row) for row in evaluation.rows if row.scores]
        places = [*range(1, evaluation.depth + 1), None]
        labels = ["none" if rank is None else str(rank) for rank in places]
        traces.append(_bars(labels, [ranks.count(rank) for rank in places], name))
    axes = {"xaxis": {"type": "category", "tickangle": 0, "title": {"text": "rank"}}, "yaxis": _counted(traces)}
    return Chart(
        "Where the first right passage stands", "Questions by the rank of the first passage that hits any gold.", _figure(traces, axes)
    )


def _confidence_chart(evaluation: Evaluation, whose: str) -> Chart:
    traces = []
    for name, is_answerable, words in ((A, True, "answerable"), ("soft", False, "not answerable")):
        values = [row.confidence for row in evaluation.rows if row.confidence is not None and row.question.is_answerable == is_answerable]
        if values:
            traces.append(_bars(*_histogram(values, (0.0, 1.0), CONFIDENCE_BINS), name, words))
    threshold = {"type": "line", "x0": evaluation.min_confidence, "x1": evaluation.min_confidence, "y0": 0, "y1": 1, "yref": "paper"}
    axes = {
        "xaxis": {"title": {"text": "confidence"}, "range": [0, 1]},
        "yaxis": _counted(traces),
        "barmode": "overlay",
        "shapes": [{**threshold, "line": {"dash": "dot", "width": 2}}],
    }
    note = f"Left of the dotted line, at {evaluation.min_confidence:.2f}, the documents are taken not to say."
    return Chart(f"Confidence{whose}", note, _figure(traces, axes))


def _latency_chart(shown: Sequence[tuple[str, Evaluation]]) -> Chart:
    took = {name: [row.milliseconds for row in evaluation.rows if not row.error] for name, evaluation in shown}
    ends = min(map(min, filter(None, took.values()))), max(map(max, filter(None, took.values())))
    traces = [_bars(*_histogram(values, ends, LATENCY_BINS), name) for name, values in took.items()]
    axes = {"xaxis": {"title": {"text": "milliseconds"}}, "yaxis": _counted(traces), "barmode": "overlay"}
    return Chart("Latency", "How long retrieving took.", _figure(traces, axes))


def _histogram(values: Sequence[float], ends: tuple[float, float], bins: int) -> tuple[list[float], list[int]]:
    """The middles of equal bins between the ends, and how many values are in each; what is beyond an end is in the last bin there."""
    low, width = ends[0], max(ends[1] - ends[0], 1e-9) / bins
    counts = [0] * bins
    for value in values:
        counts[min(max(int((value - low) / width), 0), bins - 1)] += 1
    return [low + (number + 0.5) * width for number in range(bins)], counts


def _counted(traces: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An axis that counts questions: no halves of them."""
    highest = max((count for trace in traces for count in trace["y"]), default=0)
    return {"title": {"text": "questions"}, "dtick": 1 if highest <= 5 else None}


def _bars(places: Sequence[object], counts: Sequence[int], name: str, words: str = "") -> dict[str, Any]:
    return {"type": "bar", "x": places, "y": counts, "name": words or name.upper(), "meta": name}


def _figure(traces: Sequence[dict[str, Any]], layout: dict[str, Any]) -> dict[str, Any]:
    """Checked by plotly; the page gives it its colours."""
    import json

    import plotly.graph_objects as graph

    whole = graph.Figure(data=list(traces), layout={**layout, "template": "none", "showlegend": len(traces) > 1, "bargap": 0.08})
    figure: dict[str, Any] = json.loads(whole.to_json())
    return figure


def _partial(path: Path) -> Path:
    return path.parent / f".rag-report-{os.getpid()}.partial"


def _unwritable(path: Path, error: Exception) -> StorageError:
    reason = getattr(error, "strerror", None) or str(error)
    return StorageError(f"The report {path} cannot be written: {reason}. Choose another place for it.")
