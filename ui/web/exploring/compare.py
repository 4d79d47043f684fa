"""The view Compare: how similar texts are, and what a score is worth in this library."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from rag.errors import RagError
from rag.exploring.comparing import MOST_COMPARED, Match, Similarities, compare, compare_documents, compare_passages, most_similar
from rag.exploring.counting import count_words
from rag.exploring.figures.heat import MOST_DRAWN, heat_map
from rag.exploring.figures.scores import score_histogram
from rag.exploring.lists import lines, read_sheet
from rag.exploring.scores import in_words, score_distribution
from rag.exploring.vectors import Progress
from ui.limits import MOST_LIST_CHARACTERS, limited, question_of
from ui.rendering.html import render
from ui.text import LIST
from ui.web.contract import PRIVATE
from ui.web.exploring.view import Handlers, Tools, explanation, in_background, problem, progress_bar, shows_problems

LABEL = "Compare"
EXPLAIN = (
    "How similar the model finds texts: the cosine of two texts is 1 if they say the same, and near 0 if they have nothing in common. "
    "What counts as a high score depends on the model and on your documents; the chart below the results shows it."
)
OF_DOCUMENTS = "This chart is about passages. Whole documents, as means of their passages, score higher with each other."
HISTOGRAM = "Histogram of the cosines of pairs of passages, and of each passage with its nearest"
MOST_LISTED = 20  # pairs, or texts compared with a question

WORDS = [("compare their words", "words"), ("without words such as “the”", "stop_words"), ("forms of a word as one", "stems")]

Source = Literal["texts", "documents", "passages"]


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""
    gr.HTML(explanation(EXPLAIN))
    choices = [("Texts", "texts"), ("Documents", "documents"), ("Passages of a document", "passages")]
    source = gr.Radio(choices, value="texts", label="What to compare", elem_id="compare-source")
    hint = "a cotton t-shirt\nrunning shoes\na laptop bag"
    text = gr.Textbox(label="Texts, one per line", placeholder=hint, lines=5, max_lines=10, elem_id="compare-lines")
    file = gr.UploadButton("Load a text file or a CSV", size="sm", elem_id="compare-file")
    column = gr.Dropdown(label="Column of the file", visible=False, elem_id="compare-column")
    document = gr.Dropdown(label="Document", visible=False, elem_id="compare-document")
    question = gr.Textbox(
        label="A question to compare them with (optional)", placeholder="What are good shoes for jogging?", elem_id="compare-question"
    )
    words = gr.CheckboxGroup(WORDS, label="Also compare the words that texts share", visible=True, elem_id="compare-words")
    go = gr.Button("Compare", variant="primary", elem_id="compare-go")
    result = gr.HTML(elem_id="compare-result")
    handlers = CompareHandlers(tools)
    shown = [text, file, column, document, words]
    gr.on([tab.select, source.change], handlers.choose, source, shown, queue=False, trigger_mode="always_last", **PRIVATE)
    file.upload(load, file, [text, column, result], queue=False, **PRIVATE)
    column.input(load, [file, column], [text, column, result], queue=False, trigger_mode="always_last", **PRIVATE)
    gr.on([go.click, question.submit], handlers.compare, [source, text, document, question, words], result, **PRIVATE)


class CompareHandlers(Handlers):
    """The events of the view."""

    def choose(self, source: Source) -> tuple[Any, Any, Any, Any, Any]:
        """Show the controls that a source needs."""
        documents = [(record.name, record.id) for record in self._library.documents()]
        return (
            gr.Textbox(visible=source == "texts"),
            gr.UploadButton(visible=source == "texts"),
            gr.Dropdown() if source == "texts" else gr.Dropdown(visible=False),
            gr.Dropdown(choices=documents, visible=source == "passages"),
            gr.CheckboxGroup(visible=source != "documents"),
        )

    @shows_problems
    def compare(self, source: Source, text: str, document: str | None, question: str, words: Sequence[str] = ()) -> Iterator[str]:
        """Compare, with a progress bar, and show the result."""
        question = question_of(question)
        text = limited(text, MOST_LIST_CHARACTERS, LIST)
        if source == "passages" and not document:
            yield problem("Choose a document.")
            return
        texts = lines(text) if source == "texts" else []
        shown = yield from in_background(
            lambda progress: self._compare(source, texts, document or "", question, words, progress),
            partial(progress_bar, "Embedding the texts."),
        )
        yield shown

    def _compare(self, source: Source, texts: list[str], document: str, question: str, words: Sequence[str], progress: Progress) -> str:
        matches: list[Match] = []
        if source == "texts" and question:
            matches = most_similar(self._library, question, texts, MOST_LISTED, progress)
            if not 1 < len(texts) <= MOST_COMPARED:
                notes, scores = self._cut_note(sum(match.is_cut for match in matches)), self._scores(question, matches[0].cosine)
                return render("explore_compare.html", notes=notes, matches=matches, scores=scores, pairs=())
        if source == "texts":
            found = compare(self._library, texts, progress)
        else:
            found = compare_documents(self._library) if source == "documents" else compare_passages(self._library, document)
        return self._comparison(found, matches, question, words)

    def _comparison(self, found: Similarities, matches: Sequence[Match], question: str, words: Sequence[str]) -> str:
        pairs = found.pairs(MOST_LISTED)
        drawn, count = min(MOST_DRAWN, len(found.texts)), len(found.texts)
        notes = self._cut_note(len(found.cut))
        if drawn < count:
            notes.append(f"The heat map shows the first {drawn} of {count:,}; the list covers all.")
        if len(pairs) < (all_pairs := count * (count - 1) // 2):
            notes.append(f"Showing the {len(pairs)} most similar of {all_pairs:,} pairs.")
        if found.of_documents:
            scores = self._scores(question, None)
        else:
            scores = self._scores(question, (matches or pairs)[0].cosine, [pair.cosine for pair in pairs])
        figure = heat_map(found.matrix[:drawn, :drawn], found.texts[:drawn], found.texts[:drawn])
        matrix = self._figures.show(figure, f"Heat map of the cosines of {drawn} texts with each other")
        shown: dict[str, Any] = {"notes": notes, "matches": matches, "scores": scores, "pairs": pairs, "keys": found.keys, "matrix": matrix}
        if has_words := bool(words) and not found.of_documents:
            counted = count_words(found.texts, stop_words="stop_words" not in words, stems="stems" in words).cosines
        shown["shared"] = [float(counted[pair.first, pair.second]) for pair in pairs] if has_words else ()
        return render("explore_compare.html", **shown)

    def _scores(self, question: str, highest: float | None, cosines: Sequence[float] = ()) -> dict[str, Any]:
        """What scores are worth in the library: sentences, a histogram, and a phrase for each score; nothing if it is too small."""
        if len(self._library.vectors()) < 2:
            return {}
        found = score_distribution(self._library, question=question or None)
        sentences = [OF_DOCUMENTS if highest is None else f"The highest score here, {highest:.2f}, is {found.place(highest)}."]
        if found.question is not None:
            best = float(found.question[-1])
            sentences.append(f"The passage nearest to the question scores {best:.2f}: {found.place(best)}.")
        sentences.append(f"Based on {len(found.pairs):,} pairs of the {found.passages:,} passages.")
        figure = self._figures.show(score_histogram(found, [] if highest is None else [highest]), HISTOGRAM)
        places = [in_words(found.share_below(cosine)) for cosine in cosines]
        return {"sentences": sentences, "figure": figure, "places": places}

    def _cut_note(self, count: int) -> list[str]:
        limit = self._library.embedder.max_tokens
        cut = f"{count} texts are longer than the {limit} tokens that the model reads: only their beginning is compared."
        return [cut] if count else []


def load(path: str | None, column: str | None = None) -> tuple[Any, Any, str]:
    """Load the texts of a column of a file; if none is chosen, of the one with the longest texts."""
    try:
        if not path:
            return gr.Textbox(), gr.Dropdown(visible=False), problem("Choose a file.")
        sheet = read_sheet(Path(path))
        names = list(sheet.columns)
        chosen = column or max(names, key=lambda name: sum(map(len, sheet.column(name))))
        text = limited("\n".join(sheet.column(chosen)), MOST_LIST_CHARACTERS, LIST)
        return gr.Textbox(value=text), gr.Dropdown(choices=names, value=chosen, visible=len(names) > 1), ""
    except RagError as error:
        return gr.Textbox(), gr.Dropdown(visible=column is not None), problem(error)
