"""The view Compare: how alike texts are, and what a score is worth in this library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from rag.errors import RagError
from rag.library import Library
from rag.types import ChunkKey
from ui.limits import MOST_LIST_CHARACTERS, limited, question_of
from ui.rendering.html import render
from ui.text import LIST
from ui.web.exploring.figures import Figures
from ui.web.exploring.said import explained, progress, trouble
from ui.web.exploring.words import compare as words
from ui.web.exploring.working import Working

if TYPE_CHECKING:
    from rag.exploring.comparing import Match, Pair, Similarities
    from rag.exploring.scores import ScoreDistribution
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
MOST_LISTED = 20
"""Pairs, or texts beside a question."""

Source = Literal["texts", "documents", "passages"]


@dataclass(frozen=True, slots=True)
class Panel:
    """The view's components."""

    source: gr.Radio
    lines: gr.Textbox
    file: gr.UploadButton
    column: gr.Dropdown
    document: gr.Dropdown
    question: gr.Textbox
    go: gr.Button
    result: gr.HTML


@dataclass(frozen=True, slots=True)
class Shown:
    """What a comparison looks like."""

    notes: Sequence[str]
    matches: "Sequence[Match]" = ()
    pairs: "Sequence[Pair]" = ()
    keys: Sequence[ChunkKey] = ()
    places: Sequence[str] = ()
    matrix: str = ""
    sentences: Sequence[str] = ()
    scores: str = ""


def build() -> Panel:
    """Lay the view out."""
    gr.HTML(explained(words.EXPLAIN))
    choices = [(words.TEXTS, "texts"), (words.DOCUMENTS, "documents"), (words.PASSAGES, "passages")]
    source = gr.Radio(choices, value="texts", label=words.WHAT, elem_id="compare-source")
    lines = gr.Textbox(label=words.LINES, placeholder=words.LINES_HINT, lines=5, max_lines=10, elem_id="compare-lines")
    file = gr.UploadButton(words.FILE, size="sm", elem_id="compare-file")
    column = gr.Dropdown(label=words.COLUMN, visible=False, elem_id="compare-column")
    document = gr.Dropdown(label=words.DOCUMENT, visible=False, elem_id="compare-document")
    question = gr.Textbox(label=words.QUESTION, placeholder=words.QUESTION_HINT, elem_id="compare-question")
    go = gr.Button(words.GO, variant="primary", elem_id="compare-go")
    return Panel(source, lines, file, column, document, question, go, gr.HTML(elem_id="compare-result"))


def wire(panel: Panel, tab: gr.Tab, tools: "Tools") -> None:
    """Make it work."""
    handlers = Handlers(tools.library, tools.figures)
    controls = [panel.lines, panel.file, panel.column, panel.document]
    tab.select(handlers.choose, panel.source, controls, queue=False, **PRIVATE)
    panel.source.change(handlers.choose, panel.source, controls, queue=False, **PRIVATE)
    panel.file.upload(load, panel.file, [panel.lines, panel.column, panel.result], queue=False, **PRIVATE)
    panel.column.input(load_column, [panel.file, panel.column], [panel.lines, panel.result], queue=False, **PRIVATE)
    asked = [panel.source, panel.lines, panel.document, panel.question]
    gr.on([panel.go.click, panel.question.submit], handlers.compare, asked, panel.result, **PRIVATE)


class Handlers:
    """What happens in the view."""

    def __init__(self, library: Library, figures: Figures) -> None:
        self._library = library
        self._figures = figures

    def choose(self, source: Source) -> tuple[Any, Any, Any, Any]:
        """The controls that what is compared needs."""
        documents = [(record.name, record.id) for record in self._library.documents()]
        return (
            gr.Textbox(visible=source == "texts"),
            gr.UploadButton(visible=source == "texts"),
            gr.Dropdown() if source == "texts" else gr.Dropdown(visible=False),
            gr.Dropdown(choices=documents, visible=source == "passages"),
        )

    def compare(self, source: Source, text: str, document: str | None, question: str) -> Iterator[str]:
        """How far it is, then what was found or why nothing can be."""
        from rag.exploring.lists import lines

        try:
            question = question_of(question)
            text = limited(text, MOST_LIST_CHARACTERS, LIST)
            if source == "passages" and not document:
                yield trouble(words.NO_DOCUMENT)
                return
            texts = lines(text) if source == "texts" else []
            working = Working(lambda tell: self._compare(source, texts, document or "", question, tell))
            for share in working:
                yield progress(words.BUSY, share)
            yield render("explore_compare.html", shown=working.result(), words=words)
        except RagError as error:
            yield trouble(error)

    def _compare(self, source: Source, texts: list[str], document: str, question: str, tell: Any) -> Shown:
        from rag.exploring import comparing

        if source == "texts" and question:
            matches = comparing.most_similar(self._library, question, texts, MOST_LISTED, tell)
            notes = [self._cut(cut)] if (cut := sum(match.is_cut for match in matches)) else []
            if not 1 < len(texts) <= comparing.MOST_COMPARED:
                sentences, scores, _ = self._scores(question, matches[0].cosine, ())
                return Shown(notes, matches, sentences=sentences, scores=scores)
        else:
            matches = []
        found = self._similarities(source, texts, document, tell)
        return self._show(found, matches, question)

    def _similarities(self, source: Source, texts: list[str], document: str, tell: Any) -> "Similarities":
        from rag.exploring import comparing

        if source == "texts":
            return comparing.compare(self._library, texts, tell)
        return comparing.compare_documents(self._library) if source == "documents" else comparing.compare_passages(self._library, document)

    def _show(self, found: "Similarities", matches: "Sequence[Match]", question: str) -> Shown:
        from rag.exploring.figures.heat import MOST_DRAWN, heat_map

        pairs = found.pairs(MOST_LISTED)
        drawn, count = min(MOST_DRAWN, len(found.texts)), len(found.texts)
        figure = heat_map(found.matrix[:drawn, :drawn], found.texts[:drawn], found.texts[:drawn])
        notes = [self._cut(len(found.cut))] if found.cut else []
        if drawn < count:
            notes.append(words.FIRST_DRAWN.format(shown=drawn, count=count))
        if len(pairs) < (all_pairs := count * (count - 1) // 2):
            notes.append(words.FIRST_PAIRS.format(shown=len(pairs), count=all_pairs))
        if found.of_documents:
            sentences, scores, places = self._scores(question, None, ())
        else:
            highest = matches[0].cosine if matches else pairs[0].cosine
            sentences, scores, places = self._scores(question, highest, [pair.cosine for pair in pairs])
        matrix = self._figures.show(figure, words.MATRIX_LABEL.format(count=drawn))
        return Shown(notes, matches, pairs, found.keys, places, matrix, sentences, scores)

    def _scores(self, question: str, highest: float | None, cosines: Sequence[float]) -> tuple[list[str], str, list[str]]:
        """Sentences on what scores are worth, the histogram, and the place of each cosine; nothing in a library too small for it."""
        from rag.exploring.figures.scores import score_histogram
        from rag.exploring.scores import in_words, score_distribution

        if len(self._library.vectors()) < 2:
            return [], "", []
        found = score_distribution(self._library, question=question or None)
        figure = self._figures.show(score_histogram(found, [] if highest is None else [highest]), words.SCORES_LABEL)
        return _sentences(found, highest), figure, [in_words(found.share_below(cosine)) for cosine in cosines]

    def _cut(self, count: int) -> str:
        return words.CUT.format(count=count, tokens=self._library.embedder.max_tokens)


def load(path: str | None) -> tuple[Any, Any, str]:
    """The texts of a file; of several columns, that with the longest texts is taken first."""
    from rag.exploring.lists import read_sheet

    try:
        if not path:
            return gr.Textbox(), gr.Dropdown(visible=False), trouble(words.NO_FILE)
        sheet = read_sheet(Path(path))
        names = list(sheet.columns)
        longest = max(names, key=lambda name: sum(map(len, sheet.column(name))))
        column = gr.Dropdown(choices=names, value=longest, visible=len(names) > 1)
        return gr.Textbox(value=_listed(sheet.column(longest))), column, ""
    except RagError as error:
        return gr.Textbox(), gr.Dropdown(visible=False), trouble(error)


def load_column(path: str | None, column: str | None) -> tuple[Any, str]:
    """The texts of another column of the file."""
    from rag.exploring.lists import read_sheet

    try:
        return (gr.Textbox(value=_listed(read_sheet(Path(path)).column(column))), "") if path else (gr.Textbox(), "")
    except RagError as error:
        return gr.Textbox(), trouble(error)


def _listed(texts: list[str]) -> str:
    return limited("\n".join(texts), MOST_LIST_CHARACTERS, LIST)


def _sentences(found: "ScoreDistribution", highest: float | None) -> list[str]:
    first = words.OF_DOCUMENTS if highest is None else words.PLACE.format(score=highest, place=found.place(highest))
    sentences = [first]
    if found.question is not None:
        best = float(found.question[-1])
        sentences.append(words.QUESTION_PLACE.format(score=best, place=found.place(best)))
    sentences.append(words.SAMPLED.format(pairs=len(found.pairs), passages=found.passages))
    return sentences
