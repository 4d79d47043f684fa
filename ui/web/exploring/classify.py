"""The view Classify: labels by example, how sure they are, and how well the examples are told apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from rag.errors import RagError
from rag.exploring.classifying import UNSURE_BELOW, Classification, CrossValidation, classify, cross_validate
from rag.exploring.figures.heat import count_map
from rag.exploring.labels import examples_of, read_examples
from rag.exploring.lists import lines, read_sheet
from ui.limits import MOST_LIST_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import EXAMPLES, LIST
from ui.web.contract import PRIVATE
from ui.web.exploring.view import BackgroundWork, Tools, explanation, problem, progress_bar, shows_problems
from ui.web.exploring.words import classify as words

LABEL = words.LABEL
MOST_LISTED = 200
FILE_NAME = "labels.csv"

What = Literal["documents", "chunks", "texts"]


def build(tab: gr.Tab, tools: Tools) -> None:  # noqa: ARG001  (nothing is computed before it is asked for)
    """Lay out the view and wire it."""
    gr.HTML(explanation(words.EXPLAIN))
    examples = gr.Textbox(label=words.EXAMPLES, placeholder=words.EXAMPLES_HINT, lines=5, max_lines=10, elem_id="classify-examples")
    file = gr.UploadButton(words.FILE, size="sm", elem_id="classify-file")
    choices = [(words.DOCUMENTS, "documents"), (words.PASSAGES, "chunks"), (words.TEXTS, "texts")]
    what = gr.Radio(choices, value="documents", label=words.WHAT, elem_id="classify-what")
    text = gr.Textbox(label=words.LINES, lines=4, max_lines=10, visible=False, elem_id="classify-lines")
    unsure_below = gr.Slider(0, 1, UNSURE_BELOW, step=0.05, label=words.UNSURE_BELOW, buttons=[], elem_id="classify-unsure")
    with gr.Row(elem_classes="fn-buttons"):
        go = gr.Button(words.GO, variant="primary", elem_id="classify-go")
        check = gr.Button(words.CHECK, size="sm", elem_id="classify-check")
    result = gr.HTML(elem_id="classify-result")
    handlers = ClassifyHandlers(tools)
    what.change(lambda what: gr.Textbox(visible=what == "texts"), what, text, queue=False, **PRIVATE)
    file.upload(load, file, [examples, result], queue=False, **PRIVATE)
    go.click(handlers.classify, [examples, what, text, unsure_below], result, **PRIVATE)
    check.click(handlers.check, examples, result, **PRIVATE)


class ClassifyHandlers:
    """The events of the view."""

    def __init__(self, tools: Tools) -> None:
        self._library = tools.library
        self._figures = tools.figures

    @shows_problems
    def classify(self, examples: str, what: What, text: str, unsure_below: float) -> Iterator[str]:
        """Assign labels, with a progress bar, and show them."""
        given = read_examples(limited(examples, MOST_LIST_CHARACTERS, EXAMPLES))
        texts = lines(limited(text, MOST_LIST_CHARACTERS, LIST)) if what == "texts" else None
        of: Any = "documents" if what == "texts" else what
        work = BackgroundWork(lambda progress: classify(self._library, given, texts, of, unsure_below, progress))
        for share in work:
            yield progress_bar(words.BUSY, share)
        found = work.result()
        yield render(
            "explore_classify.html",
            words=words,
            method=words.METHODS[found.method],
            notes=_notes(found, what),
            counts=found.counts(),
            unsure=sum(not item.is_sure for item in found.found),
            items=found.found[:MOST_LISTED],
            table_id=self._figures.keep_table(found.to_csv()),
            file_name=FILE_NAME,
        )

    @shows_problems
    def check(self, examples: str) -> Iterator[str]:
        """Cross-validate the examples, with a progress bar, and show how well they are told apart."""
        given = read_examples(limited(examples, MOST_LIST_CHARACTERS, EXAMPLES))
        work = BackgroundWork(lambda progress: cross_validate(self._library, given, progress))
        for share in work:
            yield progress_bar(words.BUSY, share)
        found = work.result()
        figure = self._figures.show(count_map(found.confusion, found.labels, found.labels), words.CONFUSION_LABEL)
        yield render("explore_classify_check.html", sentences=_sentences(found), figure=figure)


def load(path: str | None) -> tuple[Any, str]:
    """Load the examples of a file, one per line."""
    try:
        if not path:
            return gr.Textbox(), problem(words.NO_FILE)
        examples = examples_of(read_sheet(Path(path)))
        rows = [f"{label}: {text}" for label, texts in examples.items() for text in texts or [""]]
        return gr.Textbox(value=limited("\n".join(rows), MOST_LIST_CHARACTERS, EXAMPLES)), ""
    except RagError as error:
        return gr.Textbox(), problem(error)


def _notes(found: Classification, what: What) -> list[str]:
    notes = [words.DOCUMENT_VECTORS] * (what == "documents") + list(found.notes)
    if len(found.found) > MOST_LISTED:
        notes.append(words.FIRST_SHOWN.format(shown=MOST_LISTED, count=len(found.found)))
    return notes


def _sentences(found: CrossValidation) -> list[str]:
    checked = words.CHECKED.format(
        right=int(found.confusion.trace()),
        count=found.examples,
        accuracy=found.accuracy,
        f1=found.macro_f1,
        baseline=found.baseline,
    )
    how = words.ONE_OUT if found.leaves_one_out else words.FOLDS.format(folds=found.folds)
    return [checked, how, words.METHODS[found.method], *found.notes, words.CONFUSION]
