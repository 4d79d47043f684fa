"""The tab Check: a text of anybody's, sentence by sentence, against the documents."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import gradio as gr

from rag.building import text_of
from rag.errors import RagError
from rag.library import Library
from rag.text.sentences import sentence_spans
from rag.types import Answer, Citation, Verdict
from ui import text
from ui.limits import MOST_LIST_CHARACTERS, limited
from ui.people.limits import ACCOUNT
from ui.rendering.html import render
from ui.rendering.prose import gap_remarks, sentence_html
from ui.web.contract import PRIVATE, on
from ui.web.scripts import script

PIECE = 400  # characters that are checked at a time, some sentences: what is shown grows, and a stop takes no longer
LONGEST_PIECE = 3_000  # of one paragraph
SECONDS_BETWEEN_PAINTS = 0.7


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence with its verdict, the words that it rests on, or the nearest, and what they lack; else words that state nothing."""

    words: str
    verdict: Verdict | None = None
    citations: tuple[Citation, ...] = ()
    remarks: tuple[str, ...] = ()


Painting = tuple[Any, str | Any]
"""What the tab's events show: how far the check is, and the sentences."""


def build_check(library: Library) -> None:
    """Lay the tab out and wire it. The text is in a box of ours: Gradio's takes minutes to lay out ten thousand words."""
    form = gr.HTML(render("check_form.html", most=MOST_LIST_CHARACTERS), elem_id="check-form", js_on_load=script("checking.js"))
    file = gr.UploadButton(text.CHECK_FILE, elem_id="check-file")  # clicked by the script
    status, results = gr.HTML(elem_id="check-status"), gr.HTML(elem_id="check-results")
    handlers, painted = CheckHandlers(library), [status, results]
    running = [
        on(form, "check")(handlers.check, None, painted, **PRIVATE),
        file.upload(handlers.check_file, file, painted, **PRIVATE),
    ]
    on(form, "stop_check")(handlers.stopped, None, painted, cancels=running, **PRIVATE)


class CheckHandlers:
    """The events of the tab."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def check(self, event: gr.EventData) -> AsyncGenerator[Painting, None]:
        """Check a text."""
        async with aclosing(self._checked(getattr(event, "text", ""))) as paintings:
            async for painted in paintings:
                yield painted

    async def check_file(self, path: str | None) -> AsyncGenerator[Painting, None]:
        """Check the text of a file."""
        yield _status(0.0), ""
        try:
            given = await asyncio.to_thread(text_of, Path(path or ""), self._library.settings)
        except RagError as error:
            yield _status(1.0, problem=str(error)), ""
            return
        async with aclosing(self._checked(given)) as paintings:
            async for painted in paintings:
                yield painted

    async def _checked(self, given: Any) -> AsyncGenerator[Painting, None]:
        """Check a text piece by piece, and show each sentence as soon as it is checked."""
        rows, verdicts, done, painted = "", Counter[Verdict](), 0, monotonic()
        problem = notice = ""
        account = ACCOUNT.get()
        yield _status(0.0), ""
        try:
            with account.question():
                pieces = list(pieces_of(limited(given, MOST_LIST_CHARACTERS, text.CHECK_LABEL)))
                whole = sum(map(len, pieces))
                for piece in pieces:
                    async with account.turn(self._library):
                        checked = await asyncio.to_thread(self._library.check, piece)
                    found = sentences_of(checked)
                    notice = checked.notice if checked.sentences and checked.notice else notice
                    done += len(piece)
                    verdicts.update(each.verdict for each in found if each.verdict)
                    rows += "".join(render("check_sentence.html", sentence=each) for each in found)
                    if monotonic() - painted > SECONDS_BETWEEN_PAINTS:
                        painted = monotonic()
                        yield _status(done / whole, verdicts), rows
        except RagError as error:
            problem = str(error)
        yield _status(1.0, verdicts, problem, notice), rows

    def stopped(self) -> Painting:
        """Say that the work was stopped; what was checked stays."""
        return render("explore_message.html", kind="fn-soft", role="status", text=text.CHECK_STOPPED), gr.skip()


def pieces_of(given: str) -> Iterator[str]:
    """A text in pieces of some sentences: whole paragraphs, tables and blocks of code, of long paragraphs whole sentences."""
    piece = ""
    for block in re.split(r"\n[ \t]*\n", given):
        piece = f"{piece}\n\n{block}" if piece else block
        if len(piece) < PIECE or piece.count("```") % 2:
            continue
        yield from _parts(piece)
        piece = ""
    if piece.strip():
        yield from _parts(piece)


def _parts(piece: str) -> Iterator[str]:
    """A piece, or runs of its sentences where it is too long."""
    start = 0
    if "|" not in piece and "```" not in piece:
        for first, _ in sentence_spans(piece):
            if first - start > LONGEST_PIECE:
                yield piece[start:first]
                start = first
    if piece[start:].strip():
        yield piece[start:]


def sentences_of(answer: Answer) -> list[Checked]:
    """A checked text's sentences in order, and what stands between them: headings, questions, labels."""
    found, at = list[Checked](), 0
    for sentence in answer.sentences:
        found += _between(answer, at, sentence.start)
        citations = tuple(answer.citations[index] for index in sentence.citations)
        found.append(Checked(sentence_html(answer, sentence), sentence.verdict, citations, tuple(gap_remarks(answer, sentence))))
        at = sentence.end
    return found + _between(answer, at, len(answer.text))


def _between(answer: Answer, start: int, end: int) -> list[Checked]:
    lines = (re.sub(r"^[\s>#*+•-]+", "", line).strip() for line in answer.text[start:end].split("\n"))
    return [Checked(line) for line in lines if re.search(r"\w", line)]


def _status(share: float, verdicts: Counter[Verdict] | None = None, problem: str = "", notice: str = "") -> str:
    return render("check_status.html", share=share, verdicts=verdicts or Counter(), problem=problem, notice=notice)
