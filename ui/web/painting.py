"""A conversation as the chat's outputs show it, and an answer as it grows."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage, Message, MessageDict

from rag.errors import RagError
from rag.library import Library
from rag.types import Answer
from ui import text
from ui.chats.conversations import Conversations
from ui.chats.filtering import filters_of
from ui.chats.turns import Turn
from ui.people.limits import ACCOUNT, Waiting, in_turn
from ui.web.answers import messages
from ui.web.contract import Painting, Warned
from ui.web.examples import Examples
from ui.web.history import history_html
from ui.web.mentions import Scope

log = logging.getLogger(__name__)

SECONDS_BETWEEN_PAINTS = 0.04  # a reader sees no difference, and each paint costs the server a comparison of all messages


class ChatPainter:
    """Makes the paintings that the chat's events return."""

    def __init__(self, library: Library, conversations: Conversations, examples: Examples) -> None:
        self._library = library
        self._examples = examples
        self._conversations = conversations

    def conversation(self, conversation_id: str, query: str) -> Painting:
        """A whole conversation, with the example questions that are known."""
        examples: list[ExampleMessage] = [{"text": question} for question in self._examples.known]
        chatbot = gr.Chatbot(self.messages(conversation_id), examples=examples)
        return Painting.of(
            conversation=conversation_id, messages=chatbot, listing=history_html(self._conversations, conversation_id, query)
        )

    def messages(self, conversation_id: str) -> list[MessageDict | Message]:
        """The turns that are shown."""
        return messages(self._conversations.turns(conversation_id))

    def answer(
        self, question: str, scope: Scope | None, conversation_id: str | None, query: str, *, instead_of: str = "", line: Any = None
    ) -> AsyncGenerator[Painting, None]:
        """Answer a question, and paint the answer as it grows; nothing changes without a scope. The turn `instead_of` goes."""
        mine = ChatPainter(self._library, self._conversations.mine(), self._examples)  # whoever closes the generator
        return mine.paintings(question, scope, conversation_id, query, instead_of, line)

    async def paintings(
        self, question: str, scope: Scope | None, conversation_id: str | None, query: str, instead_of: str, line: Any
    ) -> AsyncGenerator[Painting, None]:
        """The same for the conversations that this has."""
        turn = None
        if scope is not None:
            conversation_id = self._conversations.resume(conversation_id)  # the page may be older than this server
            with Warned():
                turn = self._conversations.begin(conversation_id, question, scope.documents, instead_of, scope.passages, scope.filters)
        if scope is None or conversation_id is None or turn is None:
            yield Painting.of()
            return
        box = gr.Textbox(value="", submit_btn=False, stop_btn=text.STOP)
        try:
            listing = history_html(self._conversations, conversation_id, query)
            yield Painting(
                conversation_id, self.messages(conversation_id), box, listing, "", gr.skip() if line is None else line, gr.skip()
            )
            async with aclosing(self._grow(turn, scope, conversation_id)) as paintings:
                async for painted in paintings:
                    yield painted
        finally:
            self._conversations.stop(conversation_id, turn.id)  # does nothing to a turn that has ended; a closed tab ends here
        if self._conversations.turn(conversation_id, turn.id):  # else another conversation is shown by now
            yield Painting.of(messages=self.messages(conversation_id), box=gr.Textbox(stop_btn=False, submit_btn=text.ASK))

    async def _grow(self, turn: Turn, scope: Scope, conversation_id: str) -> AsyncGenerator[Painting, None]:
        """Let a turn's answer grow in the conversation; paint it now and then."""
        history = self._conversations.history(conversation_id, until=turn.id)
        growing = self._library.stream(
            scope.question,
            history=history,
            documents=[document.id for document in turn.documents] or None,
            chunks=turn.passages or None,
            where=filters_of(turn.filters),
            connection=scope.connection,
        )
        painted = 0.0
        try:
            with ACCOUNT.get().question():
                async with aclosing(in_turn(self._library, growing)) as steps:
                    async for step in steps:
                        turn = _grown(turn, step)
                        if not self._conversations.update(conversation_id, turn):
                            break  # stopped or deleted elsewhere
                        seconds = turn.answer.seconds if turn.answer else 0.0
                        if turn.place or seconds - painted >= SECONDS_BETWEEN_PAINTS:
                            painted = seconds
                            yield Painting.of(messages=self.messages(conversation_id))
        except RagError as error:
            self._conversations.update(conversation_id, replace(turn, state="failed", problem=str(error)))
        except Exception:
            log.exception("answering failed")
            self._conversations.update(conversation_id, replace(turn, state="failed", problem=text.UNEXPECTED))


def _grown(turn: Turn, step: Answer | Waiting) -> Turn:
    """A turn after one more step."""
    if isinstance(step, Waiting):
        return replace(turn, place=step.place)
    return replace(turn, answer=step, place=0, state="growing" if step.finish == "streaming" else "done")
