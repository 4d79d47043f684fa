"""`rag classify`: labels for documents, passages or texts."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ui.commands.exploring.writing import write
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, out, print_json

if TYPE_CHECKING:
    from rag.exploring.classifying import Classification, CrossValidation

METHODS = {
    "names": "by the cosine to each label's name, a rough guide: examples make it better",
    "centroids": "by the nearest mean of examples; the confidence is a rough guide",
    "regression": "by logistic regression; the confidence is its probability",
}

UNSURE = 0.6
"""As `rag.exploring.classifying.UNSURE_BELOW`, which takes time to load."""


def register(app: typer.Typer) -> None:
    """Add the command `classify`.

    Args:
        app: What to add it to.
    """

    @app.command()
    def classify(  # noqa: PLR0913 - each option is one
        texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, what --of names.")] = None,
        *,
        examples: Annotated[
            Path | None, typer.Option(help="CSV file with the columns label and text, or lines of the form “label: text”.")
        ] = None,
        labels: Annotated[
            str | None, typer.Option(help="Names of labels, with commas between them; in place of examples or beside.")
        ] = None,
        of: Annotated[str, typer.Option(help="What gets labels: documents or chunks.", metavar="documents|chunks")] = "documents",
        unsure_below: Annotated[float, typer.Option(min=0, max=1, help="Less confidence than this is a guess.")] = UNSURE,
        evaluate: Annotated[
            bool, typer.Option("--evaluate", help="See how well the examples are told apart, by cross-validation.")
        ] = False,
        library: LibraryOption = None,
        json_lines: JsonOption = False,
        output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the labels into this CSV file.")] = None,
    ) -> None:
        """Give documents, passages or texts labels by example, or by the labels' names alone."""
        from rag.exploring.classifying import classify as classify_texts
        from rag.exploring.classifying import cross_validate

        if of not in {"documents", "chunks"}:
            raise typer.BadParameter("It is documents or chunks.", param_hint="--of")
        given = _examples(examples, labels)
        with open_library(library, must_exist=True) as opened:
            if evaluate:
                _print_check(cross_validate(opened, given), json_lines)
                return
            found = classify_texts(opened, given, texts or None, of, unsure_below)  # type: ignore[arg-type] # seen to above
        if output:
            write(output, found.to_csv(), "utf-8-sig")  # with the mark by which spreadsheets know it
        _print_labels(found, json_lines)


def _examples(file: Path | None, labels: str | None) -> dict[str, list[str]]:
    from rag.exploring.labels import examples_of
    from rag.exploring.lists import read_sheet

    given = examples_of(read_sheet(file)) if file else {}
    for label in (labels or "").split(","):
        if label.strip():
            given.setdefault(label.strip(), [])
    if not given and not file:
        raise typer.BadParameter("Give --examples, --labels, or both.")
    return given


def _print_labels(found: "Classification", json_lines: bool) -> None:
    if json_lines:
        print_json(asdict(one) for one in found.found)
        return
    for one in found.found:
        label = f"[bold]{escape(one.label)}[/bold]" if one.is_sure else f"[yellow]unsure[/yellow] ({escape(one.label)}?)"
        where = f"{one.document}, page {one.page}: " if one.page else ""
        out.print(f"{one.confidence:.2f}  {label}  {escape(where + _short(one.text))}")
    err.print(f"Labelled {METHODS[found.method]}.", style="dim")
    _print_notes(found.notes)


def _print_check(found: "CrossValidation", json_lines: bool) -> None:
    if json_lines:
        print_json([asdict(found) | {"confusion": found.confusion.tolist()}])
        return
    how = "one left out at a time" if found.leaves_one_out else f"{found.folds} parts, each left out in turn"
    out.print(f"accuracy {found.accuracy:.3f}  macro F1 {found.macro_f1:.3f}  (always the most frequent label: {found.baseline:.3f})")
    table = Table(box=None, pad_edge=False)
    table.add_column("label \\ got")
    for label in found.labels:
        table.add_column(escape(label), justify="right")
    for label, row in zip(found.labels, found.confusion.tolist(), strict=True):
        table.add_row(escape(label), *map(str, row))
    out.print(table)
    err.print(f"{found.examples} examples, {how}; labelled {METHODS[found.method]}.", style="dim")
    _print_notes(found.notes)


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        err.print(note, style="yellow", markup=False)


def _short(text: str, most: int = 90) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
