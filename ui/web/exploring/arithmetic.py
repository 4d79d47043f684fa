"""The view Arithmetic: sums of words."""

from collections.abc import Iterator
from functools import partial

import gradio as gr

from rag.exploring.arithmetic import Among, Arithmetic, prepare_words, solve
from rag.exploring.expressions import parse_expression
from ui.limits import MOST_SUM_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import SUM
from ui.web.contract import PRIVATE
from ui.web.exploring.view import Tools, explanation, note, progress_bar, shows_problems
from ui.web.exploring.words import arithmetic as words

LABEL = words.LABEL
TOP_K = 10


def build(tab: gr.Tab, tools: Tools) -> None:  # noqa: ARG001  (nothing is computed before it is asked for)
    """Lay out the view and wire it."""
    gr.HTML(explanation(words.EXPLAIN))
    expression = gr.Textbox(words.EXAMPLE, label=words.EXPRESSION, max_lines=1, max_length=MOST_SUM_CHARACTERS, elem_id="arithmetic-sum")
    with gr.Row(elem_id="arithmetic-try"):
        examples = [gr.Button(example, size="sm") for example in words.TRY]
    among = gr.Radio(list(words.PLACES), value=words.PLACES[0][1], label=words.AMONG, elem_id="arithmetic-among")
    solve_button = gr.Button(words.SOLVE, variant="primary", size="sm")
    result = gr.HTML(elem_id="arithmetic-result")
    gr.HTML(explanation(words.LIMITS))
    handlers = ArithmeticHandlers(tools)
    gr.on([solve_button.click, expression.submit], handlers.solve, [expression, among], result, **PRIVATE)
    for button, example in zip(examples, words.TRY, strict=True):
        filled = button.click(partial(str, example), None, expression, queue=False, **PRIVATE)
        filled.then(handlers.solve, [expression, among], result, **PRIVATE)


class ArithmeticHandlers:
    """The events of the view."""

    def __init__(self, tools: Tools) -> None:
        self._library = tools.library

    @shows_problems
    def solve(self, expression: str, among: Among) -> Iterator[str]:
        """Embed the words, with a progress bar, and show what is near the sum."""
        expression = limited(expression, MOST_SUM_CHARACTERS, SUM)
        parse_expression(expression)
        yield note(words.WAIT[among])
        for share in prepare_words(self._library, among):
            yield progress_bar(words.WAIT[among], share)
        yield _result(solve(self._library, expression, among=among, top_k=TOP_K))


def _result(solved: Arithmetic) -> str:
    count = words.COUNT.format(count=solved.looked_at) + (" " + words.ECHO.format(word=solved.echo) if solved.echo else "")
    notes = []
    for word in solved.unfamiliar:
        near = " " + words.SPELLINGS.format(words=", ".join(word.spellings)) if word.spellings else ""
        notes.append(words.UNFAMILIAR.format(word=word.text) + near)
    return render("explore_arithmetic.html", words=words, solved=solved, notes=notes, count=count)
