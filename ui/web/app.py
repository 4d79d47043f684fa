"""The page: three columns, and what is wired to what."""

from typing import Any

import gradio as gr

from rag.library import Library
from ui.chats.conversations import Conversations
from ui.uploading.indexer import Indexer
from ui.web import text
from ui.web.asking import AskingHandlers
from ui.web.chat import ChatHandlers, ChatPanel, build_chat
from ui.web.documents import DocumentsHandlers, DocumentsPanel, build_documents
from ui.web.exploring import words as exploring_words
from ui.web.exploring.explore import build_explore
from ui.web.exploring.figures import Figures
from ui.web.exploring.view import Tools
from ui.web.history import HistoryHandlers, HistoryPanel, build_history, pick
from ui.web.html import render
from ui.web.page import Page
from ui.web.scripts import HEAD_SCRIPT
from ui.web.settings import SettingsHandlers, SettingsPanel, build_settings
from ui.web.source import SourceHandlers, SourcePanel, build_source

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
MOST_CHATS = 20
"""Answers that grow at the same time."""

STATE_KEY = "footnote-conversation"
CACHE_SECONDS = 3600


def build_page(library: Library, indexer: Indexer, conversations: Conversations, figures: Figures) -> gr.Blocks:
    """Put the page together."""
    page: gr.Blocks
    with Page(title=text.TITLE, analytics_enabled=False, fill_width=True, delete_cache=(CACHE_SECONDS, CACHE_SECONDS)) as page:
        # An id is no secret; with a key of its own a restarted server could not read it any more.
        conversation = gr.BrowserState(None, storage_key=STATE_KEY, secret=STATE_KEY)
        with gr.Row(elem_id="columns", equal_height=True):
            with gr.Column(elem_id="left"):
                documents = build_documents()
                history = build_history()
            with gr.Column(elem_id="middle"):
                head = gr.HTML(
                    render("head.html", line=text.CHECKING, state=text.CHECKING, is_ready=True), elem_id="head", js_on_load=HEAD_SCRIPT
                )
                with gr.Tabs(elem_id="tabs"):
                    with gr.Tab(text.CHAT, id="chat"):
                        chat = build_chat()
                    with gr.Tab(exploring_words.EXPLORE, id="explore"):
                        build_explore(Tools(library, figures))
                    with gr.Tab(text.SETTINGS, id="settings"):
                        settings = build_settings()
            with gr.Column(elem_id="right"):
                source = build_source()
        _wire_documents(page, documents, DocumentsHandlers(library, indexer))
        growing, opening = _wire_chat(page, chat, history, conversation, ChatHandlers(library, conversations))
        _wire_history(history, conversation, HistoryHandlers(conversations), growing, opening)
        _wire_asking(documents, chat, conversation, AskingHandlers(library, conversations))
        _wire_source(documents, source, conversation, SourceHandlers(library, conversations))
        _wire_settings(page, settings, head, SettingsHandlers(library))
    page.queue(default_concurrency_limit=MOST_CHATS, api_open=False)  # what waits its turn is not called past the queue
    return page


def _wire_documents(page: gr.Blocks, panel: DocumentsPanel, handlers: DocumentsHandlers) -> None:
    shown = [panel.listing, panel.timer]
    page.load(handlers.show, None, shown, queue=False, **PRIVATE)
    panel.timer.tick(handlers.show, None, shown, queue=False, **PRIVATE)
    panel.drop.upload(handlers.upload, panel.drop, [panel.drop, *shown], **PRIVATE)
    listing: Any = panel.listing  # its events are named by its script
    listing.remove(handlers.remove, None, shown, queue=False, **PRIVATE)
    listing.dismiss(handlers.dismiss, None, shown, queue=False, **PRIVATE)
    listing.retry(handlers.retry, None, shown, queue=False, **PRIVATE)
    listing.unlock(handlers.unlock, None, shown, queue=False, **PRIVATE)


def _wire_chat(
    page: gr.Blocks, panel: ChatPanel, history: HistoryPanel, conversation: gr.BrowserState, handlers: ChatHandlers
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Wire it; the events that make an answer grow, and what shows the conversation that is wanted."""
    listing: Any = history.listing
    chosen, editing = panel.asking.chosen, panel.asking.editing
    painted = [conversation, panel.chatbot, panel.box, listing, editing, panel.asking.line]
    page.load(handlers.resume, [conversation, history.find], painted, **PRIVATE)
    asked = panel.box.submit(handlers.ask, [panel.box, conversation, history.find, chosen, editing], painted, **PRIVATE)
    again = panel.chatbot.retry(handlers.retry, [conversation, history.find], painted, **PRIVATE)
    example = panel.chatbot.example_select(handlers.ask_example, [conversation, history.find], painted, **PRIVATE)
    growing: list[dict[str, Any]] = [asked, again, example]
    line: Any = panel.asking.line
    growing.append(line.passages(handlers.ask_passages, [conversation, history.find], painted, **PRIVATE))
    panel.box.stop(handlers.stop, conversation, [panel.chatbot, panel.box], cancels=growing, **PRIVATE)
    ended = panel.fresh.click(None, None, None, cancels=growing, **PRIVATE)
    ended.then(handlers.fresh, [conversation, history.find, chosen], painted, **PRIVATE)  # after the last painting of what was ended
    opening: dict[str, Any] = {
        "fn": handlers.open,
        "inputs": [history.wanted, conversation, history.find, chosen],
        "outputs": painted,
        **PRIVATE,
    }
    return growing, opening


def _wire_history(
    panel: HistoryPanel,
    conversation: gr.BrowserState,
    handlers: HistoryHandlers,
    growing: list[dict[str, Any]],
    opening: dict[str, Any],
) -> None:
    listing: Any = panel.listing
    shown = [conversation, panel.find]
    panel.find.change(handlers.show, shown, listing, queue=False, trigger_mode="always_last", **PRIVATE)
    listing.rename(handlers.rename, shown, listing, queue=False, **PRIVATE)
    listing.pick(pick, None, panel.wanted, cancels=growing, **PRIVATE).then(**opening)
    listing.forget(handlers.delete, shown, [panel.wanted, listing], queue=False, **PRIVATE).then(**opening)
    listing.abandon(handlers.delete, shown, [panel.wanted, listing], cancels=growing, **PRIVATE).then(**opening)


def _wire_asking(documents: DocumentsPanel, panel: ChatPanel, conversation: gr.BrowserState, handlers: AskingHandlers) -> None:
    listing: Any = documents.listing
    line: Any = panel.asking.line
    chosen, editing = panel.asking.chosen, panel.asking.editing
    listing.choose(handlers.choose, [editing, chosen], [chosen, line], queue=False, trigger_mode="always_last", **PRIVATE)
    line.edit(handlers.edit, [conversation, chosen], [editing, panel.box, line], queue=False, **PRIVATE)
    line.cancel(handlers.cancel, chosen, [editing, panel.box, line], queue=False, **PRIVATE)
    line.vote(handlers.vote, conversation, panel.chatbot, queue=False, **PRIVATE)
    line.remark(handlers.ask_note, [conversation, chosen, editing], line, queue=False, **PRIVATE)
    line.noted(handlers.keep_note, [conversation, chosen, editing], [panel.chatbot, line], queue=False, **PRIVATE)


def _wire_source(documents: DocumentsPanel, panel: SourcePanel, conversation: gr.BrowserState, handlers: SourceHandlers) -> None:
    view: Any = panel.view
    listing: Any = documents.listing
    view.cite(handlers.cite, conversation, view, queue=False, **PRIVATE)
    view.passage(handlers.passage, None, view, queue=False, **PRIVATE)
    view.open(handlers.open, None, view, queue=False, **PRIVATE)
    listing.open(handlers.open, None, view, queue=False, **PRIVATE)


def _wire_settings(page: gr.Blocks, panel: SettingsPanel, head: gr.HTML, handlers: SettingsHandlers) -> None:
    page.load(handlers.check, None, [head, panel.table], **PRIVATE)
    panel.check.click(handlers.check, None, [head, panel.table], **PRIVATE)
    looking: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "doctor", **PRIVATE}
    panel.examine.click(handlers.examine, None, [panel.findings, panel.repair], **looking)
    panel.repair.click(handlers.repair, None, [panel.findings, panel.repair], **looking)
