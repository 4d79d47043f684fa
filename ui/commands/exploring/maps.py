"""`rag map` and `rag clusters`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from rag.errors import ExploringError
from ui.commands.terminal import FILE, JsonOption, LibraryOption, err, excerpt, out, print_json, progress_bar
from ui.commands.texts import ColumnOption, LabelOption, TextsOption, open_corpus
from ui.places import place

if TYPE_CHECKING:
    from rag.exploring import Clustering, Map

app = typer.Typer()


@app.command("map")
def draw_map(  # noqa: PLR0913 - each option is one
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .html (interactive), .png, .svg or .json.", **FILE)],
    *,
    library: LibraryOption = None,
    by: Annotated[
        Literal["document", "label", "cluster"] | None,
        typer.Option(help="What the colours mean [document; label or cluster for --texts]", show_default=False),
    ] = None,
    of: Annotated[Literal["chunks", "documents"], typer.Option(help="What the points are.")] = "chunks",
    method: Annotated[Literal["tsne", "pca", "umap"], typer.Option(help="How the points are placed.")] = "tsne",
    question: Annotated[str | None, typer.Option(help="A question to place among its nearest passages.")] = None,
    file: TextsOption = None,
    column: ColumnOption = None,
    label: Annotated[str | None, typer.Option(help="Column of their labels; of a library, a key of metadata.", show_default=False)] = None,
) -> None:
    """Draw a map of the library, or of the texts of a file: texts of similar meaning are near each other."""
    from rag.exploring import find_clusters, map_library, place_question
    from rag.exploring.colouring import LABEL, by_cluster, by_document, by_label
    from rag.exploring.figures.files import check_ending, write_map

    check_ending(output)
    by = by or ("label" if label else "cluster" if file else "document")
    if by == "label" and not label:
        raise typer.BadParameter("--by label needs --label.")
    with open_corpus(library, file, column, label if file else None) as opened:
        with progress_bar("Drawing the map") as show:
            drawn = map_library(opened, of=of, method=method, progress=show)
        clustering = find_clusters(opened) if by == "cluster" else None
        if clustering:
            colouring = by_cluster(drawn, clustering)
        else:
            colouring = by_label(drawn, LABEL if file else str(label)) if by == "label" else by_document(drawn)
        placed = place_question(opened, drawn, question) if question is not None else None
        write_map(output, opened, drawn, colouring, placed)
        _print_summary(drawn, clustering, output, "text" if file else "passage" if of == "chunks" else "document")


@app.command("clusters")
def show_clusters(  # noqa: PLR0913 - each option is one
    *,
    library: LibraryOption = None,
    method: Annotated[Literal["auto", "hdbscan", "kmeans"], typer.Option(help="Clustering method.")] = "auto",
    k: Annotated[int | None, typer.Option("-k", min=1, help="Number of clusters, for k-means.", show_default=False)] = None,
    file: TextsOption = None,
    column: ColumnOption = None,
    label: LabelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Group the library's passages, or the texts of a file, into clusters, named by their distinctive terms."""
    if method == "hdbscan" and k is not None:
        raise ExploringError("HDBSCAN finds the number of clusters itself: leave out -k, or use --method kmeans.")
    from rag.exploring import find_clusters
    from rag.exploring.colouring import LABEL

    with open_corpus(library, file, column, label) as opened:
        clustering = find_clusters(opened, method=method, k=k)
        labels = [str(record.metadata.get(LABEL, "")) for record in opened.vectors().records] if label else []
    if as_json:
        print_json(_rows(clustering))
        return
    for cluster in clustering.clusters:
        out.print(f"[bold]{cluster.size:>6,}[/bold]  {escape(', '.join(cluster.terms) or cluster.name)}")
        counts = _counts(labels, clustering, cluster.number) if labels else () if file else cluster.documents
        names = [f"{name} ({count})" for name, count in counts[:3]] + ["…"] * (len(counts) > 3)
        out.print(f"        {', '.join(names)}", style="dim", markup=False) if names else None
        for passage in cluster.passages[:1]:
            out.print(f"        {place(passage)}: {excerpt(passage.text, 160)}\n", markup=False)
    if clustering.outliers:
        out.print(f"[bold]{clustering.outliers:>6,}[/bold]  not in any cluster")
    err.print(clustering.how, style="dim", markup=False)


def _counts(labels: Sequence[str], clustering: "Clustering", number: int) -> list[tuple[str, int]]:
    """How many texts of a cluster have each label."""
    from rag.exploring.colouring import UNLABELLED

    own = [label or UNLABELLED for label, cluster in zip(labels, clustering.labels.tolist(), strict=True) if cluster == number]
    return Counter(own).most_common()


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


def _print_summary(drawn: "Map", clustering: "Clustering | None", output: Path, noun: str) -> None:
    what = noun + ("s" if len(drawn) != 1 else "")
    chosen = f" of {drawn.sampled_from:,}, sampled evenly" if drawn.sampled_from > len(drawn) else ""
    err.print(f"{output}: {len(drawn):,} {what}{chosen}.", markup=False)
    if drawn.trustworthiness is not None:
        words = "how many of the neighbours on the map are true neighbours."
        err.print(f"Trustworthiness {drawn.trustworthiness:.2f} of 1: {words}", style="dim")
    if clustering:
        err.print(clustering.how, style="dim", markup=False)
