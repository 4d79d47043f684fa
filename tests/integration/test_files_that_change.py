"""Files that are renamed, deleted, or uploaded twice under one name: nothing goes by an old name, and nothing vanishes silently."""

import asyncio
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from rag import DocumentNotFoundError, Library
from rag.watching.watcher import Watcher
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore
from ui.web.source import SourceHandlers

MARCH = "Invoice of March 2025: the total is 310 euros."
APRIL = "Invoice of April 2025: the total is 290 euros."


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "draft.txt").write_text(MARCH)
    return folder


@pytest.mark.parametrize("is_watched", [False, True])
def test_a_renamed_file_keeps_its_document_and_goes_by_its_new_name(library: Library, docs: Path, is_watched: bool) -> None:
    def follow() -> None:
        if is_watched:
            Watcher(library, [docs], settling_seconds=0.0).look()
        else:
            library.add(docs)

    follow()
    answer = library.ask("What was the total in March 2025?")
    footnote = answer.citations[0].passage
    (docs / "draft.txt").rename(docs / "final.txt")
    follow()
    assert "310" in library.ask("What was the total?", documents=["final.txt"]).text
    assert library.document(footnote.document_id).name == "final.txt"  # what an earlier conversation cites can still be opened
    assert library.pages.text(footnote.document_id, footnote.page)[footnote.start : footnote.end] == footnote.text
    with pytest.raises(DocumentNotFoundError):
        library.document("draft.txt")


def test_a_second_upload_of_one_name_takes_nothing_away(library: Library, tmp_path: Path) -> None:
    (tmp_path / "1").write_text(MARCH)
    (tmp_path / "2").write_text(APRIL)
    library.add_upload(tmp_path / "1", "invoice.txt")
    assert "already has another invoice.txt" in library.add_upload(tmp_path / "2", "invoice.txt").message
    assert [record.name for record in library.documents()] == ["invoice.txt", "invoice (2).txt"]
    assert "310" in library.ask("What was the total in March 2025?").text
    assert "290" in library.ask("What was the total in April 2025?").text


def test_a_deleted_file_is_named_as_gone(library: Library, docs: Path) -> None:
    library.add(docs)
    (docs / "draft.txt").unlink()
    (outcome,) = library.add(docs).outcomes
    assert (outcome.status, outcome.document) == ("missing", "draft.txt")


def test_a_renamed_file_keeps_its_stored_conversations_and_their_footnotes_open_it(library: Library, docs: Path) -> None:
    watcher = Watcher(library, [docs], settling_seconds=0.0)
    watcher.look()
    stored = docs.parent / "conversations.sqlite3"
    conversations = Conversations(ConversationStore.at(stored))
    conversation = conversations.resume(None)
    turn = conversations.begin(conversation, "What was the total in March 2025?")
    conversations.update(conversation, replace(turn, state="done", answer=library.ask(turn.question)))
    conversations.close()

    (docs / "draft.txt").rename(docs / "final.txt")
    watcher.look()

    panel = SourceHandlers(library, Conversations(ConversationStore.at(stored)))
    shown = asyncio.run(panel.cite(conversation, gr.EventData(None, {"id": f"{turn.id}-0"})))
    assert "final.txt" in shown
    assert "<mark" in shown
    assert "310 euros" in shown
    assert "draft.txt" not in shown
