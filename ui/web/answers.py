"""Turns -> the chatbot's messages, as HTML of ours: what a model, a document or a reader wrote is words in it and nothing else."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from gradio.components.chatbot import Message, MessageDict
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from rag.answering.answering import EXTRACTIVE
from rag.answering.notices import CONNECT
from rag.types import Answer, Citation
from ui.places import place
from ui.web import text
from ui.web.conversations import Turn
from ui.web.html import render

_FOOTNOTE = re.compile(r"\[(\d+)\]")


def messages(turns: Sequence[Turn]) -> list[MessageDict | Message]:
    """The conversation as a chatbot's messages: two a turn, so that message `i` belongs to turn `i // 2`."""
    shown: list[MessageDict | Message] = []
    for turn in turns:
        shown.append({"role": "user", "content": _one_block(render("question.html", question=turn.question))})
        shown.append({"role": "assistant", "content": _one_block(turn_html(turn))})
    return shown


def turn_html(turn: Turn) -> str:
    """An answer with its footnotes, or what stands in its place."""
    answer = turn.answer
    if answer is None:
        return render("answer.html", turn=turn, body="", searched="", footnotes=(), is_found=True, notice="", meta=())
    return render(
        "answer.html",
        turn=turn,
        body=answer_html(answer.text, _links(turn.id, answer.citations)),
        searched=_searched(answer),
        footnotes=_footnotes(answer.citations),
        is_found=answer.finish != "not_found",
        notice=answer.notice.removeprefix(CONNECT).strip(),  # the last line says that in its own words
        meta=_meta(answer),
    )


def answer_html(markdown: str, link: Callable[[int], str]) -> Markup:
    """Markdown as HTML without links, images and foreign HTML; their words stay.

    Args:
        markdown: What a model wrote.
        link: Gives the HTML that stands for a footnote `[n]`.
    """
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"]).disable("reference")
    return Markup(parser.render(markdown, {"link": link}))


class _Renderer(RendererHTML):
    """Shows the words of links and images, and footnotes as links of ours."""

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        words, end = tokens[index + 1], tokens[min(index + 2, len(tokens) - 1)]
        if words.type == "text" and words.content.isdecimal() and end.type == "link_close":
            words.content = f"[{words.content}]"  # a model that writes its footnotes as links
        return ""

    def link_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return ""

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return str(escape(tokens[index].content))

    def text(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        pieces = _FOOTNOTE.split(tokens[index].content)
        return "".join(env["link"](int(piece)) if i % 2 else str(escape(piece)) for i, piece in enumerate(pieces))


def _links(turn_id: str, citations: Sequence[Citation]) -> Callable[[int], str]:
    """What makes `[n]` a link: the k-th of a number leads to the k-th citation of that number, or the last one."""
    indexes: dict[int, list[int]] = {}
    for index, citation in enumerate(citations):
        indexes.setdefault(citation.number, []).append(index)

    def link(number: int) -> str:
        mine = indexes.get(number)
        if not mine:
            return ""
        index = mine.pop(0) if len(mine) > 1 else mine[0]
        title = escape(place(citations[index].passage))
        return f'<a class="fn-number" href="#src-{turn_id}-{index}" title="{title}">{number}</a>'

    return link


def _searched(answer: Answer) -> str:
    """What was searched for, where it is not what was asked."""
    searched = " ".join(answer.searched.split())
    return "" if searched == " ".join(answer.question.split()) else searched


def _footnotes(citations: Sequence[Citation]) -> list[tuple[int, Citation]]:
    """Index and citation of each footnote, by number; a number that several citations have is there once."""
    footnotes: dict[int, tuple[int, Citation]] = {}
    for index, citation in enumerate(citations):
        footnotes.setdefault(citation.number, (index, citation))
    return [footnotes[number] for number in sorted(footnotes)]


def _meta(answer: Answer) -> list[str]:
    """How an answer came about, in one line, and what its reader can do about it."""
    count, seconds = len(answer.passages), text.SECONDS.format(seconds=answer.seconds)
    passages = text.PASSAGES[count != 1].format(count=count)
    if not answer.passages:
        return [f"{passages} · {seconds}"]
    if answer.model != EXTRACTIVE:
        return [f"{passages} · {answer.model} · {seconds}"]
    is_quoted = answer.finish != "not_found"
    by, notice = (text.QUOTED, text.QUOTED_NOTICE) if is_quoted else (text.NOT_QUOTED, text.NOT_QUOTED_NOTICE)
    return [f"{passages} · {by} · {seconds}", notice]


def _one_block(html: str) -> str:
    """HTML that the chatbot's own Markdown takes as one block and leaves alone: it ends a block at an empty line."""
    return html.strip().replace("\r", "").replace("\n", "&#10;")
