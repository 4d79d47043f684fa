"""`rag related`: which documents and passages are near one."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from ui.commands.terminal import JsonOption, LibraryOption, open_library, out, print_json
from ui.places import place

LINE_CHARACTERS = 200


def register(app: typer.Typer) -> None:
    """Add the command `related`.

    Args:
        app: What to add it to.
    """

    @app.command()
    def related(
        document: Annotated[str, typer.Argument(help="Name or id.")],
        library: LibraryOption = None,
        page: Annotated[int | None, typer.Option(min=1, help="Find the passages nearest to this page.", show_default=False)] = None,
        top_k: Annotated[int, typer.Option("-k", "--top-k", min=1, help="Documents or passages, at most.")] = 5,
        json_lines: JsonOption = False,
    ) -> None:
        """Find the documents nearest to one and the passages that tie them; with --page, the passages nearest to that page."""
        from rag.exploring import more_like, related_to

        with open_library(library, must_exist=True) as opened:
            if page is not None:
                passages = more_like(opened, document, page=page, top_k=top_k)
                documents = []
            else:
                passages = []
                documents = related_to(opened, document, top_k=top_k)
        if json_lines:
            print_json(map(asdict, passages))
            print_json(map(asdict, documents))
            return
        for passage in passages:
            out.print(f"[bold]{passage.rank}[/bold]  {escape(place(passage))}  [dim]cosine {passage.cosine:.3f}[/dim]")
            out.print(f"   {_line(passage.text)}\n", markup=False)
        for rank, near in enumerate(documents, start=1):
            out.print(f"[bold]{rank}[/bold]  {escape(near.document)}  [dim]cosine {near.cosine:.3f}[/dim]")
            out.print(f"   nearest passages, cosine {near.tie:.3f}:", style="dim")
            for found in (near.here, near.there):
                out.print(f"   {place(found.passage)}", style="dim", markup=False)
                out.print(f"      {_line(found.passage.text)}", markup=False)
            out.print()


def _line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LINE_CHARACTERS else words[:LINE_CHARACTERS].rsplit(" ", 1)[0] + " …"
