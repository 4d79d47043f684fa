"""An answer's Markdown as HTML of ours: what a model or a document wrote is words in it and nothing else."""

import re
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from rag.text.printable import is_right_to_left
from rag.types import Answer, CheckedSentence, Gap
from ui import text

# Private characters around an index stand for a footnote, or for the mark after a sentence: nobody else's words have them.
_FOOTNOTE, _SENTENCE, _END, _GAP, _GAP_END = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_PRIVATE = str.maketrans(dict.fromkeys((_FOOTNOTE, _SENTENCE, _END, _GAP, _GAP_END), "\ufffd"))
_PLACE = re.compile(rf"\[([{_FOOTNOTE}{_SENTENCE}{_GAP}{_GAP_END}])(\d+){_END}\]")
_PLAIN = re.compile(r"[^*_~`|\\\[\]<>\n]+")  # of an answer, what no Markdown ends in

_ORDER = (_GAP_END, _FOOTNOTE, _SENTENCE, _GAP)  # of what stands at one place

Piece = Callable[[int], str]
"""The HTML for the citation, or after the sentence, of this index."""


def answer_html(answer: Answer, footnote: Piece, mark: Piece = lambda _: "", gap: Callable[[Gap], str] | None = None) -> Markup:
    """An answer's text without links, images and foreign HTML; their words stay. `gap` is the tag that opens words not supported."""
    gaps = [each for sentence in answer.sentences for each in sentence.gaps] if gap else []
    pieces: dict[str, Piece] = {
        _FOOTNOTE: footnote,
        _SENTENCE: mark,
        _GAP: lambda index: gap(gaps[index]) if gap else "",
        _GAP_END: lambda _: "</span>",
    }
    return Markup(_PLACE.sub(lambda match: pieces[match[1]](int(match[2])), markdown_parser().render(_with_places(answer, gaps))))


def verdict_words(sentence: CheckedSentence) -> str:
    """The remark after a sentence that its footnotes do not support; "" after others."""
    if sentence.verdict == "supported":
        return ""
    return text.MARKS[sentence.verdict if sentence.citations else "uncited"]


def markdown_parser() -> MarkdownIt:
    """Reads a model's Markdown: no HTML in it, and no links by reference."""
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"]).disable("reference")


def gap_words(gap: Gap) -> str:
    """What is wrong with words that a source does not support."""
    words = text.CONTRADICTED if gap.is_contradicted else text.GAPS.get(gap.kind, text.NOT_FOUND)
    return f"{words} ({gap.stated})" if gap.stated else words


def _with_places(answer: Answer, gaps: Sequence[Gap]) -> str:
    words = answer.text.translate(_PRIVATE)
    places = [(sentence.end, sentence.end, _SENTENCE, index) for index, sentence in enumerate(answer.sentences)]
    for index, citation in enumerate(answer.citations):
        places.append((citation.position, citation.position + len(f"[{citation.number}]"), _FOOTNOTE, index))
    taken = [(start, end) for start, end, _, _ in places if start < end]
    for index, gap in enumerate(gaps):
        for match in _PLAIN.finditer(words, gap.start, gap.end):
            if match.group().strip() and not any(start < match.end() and match.start() < end for start, end in taken):
                places += [(match.start(), match.start(), _GAP, index), (match.end(), match.end(), _GAP_END, index)]
                taken.append(match.span())
    whole, at = "", 0
    for start, end, kind, index in sorted(places, key=lambda each: (each[0], _ORDER.index(each[2]))):
        whole += f"{words[at:start]}[{kind}{index}{_END}]"
        at = end
    return whole + words[at:]


class _Renderer(RendererHTML):
    """Shows the words of links and images, each block in the direction of its script, and tables in a box that scrolls."""

    def renderToken(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: N802  markdown-it's name
        token = tokens[idx]
        if token.level == 0 and token.nesting == 1:
            inner = takewhile(lambda each: each.level > 0, islice(tokens, idx + 1, None))
            if is_right_to_left(" ".join(each.content for each in inner if each.type == "inline")):
                token.attrSet("dir", "rtl")
        html = super().renderToken(tokens, idx, options, env)
        return {"table_open": f'<div class="fn-grid" tabindex="0">{html}', "table_close": f"{html}</div>"}.get(token.type, html)

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return ""

    link_close = link_open

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return str(escape(tokens[index].content))

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        tokens[index].info = ""  # it would be an attribute
        return super().fence(tokens, index, options, env)
