"""An answer's Markdown as HTML of ours: what a model or a document wrote is words in it and nothing else."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from rag.text.printable import is_right_to_left
from rag.types import Answer, Change, CheckedSentence, Gap
from ui import text
from ui.places import sentence_words

# Private characters around an index stand for a footnote, or for the mark after a sentence: nobody else's words have them.
_FOOTNOTE, _SENTENCE, _END, _GAP, _GAP_END = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_PRIVATE = str.maketrans(dict.fromkeys((_FOOTNOTE, _SENTENCE, _END, _GAP, _GAP_END), "\ufffd"))
_PLACE = re.compile(rf"\[([{_FOOTNOTE}{_SENTENCE}{_GAP}{_GAP_END}])(\d+){_END}\]")
_LEAD = re.compile(r"[\s>#|]*(?:(?:[-*+•]|\d{1,9}[.)])\s+)?(?:\[[ xX]\]\s+)?")
_EMPHASIS = re.compile(r"\*\*|__|`")
_PLAIN = re.compile(r"[^*_~`|\\\[\]<>\n]+")  # of an answer, what no Markdown ends in

_ORDER = (_GAP_END, _FOOTNOTE, _SENTENCE, _GAP)  # of what stands at one place

Piece = Callable[[int], str]
"""The HTML for the citation, or after the sentence, of this index."""


def answer_html(answer: Answer, footnote: Piece, mark: Piece = lambda _: "", *, with_gaps: bool = True) -> Markup:
    """An answer's text without links, images and foreign HTML; their words stay. `with_gaps` underlines words that are not supported."""
    gaps = [each for sentence in answer.sentences for each in sentence.gaps] if with_gaps else []
    return _placed(markdown_parser().render(_with_places(answer, gaps)), gaps, footnote, mark)


def sentence_html(answer: Answer, sentence: CheckedSentence) -> Markup:
    """A sentence of an answer by itself, without its footnotes and Markdown, its words that are not supported underlined."""
    lead = _LEAD.match(answer.text, sentence.start, sentence.end)
    start = lead.end() if lead else sentence.start
    gaps = [replace(gap, start=max(0, gap.start - start), end=gap.end - start) for gap in sentence.gaps]
    cited = [replace(each, position=each.position - start) for each in answer.citations if start <= each.position < sentence.end]
    words = _with_places(replace(answer, text=answer.text[start : sentence.end], citations=tuple(cited), sentences=()), gaps)
    plain = _EMPHASIS.sub("", " ".join(words.split()))  # of which a sentence may have the beginning or the end alone
    return Markup(_placed(str(escape(plain)), gaps, lambda _: "", lambda _: "").strip())


def _placed(html: str, gaps: Sequence[Gap], footnote: Piece, mark: Piece) -> Markup:
    """HTML with what belongs in its places."""
    pieces: dict[str, Piece] = {
        _FOOTNOTE: footnote,
        _SENTENCE: mark,
        _GAP: lambda index: gap_tag(gaps[index]),
        _GAP_END: lambda _: "</span>",
    }
    return Markup(_PLACE.sub(lambda match: pieces[match[1]](int(match[2])), html))


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


def gap_tag(gap: Gap) -> Markup:
    """What opens words that the sources do not support."""
    words = gap_words(gap)
    html = Markup('<span class="fn-gap{}" title="{}"><span class="fn-hidden">[{}:] </span>')
    return html.format(" fn-contradicted" if gap.is_contradicted else "", words, words)


def gap_remarks(answer: Answer, sentence: CheckedSentence) -> list[str]:
    """What is wrong with which words of a sentence."""
    return [f"{gap_words(gap)}: “{' '.join(answer.text[gap.start : gap.end].split())}”" for gap in sentence.gaps]


def plain_parts(words: str, gap: Gap) -> Iterator[tuple[int, int]]:
    """The parts of a gap that no Markdown ends in, which can be underlined."""
    for match in _PLAIN.finditer(words, gap.start, gap.end):
        if match.group().strip():
            yield match.span()


def change_words(change: Change) -> str:
    """What became of a sentence that no passage supports, and how the model wrote it."""
    return text.CHANGE.format(change=text.CHANGES[change.kind].capitalize(), original=change.original)


def change_of(answer: Answer, sentence: CheckedSentence) -> Change | None:
    """The change that a sentence came of, if any."""
    words = sentence_words(answer, sentence)
    return next((change for change in answer.changes if words and words in change.words), None)


def _with_places(answer: Answer, gaps: Sequence[Gap]) -> str:
    words = answer.text.translate(_PRIVATE)
    places = [(sentence.end, sentence.end, _SENTENCE, index) for index, sentence in enumerate(answer.sentences)]
    for index, citation in enumerate(answer.citations):
        places.append((citation.position, citation.position + len(f"[{citation.number}]"), _FOOTNOTE, index))
    taken = [(start, end) for start, end, _, _ in places if start < end]
    for index, gap in enumerate(gaps):
        for first, last in plain_parts(words, gap):
            if not any(start < last and first < end for start, end in taken):
                places += [(first, first, _GAP, index), (last, last, _GAP_END, index)]
                taken.append((first, last))
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
