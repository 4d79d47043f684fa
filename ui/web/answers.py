"""Turns as the chatbot's messages, in HTML of ours: what a model, a document or a reader wrote is words in it and nothing else."""

from collections import Counter
from collections.abc import Sequence

from gradio.components.chatbot import Message, MessageDict
from markupsafe import Markup

from rag.answering.notices import CONNECT, in_language
from rag.answering.question import EXTRACTIVE
from rag.answering.repairing import fails
from rag.text.languages import likely_language
from rag.types import Answer, Citation, Way
from ui import text
from ui.chats.turns import Turn, scope_words
from ui.limits import MOST_PAINTED
from ui.places import place, searches
from ui.rendering.html import render
from ui.rendering.prose import answer_html, change_of, change_words, verdict_words


def messages(turns: Sequence[Turn]) -> list[MessageDict | Message]:
    """The last turns as a chatbot's messages: two a turn, so that message `i` belongs to turn `i // 2` of the last `MOST_PAINTED`."""
    shown: list[MessageDict | Message] = []
    earlier = max(0, len(turns) - MOST_PAINTED)
    for turn in turns[earlier:]:
        question = render("question.html", question=turn.question, earlier=0 if shown else earlier)
        shown.append({"role": "user", "content": _one_block(question)})
        shown.append({"role": "assistant", "content": _one_block(turn_html(turn))})
    return shown


def turn_html(turn: Turn) -> str:
    """An answer with its footnotes, or what stands in its place."""
    answer, shown = turn.answer, {"turn": turn, "answer": turn.answer, "scope": scope_words(turn)}
    if answer is None:
        return render(
            "answer.html", body="", searched=(), footnotes=(), is_found=True, notice="", meta=(), changed=(), corrections={}, **shown
        )
    return render(
        "answer.html",
        body=answer_html(answer, lambda index: _link(turn.id, index, answer.citations[index]), lambda index: _mark(answer, index)),
        searched=searches(answer),
        footnotes=_footnotes(answer.citations),
        is_found=answer.finish != "not_found",
        notice=_notice(answer),
        changed=[change_words(change) for change in answer.changes],
        meta=_meta(answer),
        corrections=_corrections(answer),
        **shown,
    )


def _corrections(answer: Answer) -> dict[Way, str]:
    """What may be done with the sentences of an answer by a chat model that nothing supports."""
    return text.CORRECTIONS if answer.model != EXTRACTIVE and any(map(fails, answer.sentences)) else {}


def _notice(answer: Answer) -> str:
    """An answer's notice without how to connect a chat model: the last line says that in its own words."""
    return answer.notice.removeprefix(in_language(CONNECT, likely_language(answer.question))).removeprefix(CONNECT).strip()


def _link(turn_id: str, index: int, citation: Citation) -> Markup:
    """What makes `[n]` a link to its source."""
    hint = place(citation.passage)
    if citation.sentence:
        hint += f" · {text.VERDICTS[citation.verdict]}" + (f" · {text.MOVED}" if citation.is_moved else "")
    return Markup('<a class="fn-number" href="#src-{}-{}" title="{}">{}</a>').format(turn_id, index, hint, citation.number)


def _mark(answer: Answer, index: int) -> Markup:
    """The mark after a sentence that its footnotes do not support, or that was changed."""
    sentence = answer.sentences[index]
    change, words = change_of(answer, sentence), verdict_words(sentence)
    kind, words = (sentence.verdict, words) if words or not change else ("changed", change_words(change))
    html = Markup('<span class="fn-verdict fn-{}" title="{}"><span class="fn-hidden">{}</span></span>')
    return html.format(kind, words, f" ({words})") if words else Markup()


def _footnotes(citations: Sequence[Citation]) -> list[tuple[int, Citation]]:
    """The first citation of each number, with its index, by number."""
    first = {citation.number: (index, citation) for index, citation in reversed([*enumerate(citations)])}
    return [first[number] for number in sorted(first)]


def _meta(answer: Answer) -> list[str]:
    """Lines on how an answer came about, and what its reader can do about it."""
    count, seconds = len(answer.passages), text.SECONDS.format(seconds=answer.seconds)
    passages = text.PASSAGES[count != 1].format(count=count)
    if not answer.passages:
        return [f"{passages} · {seconds}"]
    if answer.model != EXTRACTIVE:
        return [*_checked(answer), f"{passages} · {answer.model} · {seconds}"]
    is_quoted = answer.finish != "not_found"
    by, notice = (text.QUOTED, text.QUOTED_NOTICE) if is_quoted else (text.NOT_QUOTED, text.NOT_QUOTED_NOTICE)
    return [f"{passages} · {by} · {seconds}", notice]


def _checked(answer: Answer) -> list[str]:
    """How many of an answer's sentences are supported."""
    verdicts = Counter(sentence.verdict for sentence in answer.sentences)
    count = verdicts.total()
    if not count:
        return []
    legend = [text.LEGEND[verdict] for verdict in ("related", "unsupported") if verdicts[verdict]]
    return [" · ".join([text.CHECKED[count != 1].format(supported=verdicts["supported"], count=count), *legend])]


def _one_block(html: str) -> str:
    """HTML that the chatbot's Markdown takes as one block and leaves alone: it ends a block at an empty line."""
    return html.strip().replace("\r", "").replace("\n", "&#10;")
