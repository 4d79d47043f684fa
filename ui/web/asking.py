"""The line above the question: which documents are asked, what limits them, which question is being edited, a note on an answer."""

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from rag.library import Library
from ui import text
from ui.chats.conversations import Conversations
from ui.chats.filtering import AskedFilter, Offered, offered, with_filter, words_of
from ui.chats.turns import AskedDocument, Turn, Vote
from ui.limits import MOST_NAME_CHARACTERS, MOST_NOTE_CHARACTERS, limited
from ui.rendering.html import render
from ui.web.answers import messages
from ui.web.contract import Warned, id_of

VOTES: tuple[Vote, ...] = ("up", "down")

MOST_NAMED = 3  # documents that the line names; of more it says how many


Chosen = Sequence[AskedDocument | AskedFilter]
"""What is asked: documents, and filters."""


def asking_html(
    chosen: Chosen,
    *,
    is_editing: bool = False,
    noted: Turn | None = None,
    offers: Sequence[Offered] | None = None,
    restored: bool = False,
) -> str:
    """The line; `noted` is the turn that a note is written on, `offers` are the filters to choose from where their panel is open.

    `restored` tells the list of documents which are chosen now: else it has told this line.
    """
    documents, filters = documents_in(chosen), filters_in(chosen)
    return render(
        "asking.html",
        documents=documents if len(documents) <= MOST_NAMED else (),
        count=len(documents),
        names=", ".join(document.name for document in documents),
        filters=[(each, words_of(each)) for each in filters],
        is_editing=is_editing,
        noted=noted,
        offers=offers,
        is_open=offers is not None,
        values={each.name: each.value for each in filters},
        restored=" ".join(document.id for document in documents) if restored else None,
    )


def documents_in(chosen: Chosen) -> tuple[AskedDocument, ...]:
    """The documents that are asked; all where there are none."""
    return tuple(each for each in chosen if isinstance(each, AskedDocument))


def filters_in(chosen: Chosen) -> tuple[AskedFilter, ...]:
    """The filters that limit what is asked."""
    return tuple(each for each in chosen if isinstance(each, AskedFilter))


class AskingHandlers:
    """The line's events, and those of the buttons under an answer."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def choose(self, editing: str, chosen: Chosen, event: gr.EventData) -> tuple[Chosen, str]:
        """Ask these documents only; all, where there is none."""
        ids = getattr(event, "ids", None)
        wanted = set(map(str, ids)) if isinstance(ids, list) else set()
        with Warned():
            documents = [AskedDocument(record.id, record.name) for record in self._library.documents() if record.id in wanted]
            chosen = (*documents, *filters_in(chosen))
        return chosen, asking_html(chosen, is_editing=bool(editing))

    def open_filters(self, editing: str, chosen: Chosen, event: gr.EventData) -> str:
        """Show the filters to choose from, or hide them."""
        with Warned():
            is_open = bool(getattr(event, "is_open", False))
            offers = offered(self._library.documents()) if is_open else None
            return asking_html(chosen, is_editing=bool(editing), offers=offers)
        return asking_html(chosen, is_editing=bool(editing))

    def add_filter(self, editing: str, chosen: Chosen, event: gr.EventData) -> tuple[Chosen, str]:
        """Limit what is asked."""
        added = AskedFilter(
            str(getattr(event, "name", "")), limited(getattr(event, "value", ""), MOST_NAME_CHARACTERS, text.FILTER).strip()
        )
        try:
            if added.name in text.FILTER_NAMES:
                chosen = (*documents_in(chosen), *with_filter(filters_in(chosen), added))
        except (ValueError, TypeError) as error:
            gr.Warning(escape(str(error)))
        return chosen, self.open_filters(editing, chosen, event)

    def drop_filter(self, editing: str, chosen: Chosen, event: gr.EventData) -> tuple[Chosen, str]:
        """Take a filter away."""
        dropped = AskedFilter(str(getattr(event, "name", "")), str(getattr(event, "value", "")))
        chosen = tuple(each for each in chosen if each != dropped)
        return chosen, self.open_filters(editing, chosen, event)

    def edit(self, conversation_id: str | None, chosen: Chosen, event: gr.EventData) -> tuple[Any, Any, Any]:
        """Put a turn's question into the box, to be asked again in its place."""
        turn = self._turn(conversation_id, event)
        if turn is None:
            gr.Info(text.OLD_ANSWER)
            return gr.skip(), gr.skip(), gr.skip()
        return turn.id, turn.question, asking_html(chosen, is_editing=True)

    def cancel(self, chosen: Chosen) -> tuple[str, str, str]:
        """Leave the question as it was."""
        return "", "", asking_html(chosen)

    async def correct(self, conversation_id: str | None, event: gr.EventData) -> Any:
        """Have the sentences of an answer that no passage supports written anew, put in the passage's words, or left out."""
        turn, ways = self._turn(conversation_id, event), [way for way in text.CORRECTIONS if way == getattr(event, "way", None)]
        if turn is None or turn.answer is None or conversation_id is None or not ways:
            gr.Info(text.OLD_ANSWER)
            return gr.skip()
        with Warned():
            answer = await self._library.answerer.corrected(turn.answer, ways[0])
            if answer.changes == turn.answer.changes:
                gr.Info(text.NOT_CORRECTED)
            self._conversations.correct(conversation_id, turn.id, answer)
        return messages(self._conversations.turns(conversation_id))

    def vote(self, conversation_id: str | None, event: gr.EventData) -> Any:
        """Rate an answer; the same vote again undoes it."""
        turn, votes = self._turn(conversation_id, event), [vote for vote in VOTES if vote == getattr(event, "vote", None)]
        if turn is None or conversation_id is None or not votes:
            gr.Info(text.OLD_ANSWER)
            return gr.skip()
        self._conversations.rate(conversation_id, turn.id, "" if votes[0] == turn.vote else votes[0], turn.note)
        return messages(self._conversations.turns(conversation_id))

    def open_note(self, conversation_id: str | None, chosen: Chosen, editing: str, event: gr.EventData) -> str:
        """Show the form for a note on an answer."""
        return asking_html(chosen, is_editing=bool(editing), noted=self._turn(conversation_id, event))

    def close_note(self, chosen: Chosen, editing: str) -> str:
        """Close the form."""
        return asking_html(chosen, is_editing=bool(editing))

    def save_note(self, conversation_id: str | None, chosen: Chosen, editing: str, event: gr.EventData) -> tuple[Any, Any]:
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
