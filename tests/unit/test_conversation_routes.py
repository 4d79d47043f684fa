from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag import Answer
from ui.chats.conversations import Conversations
from ui.http.conversations import conversation_routes


@pytest.mark.parametrize(("kind", "media_type"), [("md", "text/markdown; charset=utf-8"), ("html", "text/html; charset=utf-8")])
def test_a_conversation_is_downloaded_under_its_name(kind: str, media_type: str) -> None:
    conversations = Conversations()
    one = conversations.resume(None)
    turn = conversations.begin(one, 'Where/is "Zoë"?\r\nX: y')
    conversations.update(one, replace(turn, state="done", answer=Answer(turn.question, "Here.", (), (), "m", "complete", "", 0.1)))
    app = FastAPI()
    app.include_router(conversation_routes(conversations))
    got = TestClient(app).get(f"/conversations/{one}/export.{kind}")
    assert (got.status_code, got.headers["content-type"]) == (200, media_type)
    assert got.headers["content-disposition"] == f"attachment; filename*=UTF-8''Whereis%20Zo%C3%AB%20X%20y.{kind}"
    assert "Here." in got.text


def test_what_is_not_there_is_not_found() -> None:
    conversations = Conversations()
    app = FastAPI()
    app.include_router(conversation_routes(conversations))
    client = TestClient(app)
    assert client.get("/conversations/stranger/export.md").status_code == 404
    one = conversations.resume(None)
    conversations.begin(one, "Why?")
    assert client.get(f"/conversations/{one}/export.exe").status_code == 404
