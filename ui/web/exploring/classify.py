"""The view Classify: labels by example, how sure they are, and how well the examples are told apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from rag.errors import RagError
from rag.exploring.classifying import UNSURE_BELOW, classify, cross_validate
from rag.exploring.figures.heat import count_map
from rag.exploring.labels import examples_of, read_examples
from rag.exploring.lists import lines, read_sheet
from ui.limits import MOST_LIST_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import EXAMPLES, LIST
from ui.web.contract import PRIVATE
from ui.web.exploring.view import Handlers, Tools, explanation, in_background, problem, progress_bar, shows_problems

LABEL = "Classify"
EXPLAIN = (
    "Give a few labels, and each document, passage or text gets the one it is closest to. The names of the labels are enough to start; a "
    "few examples of each work better, and with five or more of each, the confidence is a learned probability."
)
HINT = "holidays: Unused leave may be carried over until March.\nreturns: An item may be sent back within 30 days.\nsafety"
METHODS = {
    "names": "Method: nearest name of a label. The confidence is a rough guide; examples improve it.",
    "centroids": "Method: nearest mean of a label's examples. The confidence is a rough guide; with five examples per label it is learned.",
    "regression": "Method: logistic regression on the examples. The confidence is its probability.",
}
CONFUSION = "Heat map: examples by their own label (rows) and the label they were given (columns)"
MOST_LISTED = 200

What = Literal["documents", "chunks", "texts"]


def build(tab: gr.Tab, tools: Tools) -> None:  # noqa: ARG001  (nothing is computed before it is asked for)
    """Lay out the view and wire it."""
    gr.HTML(explanation(EXPLAIN))
    examples = gr.Textbox(
        label="Labels, one per line; write “label: text” to give an example",
        placeholder=HINT,
        lines=5,
        max_lines=10,
        elem_id="classify-examples",
    )
    file = gr.UploadButton("Load examples from a CSV: label, text", size="sm", elem_id="classify-file")
    choices = [("Documents", "documents"), ("Passages", "chunks"), ("Texts", "texts")]
    what = gr.Radio(choices, value="documents", label="What to label", elem_id="classify-what")
    text = gr.Textbox(label="Texts, one per line", lines=4, max_lines=10, visible=False, elem_id="classify-lines")
    unsure_below = gr.Slider(0, 1, UNSURE_BELOW, step=0.05, label="Unsure below this confidence", buttons=[], elem_id="classify-unsure")
    with gr.Row(elem_classes="fn-buttons"):
        go = gr.Button("Label them", variant="primary", elem_id="classify-go")
        check = gr.Button("Check the examples", size="sm", elem_id="classify-check")
    result = gr.HTML(elem_id="classify-result")
    handlers = ClassifyHandlers(tools)
    what.change(lambda what: gr.Textbox(visible=what == "texts"), what, text, queue=False, **PRIVATE)
    file.upload(load, file, [examples, result], queue=False, **PRIVATE)
    go.click(handlers.classify, [examples, what, text, unsure_below], result, **PRIVATE)
    check.click(handlers.check, examples, result, **PRIVATE)


class ClassifyHandlers(Handlers):
    """The events of the view."""

    @shows_problems
    def classify(self, examples: str, what: What, text: str, unsure_below: float) -> Iterator[str]:
        """Assign labels, with a progress bar, and show them."""
        given = read_examples(limited(examples, MOST_LIST_CHARACTERS, EXAMPLES))
        texts = lines(limited(text, MOST_LIST_CHARACTERS, LIST)) if what == "texts" else None
        of: Any = "documents" if what == "texts" else what
        found = yield from in_background(lambda progress: classify(self._library, given, texts, of, unsure_below, progress), _bar)
        yield render(
            "explore_classify.html",
            found=found,
            what=what,
            method=METHODS[found.method],
            most=MOST_LISTED,
            table_id=self._figures.keep_table(found.to_csv()),
        )

    @shows_problems
    def check(self, examples: str) -> Iterator[str]:
        """Cross-validate the examples, with a progress bar, and show how well they are told apart."""
        given = read_examples(limited(examples, MOST_LIST_CHARACTERS, EXAMPLES))
        found = yield from in_background(lambda progress: cross_validate(self._library, given, progress), _bar)
        figure = self._figures.show(count_map(found.confusion, found.labels, found.labels), CONFUSION)
        yield render("explore_classify_check.html", found=found, method=METHODS[found.method], figure=figure)


def load(path: str | None) -> tuple[Any, str]:
    """Load the examples of a file, one per line."""
    try:
        if not path:
            return gr.Textbox(), problem("Choose a file.")
        examples = examples_of(read_sheet(Path(path)))
        rows = [f"{label}: {text}" for label, texts in examples.items() for text in texts or [""]]
        return gr.Textbox(value=limited("\n".join(rows), MOST_LIST_CHARACTERS, EXAMPLES)), ""
    except RagError as error:
        return gr.Textbox(), problem(error)


def _bar(share: float) -> str:
    return progress_bar("Embedding the examples and the library.", share)
