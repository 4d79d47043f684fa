"""`rag duplicates`: what is in the library twice, or nearly so."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ui.commands.terminal import JsonOption, LibraryOption, err, excerpt, out, print_json, progress_bar, warn
from ui.commands.texts import ColumnOption, TextsOption, open_corpus
from ui.places import place

if TYPE_CHECKING:
    from rag.exploring import Change, DocumentPair, Duplicates, PassageGroup

MOST_CHANGES = 5  # printed for a pair of documents; --json has more
MOST_PLACES = 6  # printed for a passage that is in many documents

app = typer.Typer()


@app.command()
def duplicates(
    library: LibraryOption = None,
    threshold: Annotated[float, typer.Option(min=0.05, max=1.0, help="Share of common words at which passages count as duplicates.")] = 0.8,
    file: TextsOption = None,
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find duplicate and near-duplicate documents and passages, or texts of a file, and what differs."""
    from rag.exploring import find_duplicates

    with open_corpus(library, file, column) as opened, progress_bar("Comparing", hidden=as_json) as show:
        found = find_duplicates(opened, threshold=threshold, progress=show)
    if as_json:
        print_json({"kind": "documents", **asdict(pair)} for pair in found.documents)
        print_json({"kind": "passage", **asdict(group)} for group in found.passages)
    else:
        _print(found, of_texts=file is not None)


def _print(found: "Duplicates", *, of_texts: bool) -> None:
    for pair in found.documents:
        _print_pair(pair)
    for group in () if of_texts else found.passages:  # of texts, these are the pairs above
        _print_group(group)
    if not found.documents and not found.passages:
        err.print(f"No duplicates: every {'text' if of_texts else 'document and passage'} is there once.")
    if found.waiting:
        warn(f"{found.waiting} documents are still being indexed and were left out.")


def _print_pair(pair: "DocumentPair") -> None:
    out.print(Text.assemble((pair.left, "bold"), "  and  ", (pair.right, "bold")))
    if pair.identical:
        out.print("   The same words throughout.\n")
        return
    if pair.left_passages + pair.right_passages > 2:  # of one each, the change says it all
        out.print(f"   {pair.left_shared} of {pair.left_passages} passages of the first are in the second,", end=" ")
        out.print(f"{pair.right_shared} of {pair.right_passages} of the second in the first.")
        if not pair.is_copy:
            out.print(f"   Similar in other words: {pair.left_alike} and {pair.right_alike} passages have a counterpart.")
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
    out.print(f"In {group.documents} documents, {group.words:.0%} of the words the same:", style="bold")
    out.print(f"   {excerpt(group.passages[0].passage.text)}", markup=False)
    for found in group.passages[:MOST_PLACES]:
        out.print(f"   {place(found.passage)}", style="dim", markup=False)
    if more := len(group.passages[MOST_PLACES:]):
        out.print(f"   … and {more} more places.", style="dim")
    out.print()
