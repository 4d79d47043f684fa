"""Limits for each person, turns, and what is counted, through every door."""

import asyncio
import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from rag import Answer, Library, LimitReachedError, Settings
from rag.storing.places import Places
from tests.fakes import BagOfWordsEmbedder
from tests.page_events import drive, event
from tests.page_server import ApiServer
from ui.chats.conversations import Conversations
from ui.http.access import COOKIE, Access, with_access
from ui.http.administration import administration_routes
from ui.http.administration.usage import used_words
from ui.http.people import people_routes
from ui.people.accounts import Person
from ui.people.ledger import Amounts, Ledger
from ui.people.limits import ACCOUNT, Account, Desk, Waiting, in_turn
from ui.people.store import People
from ui.uploading.indexer import Indexer
from ui.web.chat import ChatHandlers
from ui.web.checking import CheckHandlers
from ui.web.documents import DocumentsHandlers
from ui.web.listing import View

SECRET = "correct horse battery"
QUESTION = "Within how many days may I return an item?"
TEXT = "You may return an item within thirty days."
LIMIT = "your daily limit of questions (2)"


def reply(_: object) -> Iterator[str]:
    """A chat model."""
    yield "Within thirty days"
    yield " [1]."


@pytest.fixture
def people(places: Places) -> Iterator[People]:
    with People(places.database("people"), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)) as opened:
        yield opened


@pytest.fixture
def ledger(places: Places) -> Iterator[Ledger]:
    with Ledger(places.database("usage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("limits") / "library"
    with Library.open(folder, Settings(questions_at_once=1), embedder=BagOfWordsEmbedder(), chat_model=reply) as opened:
        opened.add_text(TEXT, "returns.txt")
        yield opened


def added(people: People, name: str) -> Person:
    person = people.add(name, SECRET, "writer")
    assert person
    return person


def desk_of(ledger: Ledger, people: People, **limits: int) -> Desk:
    return Desk(ledger, people, Settings(**{f"person_{kind}": most for kind, most in limits.items()}))  # type: ignore[arg-type]


def test_a_limit_holds_through_every_door_in_its_own_words(library: Library) -> None:
    with ApiServer(library) as server, httpx2.Client(base_url=server.url) as http:
        root, ada = added(server.people, "Root"), added(server.people, "Ada")
        roots, adas = ({"Authorization": f"Bearer {server.people.add_token(each, 'x', 'write', 1)}"} for each in (root, ada))
        http.headers.update(adas)
        messages = {"model": "footnote", "messages": [{"role": "user", "content": QUESTION}]}
        server.desk.ledger.set_limit(ada.id, "questions_a_day", 2)
        before = [{"role": "user", "content": "May I return it?"}, {"role": "assistant", "content": "You may."}]
        asked = http.post("/api/ask", json={"question": "Within how many days?", "history": before}).json()
        assert (asked["usage"]["requests"], asked["usage"]["unreported"]) == (2, 2)  # what a follow-up means is asked first
        usage = http.post("/v1/chat/completions", json=messages).json()["usage"]
        assert usage["completion_tokens"] > 0
        for path, body in (
            ("/api/ask", {"question": QUESTION}),
            ("/api/search", {"question": QUESTION}),
            ("/api/check", {"text": TEXT}),
            ("/v1/chat/completions", messages),
            ("/v1/chat/completions", messages | {"stream": True}),
            ("/v1/responses", {"model": "footnote", "input": QUESTION}),
            ("/v1/embeddings", {"input": "x"}),
        ):
            refused = http.post(path, json=body, headers={"Accept": "text/event-stream"})
            assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True), path
            assert LIMIT in refused.json()["detail"]
            assert refused.json()["error"]["type"] == "rate_limit_error"
            assert LIMIT in refused.json()["error"]["message"]
        assert http.get("/api/documents").status_code == 200

        async def act(headers: dict[str, str]) -> Any:
            async with (
                httpx2.AsyncClient(headers=headers) as given,
                Client(streamable_http_client(f"{server.url}/mcp", http_client=given)) as client,
            ):
                return await client.call_tool("ask", {"question": QUESTION})

        assert not asyncio.run(act(roots)).is_error
        refused = asyncio.run(act(adas))
        assert refused.is_error
        assert LIMIT in str(refused.content)
        server.desk.ledger.set_limit(ada.id, "questions_a_day", None)
        found = asyncio.run(act(adas))
        assert found.structured_content["finish"] == "complete"
        used = server.desk.ledger.used_today(ada.id)
        assert (used.questions, used.requests, used.unreported) == (3, 4, 4)
        assert server.desk.ledger.used_today(root.id).questions == 1
        server.desk.ledger.set_limit(ada.id, "files_a_day", 1)
        file = {"file": ("one.txt", b"The tide turns at noon.")}
        assert http.post("/api/documents", files=file).json()["outcomes"][0]["status"] == "added"
        over = http.post("/api/documents", files=file)
        assert (over.status_code, "limit of files (1)" in over.json()["detail"], "retry-after" in over.headers) == (429, True, True)
        assert server.desk.ledger.stored_bytes() == {ada.id: 23}


def test_the_page_says_it_where_the_answer_would_stand(library: Library, ledger: Ledger, people: People, tmp_path: Path) -> None:
    ada, conversations = added(people, "Ada"), Conversations()
    desk = desk_of(ledger, people, questions_a_day=1, files_a_day=1)
    indexer = Indexer(library, Account(desk))
    ACCOUNT.set(Account(desk, ada.id))
    try:
        one = conversations.resume(None)
        drive(ChatHandlers(library, conversations).ask(QUESTION, one, "", (), ""))
        drive(ChatHandlers(library, conversations).ask(QUESTION, one, "", (), ""))
        answered, refused = conversations.turns(one)
        assert (answered.state, refused.state) == ("done", "failed")
        assert "your daily limit of questions (1)" in refused.problem
        assert "daily limit of questions (1)" in drive(CheckHandlers(library).check(event(text=TEXT)))[-1][0]
        for name in ("one.txt", "two.txt"):
            (tmp_path / name).write_text(f"{name} says so.")
        DocumentsHandlers(library, indexer).upload([str(tmp_path / "one.txt")], View())
        with pytest.warns(UserWarning, match="daily limit of files"):
            DocumentsHandlers(library, indexer).upload([str(tmp_path / "two.txt")], View())
        with pytest.warns(UserWarning, match="daily limit of files"):
            DocumentsHandlers(library, indexer).add_address("http://127.0.0.1/x", View())
        assert [job.name for job in indexer.jobs if job.person == ada.id] == ["one.txt"]
    finally:
        ACCOUNT.set(Account())
    indexer.start()
    indexer.close()


def test_who_waits_is_told_the_place_and_what_is_left_is_counted(library: Library, ledger: Ledger, people: People) -> None:
    ada, desk = added(people, "Ada"), Desk(ledger, people, library.settings)
    ticket = desk.queue(library).join("another")

    async def ask() -> list[Answer | Waiting]:
        ACCOUNT.set(Account(desk, ada.id))
        steps = []
        asking = in_turn(library, library.stream(QUESTION))
        async for step in asking:
            steps.append(step)
            if len(steps) == 1:
                desk.queue(library).leave(ticket)
            if len(steps) == 2:
                await asking.aclose()  # the reader stops it
        return steps

    waiting, first = asyncio.run(ask())
    assert waiting == Waiting(1)
    assert isinstance(first, Answer)
    assert desk.queue(library).join("next").turn.done()
    used = ledger.used_today(ada.id)
    assert (used.requests, used.unreported, used.estimated_tokens > 100) == (1, 1, True)


def test_questions_are_counted_in_their_library(ledger: Ledger, people: People) -> None:
    ada, access = added(people, "Ada"), Access(people, desk=desk_of(ledger, people, questions_a_day=1))
    notes = people.add_library("Notes")
    people.grant(notes.id, ada.id, "ask")

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("answered")(scope, receive, send)

    http = TestClient(with_access(inner, access), headers={"Authorization": f"Bearer {people.add_token(ada, 'x', 'ask', 1)}"})
    assert http.get(f"/libraries/{notes.id}/api/documents").status_code == 200
    assert http.post(f"/libraries/{notes.id}/api/ask").status_code == 200
    refused = http.post("/v1/responses")
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "rate_limit_error")
    assert [(each.library, each.amounts.questions) for each in ledger.used("2000-01-01")] == [(notes.id, 1)]


def test_questions_at_once_and_within_a_minute(ledger: Ledger, people: People) -> None:
    desk = desk_of(ledger, people, questions_at_once=1, questions_a_minute=2)
    ada, bob = (Account(desk, added(people, name).id) for name in ("Ada", "Bob"))
    with ada.question(), bob.question(), pytest.raises(LimitReachedError, match="questions in progress"), ada.question():
        pass
    with ada.question():
        pass
    with pytest.raises(LimitReachedError, match="questions a minute") as caught, ada.question():
        pass
    assert 0 < caught.value.retry_seconds <= 60
    with Account(ada.desk).question(), Account(ada.desk).question():  # a program of an administrator
        pass


def test_a_groups_limit_and_ones_own(ledger: Ledger, people: People) -> None:
    ada, desk = added(people, "Ada"), desk_of(ledger, people, questions_a_day=5, tokens_a_day=100)
    groups = [people.add_group(name) for name in ("staff", "guests")]
    for group, most in zip(groups, (7, 3), strict=True):
        people.join(group.id, ada.id)
        ledger.set_limit(group.id, "questions_a_day", most)
    assert (desk.limits(ada.id)["questions_a_day"], desk.limits(ada.id)["tokens_a_day"]) == (7, 100)
    ledger.set_limit(groups[1].id, "questions_a_day", 0)
    assert desk.limits(ada.id)["questions_a_day"] == 0
    ledger.set_limit(ada.id, "questions_a_day", 2)
    assert desk.limits(ada.id)["questions_a_day"] == 2
    ledger.add(ada.id, "", Amounts(prompt_tokens=90, estimated_tokens=10), "m")
    with pytest.raises(LimitReachedError, match="daily limit of tokens"), Account(desk, ada.id).question():
        pass


def test_stored_bytes_are_those_of_documents_that_are_there(library: Library, ledger: Ledger, people: People) -> None:
    ada, desk = added(people, "Ada"), desk_of(ledger, people, stored_megabytes=1)
    account = Account(desk, ada.id)
    outcome = library.add_text("A note. " * 100, "note.txt")
    account.note_added(library, [outcome])
    assert ledger.stored_bytes() == {ada.id: 800}
    account.add_files(library, 1, 1_000_000 - 800)
    with pytest.raises(LimitReachedError, match="stored documents"):
        account.add_files(library, 1, 1_000_000)
    library.remove("note.txt")
    account.add_files(library, 1, 1_000_000)
    assert ledger.stored_bytes() == {}


def test_nothing_is_counted_where_nobody_signs_in_nor_stopped_where_counting_fails(tmp_path: Path, people: People) -> None:
    path = tmp_path / "usage.sqlite3"
    with Ledger(path) as ledger:
        with Account(desk_of(ledger, people, questions_a_day=1)).question():
            pass
        assert not path.exists()
    path.write_bytes(b"no database" * 100)
    ada = added(people, "Ada")
    with Ledger(path) as ledger:
        desk = desk_of(ledger, people, questions_at_once=1)
        with Account(desk, ada.id).question():
            pass
        assert used_words(desk, ada.id) == ""


def test_counts_survive_a_restart_and_threads(places: Places) -> None:
    with Ledger(places.database("usage")) as ledger:
        threads = [threading.Thread(target=ledger.add, args=("ada", "", Amounts(questions=1))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Ledger(places.database("usage")) as ledger:
        assert ledger.used_today("ada") == Amounts(questions=8)
        ledger.forget(["ada"])
        assert ledger.used("2000-01-01") == []
    assert [path.name for path in places.folder.glob("usage*") if path.stat().st_mode & 0o77] == []


async def remove(library_id: str) -> bool:
    """No library is removed here."""
    return bool(library_id)


def test_administrators_see_what_is_used_and_set_limits(ledger: Ledger, people: People, tmp_path: Path) -> None:
    root, odd = people.add("Root", SECRET, "administrator"), people.add("=1+1 <b>", SECRET, "reader")
    assert root
    assert odd
    desk = Desk(ledger, people, Settings(chat_price="1.50 4 EUR", person_questions_a_day=9))
    ledger.add(odd.id, "", Amounts(questions=4))
    ledger.add(
        odd.id, "", Amounts(requests=5, prompt_tokens=2_000_000, completion_tokens=250_000, unreported=1, estimated_tokens=77), "llama"
    )
    ledger.add("gone", "", Amounts(questions=1))
    access = Access(people, desk=desk)
    built = FastAPI()
    built.include_router(administration_routes(access, tmp_path, remove))
    built.include_router(people_routes(access))
    built.add_middleware(with_access, access=access)
    usage = "/administration/usage"
    with TestClient(built, cookies={COOKIE: people.begin_session(root)}) as http:
        page = http.get(usage).text
        for shown in (
            "=1+1 &lt;b&gt;",
            "2,000,000",
            "250,000",
            "Cost, EUR",
            ">4.00<",
            "about 77",
            "Of 1 of 5 requests",
            "Removed users",
            "questions a day: 9",
        ):
            assert shown in page
        for query in ("by=day", "by=library", "by=model", "by=x&days=x&page=x", "find=zzz", "days=1&page=9"):
            assert http.get(f"{usage}?{query}").status_code == 200
        rows = list(csv.reader(http.get(f"{usage}.csv").text.splitlines()))
        assert rows[0][:5] == ["day", "person", "library", "model", "questions"]
        assert ["'=1+1 <b>", "Main library", "llama", "0"] in [row[1:5] for row in rows]
        form = {"whose": "user", "name": odd.name, "kind": "questions_a_day", "most": "3"}
        assert "Set for =1+1 &lt;b&gt;: questions a day, 3." in http.post(f"{usage}/limits", data=form).text
        assert desk.limits(odd.id)["questions_a_day"] == 3
        for wrong in ({"name": "x" * 10_000}, {"kind": "x"}, {"most": "-1"}, {"most": "٣"}, {"most": "9" * 99}, {"whose": "group"}):
            assert 'role="alert"' in http.post(f"{usage}/limits", data=form | wrong).text
        assert desk.limits(odd.id)["questions_a_day"] == 3
        assert "no own limit" in http.post(f"{usage}/limits", data=form | {"most": ""}).text
        assert desk.limits(odd.id)["questions_a_day"] == 9
        http.cookies.set(COOKIE, people.begin_session(odd))
        assert http.get(usage).status_code == 403
        assert http.post(f"{usage}/limits", data=form).status_code == 403
        assert "Questions: 4 today" in http.get("/account").text
