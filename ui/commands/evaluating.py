"""`rag eval`: how well the library finds what is known to be in it."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from rag.settings import Settings
from rag.types import Progress
from ui.commands.terminal import (
    ADD_DOCUMENTS,
    FILE,
    LibraryOption,
    err,
    excerpt,
    open_library,
    out,
    print_json,
    print_table,
    progress_bar,
    warn_not_searched,
)
from ui.places import place

if TYPE_CHECKING:
    from rag.evaluating import Comparison, Evaluation, Question, Row
    from rag.evaluating.variant import Opener
    from rag.library import Library
    from ui.commands.report import Measurement

MOST_SHOWN = 10  # questions listed below the table
LINE_CHARACTERS = 100  # of a question or a passage in that list
FEW_LABELLED = "there are too few questions. It takes 15 whose gold is found, and 15 without gold or whose gold is not in every document."
COLOURS = {"better": "green", "worse": "red", "open": "default"}

app = typer.Typer()


@app.command("eval")
def evaluate_file(  # noqa: PLR0913 - each option is one
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Questions with gold, one JSON object per line; see README.", **FILE)],
    *,
    library: LibraryOption = None,
    top_k: Annotated[
        int | None, typer.Option("-k", "--top-k", min=1, max=1000, help="The k of recall@k [RAG_TOP_K, default 5]", show_default=False)
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Use only the first N questions.")] = None,
    compare: Annotated[
        list[str] | None, typer.Option(metavar="SETTING=VALUE", help="Also measure with this setting, and compare; repeatable.")
    ] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit how sure answers are to these questions, for the present embedding model.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a report with charts to this file.", **FILE)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure retrieval quality on questions with known answers."""
    from rag.evaluating import EvaluationError, changed_settings, read_questions
    from rag.library import Library
    from ui.commands.report import check_writable, write_report

    opener = context.obj or Library.open
    try:
        variant = changed_settings(Settings(), compare) if compare else None
        if html:
            check_writable(html)
        with open_library(library, opener=opener) as opened:
            all_searched = warn_not_searched(opened)
            if not opened.documents():
                if all_searched:
                    err.print(ADD_DOCUMENTS)
                raise typer.Exit(1)
            questions = read_questions(file, opened)[:limit]
            if calibrate:
                _calibrate(opened, questions, as_json=as_json)
                return
            measurement = _measure(opened, questions, top_k or opened.settings.top_k, variant, opener, file.name)
    except EvaluationError as error:
        err.print(f"Error: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    print_json([as_values(measurement)]) if as_json else _print(measurement)
    failed = [row for evaluation in measurement.evaluations for row in evaluation.failed]
    for row in failed:
        err.print(f"line {row.question.line} could not be searched: {row.error}", style="red", markup=False)
    if html:
        write_report(measurement, html)
        err.print(f"Report: {html}", markup=False)
    raise typer.Exit(1 if failed else 0)


def _calibrate(library: "Library", questions: "Sequence[Question]", *, as_json: bool) -> None:
    """Fit the library's confidence to the questions, show what that changes, and keep it where it is better."""
    from rag.evaluating import calibrate

    with progress_bar() as show:
        result = calibrate(library, questions, lambda done, count: show(done / count, f"question {done}/{count}"))
    if result is None:
        err.print(f"Not calibrated: {FEW_LABELLED}", style="red", markup=False)
        raise typer.Exit(1)
    if result.is_better:
        library.search.keep_calibration(result.calibration)
    if as_json:
        print_json([asdict(result) | {"is_kept": result.is_better}])
        return
    columns = ("on questions held aside", "before", "after")
    rows = [
        ("AUROC", f"{result.before.auroc:.3f}", f"{result.after.auroc:.3f}"),
        ("false refusals", f"{result.before.false_refusals:.1%}", f"{result.after.false_refusals:.1%}"),
        ("false answers", f"{result.before.false_answers:.1%}", f"{result.after.false_answers:.1%}"),
    ]
    print_table(columns, rows, right=columns[1:])
    out.print(f"\n{result.answered} answered questions, {result.unanswered} without an answer.", markup=False)
    out.print("Kept for this embedding model." if result.is_better else "Not kept: it is no better on questions held aside.")


def _measure(
    library: "Library",
    questions: "Sequence[Question]",
    top_k: int,
    variant: tuple[Settings, dict[str, object]] | None,
    opener: "Opener",
    file: str,
) -> "Measurement":
    """Measure the library as it is, and under the variant's settings."""
    from rag.evaluating import compare, open_variant
    from rag.evaluating.variant import RETRIEVAL
    from ui.commands.report import Measurement

    records, identity = library.documents(), library.index_identity
    evaluation = _evaluate(library, questions, top_k, "A " if variant else "")
    comparison, other_identity = None, ""
    if variant:
        with ExitStack() as stack:
            with progress_bar() as show:
                other = stack.enter_context(open_variant(library, variant[0], opener, _indexing(show)))
            comparison, other_identity = compare(evaluation, _evaluate(other, questions, top_k, "B ")), other.index_identity
    return Measurement(
        file=file,
        library={
            "folder": str(library.folder),
            "index_identity": identity,
            "documents": len(records),
            "pages": sum(record.pages for record in records),
            "chunks": sum(record.chunks for record in records),
        },
        other_identity=other_identity,
        settings=library.settings.model_dump(mode="json", include=RETRIEVAL),  # keys are masked
        changes=variant[1] if variant else {},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluation=evaluation,
        comparison=comparison,
    )


def _evaluate(library: "Library", questions: "Sequence[Question]", top_k: int, name: str) -> "Evaluation":
    from rag.evaluating import evaluate

    with progress_bar() as show:
        return evaluate(library, questions, top_k, lambda done, count: show(done / count, f"{name}question {done}/{count}"))


def _indexing(show: Callable[..., None]) -> Callable[[Progress], None]:
    """Shows the current document while B's index is made, and says once that it is made."""
    is_told = False

    def on_progress(step: Progress) -> None:
        nonlocal is_told
        if not is_told:
            err.print(f"B has another index: {step.files} documents are indexed for it, in a temporary folder.")
            is_told = True
        show((step.file - 1 + step.fraction) / step.files, f"{step.file}/{step.files} {Path(step.path).name}")

    return on_progress


def as_values(measurement: "Measurement") -> dict[str, Any]:
    """What `--json` prints: figures, intervals and settings, and a row for each question."""
    evaluation, comparison = measurement.evaluation, measurement.comparison
    values: dict[str, Any] = {
        "file": measurement.file,
        "created": measurement.created,
        "library": measurement.library,
        "settings": measurement.settings,
        "top_k": evaluation.top_k,
        "min_confidence": evaluation.min_confidence,
        "metrics": _by_key(evaluation.metrics),
        "questions": [_row_values(row, evaluation.top_k) for row in evaluation.rows],
    }
    if comparison:
        values["compare"] = {
            "changes": measurement.changes,
            "index_identity": measurement.other_identity,
            "min_confidence": comparison.b.min_confidence,
            "metrics": _by_key(comparison.b.metrics),
            "differences": _by_key(comparison.differences),
            "questions": [_row_values(row, evaluation.top_k) for row in comparison.b.rows],
        }
    return values


def _by_key(figures: Sequence[Any]) -> dict[str, Any]:
    return {values.pop("key"): values for values in map(asdict, figures)}


def _row_values(row: "Row", top_k: int) -> dict[str, Any]:
    gold = zip(row.question.gold, row.first_ranks, strict=True)
    return {
        "id": row.question.id,
        "line": row.question.line,
        "question": row.question.text,
        "expected": [
            {"document": item.document, "document_id": item.document_id, "page": item.page, "text": item.text, "rank": rank}
            for item, rank in gold
        ],
        "passages": [asdict(passage) for passage in row.passages[:top_k]],
        "scores": asdict(row.scores) if row.scores else None,
        "confidence": row.confidence,
        "milliseconds": row.milliseconds,
        "error": row.error,
    }


def _print(measurement: "Measurement") -> None:
    if measurement.comparison:
        out.print(f"A is the library as it is; B has {measurement.changes_in_words}.\n", markup=False)
        _print_comparison(measurement.comparison)
    else:
        _print_metrics(measurement.evaluation)


def _print_metrics(evaluation: "Evaluation") -> None:
    from ui.commands.report import expected, metric_cells

    columns = ("metric", "value", "95 % interval", "questions")
    rows = ((label, f"[bold]{value}[/bold]", *others) for label, value, *others in map(metric_cells, evaluation.metrics))
    print_table(columns, rows, right=columns[1:])
    if not (missed := evaluation.missed):
        return
    out.print(f"\n{len(missed)} of the answerable questions have no correct passage among the first {evaluation.top_k}:")
    for row in missed[:MOST_SHOWN]:
        first = [f"{place(passage)}: {excerpt(passage.text, LINE_CHARACTERS)}" for passage in row.passages[:1]] or ["nothing"]
        _print_question(row)
        out.print(f"   expected  {excerpt('; '.join(map(expected, row.question.gold)))}", markup=False)
        out.print(f"   first     {excerpt(first[0])}", markup=False)
    if len(missed) > MOST_SHOWN:
        out.print(f"\nand {len(missed) - MOST_SHOWN} more; --json and --html list all.")


def _print_comparison(comparison: "Comparison") -> None:
    from ui.commands.report import best_rank, difference_cells

    columns = ("metric", "A", "B", "B − A", "95 % interval", "+/−/=", "n")
    rows = []
    for one in comparison.differences:
        label, a, b, difference, *others = difference_cells(one)
        rows.append((label, a, b, f"[{COLOURS[one.verdict]}]{difference}[/]", *others))
    print_table(columns, rows, right=columns[1:])
    out.print("\n+/−/= count the questions that are better, worse and equal in B. ", end="")
    out.print("Green or red: the interval, paired by question, does not contain 0.")
    if comparison.changes:
        out.print("\nQuestions that changed most, by the rank of the first correct passage:")
    for change in comparison.changes[:MOST_SHOWN]:
        ranks = f"{best_rank(change.a) or 'none'} -> {best_rank(change.b) or 'none'}"
        _print_question(change.a, f"[{'green' if change.difference > 0 else 'red'}]{ranks:<14}[/] ")


def _print_question(row: "Row", before: str = "") -> None:
    words = escape(excerpt(row.question.text, LINE_CHARACTERS))
    out.print(f"\n{before}[bold]line {row.question.line}[/bold]  {words}")
