"""`rag map` and `rag clusters`."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from rag.errors import ExploringError
from ui.commands.terminal import FILE, JsonOption, LibraryOption, err, excerpt, open_library, out, print_json, progress_bar, write_file
from ui.places import place

if TYPE_CHECKING:
    from rag.exploring import Clustering, Map, PlacedQuestion
    from rag.exploring.colouring import Colouring
    from rag.library import Library

PICTURES = (".png", ".svg")
SUFFIXES = (*PICTURES, ".html", ".json")

app = typer.Typer()


@app.command("map")
def draw_map(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .html (interactive), .png, .svg or .json.", **FILE)],
    library: LibraryOption = None,
    by: Annotated[Literal["document", "cluster"], typer.Option(help="What the colours mean.")] = "document",
    of: Annotated[Literal["chunks", "documents"], typer.Option(help="What the points are.")] = "chunks",
    method: Annotated[Literal["tsne", "pca", "umap"], typer.Option(help="How the points are placed.")] = "tsne",
    question: Annotated[str | None, typer.Option(help="A question to place among its nearest passages.")] = None,
) -> None:
    """Draw a map of the library: texts of similar meaning are near each other."""
    _check_suffix(output)
    from rag.exploring import find_clusters, map_library, place_question
    from rag.exploring.colouring import by_cluster, by_document

    with open_library(library) as opened:
        with progress_bar("Drawing the map") as show:
            drawn = map_library(opened, of=of, method=method, progress=show)
        clustering = find_clusters(opened) if by == "cluster" else None
        colouring = by_cluster(drawn, clustering) if clustering else by_document(drawn)
        placed = place_question(opened, drawn, question) if question is not None else None
        try:
            _write(output, opened, drawn, colouring, placed)
        except OSError as error:
            raise ExploringError(f"{output} cannot be written: {error.strerror}. Choose another file.") from error
        _print_summary(drawn, clustering, output)


@app.command("clusters")
def show_clusters(
    library: LibraryOption = None,
    method: Annotated[Literal["auto", "hdbscan", "kmeans"], typer.Option(help="Clustering method.")] = "auto",
    k: Annotated[int | None, typer.Option("-k", min=1, help="Number of clusters, for k-means.", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Group the library's passages into clusters, named by their distinctive terms."""
    if method == "hdbscan" and k is not None:
        raise ExploringError("HDBSCAN finds the number of clusters itself: leave out -k, or use --method kmeans.")
    from rag.exploring import find_clusters

    with open_library(library) as opened:
        clustering = find_clusters(opened, method=method, k=k)
    if as_json:
        print_json(_rows(clustering))
        return
    for cluster in clustering.clusters:
        out.print(f"[bold]{cluster.size:>6,}[/bold]  {escape(', '.join(cluster.terms) or cluster.name)}")
        names = [f"{name} ({count})" for name, count in cluster.documents[:3]] + ["…"] * (len(cluster.documents) > 3)
        out.print(f"        {', '.join(names)}", style="dim", markup=False)
        for passage in cluster.passages[:1]:
            out.print(f"        {place(passage)}: {excerpt(passage.text, 160)}\n", markup=False)
    if clustering.outliers:
        out.print(f"[bold]{clustering.outliers:>6,}[/bold]  not in any cluster")
    err.print(clustering.how, style="dim", markup=False)


def _check_suffix(output: Path) -> None:
    suffix = output.suffix.lower()
    if suffix not in SUFFIXES:
        raise ExploringError(f"A map cannot be written as {output.name}: its ending must be one of {', '.join(SUFFIXES)}.")
    if suffix in PICTURES and find_spec("matplotlib") is None:
        raise ExploringError(f"Writing {suffix} needs matplotlib: `pip install 'footnote[plots]'`. .html and .json need nothing more.")


def _write(output: Path, library: "Library", drawn: "Map", colouring: "Colouring", question: "PlacedQuestion | None") -> None:
    match output.suffix.lower():
        case ".html":
            from rag.exploring.colouring import captions
            from rag.exploring.figures.map import map_figure
            from rag.exploring.figures.style import PRIVATE

            figure = map_figure(drawn, captions(library, drawn), colouring, question)
            figure.update_layout(height=None, legend={"y": 1, "x": 1, "orientation": "v", "xanchor": "left"}, paper_bgcolor="#ffffff")
            figure.write_html(output, include_plotlyjs=True, config=PRIVATE | {"scrollZoom": True})
        case ".json":
            write_file(output, json.dumps(_values(drawn, colouring, question), ensure_ascii=False) + "\n")
        case _:
            from rag.exploring.figures.picture import write_picture

            write_picture(output, drawn, colouring, question)


def _values(drawn: "Map", colouring: "Colouring", question: "PlacedQuestion | None") -> dict[str, Any]:
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


def _print_summary(drawn: "Map", clustering: "Clustering | None", output: Path) -> None:
    what = ("passage" if drawn.of == "chunks" else "document") + ("s" if len(drawn) != 1 else "")
    chosen = f" of {drawn.sampled_from:,}, sampled evenly over the documents" if drawn.sampled_from > len(drawn) else ""
    err.print(f"{output}: {len(drawn):,} {what}{chosen}.", markup=False)
    if drawn.trustworthiness is not None:
        words = "how many of the neighbours on the map are true neighbours."
        err.print(f"Trustworthiness {drawn.trustworthiness:.2f} of 1: {words}", style="dim")
    if clustering:
        err.print(clustering.how, style="dim", markup=False)
