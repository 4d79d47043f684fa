"""A map as a file: .html, .png, .svg or .json."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ExploringError
from rag.exploring.colouring import Colouring, captions
from rag.exploring.mapping import Map, PlacedQuestion

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

PICTURES = (".png", ".svg")
MOST_CAPTIONED = 30  # points up to which a picture has their texts beside them: of more, none could be read
ENDINGS = (*PICTURES, ".html", ".json")


def check_ending(output: Path) -> None:
    """Raise an ExploringError where no map is written to a file of this name, before one is made."""
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        raise ExploringError(f"A map cannot be written as {output.name}: its ending must be one of {', '.join(ENDINGS)}.")
    if ending in PICTURES and find_spec("matplotlib") is None:
        raise ExploringError(f"Writing {ending} needs matplotlib: `pip install 'footnote[plots]'`. .html and .json need nothing more.")


def write_map(output: Path, corpus: "Corpus", drawn: Map, colouring: Colouring, question: PlacedQuestion | None = None) -> None:
    """Write a map as the file's ending says; raises ExploringError where it cannot be written."""
    try:
        match output.suffix.lower():
            case ".html":
                _write_page(output, corpus, drawn, colouring, question)
            case ".json":
                values = _values(drawn, colouring, question)
                output.write_text(json.dumps(values, ensure_ascii=False) + "\n", encoding="utf-8", newline="")
            case _:
                from rag.exploring.figures.picture import write_picture

                beside = [caption.text for caption in captions(corpus, drawn)] if len(drawn) <= MOST_CAPTIONED else ()
                write_picture(output, drawn, colouring, question, beside)
    except OSError as error:
        raise ExploringError(f"{output} cannot be written: {error.strerror}. Choose another file.") from error


def _write_page(output: Path, corpus: "Corpus", drawn: Map, colouring: Colouring, question: PlacedQuestion | None) -> None:
    from rag.exploring.figures.map import map_figure
    from rag.exploring.figures.style import PRIVATE

    figure = map_figure(drawn, captions(corpus, drawn), colouring, question)
    figure.update_layout(height=None, legend={"y": 1, "x": 1, "orientation": "v", "xanchor": "left"}, paper_bgcolor="#ffffff")
    figure.write_html(output, include_plotlyjs=True, config=PRIVATE | {"scrollZoom": True})


def _values(drawn: Map, colouring: Colouring, question: PlacedQuestion | None) -> dict[str, Any]:
    points = []
    for row, ((x, y), owner, group) in enumerate(zip(drawn.points.tolist(), drawn.owners, colouring.groups, strict=True)):
        record = drawn.records[owner]
        name = colouring.names[group] if group >= 0 else None
        point = {"x": x, "y": y, "document": record.name, "document_id": record.id, "group": name}
        points.append(point | ({"ordinal": drawn.keys[row][1]} if drawn.keys else {}))
    values: dict[str, Any] = {name: getattr(drawn, name) for name in ("of", "method", "sampled_from", "trustworthiness")}
    if question:
        x, y = question.point.tolist()
        values["question"] = {"text": question.question, "x": x, "y": y, "nearest": question.nearest.tolist()}
    return values | {"points": points}
