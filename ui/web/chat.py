"""The middle column: what is said."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage, Message, MessageDict

from rag.errors import RagError
from rag.library import Library
from rag.types import ChunkKey
from ui.chats.conversations import AskedDocument, Conversations
from ui.web import text
from ui.web.answers import messages
from ui.web.asking import AskingPanel, asking_html, build_asking
from ui.web.history import history_html
from ui.web.limits import MOST_PAINTED, question_of
from ui.web.mentions import Scope, ScopeError, scope_of
from ui.web.selecting import chunk_keys

log = logging.getLogger(__name__)

SECONDS_BETWEEN_PAINTS = 0.04
"""A reader sees no difference, and each paint costs the server a comparison of all messages."""

Painting = tuple[Any, Any, Any, Any, Any, Any]
"""See `painting`."""

Chosen = Sequence[AskedDocument]


def painting(*, chatbot: Any = None, box: Any = None) -> Painting:
    """The conversation's id, its messages, the question's box, the list of conversations, the turn being edited, the line above the box.

    What is not given is left as it is.
    """
    return gr.skip(), gr.skip() if chatbot is None else chatbot, gr.skip() if box is None else box, gr.skip(), gr.skip(), gr.skip()


@dataclass(frozen=True, slots=True)
class ChatPanel:
    """The column's components."""

    chatbot: gr.Chatbot
    asking: AskingPanel
    box: gr.Textbox
    fresh: gr.Button


def build_chat() -> ChatPanel:
    """Lay the column out."""
    chatbot = gr.Chatbot(
        label=text.CONVERSATION,
        show_label=False,
        elem_id="chat",
        height=None,
        placeholder=text.EMPTY_CHAT,
        buttons=[],
        feedback_options=None,
        latex_delimiters=[],
        allow_tags=False,
        line_breaks=False,
        group_consecutive_messages=False,
        layout="bubble",
    )
    with gr.Row(elem_id="ask"):
        asking = build_asking()
        box = gr.Textbox(
            placeholder=text.ASK_PLACEHOLDER,
            label=text.ASK_LABEL,
            show_label=False,
            submit_btn=text.ASK,
            lines=1,
            max_lines=6,
            autofocus=True,
            elem_id="question",
        )
        fresh = gr.Button(text.NEW_CONVERSATION, elem_id="fresh", size="sm")
    return ChatPanel(chatbot, asking, box, fresh)


class ChatHandlers:
    """What happens in the column."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def resume(self, conversation_id: str | None, query: str) -> Painting:
        """Show the browser's conversation again, or begin one."""
        return self._show(self._conversations.resume(conversation_id), query)

    def fresh(self, conversation_id: str | None, query: str, chosen: Chosen) -> Painting:
        """Begin another conversation; what still grows in this one ends."""
        return self.open("", conversation_id, query, chosen)

    def open(self, wanted: str, conversation_id: str | None, query: str, chosen: Chosen) -> Painting:
        """Show the conversation `wanted`, or begin one; what still grows in the one that was shown ends."""
        if wanted and wanted == conversation_id:
            return painting()
        if conversation_id:
            self._conversations.stop(conversation_id)
        opened = self._conversations.resume(wanted or None)
        if wanted and opened != wanted:
            gr.Info(text.CONVERSATION_GONE)
        shown = self._show(opened, query)
        return *shown[:2], gr.Textbox(value="", stop_btn=False, submit_btn=text.ASK), shown[3], "", asking_html(chosen)

    async def ask(
        self, question: str, conversation_id: str | None, query: str, chosen: Chosen, editing: str
    ) -> AsyncGenerator[Painting, None]:
        """Answer a question, in the place of the one that is being edited, and paint the answer as it grows."""
        question = _question(question)
        scope = await self._scope(question, chosen) if question else None
        if scope is None:
            yield painting()
            return
        asked = _Asked(question, scope, editing)
        async with aclosing(self._answer(asked, conversation_id, query, asking_html(chosen))) as paintings:
            async for painted in paintings:
                yield painted

    async def ask_example(self, conversation_id: str | None, query: str, event: gr.SelectData) -> AsyncGenerator[Painting, None]:
        """Answer one of the questions offered on an empty page."""
        question = _question(event.value["text"])
        if not question:
            yield painting()
            return
        async with aclosing(self._answer(_Asked(question, Scope(question, ())), conversation_id, query)) as paintings:
            async for painted in paintings:
                yield painted

    async def ask_passages(self, conversation_id: str | None, query: str, event: gr.EventData) -> AsyncGenerator[Painting, None]:
        """Answer a question from the passages that were chosen on the map."""
        question = _question(event._data.get("question"))
        scope = await self._scope_among(question, chunk_keys(event._data.get("passages"))) if question else None
        if scope is None:
            yield painting()
            return
        async with aclosing(self._answer(_Asked(question, scope), conversation_id, query)) as paintings:
            async for painted in paintings:
                yield painted

    async def retry(self, conversation_id: str | None, query: str, event: gr.RetryData) -> AsyncGenerator[Painting, None]:
        """Ask a question again, of the same documents or passages; what was said after it goes."""
        conversation_id = self._conversations.resume(conversation_id)
        place = (event.index if isinstance(event.index, int) else event.index[0]) // 2
        turns = self._conversations.turns(conversation_id)[-MOST_PAINTED:]
        if place >= len(turns):
            gr.Info(text.OLD_ANSWER)
            yield painting()
            return
        turn = turns[place]
        among = turn.passages
        scope = await (self._scope_among(turn.question, among) if among else self._scope(turn.question, turn.documents))
        if scope is None:
            yield painting()
            return
        asked = _Asked(turn.question, scope, turn.id)
        async with aclosing(self._answer(asked, conversation_id, query)) as paintings:
            async for painted in paintings:
                yield painted

    def stop(self, conversation_id: str) -> tuple[Any, Any]:
        """Keep what was said when the reader stopped it."""
        self._conversations.stop(conversation_id)
        return self._messages(conversation_id), gr.Textbox(stop_btn=False, submit_btn=text.ASK)

    async def _answer(self, asked: "_Asked", conversation_id: str | None, query: str, line: Any = None) -> AsyncGenerator[Painting, None]:
        conversation_id = self._conversations.resume(conversation_id)  # the page may be older than this server
        try:
            turn = self._conversations.begin(conversation_id, asked.question, asked.scope.documents, asked.instead_of, asked.scope.passages)
        except RagError as error:
            gr.Warning(escape(str(error)))
            yield painting()
            return
        history = self._conversations.history(conversation_id, until=turn.id)
        listing = history_html(self._conversations, conversation_id, query)
        box = gr.Textbox(value="", submit_btn=False, stop_btn=text.STOP)
        painted = 0.0
        documents, passages = [document.id for document in turn.documents] or None, turn.passages or None
        try:
            yield conversation_id, self._messages(conversation_id), box, listing, "", gr.skip() if line is None else line
            stream = self._library.stream(asked.scope.question, history=history, documents=documents, chunks=passages)
            async with aclosing(stream) as answers:
                async for answer in answers:
                    turn = replace(turn, answer=answer, state="growing" if answer.finish == "streaming" else "done")
                    if not self._conversations.update(conversation_id, turn):
                        break  # stopped or deleted elsewhere
                    if answer.seconds - painted >= SECONDS_BETWEEN_PAINTS:
                        painted = answer.seconds
                        yield painting(chatbot=self._messages(conversation_id))
        except RagError as error:
            self._conversations.update(conversation_id, replace(turn, state="failed", problem=str(error)))
        except Exception:
            log.exception("answering failed")
            self._conversations.update(conversation_id, replace(turn, state="failed", problem=text.UNEXPECTED))
        finally:
            self._conversations.stop(conversation_id, turn.id)  # does nothing to a turn that has ended; a closed tab ends here
        if self._conversations.turn(conversation_id, turn.id):  # else another conversation is shown by now
            yield painting(chatbot=self._messages(conversation_id), box=gr.Textbox(stop_btn=False, submit_btn=text.ASK))

    async def _scope(self, question: str, chosen: Chosen) -> Scope | None:
        """What a question is about; None where that cannot be told, which the reader is told."""
        try:
            return scope_of(question, chosen, await asyncio.to_thread(self._library.documents))
        except (ScopeError, RagError) as error:
            gr.Warning(escape(str(error)))
            return None

    async def _scope_among(self, question: str, passages: Sequence[ChunkKey]) -> Scope | None:
        """A question about those of the passages that are still there; None where none is, which the reader is told."""
        try:
            there = await asyncio.to_thread(self._library.chunks, passages)
        except RagError as error:
            gr.Warning(escape(str(error)))
            return None
        if not there:
            gr.Warning(text.PASSAGES_GONE)
        return Scope(question, (), tuple(key for key in passages if key in there)) if there else None

    def _show(self, conversation_id: str, query: str) -> Painting:
        examples: list[ExampleMessage] = []
        with suppress(RagError):  # the list of documents says why it cannot be read
            if {record.name for record in self._library.documents()} >= text.SAMPLE_DOCUMENTS:
                examples = [{"text": question} for question in text.SAMPLE_QUESTIONS]
        chatbot = gr.Chatbot(self._messages(conversation_id), examples=examples)
        listing = history_html(self._conversations, conversation_id, query)
        return conversation_id, chatbot, gr.skip(), listing, gr.skip(), gr.skip()

    def _messages(self, conversation_id: str) -> list[MessageDict | Message]:
        return messages(self._conversations.turns(conversation_id))


def _question(given: Any) -> str:
    """The question that is asked; "" where there is none, or too much of it, which the reader is told."""
    try:
        question = question_of(given)
    except RagError as error:
        gr.Warning(escape(str(error)))
        return ""
    if not question:
        gr.Info(text.EMPTY_QUESTION)
    return question


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it was typed, what it is about, and the id of the turn that it takes the place of, or ""."""

    question: str
    scope: Scope
    instead_of: str = ""
