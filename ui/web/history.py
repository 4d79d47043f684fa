"""The left column's lower half: the list of conversations."""

from typing import Any, NamedTuple

import gradio as gr

from rag.errors import RagError, TextTooLongError
from ui import text
from ui.chats.conversations import Conversations
from ui.chats.store import Summary
from ui.limits import MOST_SEARCH_CHARACTERS
from ui.rendering.html import render
from ui.web.contract import Warned, id_of
from ui.web.scripts import script


class HistoryPanel(NamedTuple):
    """The list's components; `wanted` is the id of the conversation to show next."""

    find: gr.Textbox
    listing: gr.HTML
    wanted: gr.State


def build_history() -> HistoryPanel:
    """Lay the list out."""
    gr.HTML(f"<h2>{text.CONVERSATIONS}</h2>")
    find = gr.Textbox(
        label=text.FIND_CONVERSATION,
        placeholder=text.FIND_CONVERSATION,
        show_label=False,
        elem_id="find",
        lines=1,
        max_lines=1,
        max_length=MOST_SEARCH_CHARACTERS,
    )
    return HistoryPanel(find, gr.HTML(elem_id="conversations", js_on_load=script("history.js")), gr.State(""))


def history_html(conversations: Conversations, current: str | None, query: str = "", news: str = "", sharing: str = "") -> str:
    """The list: those that match `query`, the one with the id `current` marked; screen readers hear the `news`.

    The link of the one with the id `sharing` is shown at once.
    """
    problems, listed = list[str](), list[Summary]()
    try:
        listed = conversations.listed(query)
    except TextTooLongError as error:
        problems.append(str(error))
    except RagError as error:
        problems.append(text.UNREADABLE_CONVERSATIONS.format(problem=error))
    if conversations.problem:
        problems.append(text.NOT_WRITTEN.format(problem=conversations.problem))
    if conversations.notice:
        problems.append(conversations.notice)
    return render(
        "conversations.html",
        listed=listed,
        current=current,
        is_search=bool(query.strip()),
        news=news,
        problems=problems,
        can_share=conversations.can_share,
        sharing=sharing,
    )


class HistoryHandlers:
    """The list's events."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def show(self, conversation_id: str | None, query: str) -> str:
        """The list as it is now."""
        return history_html(self._conversations, conversation_id, query)

    def rename(self, conversation_id: str | None, query: str, event: gr.EventData) -> str:
        """Rename a conversation."""
        news = ""
        with Warned():
            self._conversations.rename(id_of(event), str(getattr(event, "title", "")))
            news = text.RENAMED
        return history_html(self._conversations, conversation_id, query, news)

    def share(self, conversation_id: str | None, query: str, event: gr.EventData) -> str:
        """Make a link to a conversation."""
        news = ""
        with Warned():
            self._conversations.share(id_of(event))
            news = text.SHARE_MADE
        return history_html(self._conversations, conversation_id, query, news, id_of(event))

    def unshare(self, conversation_id: str | None, query: str, event: gr.EventData) -> str:
        """Take the link back."""
        news = ""
        with Warned():
            self._conversations.unshare(id_of(event))
            news = text.SHARE_STOPPED
        return history_html(self._conversations, conversation_id, query, news)

    def delete(self, conversation_id: str | None, query: str, event: gr.EventData) -> tuple[Any, str]:
        """Delete a conversation; where it is the one that is shown, a new one is wanted."""
        wanted, news = conversation_id, ""
        with Warned():
            self._conversations.delete(id_of(event))
            wanted, news = "" if id_of(event) == conversation_id else conversation_id, text.DELETED
        return wanted, history_html(self._conversations, conversation_id, query, news)
