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
from ui.web.exploring.view import Handlers, Tools, explanation, note, problem, shows_problems

LABEL = "Tokens"
EXPLAIN = (
    "A model does not read words but tokens: words, parts of words and punctuation, each with a number. Below is how the library's "
    "embedding model splits a text. Tokens beyond its limit are struck through: the model does not read them, and no vector includes them. "
    "The passages of this library are short enough to be read whole."
)
POOL_EXPLAIN = (
    "The model computes a vector for each token in its context. Pooling turns them into one vector for the text: the first token's "
    "vector, the mean of all, or the largest value in each dimension. The cosines show how similar the results are: 1 is the same "
    "direction."
)
WORD_EXPLAIN = (
    "Each token starts as a row of a table, the same wherever it occurs. The layers of the model then mix in the words around it, so the "
    "same word has a different vector in each sentence. The lower the cosine, the more the context has changed it."
)
HEAT_EXPLAIN = (
    "The cosine of each pair of tokens, in context, in the last layer. Red is similar, blue is opposite. "
    "If you give a second text, its tokens are the columns."
)
EXAMPLE = "I deposited money in the bank, unbelievably late. See § 12(b)!"
SENTENCE = "I deposited money in the bank."
KINDS = {
    "word": "a word or punctuation",
    "piece": "continues a word",
    "special": "special token of the model",
    "unknown": "unknown to the model",
}
WAYS = {"cls": "First token (CLS)", "mean": "Mean of all", "max": "Largest of all", "model": "The model's own"}
LOADING = "Loading the model. The first time, this takes some seconds."
MOST_SHOWN = 3_000  # tokens in the list
MOST_COMPARED = 24  # tokens of a text in the heat map: more cannot be read on a narrow screen
FIRST_VALUES = 5
FIRST_TOKENS = 12  # values of a vector, and vectors, that are shown
LONGEST = 25_000  # characters that a box takes; more than the model's limit, so that the limit is explained instead of silently applied


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""
    handlers = TokensHandlers(tools)
    gr.HTML(explanation(EXPLAIN))
    text = gr.Textbox(EXAMPLE, label="Text", lines=2, max_lines=8, max_length=LONGEST, elem_id="tokens-text")
    split, tokens = gr.Button("Show tokens", variant="primary", size="sm"), gr.HTML(elem_id="tokens-cut")
    gr.on([tab.select, split.click, text.submit], handlers.split, text, tokens, queue=False, trigger_mode="always_last", **PRIVATE)

    gr.HTML(explanation(POOL_EXPLAIN, "From tokens to one vector"))
    pool_button, pooled = gr.Button("Pool the text above", size="sm"), gr.HTML(elem_id="tokens-pooled")
    pool_button.click(handlers.pool, text, pooled, **PRIVATE)

    gr.HTML(explanation(WORD_EXPLAIN, "One word in two sentences"))
    word = gr.Textbox("bank", label="Word", max_lines=1, max_length=MOST_WORD_CHARACTERS, elem_id="tokens-word")
    first = gr.Textbox(SENTENCE, label="First sentence", max_length=LONGEST, elem_id="tokens-first")
    second = gr.Textbox("We sat by the river bank.", label="Second sentence", max_length=LONGEST, elem_id="tokens-second")
    compare, compared = gr.Button("Compare the word", size="sm"), gr.HTML(elem_id="tokens-compared")
    boxes = [word, first, second]
    gr.on([compare.click, *(box.submit for box in boxes)], handlers.compare, boxes, compared, **PRIVATE)

    gr.HTML(explanation(HEAT_EXPLAIN, "Each token with each"))
    rows = gr.Textbox(SENTENCE, label="Text (rows)", max_length=LONGEST, elem_id="tokens-rows")
    columns = gr.Textbox(label="Second text (columns, optional)", max_length=LONGEST, elem_id="tokens-columns")
    heat, drawn = gr.Button("Compare tokens", size="sm"), gr.HTML(elem_id="tokens-map")
    gr.on([heat.click, rows.submit, columns.submit], handlers.heat, [rows, columns], drawn, **PRIVATE)


class TokensHandlers(Handlers):
    """The events of the view."""

    def split(self, text: str) -> str:
        """Show the tokens of a text."""
        try:
            tokenized = tokenize(self._library, text)
        except RagError as error:
            return problem(error)
        return render("explore_tokens.html", kinds=KINDS, tokenized=tokenized, most=MOST_SHOWN)

    @shows_problems
    def pool(self, text: str) -> Iterator[str]:
        """Show the vectors of the tokens, and the text vectors they are pooled into."""
        yield note(LOADING)
        pooled = pool(self._library, text)
        vectors = pooled.token_vectors[:FIRST_TOKENS, :FIRST_VALUES].tolist()
        yield render(
            "explore_tokens_pool.html",
            ways=WAYS,
            pooled=pooled,
            cosines=pooled.cosines.tolist(),
            rows=list(zip([token.text for token in pooled.tokenized.read[:FIRST_TOKENS]], vectors, strict=True)),
            values=FIRST_VALUES,
        )

    @shows_problems
    def compare(self, word: str, first: str, second: str) -> Iterator[str]:
        """Compare a word in two sentences."""
        yield note(LOADING)
        compared = compare_word(self._library, limited(word, MOST_WORD_CHARACTERS, WORD), first, second)
        yield render("explore_tokens_word.html", compared=compared)

    @shows_problems
    def heat(self, first: str, second: str) -> Iterator[str]:
        """Draw each token with each."""
        yield note(LOADING)
        found = token_similarities(self._library, first, second if second.strip() else None)
        rows, columns = ([token.text for token in tokens[:MOST_COMPARED]] for tokens in (found.rows, found.columns))
        figure = heat_map(found.cosines[:MOST_COMPARED, :MOST_COMPARED], rows, columns)
        shown = self._figures.show(figure, f"Heat map of {len(rows)} by {len(columns)} tokens: the cosine of each pair.")
        is_cut = max(found.cosines.shape) > MOST_COMPARED
        yield shown + (note(f"Only the first {MOST_COMPARED} tokens of each text are shown.") if is_cut else "")
