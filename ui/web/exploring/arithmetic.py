"""The view Arithmetic: sums of words."""

from collections.abc import Iterator
from functools import partial

import gradio as gr

from rag.exploring.arithmetic import Among, solve
from ui.limits import MOST_SUM_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import SUM
from ui.web.contract import PRIVATE
from ui.web.exploring.view import Handlers, Tools, explanation, in_background, note, progress_bar, shows_problems

LABEL = "Arithmetic"
EXPLAIN = (
    "Sums of words: each word becomes a vector, the vectors are added and subtracted, and the words nearest to the sum are listed with "
    "their cosine; 1 is the same direction. Put a space before a minus. Phrases go in quotation marks, and 0.5 * word counts half."
)
LIMITS = (
    "Read the results with care. The model was trained on sentences, not on words: the nearest word is often one from the sum itself, so "
    "those are left out. In a test with 36 simple analogies (capitals, plurals, he and she, bigger and smaller, nationalities, past "
    "tenses), the built-in model ranks the right word first in about 29 and among the first five in about 33; if the sum's own words are "
    "allowed, one of them comes first in about 21. What it associates with men, women and nationalities comes from its training texts, "
    "prejudice included."
)
EXAMPLES = ("king - man + woman", "paris - france + germany", "car - road + sea")
WAIT = {
    "vocabulary": "Embedding the vocabulary. This takes about half a minute, once for each model.",
    "library": "Embedding the words of the library.",
}
TOP_K = 10


def build(tab: gr.Tab, tools: Tools) -> None:  # noqa: ARG001  (nothing is computed before it is asked for)
    """Lay out the view and wire it."""
    gr.HTML(explanation(EXPLAIN))
    expression = gr.Textbox(EXAMPLES[0], label="Sum", max_lines=1, max_length=MOST_SUM_CHARACTERS, elem_id="arithmetic-sum")
    with gr.Row(elem_id="arithmetic-try"):
        examples = [gr.Button(example, size="sm") for example in EXAMPLES]
    places = [("The model's vocabulary", "vocabulary"), ("This library", "library")]
    among = gr.Radio(places, value="vocabulary", label="Search in", elem_id="arithmetic-among")
    solve_button = gr.Button("Calculate", variant="primary", size="sm")
    result = gr.HTML(elem_id="arithmetic-result")
    gr.HTML(explanation(LIMITS))
    handlers = ArithmeticHandlers(tools)
    gr.on([solve_button.click, expression.submit], handlers.solve, [expression, among], result, **PRIVATE)
    for button, example in zip(examples, EXAMPLES, strict=True):
        filled = button.click(partial(str, example), None, expression, queue=False, **PRIVATE)
        filled.then(handlers.solve, [expression, among], result, **PRIVATE)


class ArithmeticHandlers(Handlers):
    """The events of the view."""

    @shows_problems
    def solve(self, expression: str, among: Among) -> Iterator[str]:
        """Embed the words, with a progress bar, and show what is near the sum."""
        expression = limited(expression, MOST_SUM_CHARACTERS, SUM)
        yield note(WAIT[among])
        solved = yield from in_background(
            lambda progress: solve(self._library, expression, among=among, top_k=TOP_K, progress=progress),
            partial(progress_bar, WAIT[among]),
        )
        yield render("explore_arithmetic.html", solved=solved)
