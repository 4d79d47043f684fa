"""The middle column: what is said."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage, Message, MessageDict

from rag.errors import RagError
from rag.library import Library
from ui.web import text
from ui.web.answers import messages
from ui.web.conversations import Conversations

log = logging.getLogger(__name__)

SECONDS_BETWEEN_PAINTS = 0.04
"""A reader sees no difference, and each paint costs the server a comparison of all messages."""


Painting = tuple[Any, Any, Any]
"""The conversation's id, its messages and the state of the question's box; each may be left as it is."""


@dataclass(frozen=True, slots=True)
class ChatPanel:
    """The column's components."""

    chatbot: gr.Chatbot
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
    return ChatPanel(chatbot, box, fresh)


class ChatHandlers:
    """What happens in the column."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def resume(self, conversation_id: str | None) -> tuple[str, Any]:
        """Show the browser's conversation again, or begin one."""
        conversation_id = self._conversations.resume(conversation_id)
        examples: list[ExampleMessage] = []
        with suppress(RagError):  # the list of documents says why it cannot be read
            if {record.name for record in self._library.documents()} >= text.SAMPLE_DOCUMENTS:
                examples = [{"text": question} for question in text.SAMPLE_QUESTIONS]
        return conversation_id, gr.Chatbot(self._messages(conversation_id), examples=examples)

    def fresh(self, conversation_id: str) -> Painting:
        """Begin another conversation; what still grows in this one ends."""
        self._conversations.stop(conversation_id)
        return *self.resume(None), gr.Textbox(stop_btn=False, submit_btn=text.ASK)

    async def ask(self, question: str, conversation_id: str | None) -> AsyncGenerator[Painting, None]:
        """Answer a question, and paint the answer as it grows."""
        if not question.strip():
            gr.Info(text.EMPTY_QUESTION)
            yield gr.skip(), gr.skip(), gr.skip()
            return
        async with aclosing(self._answer(question.strip(), conversation_id)) as paintings:
            async for painting in paintings:
                yield painting

    async def ask_example(self, conversation_id: str | None, event: gr.SelectData) -> AsyncGenerator[Painting, None]:
        """Answer one of the questions offered on an empty page."""
        async with aclosing(self._answer(str(event.value["text"]), conversation_id)) as paintings:
            async for painting in paintings:
                yield painting

    async def retry(self, conversation_id: str | None, event: gr.RetryData) -> AsyncGenerator[Painting, None]:
        """Ask a question again; what was said after it goes."""
        conversation_id = self._conversations.resume(conversation_id)
        index = event.index if isinstance(event.index, int) else event.index[0]
        question = self._conversations.cut(conversation_id, index // 2)
        if question is None:
            return
        async with aclosing(self._answer(question, conversation_id)) as paintings:
            async for painting in paintings:
                yield painting

    def stop(self, conversation_id: str) -> tuple[Any, Any]:
        """Keep what was said when the reader stopped it."""
        self._conversations.stop(conversation_id)
        return self._messages(conversation_id), gr.Textbox(stop_btn=False, submit_btn=text.ASK)

    async def _answer(self, question: str, conversation_id: str | None) -> AsyncGenerator[Painting, None]:
        conversation_id = self._conversations.resume(conversation_id)  # the page may be older than this server
        history = self._conversations.history(conversation_id)
        turn = self._conversations.begin(conversation_id, question)
        yield conversation_id, self._messages(conversation_id), gr.Textbox(value="", submit_btn=False, stop_btn=text.STOP)
        painted = 0.0
        try:
            async with aclosing(self._library.stream(question, history=history)) as answers:
                async for answer in answers:
                    turn = replace(turn, answer=answer, state="growing" if answer.finish == "streaming" else "done")
                    self._conversations.update(conversation_id, turn)
                    if answer.seconds - painted >= SECONDS_BETWEEN_PAINTS:
                        painted = answer.seconds
                        yield gr.skip(), self._messages(conversation_id), gr.skip()
        except RagError as error:
            self._conversations.update(conversation_id, replace(turn, state="failed", problem=str(error)))
        except Exception:
            log.exception("answering failed")
            self._conversations.update(conversation_id, replace(turn, state="failed", problem=text.UNEXPECTED))
        finally:
            self._conversations.stop(conversation_id, turn.id)  # does nothing to a turn that has ended; a closed tab ends here
        yield gr.skip(), self._messages(conversation_id), gr.Textbox(stop_btn=False, submit_btn=text.ASK)

    def _messages(self, conversation_id: str) -> list[MessageDict | Message]:
        return messages(self._conversations.turns(conversation_id))
