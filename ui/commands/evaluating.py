"""`rag eval`: how well the library finds what is known to be in it."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from rag.settings import Settings
from ui.commands.terminal import check_exists

if TYPE_CHECKING:
    from rag.evaluating import Comparison, Evaluation, Question, Row
    from rag.evaluating.variant import Opener
    from rag.library import Library
    from ui.commands.report import Measured

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

MOST_SHOWN = 10
"""Questions listed below the table."""

LINE_CHARACTERS = 100
"""Of a question or a passage in that list."""


FILE_CHARACTERS = 120
"""Width of what is not printed on a terminal."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    file: Path
    folder: Path | None
    top_k: int | None
    limit: int | None
    changes: Sequence[str]
    html: Path | None
    as_json: bool


def register(app: typer.Typer, opener: "Opener | None" = None) -> None:
    """Add the command `eval`.

    Args:
        app: What to add it to.
        opener: Opens libraries; `Library.open` if not given.
    """

    @app.command("eval")
    def evaluate_file(  # noqa: PLR0913 - each option is one
        file: Annotated[Path, typer.Argument(help="Questions with gold, one JSON object a line; README describes them.")],
        *,
        library: Annotated[
            Path | None, typer.Option("--library", help="Folder of the library [RAG_LIBRARY, default data/library]", show_default=False)
        ] = None,
        top_k: Annotated[
            int | None,
            typer.Option("-k", "--top-k", min=1, max=1000, help="The k of recall@k [RAG_TOP_K, default 5]", show_default=False),
        ] = None,
        limit: Annotated[int | None, typer.Option(min=1, help="Ask the first so many questions only.")] = None,
        compare: Annotated[
            list[str] | None,
            typer.Option(metavar="SETTING=VALUE", help="Measure with this setting too, and compare; several make one variant."),
        ] = None,
        html: Annotated[Path | None, typer.Option(help="Write a report with charts into this file.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        """Measure how well passages are found, on questions whose answers' places are known."""
        from rag.evaluating import EvaluationError

        try:
            status = _run(Asked(file, library, top_k, limit, compare or (), html, as_json), opener or _open)
        except EvaluationError as error:
            err.print(f"Error: {error}", style="red", markup=False)
            status = 2
        except KeyboardInterrupt:
            err.print("Stopped.")
            status = 130
        raise typer.Exit(status)


def _open(folder: Path, settings: Settings) -> "Library":
    from rag.library import Library

    return Library.open(folder, settings)


def _run(asked: Asked, opener: "Opener") -> int:
    """Measure, and show what came out.

    Returns:
        The exit status.
    """
    from rag.evaluating import changed_settings
    from ui.commands.report import check_writable, write_report

    settings = Settings()
    folder = asked.folder or settings.library
    check_exists(folder, settings)
    variant = changed_settings(settings, asked.changes) if asked.changes else None
    if asked.html:
        check_writable(asked.html)
    with opener(folder, settings) as library:
        if not library.documents():
            left = len(library.left_behind())
            err.print(
                f"None of the {left} documents is indexed with the present model and settings. `rag reindex` brings them over."
                if left
                else "The library is empty. `rag add PATH` adds documents."
            )
            return 1
        measured = _measure(asked, library, variant, opener)
    if asked.as_json:
        sys.stdout.write(json.dumps(as_values(measured), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        _print(measured)
    failed = _tell_failed(measured)
    if asked.html:
        write_report(measured, asked.html)
        err.print(f"Report: {asked.html}", markup=False)
    return 1 if failed else 0


def _measure(asked: Asked, library: "Library", variant: tuple[Settings, dict[str, object]] | None, opener: "Opener") -> "Measured":
    from rag.evaluating import compare, open_variant, read_questions
    from rag.evaluating.variant import retrieval_settings
    from ui.commands.report import Measured

    if left := len(library.left_behind()):
        err.print(f"{left} documents were indexed with another model or setting and are not searched. `rag reindex` brings them over.")
    questions = read_questions(asked.file, library)[: asked.limit]
    top_k = asked.top_k or library.settings.top_k
    records, identity = library.documents(), library.index_identity
    evaluation = _evaluate(library, questions, top_k, "A" if variant else "")
    comparison, other_identity = None, ""
    if variant:
        with _indexing_bar() as tell, open_variant(library, variant[0], opener, tell) as other:
            comparison, other_identity = compare(evaluation, _evaluate(other, questions, top_k, "B")), other.index_identity
    return Measured(
        file=asked.file.name,
        folder=str(library.folder),
        index_identity=identity,
        other_identity=other_identity,
        documents=len(records),
        pages=sum(record.pages for record in records),
        chunks=sum(record.chunks for record in records),
        settings=retrieval_settings(library.settings),
        changes=variant[1] if variant else {},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluation=evaluation,
        comparison=comparison,
    )


def _evaluate(library: "Library", questions: "Sequence[Question]", top_k: int, name: str) -> "Evaluation":
    from rag.evaluating import evaluate

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(f"{name} questions".strip(), total=len(questions))
        return evaluate(library, questions, top_k, lambda done, _: bar.update(task, completed=done))


@contextmanager
def _indexing_bar() -> Iterator[Callable[[Any], None]]:
    """Shows the document at work while B's index is made, and says once that it is made."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)

    def tell(step: Any) -> None:
        if not bar.tasks:
            err.print(f"B has another index: {step.files} documents are indexed for it, in a folder that is deleted afterwards.")
            bar.add_task("", total=1.0)
            bar.start()
        done = (step.file - 1 + step.fraction) / step.files
        bar.update(bar.tasks[0].id, completed=done, description=f"{step.file}/{step.files} {escape(Path(step.path).name)}")
        if step.file == step.files and step.outcome:
            bar.stop()

    try:
        yield tell
    finally:
        bar.stop()


def as_values(measured: "Measured") -> dict[str, Any]:
    """What `--json` prints: figures, intervals and settings, and a row for each question."""
    evaluation, comparison = measured.evaluation, measured.comparison
    library = {name: getattr(measured, name) for name in ("folder", "index_identity", "documents", "pages", "chunks")}
    values: dict[str, Any] = {
        "file": measured.file,
        "created": measured.created,
        "library": library,
        "settings": measured.settings,
        "top_k": evaluation.top_k,
        "min_confidence": evaluation.min_confidence,
        "metrics": {metric.key: _without_key(asdict(metric)) for metric in evaluation.metrics},
        "questions": [_row_values(row, evaluation.top_k) for row in evaluation.rows],
    }
    if comparison:
        values["compare"] = {
            "changes": measured.changes,
            "index_identity": measured.other_identity,
            "min_confidence": comparison.b.min_confidence,
            "metrics": {metric.key: _without_key(asdict(metric)) for metric in comparison.b.metrics},
            "differences": {difference.key: _without_key(asdict(difference)) for difference in comparison.differences},
            "questions": [_row_values(row, evaluation.top_k) for row in comparison.b.rows],
        }
    return values


def _without_key(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "key"}


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


def _print(measured: "Measured") -> None:
    if measured.comparison:
        changes = ", ".join(f"{name} = {value}" for name, value in measured.changes.items())
        out.print(f"A is the library as it is, B has {changes}.\n", markup=False)
        _print_table(_comparison_table(measured.comparison))
        out.print(
            "\n+/−/= are the questions that are better, worse and equal in B. "
            "Green or red: the interval, paired by question, does not hold 0."
        )
        _print_changes(measured.comparison)
    else:
        _print_table(_metrics_table(measured.evaluation))
        _print_missed(measured.evaluation)


def _metrics_table(evaluation: "Evaluation") -> Table:
    from ui.commands.report import figure, span

    table = _table("metric", "value", "95 % interval", "questions")
    for metric in evaluation.metrics:
        table.add_row(metric.label, f"[bold]{figure(metric.key, metric.value)}[/bold]", span(metric), str(metric.questions))
    return table


def _comparison_table(comparison: "Comparison") -> Table:
    from ui.commands.report import figure, signed

    table = _table("metric", "A", "B", "B − A", "95 % interval", "+/−/=", "n")
    colours = {"better": "green", "worse": "red", "open": "default"}
    for one in comparison.differences:
        table.add_row(
            one.label,
            figure(one.key, one.a),
            figure(one.key, one.b),
            f"[{colours[one.verdict]}]{signed(one.key, one.difference)}[/]",
            f"{signed(one.key, one.low)} to {signed(one.key, one.high)}",
            "–" if one.better is None else f"{one.better}/{one.worse}/{one.equal}",
            str(one.questions),
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _print_table(table: Table) -> None:
    out.print(table, width=None if out.is_terminal else FILE_CHARACTERS)


def _print_missed(evaluation: "Evaluation") -> None:
    from ui.commands.report import excerpt, expected
    from ui.places import place

    missed = evaluation.missed
    if not missed:
        return
    out.print(f"\n{len(missed)} of the answerable questions have no right passage among the first {evaluation.top_k}:")
    for row in missed[:MOST_SHOWN]:
        first = row.passages[0] if row.passages else None
        came = f"{place(first)}: {excerpt(first.text, LINE_CHARACTERS)}" if first else "nothing"
        wanted = "; ".join(expected(gold) for gold in row.question.gold)
        out.print(f"\n[bold]line {row.question.line}[/bold]  {escape(excerpt(row.question.text, LINE_CHARACTERS))}")
        out.print(f"   expected  {excerpt(wanted)}", markup=False)
        out.print(f"   first     {excerpt(came)}", markup=False)
    if len(missed) > MOST_SHOWN:
        out.print(f"\nand {len(missed) - MOST_SHOWN} more; --json and --html list all.")


def _print_changes(comparison: "Comparison") -> None:
    from ui.commands.report import best_rank, excerpt

    if not comparison.changes:
        return
    out.print("\nQuestions that changed most, by the rank of the first right passage:\n")
    for change in comparison.changes[:MOST_SHOWN]:
        ranks = f"{best_rank(change.a) or 'none'} -> {best_rank(change.b) or 'none'}"
        colour = "green" if change.difference > 0 else "red"
        words = escape(excerpt(change.a.question.text, LINE_CHARACTERS))
        out.print(f"[{colour}]{ranks:<14}[/{colour}] [bold]line {change.a.question.line}[/bold]  {words}")


def _tell_failed(measured: "Measured") -> bool:
    """Say which questions could not be searched; return whether there were any."""
    evaluations = [measured.evaluation] + ([measured.comparison.b] if measured.comparison else [])
    failed = [row for evaluation in evaluations for row in evaluation.failed]
    for row in failed:
        err.print(f"line {row.question.line} could not be searched: {row.error}", style="red", markup=False)
    return bool(failed)
