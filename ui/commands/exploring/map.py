"""`rag map` and `rag clusters`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from rag.errors import ExploringError
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json
from ui.places import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.exploring import Clustering, Map, PlacedQuestion
    from rag.exploring.colouring import Colouring
    from rag.library import Library

ENDINGS = (".png", ".svg", ".html", ".json")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("map")(draw_map)
    app.command("clusters")(show_clusters)


def draw_map(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .png, .svg, .html (to move about in) or .json.")],
    library: LibraryOption = None,
    by: Annotated[Literal["document", "cluster"], typer.Option(help="What colours mean.")] = "document",
    of: Annotated[Literal["chunks", "documents"], typer.Option(help="What the points are.")] = "chunks",
    method: Annotated[Literal["tsne", "pca", "umap"], typer.Option(help="How they are placed.")] = "tsne",
    question: Annotated[str | None, typer.Option(help="A question to drop on the map, among its nearest passages.")] = None,
) -> None:
    """Draw the library as a map: what means alike stands near each other."""
    if output.suffix.lower() not in ENDINGS:
        raise ExploringError(f"A map cannot be written as {output.name}: its ending must be one of {', '.join(ENDINGS)}.")
    from rag.exploring import find_clusters, map_library, place_question
    from rag.exploring.colouring import by_cluster, by_document

    with open_library(library, must_exist=True) as opened:
        with _bar("Drawing the map") as progress:
            placed = map_library(opened, of=of, method=method, progress=progress)
        clustering = find_clusters(opened) if by == "cluster" else None
        colouring = by_cluster(placed, clustering) if clustering else by_document(placed)
        dropped = place_question(opened, placed, question) if question is not None else None
        try:
            _write(output, opened, placed, colouring, dropped)
        except OSError as error:
            raise ExploringError(f"{output} cannot be written: {error.strerror}. Name another file.") from error
        _tell(placed, clustering, output)


def show_clusters(
    library: LibraryOption = None,
    method: Annotated[Literal["auto", "hdbscan", "kmeans"], typer.Option(help="How they are found.")] = "auto",
    k: Annotated[int | None, typer.Option("-k", min=1, help="So many, by k-means.", show_default=False)] = None,
    json_lines: JsonOption = False,
) -> None:
    """Group the passages of the library, and name the groups by the terms that set them apart."""
    if method == "hdbscan" and k is not None:
        raise ExploringError("HDBSCAN finds the number of clusters itself: leave out -k, or say --method kmeans.")
    from rag.exploring import find_clusters

    with open_library(library, must_exist=True) as opened:
        clustering = find_clusters(opened, method=method, k=k)
    if json_lines:
        print_json(_rows(clustering))
        return
    for cluster in clustering.clusters:
        out.print(f"[bold]{cluster.size:>6,}[/bold]  {escape(', '.join(cluster.terms) or cluster.name)}")
        names = [f"{name} ({count})" for name, count in cluster.documents[:3]] + ["…"] * (len(cluster.documents) > 3)
        out.print(f"        {', '.join(names)}", style="dim", markup=False)
        for passage in cluster.passages[:1]:
            out.print(f"        {place(passage)}: {' '.join(passage.text.split())[:160]}\n", markup=False)
    if clustering.outliers:
        out.print(f"[bold]{clustering.outliers:>6,}[/bold]  not in any cluster")
    err.print(clustering.how, style="dim", markup=False)


def _write(output: Path, library: "Library", placed: "Map", colouring: "Colouring", question: "PlacedQuestion | None") -> None:
    match output.suffix.lower():
        case ".html":
            from rag.exploring.colouring import captions
            from rag.exploring.figures.map import map_figure
            from rag.exploring.figures.style import PRIVATE

            figure = map_figure(placed, captions(library, placed), colouring, question)
            figure.update_layout(height=None, legend={"y": 1, "x": 1, "orientation": "v", "xanchor": "left"}, paper_bgcolor="#ffffff")
            figure.write_html(
                output,
                include_plotlyjs=True,
                config=PRIVATE | {"scrollZoom": True},
            )
        case ".json":
            output.write_text(json.dumps(_values(placed, colouring, question), ensure_ascii=False) + "\n", encoding="utf-8")
        case _:
            from rag.exploring.figures.picture import write_picture

            write_picture(output, placed, colouring, question)


def _values(placed: "Map", colouring: "Colouring", question: "PlacedQuestion | None") -> dict[str, Any]:
    points = []
    for row, ((x, y), owner, group) in enumerate(zip(placed.points.tolist(), placed.owners, colouring.groups, strict=True)):
        record = placed.records[owner]
        name = colouring.names[group] if group >= 0 else None
        point = {"x": x, "y": y, "document": record.name, "document_id": record.id, "group": name}
        points.append(point | ({"ordinal": placed.keys[row][1]} if placed.keys else {}))
    values: dict[str, Any] = {
        "of": placed.of,
        "method": placed.method,
        "sampled_from": placed.sampled_from,
        "trustworthiness": placed.trustworthiness,
    }
    if question:
        x, y = question.point.tolist()
        values["question"] = {"text": question.question, "x": x, "y": y, "nearest": question.nearest.tolist()}
    return values | {"points": points}


def _rows(clustering: "Clustering") -> Iterator[dict[str, Any]]:
    for cluster in clustering.clusters:
        yield {
            "name": cluster.name,
            "terms": list(cluster.terms),
            "size": cluster.size,
            "documents": dict(cluster.documents),
            "passages": [{"document": each.document, "page": each.page, "text": each.text} for each in cluster.passages],
        }
    if clustering.outliers:
        yield {"name": None, "terms": [], "size": clustering.outliers, "documents": {}, "passages": []}


def _tell(placed: "Map", clustering: "Clustering | None", output: Path) -> None:
    what = ("passage" if placed.of == "chunks" else "document") + ("s" if len(placed) != 1 else "")
    chosen = f" of {placed.sampled_from:,}, chosen evenly over the documents" if placed.sampled_from > len(placed) else ""
    err.print(f"{output}: {len(placed):,} {what}{chosen}.", markup=False)
    if placed.trustworthiness is not None:
        err.print(f"Trustworthiness {placed.trustworthiness:.2f} of 1: how far neighbours on it are neighbours in truth.", style="dim")
    if clustering:
        err.print(clustering.how, style="dim", markup=False)


@contextmanager
def _bar(words: str) -> "Iterator[Callable[[float], None]]":
    columns = (TextColumn(words), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)
