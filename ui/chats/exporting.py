"""A conversation as one file: Markdown, or HTML that needs nothing else; both with footnotes."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.answering.question import EXTRACTIVE
from rag.types import Answer, Citation
from ui import text
from ui.chats.turns import Turn, scope_words
from ui.places import Footnote, address, footnotes
from ui.rendering.html import render
from ui.rendering.markdown import plain, safe_markdown
from ui.rendering.prose import answer_html, change_words, verdict_words

MOST_NAME_CHARACTERS = 60  # of a file

# Private characters around a footnote's number stand for it until all other words are made harmless.
_BEGIN, _END = "\ue000", "\ue002"
_PRIVATE = str.maketrans(dict.fromkeys((_BEGIN, _END), "\ufffd"))
_UNFINISHED = {"stopped": text.STOPPED, "growing": text.STILL_GROWING}
_PLACE = re.compile(rf"{_BEGIN}(\d+){_END}(?P<colon>:?)")


def to_markdown(title: str, turns: Sequence[Turn]) -> str:
    """Markdown with footnotes `[^1-2]`: the second one of the first question.

    Nothing that people or models wrote can load a picture or be taken for a heading, a footnote or HTML of ours.
    """
    parts = [f"# {plain(title)}"]
    for index, turn in enumerate(turns, 1):
        parts += [f"## {index}. {plain(turn.question)}", _emphasis(scope_words(turn))]
        if turn.answer:
            parts.append(_markdown_body(turn.answer, index))
        parts += map(_emphasis, _remarks(turn))
        parts += [_markdown_note(note, index) for note in (footnotes(turn.answer) if turn.answer else ())]
    return "\n\n".join(filter(None, parts)) + "\n"


@dataclass(frozen=True, slots=True)
class Sharing:
    """What stands around a conversation that somebody else reads: the words above it, and which documents footnotes can open."""

    words: str
    documents: Collection[str]
    can_copy: bool

    def href(self, citation: Citation) -> str:
        """Where the cited words are marked on their page, from the address of what is shared; "" where the document is gone."""
        passage = citation.passage
        is_there = passage.document_id in self.documents
        return address("..", passage.document_id, passage.page, citation.quote_start, citation.quote_end) if is_there else ""


def to_html(title: str, turns: Sequence[Turn], sharing: Sharing | None = None) -> str:
    """One HTML file without scripts or pictures, and without links but those of `sharing`."""
    shown = [
        {
            "question": turn.question,
            "scope": scope_words(turn),
            "body": _html_body(turn.answer, index) if turn.answer else "",
            "about": _remarks(turn),
            "footnotes": footnotes(turn.answer) if turn.answer else [],
        }
        for index, turn in enumerate(turns, 1)
    ]
    return render("export.html", title=_line(title), turns=shown, sharing=sharing)


def file_name(title: str) -> str:
    """A title as a file name for any system."""
    return re.sub(r"[^\w\- ]+", "", " ".join(title.split()))[:MOST_NAME_CHARACTERS].strip() or "conversation"


def _remarks(turn: Turn) -> list[str]:
    """How an answer ended, and which model wrote it."""
    remarks = [f"{text.NO_ANSWER} {turn.problem}"] if turn.state == "failed" else []
    if turn.state in _UNFINISHED:
        remarks.append(_UNFINISHED[turn.state])
    if turn.answer:
        remarks += [turn.answer.notice, *map(change_words, turn.answer.changes)]
        remarks += [text.ANSWERED_BY.format(model=turn.answer.model)] if turn.answer.model != EXTRACTIVE else []
    return [remark for remark in remarks if remark]


def _emphasis(words: str) -> str:
    return f"*{plain(words)}*" if words else ""


def _html_body(answer: Answer, index: int) -> Markup:
    """An answer as on the page, its numbers leading to the file's own footnotes."""

    def footnote(cited: int) -> str:
        number = answer.citations[cited].number
        return Markup('<sup><a href="#note-{0}-{1}">{1}</a></sup>').format(index, number)

    def mark(checked: int) -> str:
        sentence = answer.sentences[checked]
        words = verdict_words(sentence)
        return Markup('<small class="{}"> ({})</small>').format(sentence.verdict, words) if words else ""

    return answer_html(answer, footnote, mark, with_gaps=False)


def _markdown_body(answer: Answer, index: int) -> str:
    """An answer's Markdown with the file's own footnotes; in code, their numbers alone."""
    written = safe_markdown(_with_places(answer), lambda code: _PLACE.sub(r"[\1]\2", code))
    # A colon after a footnote would begin a definition.
    return _PLACE.sub(lambda place: f"[^{index}-{place[1]}]" + ("\\:" if place["colon"] else ""), written)


def _with_places(answer: Answer) -> str:
    """An answer's text with private characters around each footnote's number."""
    words = answer.text.translate(_PRIVATE)
    for citation in sorted(answer.citations, key=lambda one: one.position, reverse=True):
        before, shown = words[: citation.position], f"[{citation.number}]"
        if words.startswith(shown, citation.position):
            words = f"{before}{_BEGIN}{citation.number}{_END}{words[len(before) + len(shown) :]}"
    return words


def _markdown_note(note: Footnote, index: int) -> str:
    where = plain(note.place) + (f" · {plain(note.heading)}" if note.heading else "")
    quotes = "; ".join(f"“{plain(quote)}”" + (f" ({text.EXPORT_VERDICTS[verdict]})" if verdict else "") for quote, verdict in note.quotes)
    return f"[^{index}-{note.number}]: {where}: {quotes}"


def _line(words: str) -> str:
    return " ".join(words.split())
