"""The line above the question: which documents are asked, which question is being changed, a note on an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, get_args

import gradio as gr

from rag.errors import RagError
from rag.library import Library
from ui.chats.conversations import AskedDocument, Conversations, Turn, Vote
from ui.web import text
from ui.web.answers import messages
from ui.web.html import render
from ui.web.limits import MOST_NOTE_CHARACTERS, limited
from ui.web.scripts import ASKING_SCRIPT

MOST_NAMED = 3
"""Documents that the line names; of more it tells how many."""


@dataclass(frozen=True, slots=True)
class AskingPanel:
    """Its components; `chosen` holds the documents that are asked, `editing` the id of the turn whose question is being changed."""

    line: gr.HTML
    chosen: gr.State
    editing: gr.State


def build_asking() -> AskingPanel:
    """Lay it out."""
    return AskingPanel(gr.HTML(elem_id="asking", js_on_load=ASKING_SCRIPT), gr.State(()), gr.State(""))


def asking_html(chosen: Sequence[AskedDocument], *, is_editing: bool = False, noted: Turn | None = None) -> str:
    """The line; `noted` is the turn that a note is written on."""
    names = ", ".join(document.name for document in chosen)
    few = text.ASKING.format(names=names)
    words = few if len(chosen) <= MOST_NAMED else text.ASKING_MANY.format(count=len(chosen))
    return render("asking.html", words=words if chosen else "", names=names, is_editing=is_editing, noted=noted)


class AskingHandlers:
    """What happens on the line, and with the buttons under an answer."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def choose(self, editing: str, chosen: Sequence[AskedDocument], event: gr.EventData) -> tuple[Sequence[AskedDocument], str]:
        """Ask these documents only; all, where there is none."""
        ids = event._data.get("ids")
        wanted = set(map(str, ids)) if isinstance(ids, list) else set()
        try:
            chosen = tuple(AskedDocument(record.id, record.name) for record in self._library.documents() if record.id in wanted)
        except RagError as error:
            gr.Warning(escape(str(error)))
        return chosen, asking_html(chosen, is_editing=bool(editing))

    def edit(self, conversation_id: str | None, chosen: Sequence[AskedDocument], event: gr.EventData) -> tuple[Any, Any, Any]:
        """Put a turn's question into the box, to be asked again in its place."""
        turn = self._turn(conversation_id, event)
        if turn is None:
            gr.Info(text.OLD_ANSWER)
            return gr.skip(), gr.skip(), gr.skip()
        return turn.id, turn.question, asking_html(chosen, is_editing=True)

    def cancel(self, chosen: Sequence[AskedDocument]) -> tuple[str, str, str]:
        """Leave the question as it was."""
        return "", "", asking_html(chosen)

    def vote(self, conversation_id: str | None, event: gr.EventData) -> Any:
        """Keep a thumb; the same one again takes it back."""
        turn, vote = self._turn(conversation_id, event), event._data.get("vote")
        if turn is None or conversation_id is None or vote not in get_args(Vote):
            gr.Info(text.OLD_ANSWER)
            return gr.skip()
        self._conversations.rate(conversation_id, turn.id, "" if vote == turn.vote else vote, turn.note)
        return messages(self._conversations.turns(conversation_id))

    def ask_note(self, conversation_id: str | None, chosen: Sequence[AskedDocument], editing: str, event: gr.EventData) -> str:
        """Offer a place for a note on an answer."""
        return asking_html(chosen, is_editing=bool(editing), noted=self._turn(conversation_id, event))

    def keep_note(self, conversation_id: str | None, chosen: Sequence[AskedDocument], editing: str, event: gr.EventData) -> tuple[Any, Any]:
        """Keep a note; without an id it was given up."""
        turn, line = self._turn(conversation_id, event), asking_html(chosen, is_editing=bool(editing))
        if turn is None or conversation_id is None:
            return gr.skip(), line
        try:
            note = limited(event._data.get("note"), MOST_NOTE_CHARACTERS, text.NOTE)
        except RagError as error:
            gr.Warning(escape(str(error)))
            return gr.skip(), gr.skip()
        self._conversations.rate(conversation_id, turn.id, turn.vote, note)
        return messages(self._conversations.turns(conversation_id)), line

    def _turn(self, conversation_id: str | None, event: gr.EventData) -> Turn | None:
        return self._conversations.turn(conversation_id, str(event._data.get("id", ""))) if conversation_id else None
