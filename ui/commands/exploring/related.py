"""`rag related`: which documents and passages are near one."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.terminal import JsonOption, LibraryOption, excerpt, out, print_json, print_ranked
from ui.commands.texts import ColumnOption, TextsOption, open_corpus
from ui.places import place

if TYPE_CHECKING:
    from rag.exploring.nodes import NearNode

app = typer.Typer()


@app.command()
def related(  # noqa: PLR0913 - each option is one
    document: Annotated[str, typer.Argument(help="Name or id; with --texts, one of the texts or its number.")],
    *,
    library: LibraryOption = None,
    page: Annotated[int | None, typer.Option(min=1, help="Find the passages nearest to this page.", show_default=False)] = None,
    top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="Maximum number of documents or passages.")] = 5,
    nodes: Annotated[
        bool, typer.Option("--node-embeddings", help="Compare places in the graph of related documents (node2vec) instead of texts.")
    ] = False,
    file: TextsOption = None,
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the documents nearest to one, and the passages that connect them; or the passages nearest to a page, or the texts to one.

    With --node-embeddings, find the documents that random walks along the lines of the graph pass together with it.
    """
    from rag.exploring import more_like, node_embeddings, related_to

    if nodes and page is not None:
        raise typer.BadParameter("--node-embeddings compares whole documents and takes no --page.")
    with open_corpus(library, file, column) as opened:
        if nodes:
            alike = node_embeddings(opened).nearest(opened.document(document).id, top_k)
            first = opened.chunks((one.document_id, 0) for one in alike) if file else {}
            _print_nodes(alike, [chunk.text for one in alike if (chunk := first.get((one.document_id, 0)))], as_json)
            return
        has_passages = file is not None or page is not None
        passages = more_like(opened, document, page=page, top_k=top_k) if has_passages else []
        documents = related_to(opened, document, top_k=top_k) if not has_passages else []
    if as_json:
        print_json(map(asdict, passages))
        print_json(map(asdict, documents))
        return
    for passage in passages:
        print_ranked(passage.rank, place(passage), f"cosine {passage.cosine:.3f}")
        out.print(f"   {excerpt(passage.text)}\n", markup=False)
    for rank, near in enumerate(documents, start=1):
        print_ranked(rank, near.document, f"cosine {near.cosine:.3f}")
        out.print(f"   nearest passages, cosine {near.tie:.3f}:", style="dim")
        for found in (near.here, near.there):
            out.print(f"   {place(found.passage)}", style="dim", markup=False)
            out.print(f"      {excerpt(found.passage.text)}", markup=False)
        out.print()


def _print_nodes(found: "Sequence[NearNode]", texts: Sequence[str], as_json: bool) -> None:
    """`texts`: of each, where they are no documents of a library."""
    if as_json:
        print_json(map(asdict, found))
        return
    for rank, near in enumerate(found, start=1):
        print_ranked(rank, near.document, f"place {near.cosine:.3f}, text {near.text_cosine:.3f}")
        if texts:
            out.print(f"   {excerpt(texts[rank - 1])}", markup=False)
