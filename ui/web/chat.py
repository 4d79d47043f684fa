"""The middle column: the conversation, and the box for the next question."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from rag.library import Library
from rag.types import ChunkKey
from ui import text
from ui.chats.conversations import Conversations
from ui.chats.filtering import EVERYWHERE, AskedFilter
from ui.limits import question_of
from ui.rendering.html import render
from ui.web.asking import Chosen, asking_html, documents_in, filters_in
from ui.web.contract import Painting, Warned, id_of
from ui.web.examples import Examples
from ui.web.mentions import Scope, scope_of
from ui.web.painting import ChatPainter
from ui.web.scripts import script
from ui.web.selecting import chunk_keys


class ChatPanel(NamedTuple):
    """The column's components."""

    chatbot: gr.Chatbot
    line: gr.HTML  # above the box
    chosen: gr.State  # the documents and filters that are asked
    editing: gr.State  # the id of the turn whose question is being edited
    box: gr.Textbox  # where the question is typed
    fresh: gr.Button
    choice: gr.HTML  # of the chat model that answers
    preferred: gr.State  # the connection that was chosen there, in this tab; None for the library's choice


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
        line = gr.HTML(asking_html(()), elem_id="asking", js_on_load=script("asking.js"))
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
        gr.HTML(render("keys.html"), elem_id="keys", js_on_load=script("keys.js") + script("answers.js"))
        choice = gr.HTML(elem_id="model-choice", js_on_load=script("model_choice.js"))
        fresh = gr.Button(text.NEW_CONVERSATION, elem_id="fresh", size="sm")
    return ChatPanel(chatbot, line, gr.State(()), gr.State(""), box, fresh, choice, gr.State(None))


class ChatHandlers:
    """The chat's events; `query` is what the list of conversations is searched for."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations
        self._examples = Examples(library)
        self._painter = ChatPainter(library, conversations, self._examples)

    def examples(self) -> Any:
        """Offer questions about the documents that there are now, where a conversation is empty."""
        return gr.Chatbot(examples=[{"text": question} for question in self._examples.find()])

    def resume(self, conversation_id: str | None, query: str) -> Painting:
        """Show the browser's conversation again, or begin one."""
        opened = self._conversations.resume(conversation_id)
        shown = self._painter.conversation(opened, query)
        return shown._replace(**self._asked_in(opened, ())) if self._conversations.turns(opened) else shown

    def fresh(self, conversation_id: str | None, query: str, chosen: Chosen) -> Painting:
        """Begin another conversation; what still grows in this one ends."""
        return self.open("", conversation_id, query, chosen)

    def open(self, wanted: str, conversation_id: str | None, query: str, chosen: Chosen) -> Painting:
        """Show the conversation `wanted`, or begin one; what still grows in the one that was shown ends."""
        if wanted and wanted == conversation_id:
            return Painting.of()
        if conversation_id:
            self._conversations.stop(conversation_id)
        opened = self._conversations.resume(wanted or None)
        if wanted and opened != wanted:
            gr.Info(text.CONVERSATION_GONE)
        box = gr.Textbox(value="", stop_btn=False, submit_btn=text.ASK)
        return self._painter.conversation(opened, query)._replace(box=box, editing="", **self._asked_in(opened, chosen))

    def _asked_in(self, conversation_id: str, chosen: Chosen) -> dict[str, Any]:
        """What the last question of a conversation was asked about, for the next one; in a new one what is chosen stays."""
        if turns := self._conversations.turns(conversation_id):
            chosen = (*turns[-1].documents, *(each for each in turns[-1].filters if each.name != EVERYWHERE))
        return {"chosen": chosen, "line": asking_html(chosen, restored=True)}

    async def ask(
        self, question: str, conversation_id: str | None, query: str, chosen: Chosen, editing: str, preferred: str | None = None
    ) -> AsyncGenerator[Painting, None]:
        """Answer a question, in the place of the one that is being edited."""
        question = _question(question)
        scope = await self._scope(question, chosen, preferred) if question else None
        answering = self._painter.answer(question, scope, conversation_id, query, instead_of=editing, line=asking_html(chosen))
        async with aclosing(answering) as paintings:
            async for painted in paintings:
                yield painted

    async def ask_example(
        self, conversation_id: str | None, query: str, event: gr.SelectData, preferred: str | None = None
    ) -> AsyncGenerator[Painting, None]:
        """Answer one of the questions offered on an empty page."""
        question = _question(event.value["text"])
        scope = Scope(question, (), connection=preferred) if question else None
        async with aclosing(self._painter.answer(question, scope, conversation_id, query)) as paintings:
            async for painted in paintings:
                yield painted

    async def ask_passages(
        self, conversation_id: str | None, query: str, event: gr.EventData, preferred: str | None = None
    ) -> AsyncGenerator[Painting, None]:
        """Answer a question from the passages that were selected on the map."""
        question = _question(getattr(event, "question", ""))
        scope = await self._scope_among(question, chunk_keys(getattr(event, "passages", None)), preferred) if question else None
        async with aclosing(self._painter.answer(question, scope, conversation_id, query)) as paintings:
            async for painted in paintings:
                yield painted

    async def retry(
        self, conversation_id: str | None, query: str, event: gr.EventData, preferred: str | None = None
    ) -> AsyncGenerator[Painting, None]:
        """Ask a question again, about the same documents or passages; the turns after it go."""
        async with aclosing(self._again(conversation_id, query, event, preferred)) as paintings:
            async for painted in paintings:
                yield painted

    async def everywhere(
        self, conversation_id: str | None, query: str, event: gr.EventData, preferred: str | None = None
    ) -> AsyncGenerator[Painting, None]:
        """Ask a question again that its own words had limited, without that limit."""
        async with aclosing(self._again(conversation_id, query, event, preferred, (AskedFilter(EVERYWHERE),))) as paintings:
            async for painted in paintings:
                yield painted

    async def _again(
        self,
        conversation_id: str | None,
        query: str,
        event: gr.EventData,
        preferred: str | None,
        added: Sequence[AskedFilter] = (),
    ) -> AsyncGenerator[Painting, None]:
        turn = self._conversations.turn(conversation_id, id_of(event)) if conversation_id else None
        if turn is None or conversation_id is None:
            gr.Info(text.OLD_ANSWER)
            yield Painting.of()
            return
        chosen: Chosen = (*turn.documents, *turn.filters, *added)
        among = (
            self._scope_among(turn.question, turn.passages, preferred) if turn.passages else self._scope(turn.question, chosen, preferred)
        )
        async with aclosing(self._painter.answer(turn.question, await among, conversation_id, query, instead_of=turn.id)) as paintings:
            async for painted in paintings:
                yield painted

    def stop(self, conversation_id: str) -> tuple[Any, Any]:
        """Keep the answer as it is when the reader stops it."""
        self._conversations.stop(conversation_id)
        return self._painter.messages(conversation_id), gr.Textbox(stop_btn=False, submit_btn=text.ASK)

    async def _scope(self, question: str, chosen: Chosen, preferred: str | None) -> Scope | None:
        """What a question is about; None, and a warning, where it names no document or several."""
        with Warned():
            scope = scope_of(question, documents_in(chosen), await asyncio.to_thread(self._library.documents))
            return replace(scope, filters=filters_in(chosen), connection=preferred)
        return None

    async def _scope_among(self, question: str, passages: Sequence[ChunkKey], preferred: str | None) -> Scope | None:
        """A question about those of the passages that are still there; None, and a warning, where none is."""
        with Warned():
            if there := await asyncio.to_thread(self._library.chunks, passages):
                return Scope(question, (), tuple(key for key in passages if key in there), connection=preferred)
            gr.Warning(text.PASSAGES_GONE)
        return None


def _question(given: Any) -> str:
    """The question; "", and a message, where there is none or too much of it."""
    with Warned():
        if question := question_of(given):
            return question
        gr.Info(text.EMPTY_QUESTION)
    return ""
