"""The view Arithmetic: sums of words."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag import exploring
from rag.errors import RagError
from rag.exploring.arithmetic import Among
from ui.limits import MOST_SUM_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import SUM
from ui.web.exploring.said import explained, progress, said, trouble
from ui.web.exploring.words import arithmetic as words

if TYPE_CHECKING:
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL

TOP_K = 10
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class ArithmeticPanel:
    """The view's components."""

    expression: gr.Textbox
    examples: tuple[gr.Button, ...]
    among: gr.Radio
    solve: gr.Button
    result: gr.HTML


def build() -> ArithmeticPanel:
    """Lay the view out."""
    gr.HTML(explained(words.EXPLAIN))
    expression = gr.Textbox(words.EXAMPLE, label=words.EXPRESSION, max_lines=1, max_length=MOST_SUM_CHARACTERS, elem_id="arithmetic-sum")
    with gr.Row(elem_id="arithmetic-try"):
        examples = tuple(gr.Button(example, size="sm") for example in words.TRY)
    among = gr.Radio(list(words.PLACES), value=words.PLACES[0][1], label=words.AMONG, elem_id="arithmetic-among")
    solve = gr.Button(words.SOLVE, variant="primary", size="sm")
    result = gr.HTML(elem_id="arithmetic-result")
    gr.HTML(f'<p class="fn-explain">{words.LIMITS}</p>')
    return ArithmeticPanel(expression, examples, among, solve, result)


def wire(panel: ArithmeticPanel, tab: gr.Tab, tools: "Tools") -> None:  # noqa: ARG001  (nothing is worked out before it is asked for)
    """Make it work."""
    handlers = ArithmeticHandlers(tools)
    given = [panel.expression, panel.among]
    gr.on([panel.solve.click, panel.expression.submit], handlers.solve, given, panel.result, **EVENT)
    for button, example in zip(panel.examples, words.TRY, strict=True):
        filled = button.click(partial(str, example), None, panel.expression, queue=False, **EVENT)
        filled.then(handlers.solve, given, panel.result, **EVENT)


class ArithmeticHandlers:
    """What happens in the view."""

    def __init__(self, tools: "Tools") -> None:
        self._library = tools.library

    def solve(self, expression: str, among: Among) -> Iterator[str]:
        """How far the words are, then the result."""
        try:
            expression = limited(expression, MOST_SUM_CHARACTERS, SUM)
            exploring.parse_expression(expression)
            yield said(words.WAIT[among])
            for fraction in exploring.prepare_words(self._library, among):
                yield progress(words.WAIT[among], fraction)
            solved = exploring.solve(self._library, expression, among=among, top_k=TOP_K)
            yield self._shown(solved)
        except RagError as error:
            yield trouble(error)

    def _shown(self, solved: exploring.Arithmetic) -> str:
        count = [words.COUNT.format(count=solved.looked_at)] + ([words.ECHO.format(word=solved.echo)] if solved.echo else [])
        notes = []
        for word in solved.unfamiliar:
            near = " " + words.SPELLINGS.format(words=", ".join(word.spellings)) if word.spellings else ""
            notes.append(words.UNFAMILIAR.format(word=word.text) + near)
        return render(
            "explore_arithmetic.html",
            words=words,
            solved=solved,
            notes=notes,
            count=" ".join(count),
        )
