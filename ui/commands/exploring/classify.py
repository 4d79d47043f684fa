"""`rag classify`: labels for documents, passages or texts."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from ui.commands.terminal import FILE, JsonOption, LibraryOption, err, excerpt, open_library, out, print_json, print_table, warn, write_file
from ui.commands.texts import ColumnOption, TextsOption, open_texts
from ui.places import numbered

if TYPE_CHECKING:
    from rag.exploring.classifying import Classification, CrossValidation

METHODS = {
    "names": "by the cosine to each label's name, a rough guide: examples make it better",
    "centroids": "by the nearest mean of examples; the confidence is a rough guide",
    "regression": "by logistic regression; the confidence is its probability",
}

UNSURE_BELOW = 0.6  # as `rag.exploring.classifying.UNSURE_BELOW`, which takes time to load

app = typer.Typer()


@app.command()
def classify(  # noqa: PLR0913 - each option is one
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the library's documents or chunks (see --of).")] = None,
    *,
    examples: Annotated[
        Path | None, typer.Option(help="CSV file with the columns label and text, or lines like “label: text”.", **FILE)
    ] = None,
    labels: Annotated[str | None, typer.Option(help="Comma-separated label names, instead of examples or in addition.")] = None,
    of: Annotated[Literal["documents", "chunks"], typer.Option(help="What to label.")] = "documents",
    unsure_below: Annotated[float, typer.Option(min=0, max=1, help="Below this confidence, a label is marked unsure.")] = UNSURE_BELOW,
    evaluate: Annotated[bool, typer.Option("--evaluate", help="Cross-validate the examples instead.")] = False,
    library: LibraryOption = None,
    file: TextsOption = None,
    column: ColumnOption = None,
    label: Annotated[
        str | None, typer.Option(help="Column of their labels: texts that have one are examples, the others get one.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the labels to this CSV file.", **FILE)] = None,
) -> None:
    """Label documents, passages or texts, from examples or from the labels' names alone."""
    from rag.exploring.classifying import classify as classify_texts
    from rag.exploring.classifying import cross_validate
    from rag.exploring.texts import Texts

    given = _examples(examples, labels, is_needed=label is None)
    has_texts = bool(texts or file or evaluate)
    with open_texts(library, texts or (), file, column, label) if has_texts else open_library(library) as opened:
        if isinstance(opened, Texts):
            given |= {name: [*given.get(name, ()), *own] for name, own in opened.examples.items()}
        if evaluate:
            _print_validation(cross_validate(opened, given), as_json)
            return
        wanted = opened.unlabelled if isinstance(opened, Texts) else None
        classification = classify_texts(opened, given, wanted, of, unsure_below)
    if output:
        write_file(output, classification.to_csv(), "utf-8-sig")  # with the mark by which spreadsheets know it
    _print_labels(classification, as_json)


def _examples(file: Path | None, labels: str | None, *, is_needed: bool) -> dict[str, list[str]]:
    from rag.exploring.labels import examples_of
    from rag.exploring.lists import read_sheet

    given = examples_of(read_sheet(file)) if file else {}
    for label in (labels or "").split(","):
        if label.strip():
            given.setdefault(label.strip(), [])
    if not given and not file and is_needed:
        raise typer.BadParameter("Give --examples, --labels, or both; or --texts with --label.")
    return given


def _print_labels(classification: "Classification", as_json: bool) -> None:
    if as_json:
        print_json(asdict(one) for one in classification.found)
        return
    for one in classification.found:
        label = f"[bold]{escape(one.label)}[/bold]" if one.is_sure else f"[yellow]unsure[/yellow] ({escape(one.label)}?)"
        where = f"{numbered(one.document, one.page)}: " if one.page else ""
        out.print(f"{one.confidence:.2f}  {label}  {escape(where + excerpt(one.text, 90))}")
    _print_method(f"Labelled {METHODS[classification.method]}.", classification.notes)


def _print_validation(validation: "CrossValidation", as_json: bool) -> None:
    if as_json:
        print_json([asdict(validation) | {"confusion": validation.confusion.tolist()}])
        return
    figures = f"accuracy {validation.accuracy:.3f}  macro F1 {validation.macro_f1:.3f}"
    out.print(f"{figures}  (always the most frequent label: {validation.baseline:.3f})")
    rows = ([escape(label), *map(str, row)] for label, row in zip(validation.labels, validation.confusion.tolist(), strict=True))
    print_table(("label \\ predicted", *validation.labels), rows, right=validation.labels)
    how = "leave-one-out" if validation.leaves_one_out else f"{validation.folds}-fold cross-validation"
    _print_method(f"{validation.examples} examples, {how}; labelled {METHODS[validation.method]}.", validation.notes)


def _print_method(method: str, notes: Sequence[str]) -> None:
    err.print(method, style="dim")
    for note in notes:
        warn(note)
