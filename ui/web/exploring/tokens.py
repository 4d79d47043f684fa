"""The view Tokens: how the model splits a text, pools its tokens, and sees a word in context."""

from collections.abc import Iterator

import gradio as gr

from rag.errors import RagError
from rag.exploring.figures.heat import heat_map
from rag.exploring.tokens import compare_word, pool, token_similarities, tokenize
from ui.limits import MOST_WORD_CHARACTERS, limited
from ui.rendering.html import render
from ui.text import WORD
from ui.web.contract import PRIVATE
from ui.web.exploring.view import Tools, explanation, note, problem, shows_problems
from ui.web.exploring.words import tokens as words

LABEL = words.LABEL

MOST_SHOWN = 3_000
"""Tokens in the list."""

MOST_COMPARED = 24
"""Tokens of a text in the heat map: more cannot be read on a narrow screen."""

FIRST_VALUES = 5
FIRST_TOKENS = 12
"""Values of a vector, and vectors, that are shown."""

LONGEST = 25_000
"""Characters that a box takes; more than the model's limit, so that the limit is explained instead of silently applied."""


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""
    handlers = TokensHandlers(tools)
    gr.HTML(explanation(words.EXPLAIN))
    text = gr.Textbox(words.EXAMPLE, label=words.TEXT, lines=2, max_lines=8, max_length=LONGEST, elem_id="tokens-text")
    split, tokens = gr.Button(words.CUT, variant="primary", size="sm"), gr.HTML(elem_id="tokens-cut")
    gr.on([tab.select, split.click, text.submit], handlers.split, text, tokens, queue=False, **PRIVATE)

    gr.HTML(render("explore_title.html", title=words.POOL_LABEL, explain=words.POOL_EXPLAIN))
    pool_button, pooled = gr.Button(words.POOL, size="sm"), gr.HTML(elem_id="tokens-pooled")
    pool_button.click(handlers.pool, text, pooled, **PRIVATE)

    gr.HTML(render("explore_title.html", title=words.WORD_LABEL, explain=words.WORD_EXPLAIN))
    example = words.WORD_EXAMPLE
    word = gr.Textbox(example[0], label=words.WORD, max_lines=1, max_length=MOST_WORD_CHARACTERS, elem_id="tokens-word")
    first = gr.Textbox(example[1], label=words.FIRST, max_length=LONGEST, elem_id="tokens-first")
    second = gr.Textbox(example[2], label=words.SECOND, max_length=LONGEST, elem_id="tokens-second")
    compare, compared = gr.Button(words.COMPARE, size="sm"), gr.HTML(elem_id="tokens-compared")
    boxes = [word, first, second]
    gr.on([compare.click, *(box.submit for box in boxes)], handlers.compare, boxes, compared, **PRIVATE)

    gr.HTML(render("explore_title.html", title=words.HEAT_LABEL, explain=words.HEAT_EXPLAIN))
    rows = gr.Textbox(example[1], label=words.HEAT_FIRST, max_length=LONGEST, elem_id="tokens-rows")
    columns = gr.Textbox(label=words.HEAT_SECOND, max_length=LONGEST, elem_id="tokens-columns")
    heat, drawn = gr.Button(words.HEAT, size="sm"), gr.HTML(elem_id="tokens-map")
    gr.on([heat.click, rows.submit, columns.submit], handlers.heat, [rows, columns], drawn, **PRIVATE)


class TokensHandlers:
    """The events of the view."""

    def __init__(self, tools: Tools) -> None:
        self._library = tools.library
        self._figures = tools.figures

    def split(self, text: str) -> str:
        """Show the tokens of a text."""
        try:
            tokenized = tokenize(self._library, text)
        except RagError as error:
            return problem(error)
        count = [words.COUNT.format(read=len(tokenized.read), limit=tokenized.limit)]
        if cut := len(tokenized.tokens) - len(tokenized.read):
            count.append(words.CUT_OFF.format(cut=cut))
        if len(tokenized.tokens) > MOST_SHOWN:
            count.append(words.NOT_SHOWN.format(shown=MOST_SHOWN))
        return render("explore_tokens.html", words=words, tokens=tokenized.tokens[:MOST_SHOWN], count=" ".join(count))

    @shows_problems
    def pool(self, text: str) -> Iterator[str]:
        """Show the vectors of the tokens, and the text vectors they are pooled into."""
        yield note(words.LOADING)
        pooled = pool(self._library, text)
        rows, width = pooled.token_vectors.shape
        vectors = pooled.token_vectors[:FIRST_TOKENS, :FIRST_VALUES].tolist()
        yield render(
            "explore_tokens_pool.html",
            words=words,
            pooled=pooled,
            cosines=pooled.cosines.tolist(),
            shape=words.SHAPE.format(rows=rows, width=width),
            used=words.USED.format(way=words.WAYS.get(pooled.used, pooled.used).lower()) if pooled.used else words.USED_UNKNOWN,
            rows=list(zip([token.text for token in pooled.tokenized.read[:FIRST_TOKENS]], vectors, strict=True)),
            values=FIRST_VALUES,
        )

    @shows_problems
    def compare(self, word: str, first: str, second: str) -> Iterator[str]:
        """Compare a word in two sentences."""
        yield note(words.LOADING)
        compared = compare_word(self._library, limited(word, MOST_WORD_CHARACTERS, WORD), first, second)
        yield render("explore_tokens_word.html", words=words, compared=compared)

    @shows_problems
    def heat(self, first: str, second: str) -> Iterator[str]:
        """Draw each token with each."""
        yield note(words.LOADING)
        found = token_similarities(self._library, first, second if second.strip() else None)
        rows, columns = ([token.text for token in tokens[:MOST_COMPARED]] for tokens in (found.rows, found.columns))
        figure = heat_map(found.cosines[:MOST_COMPARED, :MOST_COMPARED], rows, columns)
        shown = self._figures.show(figure, words.HEAT_ARIA.format(rows=len(rows), columns=len(columns)))
        is_cut = max(found.cosines.shape) > MOST_COMPARED
        yield shown + (note(words.HEAT_CUT.format(shown=MOST_COMPARED)) if is_cut else "")
