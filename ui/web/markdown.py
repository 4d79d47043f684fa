"""Turns -> Markdown for the chatbot; every word of a document, a model or a reader is made harmless here."""

import re
from collections.abc import Sequence

from gradio.components.chatbot import Message, MessageDict

from rag.types import Citation
from ui.places import place
from ui.web import text
from ui.web.conversations import Turn

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]]*)\]\s*(?:\([^)]*\)?|\[[^\]]*\]?)?")
_LINK = re.compile(r"\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)?")
_DEFINITION = re.compile(r"^[^\S\n]*\[[^\]\n]+\]:.*$", re.MULTILINE)
_REFERENCE = re.compile(r"\[([^\]\n]*[^\]\d\s,][^\]\n]*)\](?:\[[^\]\n]*\])?")
_ADDRESS = re.compile(r"\b(?:https?|ftp)://[^\s<>`]+|\bwww\.[^\s<>`]+|\b[\w.+-]+@[\w-]+\.[\w.-]+", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[(\d+)\]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~!&$]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")
_RULE = re.compile(r"^[^\S\n]*(?:[-*_][^\S\n]*){3,}$", re.MULTILINE)


def messages(turns: Sequence[Turn]) -> list[MessageDict | Message]:
    """The conversation as a chatbot's messages: two a turn, so that message `i` belongs to turn `i // 2`."""
    shown: list[MessageDict | Message] = []
    for turn in turns:
        shown.append({"role": "user", "content": plain_markdown(turn.question)})
        shown.append({"role": "assistant", "content": turn_markdown(turn)})
    return shown


def turn_markdown(turn: Turn) -> str:
    """An answer with its footnotes, or what stands in its place."""
    parts = []
    answer = turn.answer
    if answer and answer.text:
        parts.append(_with_links(safe_markdown(answer.text), turn.id, answer.citations))
    elif turn.state == "growing":
        parts.append(f"*{text.THINKING}*")
    if turn.state == "stopped":
        parts.append(f"*{text.STOPPED}*")
    if turn.state == "failed":
        parts.append(text.FAILED.format(problem=plain_markdown(turn.problem)))
    if answer and answer.citations and turn.state != "growing":
        parts += ["---", footnotes_markdown(turn.id, answer.citations)]
    if answer and turn.state == "done":
        model = text.QUOTED if answer.model == "extractive" else plain_markdown(answer.model)
        notice = text.QUOTED_NOTICE if answer.model == "extractive" else plain_markdown(answer.notice)
        meta = text.ANSWERED.format(passages=len(answer.passages), model=model, seconds=answer.seconds)
        parts.append(f"*{meta}*" + (f"  \n*{notice}*" if notice else ""))
    return "\n\n".join(parts)


def footnotes_markdown(turn_id: str, citations: Sequence[Citation]) -> str:
    """The list of footnotes under an answer: each number once."""
    first = {citation.number: index for index, citation in reversed(list(enumerate(citations)))}
    lines = [
        f"[{number}](#src-{turn_id}-{index}) {plain_markdown(place(citations[index].passage))}" for number, index in sorted(first.items())
    ]
    return "  \n".join(lines)


def _with_links(markdown: str, turn_id: str, citations: Sequence[Citation]) -> str:
    """Turn `[n]` into links; the k-th `[n]` goes to the k-th citation of that number, or the last one."""
    indexes: dict[int, list[int]] = {}
    for index, citation in enumerate(citations):
        indexes.setdefault(citation.number, []).append(index)

    def link(match: re.Match[str]) -> str:
        mine = indexes.get(int(match[1]))
        if not mine:
            return ""
        index = mine.pop(0) if len(mine) > 1 else mine[0]
        return f"[{match[1]}](#src-{turn_id}-{index})"

    pieces = _CODE.split(markdown)
    return "".join(piece if i % 2 else _FOOTNOTE.sub(link, piece) for i, piece in enumerate(pieces))


def safe_markdown(markdown: str) -> str:
    """Markdown without images, links and HTML; their words stay, footnotes `[n]` stay."""
    pieces = _CODE.split(markdown)
    return "".join(piece if i % 2 else _defused(piece) for i, piece in enumerate(pieces))


def _defused(markdown: str) -> str:
    markdown = _IMAGE.sub(r"\1", markdown)
    markdown = _RULE.sub("", _DEFINITION.sub("", markdown))  # a rule of ours begins the footnotes
    markdown = _LINK.sub(lambda match: f"[{match[1]}]" if match[1].strip().isdigit() else match[1], markdown)
    markdown = _REFERENCE.sub(r"(\1)", markdown)
    markdown = _ADDRESS.sub(lambda match: f"`{match[0]}`", markdown)
    return re.sub(r"&(?=#|\w+;)", "&amp;", markdown).replace("<", "&lt;")


def plain_markdown(words: str) -> str:
    """Words that Markdown shows as they are."""
    escaped = _MARKDOWN.sub(r"\\\1", " ".join(words.split()))
    return _ADDRESS.sub(lambda match: re.sub(r"([.:@])", r"\\\1", match[0]), escaped)
