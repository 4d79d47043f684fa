"""`rag duplicates`: what stands in the library twice, or nearly so."""

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json
from ui.places import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rag.exploring import Change, DocumentPair, Duplicates, PassageGroup

MOST_CHANGES = 5
"""Printed of two documents; --json has more."""

MOST_PLACES = 6
"""Printed of a passage that stands in many documents."""

LINE_CHARACTERS = 160


def register(app: typer.Typer) -> None:
    """Add the command `duplicates`.

    Args:
        app: What to add it to.
    """

    @app.command()
    def duplicates(
        library: LibraryOption = None,
        threshold: Annotated[
            float, typer.Option(min=0.05, max=1.0, help="Share of words in common from which passages count as the same.")
        ] = 0.8,
        json_lines: JsonOption = False,
    ) -> None:
        """Find documents and passages that stand in the library twice, or nearly so, and what differs."""
        from rag.exploring import find_duplicates

        with open_library(library, must_exist=True) as opened, _progress(json_lines) as progress:
            found = find_duplicates(opened, threshold=threshold, progress=progress)
        if json_lines:
            print_json({"kind": "documents", **asdict(pair)} for pair in found.documents)
            print_json({"kind": "passage", **asdict(group)} for group in found.passages)
        else:
            _print(found)


@contextmanager
def _progress(json_lines: bool) -> "Iterator[Callable[[float], None]]":
    columns = (TextColumn("comparing"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=err, transient=True, disable=json_lines or not err.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _print(found: "Duplicates") -> None:
    for pair in found.documents:
        _print_pair(pair)
    for group in found.passages:
        _print_group(group)
    if not found.documents and not found.passages:
        err.print("No duplicates: no document and no passage stands in the library twice.")
    if found.waiting:
        err.print(f"{found.waiting} documents are still being indexed and were left out.", style="yellow")


def _print_pair(pair: "DocumentPair") -> None:
    out.print(Text.assemble((pair.left, "bold"), "  and  ", (pair.right, "bold")))
    if pair.identical:
        out.print("   All their words are the same.\n")
        return
    out.print(f"   {pair.left_shared} of {pair.left_passages} passages of the first stand in the second,", end=" ")
    out.print(f"{pair.right_shared} of {pair.right_passages} of the second in the first.")
    if not pair.is_copy:
        out.print(f"   About the same in other words: {pair.left_alike} and {pair.right_alike} passages have a counterpart.")
    for change in pair.changes[:MOST_CHANGES]:
        _print_change(change)
    if (more := len(pair.changes[MOST_CHANGES:]) + max(pair.changes_left_out, 0)) > 0:
        out.print(f"   … and {more} more.", style="dim")
    out.print()


def _print_change(change: "Change") -> None:
    line = Text("   ")
    for part in change.parts:
        if part.kind == "same":
            line.append(part.left + " ")
        if part.kind in {"removed", "changed"}:
            line.append(f"[-{part.left}-]", style="red strike").append(" ")
        if part.kind in {"added", "changed"}:
            line.append(f"{{+{part.right}+}}", style="green").append(" ")
    out.print(f"   {place(change.left.passage)}  ·  {place(change.right.passage)}", style="dim", markup=False)
    out.print(line)


def _print_group(group: "PassageGroup") -> None:
    words = " ".join(group.passages[0].passage.text.split())
    out.print(f"In {group.documents} documents, {group.words:.0%} of the words the same:", style="bold")
    out.print("   " + (words if len(words) <= LINE_CHARACTERS else words[:LINE_CHARACTERS].rsplit(" ", 1)[0] + " …"), markup=False)
    for found in group.passages[:MOST_PLACES]:
        out.print(f"   {place(found.passage)}", style="dim", markup=False)
    if more := len(group.passages[MOST_PLACES:]):
        out.print(f"   … and {more} more places.", style="dim")
    out.print()
