"""The view Tokens: how the model cuts a text, pools it, and sees a word in its context."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag import exploring
from rag.errors import RagError
from rag.exploring.figures.heat import heat_map
from ui.limits import MOST_WORD_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import WORD
from ui.web.exploring.said import explained, said, trouble
from ui.web.exploring.words import tokens as words

if TYPE_CHECKING:
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL

MOST_SHOWN = 3_000
"""Tokens in the list."""

MOST_COMPARED = 24
"""Tokens of a text in the heat map: more cannot be read on a narrow screen."""

FIRST_VALUES = 5
FIRST_TOKENS = 12
"""Numbers of a vector, and vectors, that are shown."""

LONGEST = 25_000
"""Characters that a box takes; what is too long is said, not cut."""

EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class TokensPanel:
    """The view's components."""

    text: gr.Textbox
    cut: gr.Button
    tokens: gr.HTML
    pool: gr.Button
    pooled: gr.HTML
    word: gr.Textbox
    sentences: tuple[gr.Textbox, gr.Textbox]
    compare: gr.Button
    compared: gr.HTML
    pair: tuple[gr.Textbox, gr.Textbox]
    heat: gr.Button
    map: gr.HTML


def build() -> TokensPanel:
    """Lay the view out."""
    gr.HTML(explained(words.EXPLAIN))
    text = gr.Textbox(words.EXAMPLE, label=words.TEXT, lines=2, max_lines=8, max_length=LONGEST, elem_id="tokens-text")
    cut, tokens = gr.Button(words.CUT, variant="primary", size="sm"), gr.HTML(elem_id="tokens-cut")
    gr.HTML(render("explore_title.html", title=words.POOL_LABEL, explain=words.POOL_EXPLAIN))
    pool, pooled = gr.Button(words.POOL, size="sm"), gr.HTML(elem_id="tokens-pooled")
    gr.HTML(render("explore_title.html", title=words.WORD_LABEL, explain=words.WORD_EXPLAIN))
    example = words.WORD_EXAMPLE
    word = gr.Textbox(example[0], label=words.WORD, max_lines=1, max_length=MOST_WORD_CHARACTERS, elem_id="tokens-word")
    first = gr.Textbox(example[1], label=words.FIRST, max_length=LONGEST, elem_id="tokens-first")
    second = gr.Textbox(example[2], label=words.SECOND, max_length=LONGEST, elem_id="tokens-second")
    compare, compared = gr.Button(words.COMPARE, size="sm"), gr.HTML(elem_id="tokens-compared")
    gr.HTML(render("explore_title.html", title=words.HEAT_LABEL, explain=words.HEAT_EXPLAIN))
    rows = gr.Textbox(example[1], label=words.HEAT_FIRST, max_length=LONGEST, elem_id="tokens-rows")
    columns = gr.Textbox(label=words.HEAT_SECOND, max_length=LONGEST, elem_id="tokens-columns")
    heat, drawn = gr.Button(words.HEAT, size="sm"), gr.HTML(elem_id="tokens-map")
    return TokensPanel(text, cut, tokens, pool, pooled, word, (first, second), compare, compared, (rows, columns), heat, drawn)


def wire(panel: TokensPanel, tab: gr.Tab, tools: "Tools") -> None:
    """Make it work."""
    handlers = TokensHandlers(tools)
    gr.on([tab.select, panel.cut.click, panel.text.submit], handlers.cut, panel.text, panel.tokens, queue=False, **EVENT)
    panel.pool.click(handlers.pool, panel.text, panel.pooled, **EVENT)
    compared = [panel.word, *panel.sentences]
    gr.on([panel.compare.click, *(box.submit for box in compared)], handlers.compare, compared, panel.compared, **EVENT)
    gr.on([panel.heat.click, *(box.submit for box in panel.pair)], handlers.heat, [*panel.pair], panel.map, **EVENT)


class TokensHandlers:
    """What happens in the view."""

    def __init__(self, tools: "Tools") -> None:
        self._library = tools.library
        self._figures = tools.figures

    def cut(self, text: str) -> str:
        """The tokens of a text."""
        try:
            tokenized = exploring.tokenize(self._library, text)
        except RagError as error:
            return _trouble(error)
        cut = len(tokenized.tokens) - len(tokenized.read)
        count = [words.COUNT.format(read=len(tokenized.read), limit=tokenized.limit)]
        if cut:
            count.append(words.CUT_OFF.format(cut=cut))
        if len(tokenized.tokens) > MOST_SHOWN:
            count.append(words.NOT_SHOWN.format(shown=MOST_SHOWN))
        return render("explore_tokens.html", words=words, tokens=tokenized.tokens[:MOST_SHOWN], count=" ".join(count))

    def pool(self, text: str) -> Iterator[str]:
        """Its vectors, and one vector of them."""
        yield from _slowly(lambda: self._pooled(text))

    def compare(self, word: str, first: str, second: str) -> Iterator[str]:
        """A word in two sentences."""

        def compared() -> str:
            found = exploring.compare_word(self._library, limited(word, MOST_WORD_CHARACTERS, WORD), first, second)
            return render("explore_tokens_word.html", words=words, compared=found)

        yield from _slowly(compared)

    def heat(self, first: str, second: str) -> Iterator[str]:
        """Each token with each."""
        yield from _slowly(lambda: self._map(first, second))

    def _pooled(self, text: str) -> str:
        pooled = exploring.pool(self._library, text)
        rows, width = pooled.token_vectors.shape
        vectors = pooled.token_vectors[:FIRST_TOKENS, :FIRST_VALUES].tolist()
        return render(
            "explore_tokens_pool.html",
            words=words,
            pooled=pooled,
            cosines=pooled.cosines.tolist(),
            shape=words.SHAPE.format(rows=rows, width=width),
            used=words.USED.format(way=words.WAYS.get(pooled.used, pooled.used).lower()) if pooled.used else words.USED_UNKNOWN,
            rows=list(zip([token.text for token in pooled.tokenized.read[:FIRST_TOKENS]], vectors, strict=True)),
            values=FIRST_VALUES,
        )

    def _map(self, first: str, second: str) -> str:
        found = exploring.token_similarities(self._library, first, second if second.strip() else None)
        rows, columns = ([token.text for token in tokens[:MOST_COMPARED]] for tokens in (found.rows, found.columns))
        figure = heat_map(found.cosines[:MOST_COMPARED, :MOST_COMPARED], rows, columns)
        shown = self._figures.show(figure, words.HEAT_ARIA.format(rows=len(rows), columns=len(columns)))
        is_cut = max(found.cosines.shape) > MOST_COMPARED
        return shown + (said(words.HEAT_CUT.format(shown=MOST_COMPARED)) if is_cut else "")


def _slowly(make: Callable[[], str]) -> Iterator[str]:
    """Say that the model is loaded, then show what is made."""
    yield said(words.LOADING)
    try:
        made = make()
    except RagError as error:
        made = _trouble(error)
    yield made


def _trouble(error: RagError) -> str:
    return trouble(error)
