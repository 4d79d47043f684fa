"""The page: three columns, and which event calls what."""

from typing import Any

import gradio as gr

from rag.library import Library
from ui import text
from ui.chats.conversations import Conversations
from ui.rendering.html import render
from ui.uploading.indexer import Indexer
from ui.web.asking import AskingHandlers
from ui.web.chat import ChatHandlers, ChatPanel, build_chat
from ui.web.checking import build_check
from ui.web.connections import ChatModelPlaces
from ui.web.contract import AT_ONCE, PRIVATE, Painting, id_of, on
from ui.web.documents import build_documents
from ui.web.exploring.explore import build_explore
from ui.web.exploring.figures import Figures
from ui.web.exploring.view import Tools
from ui.web.history import HistoryHandlers, HistoryPanel, build_history
from ui.web.mounting import Page
from ui.web.scripts import script
from ui.web.settings import build_settings
from ui.web.source import build_source

MOST_RUNNING = 20  # of an event, at the same time
STATE_KEY = "footnote-conversation"
CACHE_SECONDS = 3600


def build_page(
    library: Library, indexer: Indexer, conversations: Conversations, figures: Figures, *, may_connect: bool = True, library_id: str = ""
) -> gr.Blocks:
    """Put the page together.

    Args:
        library: What it shows.
        indexer: Adds documents.
        conversations: Keeps what is asked.
        figures: Keeps what Explore draws.
        may_connect: Whether chat models may be connected on it.
        library_id: Tells a server's libraries apart in a browser's storage.
    """
    page: gr.Blocks
    with Page(title=text.TITLE, analytics_enabled=False, fill_width=True, delete_cache=(CACHE_SECONDS, CACHE_SECONDS)) as page:
        # An id is no secret; with a key of its own a restarted server could not read it any more.
        key = f"{STATE_KEY}-{library_id}" if library_id else STATE_KEY
        conversation = gr.BrowserState(None, storage_key=key, secret=STATE_KEY)
        with gr.Row(elem_id="columns", equal_height=True):
            with gr.Column(elem_id="left"):
                documents = build_documents(page, library, indexer)
                history = build_history()
            with gr.Column(elem_id="middle"):
                checking = render("head.html", line=text.CHECKING, state=text.CHECKING, is_ready=True)
                head = gr.HTML(checking, elem_id="head", js_on_load=script("head.js"))
                with gr.Tabs(elem_id="tabs"):
                    with gr.Tab(text.CHAT, id="chat"):
                        chat = build_chat()
                    with gr.Tab(text.CHECK, id="check"):
                        build_check(library)
                    with gr.Tab("Explore", id="explore"):
                        build_explore(Tools(library, figures))
                    with gr.Tab(text.SETTINGS, id="settings"):
                        build_settings(page, ChatModelPlaces(head, chat.choice, chat.preferred), library, indexer, may_connect=may_connect)
            with gr.Column(elem_id="right"):
                build_source(library, conversations, conversation, documents)
        handlers = ChatHandlers(library, conversations)
        _wire_chat(page, chat, history, conversation, handlers, HistoryHandlers(conversations))
        on(documents, "settled")(handlers.examples, None, chat.chatbot, **PRIVATE)
        _wire_asking(documents, chat, conversation, AskingHandlers(library, conversations))
    page.queue(default_concurrency_limit=MOST_RUNNING, api_open=False)  # what waits its turn is not called past the queue
    return page


def _wire_chat(
    page: gr.Blocks,
    panel: ChatPanel,
    history: HistoryPanel,
    conversation: gr.BrowserState,
    handlers: ChatHandlers,
    listed: HistoryHandlers,
) -> None:
    """Wire the conversation and the list of conversations: an answer that grows ends where another conversation is opened."""
    chosen, editing, line = panel.chosen, panel.editing, panel.line
    shown = [conversation, history.find]
    asked = [*shown, panel.preferred]
    asking: dict[str, Any] = {"concurrency_id": "asking", "concurrency_limit": None, **PRIVATE}  # they wait in a fairer queue
    painted = list(Painting(conversation, panel.chatbot, panel.box, history.listing, editing, line, chosen))
    page.load(handlers.resume, shown, painted, **PRIVATE)
    growing = [
        panel.box.submit(
            handlers.ask, [panel.box, *shown, chosen, editing, panel.preferred], painted, trigger_mode="always_last", **asking
        ),
        panel.chatbot.example_select(handlers.ask_example, asked, painted, **asking),
        on(line, "passages")(handlers.ask_passages, asked, painted, **asking),
        on(line, "retry")(handlers.retry, asked, painted, **asking),
        on(line, "everywhere")(handlers.everywhere, asked, painted, **asking),
    ]
    panel.box.stop(handlers.stop, conversation, [panel.chatbot, panel.box], cancels=growing, **PRIVATE)
    ended = panel.fresh.click(None, None, None, cancels=growing, **PRIVATE)
    ended.then(handlers.fresh, [*shown, chosen], painted, **PRIVATE)  # after the last painting of what was ended

    opening: dict[str, Any] = {"fn": handlers.open, "inputs": [history.wanted, *shown, chosen], "outputs": painted, **PRIVATE}
    history.find.change(listed.show, shown, history.listing, trigger_mode="always_last", **AT_ONCE)
    on(history.listing, "rename")(listed.rename, shown, history.listing, **AT_ONCE)
    on(history.listing, "make_link")(listed.share, shown, history.listing, **AT_ONCE)
    on(history.listing, "drop_link")(listed.unshare, shown, history.listing, **AT_ONCE)
    on(history.listing, "pick")(id_of, None, history.wanted, cancels=growing, **PRIVATE).then(**opening)
    deleted = [history.wanted, history.listing]
    on(history.listing, "delete")(listed.delete, shown, deleted, **AT_ONCE).then(**opening)
    on(history.listing, "delete_shown")(listed.delete, shown, deleted, cancels=growing, **PRIVATE).then(**opening)


def _wire_asking(documents: gr.HTML, panel: ChatPanel, conversation: gr.BrowserState, handlers: AskingHandlers) -> None:
    chosen, editing, line = panel.chosen, panel.editing, panel.line
    in_turn: dict[str, Any] = {"concurrency_id": "chosen", "concurrency_limit": 1, **PRIVATE}  # each begins with what the last one chose
    on(documents, "choose")(handlers.choose, [editing, chosen], [chosen, line], **in_turn)
    on(line, "filters")(handlers.open_filters, [editing, chosen], line, **AT_ONCE)
    on(line, "filter")(handlers.add_filter, [editing, chosen], [chosen, line], **in_turn)
    on(line, "drop_filter")(handlers.drop_filter, [editing, chosen], [chosen, line], **in_turn)
    on(line, "edit")(handlers.edit, [conversation, chosen], [editing, panel.box, line], **AT_ONCE)
    on(line, "cancel_edit")(handlers.cancel, chosen, [editing, panel.box, line], **AT_ONCE)
    on(line, "correct")(handlers.correct, conversation, panel.chatbot, **PRIVATE)
    on(line, "vote")(handlers.vote, conversation, panel.chatbot, **AT_ONCE)
    on(line, "open_note")(handlers.open_note, [conversation, chosen, editing], line, **AT_ONCE)
    on(line, "save_note")(handlers.save_note, [conversation, chosen, editing], [panel.chatbot, line], **AT_ONCE)
    on(line, "close_note")(handlers.close_note, [chosen, editing], line, **AT_ONCE)
