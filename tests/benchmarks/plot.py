"""Draws what was measured as SVG: bars beside LlamaIndex, lines as the library grows."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, ROW, LEFT, BARS = 760, 46, 250, 380
OURS, THEIRS, INK, FAINT = "#1c463a", "#c9873f", "#222", "#ddd"
LINES_HEIGHT = 300

SHOWN = ("import, open", "read, cut", "embed, store", "first query", "**whole process**", "**from adding to", "**peak memory**")
"""Rows of the comparison that have bars, by how their names begin."""


def plot(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures that are kept, as one picture; the names and fields are those of `report`."""
    parts: list[str] = []
    top = 20.0
    for name, figures in kept.items():
        if name.startswith("beside "):
            rows = [row for row in figures["rows"] if row["name"].startswith(SHOWN) and row["ratios"]]
            parts += _bars(name.removeprefix("beside "), rows, top)
            top += 50 + ROW * len(rows)
    if "growth" in kept:
        parts += _growth(kept["growth"]["points"], top)
        top += LINES_HEIGHT + 60
    style = f"font-family='sans-serif' font-size='13' fill='{INK}'"
    body = "\n".join([f"<rect width='{WIDTH}' height='{top:.0f}' fill='white'/>", *parts])
    return f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {top:.0f}' {style}>\n{body}\n</svg>\n"


def _bars(name: str, rows: Sequence[Mapping[str, Any]], top: float) -> Iterator[str]:
    """A pair of bars a row, each pair to its own scale: the longer one is full."""
    yield _text(WIDTH / 2, top, f"Footnote (dark) and LlamaIndex: {name}. Shorter is better; each pair has its own scale.", "middle")
    for number, row in enumerate(rows):
        y = top + 18 + ROW * number
        pair = statistics.median(row["ours"]), statistics.median(row["theirs"])
        yield _text(LEFT - 10, y + 22, row["name"].strip("*").split(" (")[0], "end")
        for value, colour, below in zip(pair, (OURS, THEIRS), (0, 18), strict=True):
            length = BARS * value / max(pair)
            yield f"<rect x='{LEFT}' y='{y + below:.0f}' width='{length:.1f}' height='15' fill='{colour}'/>"
            yield _text(LEFT + length + 6, y + below + 12, f"{value:.3g} {row['unit']}")


def _growth(points: Sequence[Mapping[str, float]], top: float) -> Iterator[str]:
    """Each quantity by the number of chunks, both axes logarithmic."""
    names = [name for name in points[0] if name != "chunks"]
    values = [point[name] for point in points for name in names]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    sizes = [math.log10(point["chunks"]) for point in points]
    span = max(sizes[-1] - sizes[0], 1e-9)
    left, width, bottom = 70.0, 430.0, top + 30 + LINES_HEIGHT

    def place(size: float, value: float) -> tuple[float, float]:
        return left + width * (size - sizes[0]) / span, bottom - LINES_HEIGHT * (math.log10(value) - low) / max(high - low, 1)

    yield _text(left, top + 10, "As the library grows: by the number of its chunks, both scales logarithmic")
    for power in range(low, high + 1):
        _, y = place(sizes[0], 10.0**power)
        yield f"<path d='M{left},{y:.1f}h{width}' stroke='{FAINT}'/>" + _text(left - 8, y + 4, f"{10.0**power:g}", "end")
    for size, point in zip(sizes, points, strict=True):
        yield _text(place(size, 1)[0], bottom + 18, f"{point['chunks']:,.0f}", "middle")
    labels = sorted(range(len(names)), key=lambda number: -points[-1][names[number]])
    below = top + 30
    for number in labels:
        name, colour = names[number], f"hsl({number * 360 // len(names)} 60% 35%)"
        spots = [place(size, point[name]) for size, point in zip(sizes, points, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        yield f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>"
        yield from (f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in spots)
        below = max(below + 18, spots[-1][1] + 4)
        yield f"<g fill='{colour}'>{_text(left + width + 12, below, f'{name}: {round(points[-1][name]):,}')}</g>"


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'>{escape(text)}</text>"
