"""A conversation as one file to keep or to send: Markdown, or HTML that needs nothing else; both with their footnotes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.types import Answer, Citation, Verdict
from ui.chats.turns import Turn
from ui.places import place
from ui.web import text
from ui.web.html import render
from ui.web.prose import answer_html
from ui.web.prose_markdown import plain, safe_markdown

# Where a footnote goes is told by private characters around its number until all other words are made harmless.
_BEGIN, _END = "\ue000", "\ue002"
_PRIVATE = str.maketrans(dict.fromkeys((_BEGIN, _END), "\ufffd"))
_PLACE = re.compile(rf"{_BEGIN}(\d+){_END}(?P<colon>:?)")


@dataclass(frozen=True, slots=True)
class Footnote:
    """A number, and all that an answer rests on under it.

    Attributes:
        number: As the answer shows it.
        place: The document and its page, with the printed number where that is another.
        heading: The headings that its words stand under, or "".
        quotes: The words, each with its verdict; None where that was not checked.
    """

    number: int
    place: str
    heading: str
    quotes: tuple[tuple[str, Verdict | None], ...]


def footnotes(answer: Answer) -> list[Footnote]:
    """An answer's footnotes, by number."""
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    return [
        Footnote(number, place(cited[0].passage), cited[0].heading, tuple(dict.fromkeys(map(_checked_quote, cited))))
        for number, cited in sorted(by_number.items())
    ]


def to_markdown(title: str, turns: Sequence[Turn]) -> str:
    """The conversation as Markdown with footnotes `[^1-2]`: the second one of the first question.

    What was written by people and models cannot load a picture, nor be taken for a heading, a footnote or HTML of ours.
    """
    parts = [f"# {plain(title)}"]
    for index, turn in enumerate(turns, 1):
        parts.append(f"## {index}. {plain(turn.question)}")
        if turn.documents or turn.passages:
            parts.append(f"*{plain(scope_words(turn))}*")
        if turn.answer:
            parts += [_markdown_body(turn.answer, index), *(f"*{plain(line)}*" for line in _about(turn))]
            parts += [_markdown_note(note, index) for note in footnotes(turn.answer)]
        else:
            parts += [f"*{plain(line)}*" for line in _about(turn)]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_html(title: str, turns: Sequence[Turn]) -> str:
    """The conversation as one HTML file without scripts, pictures or links to anywhere."""
    shown = [
        {
            "question": turn.question,
            "scope": scope_words(turn),
            "body": _html_body(turn.answer, index) if turn.answer else "",
            "about": _about(turn),
            "footnotes": footnotes(turn.answer) if turn.answer else [],
        }
        for index, turn in enumerate(turns, 1)
    ]
    return render("export.html", title=_line(title), turns=shown)


def scope_words(turn: Turn) -> str:
    """What a question was asked about, where that was not all; else ""."""
    if turn.passages:
        return text.ASKED_PASSAGES[len(turn.passages) != 1].format(count=len(turn.passages))
    return text.ASKED_ABOUT.format(names=", ".join(document.name for document in turn.documents)) if turn.documents else ""


def _about(turn: Turn) -> list[str]:
    """What is to be known of an answer besides its words."""
    lines = []
    if turn.state == "failed":
        lines.append(f"{text.NO_ANSWER} {turn.problem}")
    if turn.state in {"stopped", "growing"}:
        lines.append(text.STOPPED)
    if turn.answer and turn.answer.notice:
        lines.append(turn.answer.notice)
    if turn.answer:
        lines.append(text.ANSWERED_BY.format(model=turn.answer.model))
    return lines


def _checked_quote(citation: Citation) -> tuple[str, Verdict | None]:
    return _line(citation.quote), citation.verdict if citation.sentence else None


def _html_body(answer: Answer, index: int) -> Markup:
    """An answer as on the page, its numbers leading to the file's own footnotes."""

    def footnote(cited: int) -> str:
        number = answer.citations[cited].number
        return Markup('<sup><a href="#note-{0}-{1}">{1}</a></sup>').format(index, number)

    def mark(checked: int) -> str:
        sentence = answer.sentences[checked]
        if sentence.verdict == "supported":
            return ""
        words = text.MARKS[sentence.verdict if sentence.citations else "uncited"]
        return Markup('<small class="{}"> ({})</small>').format(sentence.verdict, words)

    return answer_html(answer, footnote, mark)


def _markdown_body(answer: Answer, index: int) -> str:
    """An answer's Markdown with footnotes of the file's own; code has their numbers alone."""
    written = safe_markdown(_with_places(answer), lambda code: _PLACE.sub(r"[\1]\2", code))
    # A colon after a footnote would begin what it says.
    return _PLACE.sub(lambda place: f"[^{index}-{place[1]}]" + ("\\:" if place["colon"] else ""), written)


def _with_places(answer: Answer) -> str:
    """An answer's text, a private mark in the place of each footnote."""
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
