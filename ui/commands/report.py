"""An evaluation -> one HTML file that needs nothing else: no network, no server."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import StorageError
from rag.evaluating import Comparison, Difference, Evaluation, Gold, Metric, Row
from rag.evaluating.judging import is_hit
from rag.evaluating.metrics import recall_curve
from rag.types import Passage
from ui.commands.terminal import excerpt
from ui.places import page_words, place

CONFIDENCE_BINS = 20
LATENCY_BINS = 24


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured, with which settings, on which library."""

    file: str  # with the questions
    library: dict[str, object]  # its folder and index identity, and how many documents, pages and chunks it has
    other_identity: str  # B's index identity; "" without a B
    settings: dict[str, object]  # those that may change what is retrieved
    changes: dict[str, object]  # the settings that B has otherwise; empty without a B
    created: str  # ISO 8601 in UTC
    evaluation: Evaluation  # of A, which is the library as it is
    comparison: Comparison | None

    @property
    def evaluations(self) -> list[Evaluation]:
        """A's, and B's if there is one."""
        return [self.evaluation, self.comparison.b] if self.comparison else [self.evaluation]

    @property
    def changes_in_words(self) -> str:
        """The settings of B that differ, on one line."""
        return ", ".join(f"{name} = {value}" for name, value in self.changes.items())


@dataclass(frozen=True, slots=True)
class Chart:
    """A plotly figure, with its heading and a sentence on how to read it; the page adds the colours."""

    heading: str
    note: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]


def check_writable(path: Path) -> None:
    """Raise StorageError before the work is done if the report cannot be written."""
    with _partial(path) as partial:
        partial.touch()


def write_report(measurement: Measurement, path: Path) -> None:
    """Write the report completely or not at all; raises StorageError if it cannot be written."""
    html = render(measurement)
    with _partial(path) as partial:
        partial.write_text(html, encoding="utf-8")
        partial.replace(path)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A file beside the report, deleted at the end."""
    partial = path.parent / f".rag-report-{os.getpid()}.partial"
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        try:
            yield partial
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(f"The report {path} cannot be written: {reason}. Choose another file.") from error


def render(measurement: Measurement) -> str:
    """The report as HTML; everything in it that comes from documents and questions is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for function in (metric_cells, difference_cells, signed, expected, place, excerpt, best_rank, is_correct):
        environment.globals[function.__name__] = function
    return environment.get_template("report.html").render(
        measurement=measurement,
        evaluation=measurement.evaluation,
        comparison=measurement.comparison,
        charts=charts(measurement),
        plotly=get_plotlyjs(),
    )


def figure(key: str, value: float) -> str:
    """A metric's value for a reader: "0.872", or "3.1" where it is milliseconds."""
    return f"{value:.1f}" if key.endswith("_ms") else f"{value:.3f}"


def signed(key: str, value: float) -> str:
    """A difference for a reader, with its sign: "+0.021"."""
    words = figure(key, abs(value))
    return words if float(words) == 0 else ("+" if value > 0 else "−") + words


def metric_cells(metric: Metric) -> tuple[str, str, str, str]:
    """A row of the table of figures: label, value, interval, number of questions."""
    value, low, high = (figure(metric.key, each) for each in (metric.value, metric.low, metric.high))
    return metric.label, value, f"{low} to {high}", str(metric.questions)


def difference_cells(one: Difference) -> tuple[str, str, str, str, str, str, str]:
    """A row of the comparison: label, A, B, B - A, interval, questions that are better/worse/equal in B, number of questions."""
    difference, low, high = (signed(one.key, each) for each in (one.difference, one.low, one.high))
    counts = "–" if one.better is None else f"{one.better}/{one.worse}/{one.equal}"
    return one.label, figure(one.key, one.a), figure(one.key, one.b), difference, f"{low} to {high}", counts, str(one.questions)


def expected(gold: Gold) -> str:
    """Name what a gold item refers to: the document, its page, its words."""
    page = "" if gold.page is None else f", {page_words(gold.page)}"
    return gold.document + page + (f": “{excerpt(gold.text)}”" if gold.text else "")


def best_rank(row: Row) -> int | None:
    """The rank of the first passage that hits any gold."""
    return min((rank for rank in row.first_ranks if rank is not None), default=None)


def is_correct(passage: Passage, row: Row) -> bool:
    """Whether a passage hits any gold."""
    return any(is_hit(passage, gold) for gold in row.question.gold)


def charts(measurement: Measurement) -> list[Chart]:
    """The charts that there are questions for."""
    shown = list(zip("ab", measurement.evaluations, strict=False))
    rows = measurement.evaluation.rows
    drawn = []
    if any(row.scores for row in rows):
        drawn += [_recall_chart(shown), _rank_chart(shown)]
    for name, evaluation in shown:
        if any(row.confidence is not None for row in evaluation.rows):
            drawn.append(_confidence_chart(evaluation, f" of {name.upper()}" if measurement.comparison else ""))
    if not all(row.error for row in rows):
        drawn.append(_latency_chart(shown))
    return drawn


def _recall_chart(shown: Sequence[tuple[str, Evaluation]]) -> Chart:
    traces = []
    for name, evaluation in shown:
        recalls = recall_curve(evaluation.rows, evaluation.depth)
        traces.append(_trace(name, list(range(1, len(recalls) + 1)), recalls, type="scatter", mode="lines+markers"))
    axes = {"xaxis": {"title": {"text": "k"}, "dtick": 1 if shown[0][1].depth <= 20 else None}, "yaxis": {"range": [0, 1.04]}}
    return Chart("Recall@k", "Share of the gold found among the first k passages.", traces, axes)


def _rank_chart(shown: Sequence[tuple[str, Evaluation]]) -> Chart:
    traces = []
    for name, evaluation in shown:
        ranks = [best_rank(row) for row in evaluation.rows if row.scores]
        places = [*range(1, evaluation.depth + 1), None]
        traces.append(_trace(name, ["none" if rank is None else str(rank) for rank in places], [ranks.count(rank) for rank in places]))
    axes = {"xaxis": {"type": "category", "tickangle": 0, "title": {"text": "rank"}}, "yaxis": _question_axis(traces)}
    return Chart("Rank of the first correct passage", "Questions by the rank at which any gold is first hit.", traces, axes)


def _confidence_chart(evaluation: Evaluation, of: str) -> Chart:
    traces = []
    for name, is_answerable, label in (("a", True, "answerable"), ("soft", False, "not answerable")):
        values = [row.confidence for row in evaluation.rows if row.confidence is not None and row.question.is_answerable == is_answerable]
        if values:
            traces.append(_trace(name, *_histogram(values, (0.0, 1.0), CONFIDENCE_BINS), label))
    threshold = evaluation.min_confidence
    line = {"type": "line", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper", "line": {"dash": "dot", "width": 2}}
    xaxis = {"title": {"text": "confidence"}, "range": [0, 1]}
    axes = {"xaxis": xaxis, "yaxis": _question_axis(traces), "barmode": "overlay", "shapes": [line]}
    return Chart(f"Confidence{of}", f"Left of the dotted line, at {threshold:.2f}, Footnote declines to answer.", traces, axes)


def _latency_chart(shown: Sequence[tuple[str, Evaluation]]) -> Chart:
    took = {name: [row.milliseconds for row in evaluation.rows if not row.error] for name, evaluation in shown}
    ends = min(map(min, filter(None, took.values()))), max(map(max, filter(None, took.values())))
    traces = [_trace(name, *_histogram(values, ends, LATENCY_BINS)) for name, values in took.items()]
    axes = {"xaxis": {"title": {"text": "milliseconds"}}, "yaxis": _question_axis(traces), "barmode": "overlay"}
    return Chart("Latency", "How long retrieval took.", traces, axes)


def _histogram(values: Sequence[float], ends: tuple[float, float], bins: int) -> tuple[list[float], list[int]]:
    """The middles of equal bins between the ends, and how many values are in each; values beyond an end are in the last bin there."""
    heights, edges = np.histogram(np.clip(values, *ends), bins, ends)
    return ((edges[:-1] + edges[1:]) / 2).tolist(), heights.tolist()


def _question_axis(traces: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An axis that counts questions, in whole numbers."""
    highest = max((count for trace in traces for count in trace["y"]), default=0)
    return {"title": {"text": "questions"}, "dtick": 1 if highest <= 5 else None}


def _trace(name: str, x: Sequence[object], y: Sequence[float], label: str = "", **options: str) -> dict[str, Any]:
    """Bars, or what `options` say; the page colours them by `name`."""
    return {"type": "bar", "x": x, "y": y, "name": label or name.upper(), "meta": name, **options}
