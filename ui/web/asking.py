"""The line above the question: which documents are asked, which question is being edited, a note on an answer."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from rag.library import Library
from ui import text
from ui.chats.conversations import Conversations
from ui.chats.turns import AskedDocument, Turn, Vote
from ui.limits import MOST_NOTE_CHARACTERS, limited
from ui.rendering.html import render
from ui.web.answers import messages
from ui.web.contract import Warned, id_of

VOTES: tuple[Vote, ...] = ("up", "down")

MOST_NAMED = 3  # documents that the line names; of more it says how many


def asking_html(chosen: Sequence[AskedDocument], *, is_editing: bool = False, noted: Turn | None = None) -> str:
    """The line; `noted` is the turn that a note is written on."""
    names = ", ".join(document.name for document in chosen)
    words = text.ASKING.format(names=names) if len(chosen) <= MOST_NAMED else text.ASKING_MANY.format(count=len(chosen))
    return render("asking.html", words=words if chosen else "", names=names, is_editing=is_editing, noted=noted)


class AskingHandlers:
    """The line's events, and those of the buttons under an answer."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def choose(self, editing: str, chosen: Sequence[AskedDocument], event: gr.EventData) -> tuple[Sequence[AskedDocument], str]:
        """Ask these documents only; all, where there is none."""
        ids = getattr(event, "ids", None)
        wanted = set(map(str, ids)) if isinstance(ids, list) else set()
        with Warned():
            chosen = tuple(AskedDocument(record.id, record.name) for record in self._library.documents() if record.id in wanted)
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
        """Rate an answer; the same vote again undoes it."""
        turn, votes = self._turn(conversation_id, event), [vote for vote in VOTES if vote == getattr(event, "vote", None)]
        if turn is None or conversation_id is None or not votes:
            gr.Info(text.OLD_ANSWER)
            return gr.skip()
        self._conversations.rate(conversation_id, turn.id, "" if votes[0] == turn.vote else votes[0], turn.note)
        return messages(self._conversations.turns(conversation_id))

    def open_note(self, conversation_id: str | None, chosen: Sequence[AskedDocument], editing: str, event: gr.EventData) -> str:
        """Show the form for a note on an answer."""
        return asking_html(chosen, is_editing=bool(editing), noted=self._turn(conversation_id, event))

    def close_note(self, chosen: Sequence[AskedDocument], editing: str) -> str:
        """Close the form."""
        return asking_html(chosen, is_editing=bool(editing))

    def save_note(self, conversation_id: str | None, chosen: Sequence[AskedDocument], editing: str, event: gr.EventData) -> tuple[Any, Any]:
        """Keep a note, and close its form."""
        turn = self._turn(conversation_id, event)
        if turn is None or conversation_id is None:
            return gr.skip(), self.close_note(chosen, editing)
        with Warned():
            note = limited(getattr(event, "note", None), MOST_NOTE_CHARACTERS, text.NOTE)
            self._conversations.rate(conversation_id, turn.id, turn.vote, note)
            return messages(self._conversations.turns(conversation_id)), self.close_note(chosen, editing)
        return gr.skip(), gr.skip()

    def _turn(self, conversation_id: str | None, event: gr.EventData) -> Turn | None:
        return self._conversations.turn(conversation_id, id_of(event)) if conversation_id else None
