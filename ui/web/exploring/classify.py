"""The view Classify: labels by example, how sure they are, and how well the examples are told apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from rag.errors import RagError
from rag.library import Library
from ui.limits import MOST_LIST_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import EXAMPLES, LIST
from ui.web.exploring.figures import Figures
from ui.web.exploring.said import explained, progress, trouble
from ui.web.exploring.words import classify as words
from ui.web.exploring.working import Working

if TYPE_CHECKING:
    from rag.exploring.classifying import Classification, Labelled
    from rag.exploring.validating import CrossValidation
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
MOST_LISTED = 200
UNSURE_BELOW = 0.6
"""As `rag.exploring.classifying.UNSURE_BELOW`."""

FILE_NAME = "labels.csv"

What = Literal["documents", "chunks", "texts"]


@dataclass(frozen=True, slots=True)
class Panel:
    """The view's components."""

    examples: gr.Textbox
    file: gr.UploadButton
    what: gr.Radio
    lines: gr.Textbox
    unsure_below: gr.Slider
    go: gr.Button
    check: gr.Button
    result: gr.HTML


@dataclass(frozen=True, slots=True)
class Shown:
    """What labels look like."""

    method: str
    notes: Sequence[str]
    counts: Mapping[str, int]
    unsure: int
    found: "Sequence[Labelled]"
    table_id: str


def build() -> Panel:
    """Lay the view out."""
    gr.HTML(explained(words.EXPLAIN))
    examples = gr.Textbox(label=words.EXAMPLES, placeholder=words.EXAMPLES_HINT, lines=5, max_lines=10, elem_id="classify-examples")
    file = gr.UploadButton(words.FILE, size="sm", elem_id="classify-file")
    choices = [(words.DOCUMENTS, "documents"), (words.PASSAGES, "chunks"), (words.TEXTS, "texts")]
    what = gr.Radio(choices, value="documents", label=words.WHAT, elem_id="classify-what")
    lines = gr.Textbox(label=words.LINES, lines=4, max_lines=10, visible=False, elem_id="classify-lines")
    unsure_below = gr.Slider(0, 1, UNSURE_BELOW, step=0.05, label=words.UNSURE_BELOW, buttons=[], elem_id="classify-unsure")
    with gr.Row(elem_classes="fn-buttons"):
        go = gr.Button(words.GO, variant="primary", elem_id="classify-go")
        check = gr.Button(words.CHECK, size="sm", elem_id="classify-check")
    return Panel(examples, file, what, lines, unsure_below, go, check, gr.HTML(elem_id="classify-result"))


def wire(panel: Panel, tab: gr.Tab, tools: "Tools") -> None:  # noqa: ARG001 - called as every view
    """Make it work."""
    handlers = Handlers(tools.library, tools.figures)
    panel.what.change(choose, panel.what, panel.lines, queue=False, **PRIVATE)
    panel.file.upload(load, panel.file, [panel.examples, panel.result], queue=False, **PRIVATE)
    asked = [panel.examples, panel.what, panel.lines, panel.unsure_below]
    panel.go.click(handlers.classify, asked, panel.result, **PRIVATE)
    panel.check.click(handlers.check, panel.examples, panel.result, **PRIVATE)


class Handlers:
    """What happens in the view."""

    def __init__(self, library: Library, figures: Figures) -> None:
        self._library = library
        self._figures = figures

    def classify(self, examples: str, what: What, text: str, unsure_below: float) -> Iterator[str]:
        """How far it is, then the labels or why there are none."""
        from rag.exploring.classifying import classify
        from rag.exploring.labels import read_examples
        from rag.exploring.lists import lines

        try:
            given = read_examples(limited(examples, MOST_LIST_CHARACTERS, EXAMPLES))
            texts, of = (lines(limited(text, MOST_LIST_CHARACTERS, LIST)), "documents") if what == "texts" else (None, what)
            working = Working(lambda tell: classify(self._library, given, texts, of, unsure_below, tell))  # type: ignore[arg-type]
            for share in working:
                yield progress(words.BUSY, share)
            found = working.result()
            yield render(
                "explore_classify.html",
                shown=_shown(found, what, self._figures.keep_table(found.to_csv())),
                words=words,
                file_name=FILE_NAME,
            )
        except RagError as error:
            yield trouble(error)

    def check(self, examples: str) -> Iterator[str]:
        """How far it is, then how well the examples are told apart, or why that cannot be known."""
        from rag.exploring.figures.heat import count_map
        from rag.exploring.labels import read_examples
        from rag.exploring.validating import cross_validate

        try:
            given = read_examples(limited(examples, MOST_LIST_CHARACTERS, EXAMPLES))
            working = Working(lambda tell: cross_validate(self._library, given, tell))
            for share in working:
                yield progress(words.BUSY, share)
            found = working.result()
            figure = self._figures.show(count_map(found.confusion, found.labels, found.labels), words.CONFUSION_LABEL)
            yield render("explore_classify_check.html", sentences=_sentences(found), figure=figure)
        except RagError as error:
            yield trouble(error)


def choose(what: What) -> Any:
    """The box for texts, where texts get labels."""
    return gr.Textbox(visible=what == "texts")


def load(path: str | None) -> tuple[Any, str]:
    """The examples of a file, a line each."""
    from rag.exploring.labels import examples_of
    from rag.exploring.lists import read_sheet

    try:
        if not path:
            return gr.Textbox(), trouble(words.NO_FILE)
        given = examples_of(read_sheet(Path(path)))
        rows = [f"{label}: {text}" for label, texts in given.items() for text in texts or [""]]
        return gr.Textbox(value=limited("\n".join(rows), MOST_LIST_CHARACTERS, EXAMPLES)), ""
    except RagError as error:
        return gr.Textbox(), trouble(error)


def _shown(found: "Classification", what: What, table_id: str) -> Shown:
    notes = [words.DOCUMENT_VECTORS] * (what == "documents") + list(found.notes)
    if len(found.found) > MOST_LISTED:
        notes.append(words.FIRST_SHOWN.format(shown=MOST_LISTED, count=len(found.found)))
    unsure = sum(not one.is_sure for one in found.found)
    return Shown(words.METHODS[found.method], notes, found.counts(), unsure, found.found[:MOST_LISTED], table_id)


def _sentences(found: "CrossValidation") -> list[str]:
    checked = words.CHECKED.format(
        right=int(found.confusion.trace()),
        count=found.examples,
        accuracy=found.accuracy,
        f1=found.macro_f1,
        baseline=found.baseline,
    )
    how = words.ONE_OUT if found.leaves_one_out else words.FOLDS.format(folds=found.folds)
    return [checked, how, words.METHODS[found.method], *found.notes, words.CONFUSION]
