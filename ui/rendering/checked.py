"""A checked text as one HTML file: each sentence marked with its verdict, and what the documents say about it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from markupsafe import Markup

from rag.types import Answer, CheckedSentence, Citation, Gap, Verdict
from ui.places import sentence_words
from ui.rendering.html import render
from ui.rendering.prose import gap_remarks, gap_tag, markdown_parser, plain_parts

# Private characters around an index stand for the beginning and the end of a sentence, or of words in it: nobody else's words have them.
_BEGIN, _END, _STOP, _GAP, _GAP_END = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_PRIVATE = str.maketrans(dict.fromkeys((_BEGIN, _END, _STOP, _GAP, _GAP_END), "\ufffd"))
_GAP_PLACE = re.compile(rf"{_GAP}(\d+)\.(\d+){_STOP}")
_PIECE = re.compile(rf"<(?P<close>/?)(?P<tag>[a-z0-9]+)[^>]*>|(?P<edge>[{_BEGIN}{_END}])(?P<index>\d+){_STOP}")
_LEAD = re.compile(r"[\s>#|]*(?:(?:[-*+•]|\d{1,9}[.)])\s+)?(?:\[[ xX]\]\s+)?[*_~]*")
_INLINE = {"strong", "em", "s", "code"}
LONGEST_QUOTE = 400  # characters


@dataclass(frozen=True, slots=True)
class CheckedWords:
    """A sentence as it is listed: its number, its words, its verdict, what was found about it, and what of it was not."""

    number: int
    words: str
    verdict: Verdict
    citations: tuple[Citation, ...]
    remarks: tuple[str, ...]


def to_html(title: str, checked: Answer) -> str:
    """One HTML file without scripts, pictures or links to anywhere else."""
    plain = _without_footnotes(checked)
    listed = [
        CheckedWords(
            number,
            sentence_words(checked, each),
            each.verdict,
            tuple(checked.citations[one] for one in each.citations),
            tuple(gap_remarks(checked, each)),
        )
        for number, each in enumerate(checked.sentences, 1)
    ]
    counts = {verdict: sum(each.verdict == verdict for each in listed) for verdict in ("supported", "related", "unsupported")}
    return render("checked.html", title=title, body=_body(plain, listed), sentences=listed, counts=counts, quoted=_quoted)


def _without_footnotes(checked: Answer) -> Answer:
    """The text as it was, without the numbers that checking put into it, and its sentences where they stand there."""
    text, sentences = checked.text, checked.sentences
    for citation in sorted(checked.citations, key=lambda each: each.position, reverse=True):
        first, width = citation.position, len(f"[{citation.number}]")
        text = text[:first] + text[first + width :]
        sentences = tuple(
            replace(_shifted(each, first, width), gaps=tuple(_shifted(gap, first, width) for gap in each.gaps)) for each in sentences
        )
    return replace(checked, text=text, sentences=sentences)


Part = TypeVar("Part", CheckedSentence, Gap)


def _shifted(part: Part, first: int, width: int) -> Part:
    return replace(part, start=part.start - width * (part.start > first), end=part.end - width * (part.end > first))


def _body(plain: Answer, listed: list[CheckedWords]) -> Markup:
    """The text as HTML, with each sentence in a box, and after it what the documents say."""
    words = plain.text.translate(_PRIVATE)
    for index, sentence in reversed(list(enumerate(plain.sentences))):
        lead = _LEAD.match(words, sentence.start, sentence.end)
        first = lead.end() if lead else sentence.start
        last = max(first, len(words[: sentence.end].rstrip("*_~")))
        edges = [(first, 0, f"{_BEGIN}{index}{_STOP}"), (last, 3, f"{_END}{index}{_STOP}")]  # the second orders what stands at one place
        for number, gap in enumerate(sentence.gaps):
            for start, end in plain_parts(words, gap):
                edges += [(max(start, first), 2, f"{_GAP}{index}.{number}{_STOP}"), (min(end, last), 1, _GAP_END)]
        for place, _, edge in sorted(edges, reverse=True):
            words = words[:place] + edge + words[place:]
    html = "".join(_boxed(markdown_parser().render(words), listed)).replace(_GAP_END, "</span>")
    return Markup(_GAP_PLACE.sub(lambda place: gap_tag(plain.sentences[int(place[1])].gaps[int(place[2])]), html))


def _boxed(html: str, listed: list[CheckedWords]) -> Iterator[str]:
    """HTML with boxes in place of the private characters; one that would cross the border of another element is parted there."""
    box, inside, is_open, at = "", list[str](), False, 0
    for piece in _PIECE.finditer(html):
        between, at = html[at : piece.start()], piece.end()
        if box and not is_open and between.strip():
            yield box
            is_open = True
        yield between
        if piece["edge"] == _BEGIN:
            box, inside, is_open = f'<span class="said {listed[int(piece["index"])].verdict}">', [], False
        elif piece["edge"]:
            yield "".join(f"</{tag}>" for tag in reversed(inside)) + ("</span>" if is_open else "")
            yield render("checked_note.html", sentence=listed[int(piece["index"])], quoted=_quoted)
            yield "".join(f"<{tag}>" for tag in inside)
            box, inside, is_open = "", [], False
        elif box and piece["tag"] in _INLINE and not piece["close"]:
            yield piece[0] if is_open else f"{box}{piece[0]}"
            is_open = True
            inside.append(piece["tag"])
        elif box and is_open and not (piece["close"] and inside):
            yield "</span>" * (piece["tag"] != "br") + piece[0]
            is_open = piece["tag"] == "br"
        else:
            yield piece[0]
            inside = inside[:-1]
    yield html[at:]


def _quoted(citation: Citation) -> str:
    """The words that a sentence rests on, or was compared with, on one line."""
    words = " ".join(citation.quote.replace("\t", " | ").split())
    return words if len(words) <= LONGEST_QUOTE else words[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
