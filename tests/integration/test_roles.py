"""Every route and every event of the page, held against everyone who may ask, in two libraries; and what signing in and out does.

In the main library everybody has the right of a role. The other one is private: Zoë's, who lets the group Crew read, and Gus ask.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient
from starlette.types import Message, Scope
from typer.testing import CliRunner, Result

from rag import Answer, Library
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import PageServer, Visitor, routes_in
from ui.chats import CONVERSATIONS_FILE
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore
from ui.commands.cli import app
from ui.http.access import COOKIE, SIGNED_OUT, Access, with_access
from ui.http.addresses import own_addresses_only
from ui.http.callers import NO_RIGHT, NOT_HERE
from ui.http.clients import with_clients
from ui.http.events import EventGate
from ui.http.gradio_routes import NEEDED
from ui.http.paths import split_library
from ui.http.people import people_routes
from ui.http.requests import is_kept
from ui.http.rules import Need, need_of
from ui.http.uploads import Uploads
from ui.people.accounts import Person
from ui.people.audit_reading import Wanted, records_of, verified
from ui.people.folders import folder_of
from ui.people.libraries import MAIN
from ui.people.rights import RIGHTS, Right, includes, lower
from ui.people.store import People
from ui.server import ServeError, serve
from ui.web.rights import HANDLERS, QUIET, event_rights, handler_name, is_recorded, right_of

SECRET = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

ROUTES: dict[Need, str] = {
    "anyone": """GET /sign-in, POST /sign-in, GET /sign-in/begin, GET /sign-in/callback, GET /first-administrator,
        POST /first-administrator, GET /choose-password, POST /choose-password, GET /healthz, GET /readyz,
        GET /favicon.ico, GET /api/docs, GET /api/openapi.json""",
    "known": "GET /api/libraries, GET /assets/x.js, GET /static/js/x.js",
    "person": """GET /account, GET /account/export, POST /account/password, POST /account/tokens,
        POST /account/tokens/{token_id}/revoke, POST /sign-out""",
    "administrator": """GET /administration, GET /administration/users, POST /administration/users, GET /administration/users/{person_id},
        POST /administration/users/{person_id}/role, POST /administration/users/{person_id}/link,
        POST /administration/users/{person_id}/sessions, GET /administration/users/{person_id}/remove,
        POST /administration/users/{person_id}/remove, GET /administration/groups, POST /administration/groups,
        GET /administration/groups/{group_id}, POST /administration/groups/{group_id}/name, GET /administration/groups/{group_id}/remove,
        POST /administration/groups/{group_id}/remove, POST /administration/groups/{group_id}/members,
        POST /administration/groups/{group_id}/members/{person_id}/leave, GET /administration/libraries, POST /administration/libraries,
        GET /administration/libraries/{library_id}, POST /administration/libraries/{library_id}/name,
        POST /administration/libraries/{library_id}/owner, POST /administration/libraries/{library_id}/rights,
        GET /administration/libraries/{library_id}/remove, POST /administration/libraries/{library_id}/remove, GET /administration/audit,
        GET /administration/audit/export.{kind}, GET /administration/usage, GET /administration/usage.csv,
        POST /administration/usage/limits""",
    "read": """GET /, GET /theme.css, GET /manifest.json, GET /gradio_api/upload_progress,
        GET /gradio_api/queue/data, GET /gradio_api/heartbeat/x, GET /gradio_api/app_id, POST /gradio_api/queue/join,
        POST /gradio_api/run/predict, POST /gradio_api/cancel, POST /gradio_api/reset, GET /health,
        GET /documents/{document_id}/pages/{page}.png, GET /documents/{document_id}/original,
        GET /conversations/{conversation_id}/export.{kind}, GET /shared/{link}, GET /figures/plotly.min.js, GET /figures/{figure_id}.json,
        GET /figures/{table_id}.csv, GET /api/documents/{document_id}/pages/{page}.png, GET /api/documents/{document_id}/original,
        GET /api/health, GET /api/documents, GET /api/documents/{name_or_id}/pages/{page:int}, GET /api/documents/{name_or_id:path},
        GET /api/left-behind, GET /api/left-out, GET /api/damaged, GET /api/removed, GET /api/indexing,
        POST /api/search, GET /api/conversations,
        GET /api/conversations/{conversation_id}, GET /api/conversations/{conversation_id}/export.{kind}, GET /api/library,
        GET /api/vectors, POST /api/chunks, GET /api/model-offer, GET /v1/models, GET /v1/models/{name:path},
        GET /v1/openapi.json, GET /metrics""",
    "ask": """POST /gradio_api/upload, POST /api/ask, POST /api/check, POST /api/confidence, POST /api/eval,
        POST /shared/{link}, POST /api/conversations/{conversation_id}/share, DELETE /api/conversations/{conversation_id}/share,
        PATCH /api/conversations/{conversation_id}, DELETE /api/conversations/{conversation_id}, POST /v1/chat/completions,
        POST /v1/responses, POST /v1/embeddings, POST /mcp""",
    "write": """POST /api/documents, POST /api/paths, DELETE /api/documents/{name_or_id:path},
        PUT /api/documents/{name_or_id:path}/metadata, POST /api/removed/{name_or_id:path}/restore""",
    "admin": """GET /rights, POST /rights, GET /doctor, POST /doctor, POST /models, DELETE /api/libraries/{library_id}, GET /api/findings,
        POST /api/reindex, POST /api/repair, POST /api/erase,
        POST /api/export, POST /api/backup, POST /api/import, DELETE /api/model-offer, POST /api/model, DELETE /api/model,
        GET /api/settings, PUT /api/settings""",
}
"""What each route needs. A new one is added here, and to `RULES` unless only administrators may use it."""

EVENTS: dict[Right, str] = {
    "read": """ChatHandlers: resume examples fresh open; HistoryHandlers: show; DocumentsHandlers: show look view;
        SourceHandlers: cite passage open place close details; SettingsHandlers: check; ConnectionsHandlers: show look;
        AnswerSettingsHandlers: show; ModelsHandlers: show; MapHandlers: arrive draw title choose choose_cluster;
        DuplicatesHandlers: show look; RelatedHandlers: show choose near like; CompareHandlers: choose compare;
        ClassifyHandlers: classify check; TokensHandlers: split pool compare heat; ArithmeticHandlers: solve""",
    "ask": """ChatHandlers: ask ask_example ask_passages retry everywhere stop; HistoryHandlers: rename share unshare delete;
        AskingHandlers: choose open_filters add_filter drop_filter edit cancel vote open_note save_note close_note correct;
        CheckHandlers: check check_file stopped; ConnectionsHandlers: prefer""",
    "write": "DocumentsHandlers: upload add_address restore again remove dismiss retry unlock",
    "admin": """DocumentsHandlers: dismiss_offer; AnswerSettingsHandlers: save; ModelsHandlers: get use cancel;
        ConnectionsHandlers: look_again change test_form test_kept connect connect_found choose disconnect;
        SettingsHandlers: examine repair""",
}
"""What each event of the page needs, by its handler. A new one is added here, and to `ui.web.rights`."""

FUNCTIONS = {"show_person", "id_of", "load", "build.<locals>.<lambda>", "str"}  # handlers that show what is there already: "read"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("roles") / "library"
    with Library.open(folder, embedder=BagOfWordsEmbedder()) as library, PageServer(library) as started:
        people = started.people
        for name, role in (("Ada", "administrator"), ("Wes", "writer"), ("Zoë", "reader"), ("Gus", "guest")):
            people.add(name, SECRET, role)  # type: ignore[arg-type]
        private, crew = people.add_library("Private", people.find("Zoë").id), people.add_group("Crew")
        people.join(crew.id, people.find("Wes").id)
        people.grant(private.id, crew.id, "read")
        people.grant(private.id, people.find("Gus").id, "ask")
        yield started


@pytest.fixture(scope="module")
def people(server: PageServer) -> People:
    return server.people


def session(person: Person, people: People) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={people.begin_session(person)}"}


@pytest.fixture(scope="module")
def private(people: People) -> str:
    """The id of the other library."""
    return people.find_library("Private").id


Rights = tuple[Right | None, Right | None]
"""In the main library, and in the other one."""


def callers(people: People) -> dict[str, tuple[dict[str, str], Rights, bool]]:
    """Everyone who may ask: headers, the highest rights, and whether it is a person on the page."""
    ada, wes, zoe, gus = map(people.find, ("Ada", "Wes", "Zoë", "Gus"))
    gone = people.add("Eve", SECRET, "administrator")
    assert gone
    left = {"session": session(gone, people), "token": {"authorization": f"Bearer {people.add_token(gone, 'x', 'admin', 1)}"}}
    people.remove("Eve")
    none: Rights = (None, None)
    found: dict[str, tuple[dict[str, str], Rights, bool]] = {
        "nobody": ({}, none, False),
        "a wrong cookie": ({"cookie": f"{COOKIE}=wrong"}, none, False),
        "a wrong token": ({"authorization": "Bearer wrong", **session(ada, people)}, none, False),
        "a removed person": (left["session"], none, False),
        "a removed person's token": (left["token"], none, False),
        "a reader": (session(zoe, people), ("ask", "admin"), True),
        "a writer": (session(wes, people), ("write", "read"), True),
        "an administrator": (session(ada, people), ("admin", None), True),
        "a guest": (session(gus, people), (None, "ask"), True),
        "a reader's token for all": (bearer(people, zoe, "admin"), ("ask", "admin"), False),
        "a guest's token for all": (bearer(people, gus, "admin"), (None, "ask"), False),
        "the server's token": ({"authorization": "Bearer s3cret"}, ("admin", None), False),
        "the holder's token": ({"authorization": "bearer holder"}, ("admin", "admin"), False),
    }
    for scope in RIGHTS:
        found[f"an administrator's token to {scope}"] = (bearer(people, ada, scope), (scope, None), False)
        found[f"an owner's token to {scope}"] = (bearer(people, zoe, scope), (lower("ask", scope), scope), False)
    return found


def bearer(people: People, person: Person, scope: Right) -> dict[str, str]:
    return {"authorization": f"Bearer {people.add_token(person, 'x', scope, 1)}"}


def routes_of(app: Any) -> set[tuple[str, str]]:
    """Method and path of each route that is open, included and mounted ones too."""
    found = {(method, path) for method, path in routes_in(app.routes[:-1]) if method not in {"HEAD", "OPTIONS"}}
    return found | {
        (method, re.sub(r"\\|\(js\|fonts\|img\)", lambda each: "js" if each[0] != "\\" else "", path)) for method, path in NEEDED
    }


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "1", path).replace("[w.-]+", "x.js").replace("[w./-]+", "x.js").replace("w+", "x")


def table() -> dict[tuple[str, str], Need]:
    return {tuple(each.split(maxsplit=1)): need for need, routes in ROUTES.items() for each in routes.replace("\n", " ").split(", ")}  # type: ignore[misc]


def as_scope(method: str, path: str, headers: dict[str, str]) -> Scope:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b"", "scheme": "http"}


def statuses(access: Access, headers: dict[str, str], asked: list[tuple[str, str]]) -> list[int]:
    """What `with_access` answers: 200 for what it lets in."""
    found: list[int] = []

    async def inner(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def ask_all() -> None:
        app = with_access(inner, access)
        for method, path in asked:
            await app(as_scope(method, path, headers), receive, send)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    asyncio.run(ask_all())
    return found


def test_every_route_needs_what_the_table_says(server: PageServer) -> None:
    found = {(method, filled(path)) for method, path in routes_of(server.app)} - {("HEAD", "/")}
    expected = {(method, filled(path)): need for (method, path), need in table().items()}
    assert found == set(expected), "a route is new or gone: say in ROUTES what it needs"
    assert {route: need_of(*route) for route in found} == expected
    assert need_of("HEAD", "/") == "read"
    for odd in (
        ("GET", "/new"),
        ("POST", "/api/new"),
        ("OPTIONS", "/"),
        ("GET", "/api"),
        ("PUT", "/sign-in"),
        ("GET", "/sign-in/x"),
        ("GET", "//"),
    ):
        assert need_of(*odd) == "admin"


def test_everyone_may_do_what_the_table_says_and_no_more(people: People, private: str) -> None:
    access = Access(people, "s3cret", "holder", is_local=True)
    routes = {(method, filled(path)): need for (method, path), need in table().items()}
    for who, (headers, (right, _), is_person) in callers(people).items():
        is_known = is_person or ("authorization" in headers and access.caller(HTTPConnection(as_scope("GET", "/", headers))).scope)
        for (route, need), status in zip(routes.items(), statuses(access, headers, list(routes)), strict=True):
            administers = who == "an administrator"
            otherwise = {"anyone": True, "known": is_known, "person": is_person, "administrator": administers}
            may = otherwise[need] if need in otherwise else includes(right, need)  # type: ignore[arg-type]
            assert (status == 200) == bool(may), (who, route, status)
            leads_to_sign_in = route[0] == "GET" and re.fullmatch(r"/|/(account|administration|rights)(/.*)?", route[1])
            assert status in {200, 401, 403} or leads_to_sign_in, (who, route)


def test_everyone_may_do_in_another_library_what_the_table_says(people: People, private: str) -> None:
    access = Access(people, "s3cret", "holder", is_local=True)
    routes = {(method, filled(path)): need for (method, path), need in table().items()} | {("GET", ""): "read"}
    for who, (headers, rights, _) in callers(people).items():
        for library, right in ((private, rights[1]), ("00000000", None)):
            asked = [(method, f"/libraries/{library}{path}") for method, path in routes]
            for route, need, status in zip(routes, routes.values(), statuses(access, headers, asked), strict=True):
                may = includes(right, need if need in RIGHTS else "read")  # nothing in it is open to all
                assert (status == 200) == may, (who, library, route, status)
                assert status in {200, 303, 401, 404} or right, (who, library, route)


def test_whoever_the_server_knows_is_told_of_the_libraries_that_are_theirs(people: People) -> None:
    access = Access(people, "s3cret", "holder", is_local=True)
    for who, (headers, rights, _) in callers(people).items():
        caller = access.caller(HTTPConnection(as_scope("GET", "/", headers)))
        found = {library.name: right for library, right in access.libraries(caller)}
        assert found == {name: right for name, right in zip(("Main library", "Private"), rights, strict=True) if right}, who


def test_every_event_needs_what_the_table_says(server: PageServer) -> None:
    expected: dict[str, Right] = dict.fromkeys(FUNCTIONS, "read")
    for right, classes in EVENTS.items():
        for kind, _, names in (each.partition(":") for each in classes.split(";")):
            expected |= dict.fromkeys((f"{kind.strip()}.{name}" for name in names.split()), right)
    events = server.gradio.get_blocks().fns
    found = {handler_name(event.fn): right for number, right in event_rights(events).items() if (event := events[number]).fn}
    assert found == expected, "an event is new or gone: say in EVENTS what it needs"


def test_everyone_may_call_the_events_that_the_table_says(server: PageServer, people: People, private: str) -> None:
    rights = event_rights(server.gradio.get_blocks().fns)
    assert len(rights) > 100

    async def inner(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    kept = SimpleNamespace(session_data={}, time_last_used={})
    queue = SimpleNamespace(event_ids_to_events={}, pending_event_ids_session={}, pending_messages_per_session={})
    gate = EventGate(inner, Uploads(), queue, kept, rights)
    access = Access(people, "s3cret", "holder", is_local=True)
    found: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def within(scope: Scope, receive: Any, send: Any) -> None:
        """The gate of the library that is asked, which sees its own paths."""
        library, _ = split_library(scope["path"])
        await gate({**scope, "root_path": f"/libraries/{library}" if library else ""}, receive, send)

    async def call(headers: dict[str, str], tab: str, number: object, library: str) -> int:
        body = json.dumps({"fn_index": number, "session_hash": tab, "data": []}).encode()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        scope = as_scope("POST", f"{f'/libraries/{library}' if library else ''}/gradio_api/queue/join", headers)
        await with_clients(with_access(within, access))({**scope, "client": ("127.0.0.1", 1)}, receive, send)
        return found[-1]

    async def call_all() -> None:
        one_of_each: dict[Right, object] = {right: number for number, right in rights.items()}
        assert set(one_of_each) == set(RIGHTS)
        few: list[tuple[object, Right]] = [(number, need) for need, number in one_of_each.items()]
        strange: list[object] = [9_999, str(one_of_each["read"]), None, [0], {}]
        odd: list[tuple[object, Right]] = [(each, "admin") for each in strange]
        for place, (who, (headers, both, _)) in enumerate(callers(people).items()):
            numbers: list[tuple[object, Right]] = [*(rights.items() if who == "a reader" else few), *odd]
            places: list[tuple[str, Right | None]] = [(MAIN, both[0]), (private, both[1])]
            for (library, right), (event, need) in product(places, numbers):
                may = await call(headers, f"tab{place}{library}", event, library) == 200
                assert may == includes(right, need), (who, library, event)

    asyncio.run(call_all())


@pytest.fixture
def plain(server: PageServer) -> Iterator[httpx2.Client]:
    """No browser."""
    with httpx2.Client(base_url=server.url, verify=False) as client:
        yield client


def event_of(server: PageServer, handler: str) -> int:
    events: dict[int, Any] = server.gradio.get_blocks().fns
    return next(number for number, event in events.items() if event.fn and handler_name(event.fn) == handler)


def sign_in(server: PageServer, name: str, **more: str) -> Visitor:
    visitor = Visitor(server, f"tab{name.encode().hex()}")
    got = visitor.http.post("/sign-in", data={"name": name, "password": SECRET}, headers=more)
    assert (got.status_code, got.headers["location"]) == (303, "/")
    return visitor


def test_conversations_belong_to_who_asked(server: PageServer, people: People, plain: httpx2.Client) -> None:
    ids = {name: people.find(name).id for name in ("Ada", "Zoë")}
    kept = {}
    event = partial(event_of, server)
    for name, owner in ids.items():
        hers = server.conversations.of(owner)
        kept[name] = hers.resume(None)
        turn = hers.begin(kept[name], f"What does {name} ask?")
        answer = Answer(turn.question, "Here.", (), (), "m", "complete", "", 0.1)
        hers.update(kept[name], type(turn)(turn.id, turn.question, answer=answer, state="done"))
    with sign_in(server, "Ada") as ada, sign_in(server, "Zoë") as zoe:
        for mine, visitor, other in (("Ada", ada, "Zoë"), ("Zoë", zoe, "Ada")):
            assert [each["id"] for each in visitor.http.get("/api/conversations").json()] == [kept[mine]]
            for path in (
                "/conversations/{}/export.md",
                "/conversations/{}/export.html",
                "/api/conversations/{}",
                "/api/conversations/{}/export.md",
            ):
                assert visitor.http.get(path.format(kept[mine])).status_code == 200
                assert visitor.http.get(path.format(kept[other])).status_code == 404
            assert visitor.http.delete(f"/api/conversations/{kept[other]}").status_code == 404
            shown = visitor.call(event("HistoryHandlers.show"), [kept[other], ""]).text  # the list of conversations
            assert f"What does {mine} ask?" in shown
            assert f"What does {other} ask?" not in shown
            for verb in ("rename", "delete"):
                visitor.call(event(f"HistoryHandlers.{verb}"), [kept[other], ""], event_data={"id": kept[other], "title": "stolen"})
            assert visitor.call(event("ChatHandlers.resume"), [kept[other], ""], route="queue/join").status_code == 200
            painted = json.dumps(next(visitor.ends()), ensure_ascii=False)
            assert f"What does {mine} ask?" in painted
            assert f"What does {other} ask?" not in painted
            assert "stolen" not in painted
        token = people.add_token(people.find("Zoë"), "x", "read", 1)
        asked = plain.get("/api/conversations", headers={"Authorization": f"Bearer {token}"}).json()
        assert [each["id"] for each in asked] == [kept["Zoë"]]
        assert ada.call(event("HistoryHandlers.show"), [None, ""], session_hash=zoe.tab).status_code == 403  # another's tab
        assert ada.http.get("/gradio_api/queue/data", params={"session_hash": zoe.tab}).status_code == 403
        ended = {"session_hash": zoe.tab, "fn_index": 0, "event_id": "x"}
        assert [each.http.post("/gradio_api/cancel", json=ended).status_code for each in (ada, zoe)] == [403, 200]
        (path,) = zoe.upload({"list.txt": b"words"}).json()
        ada.http.cookies.set("footnote-session", zoe.http.cookies["footnote-session"])  # the same browser, signed in as another
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        assert ada.call(server.event("load"), [file]).status_code == 403
    assert server.conversations.listed() == []


def test_rights_in_one_library_open_no_other(server: PageServer, people: People, private: str) -> None:
    zoe_id, at = people.find("Zoë").id, f"/libraries/{private}"
    folder = folder_of(server.library.folder, private)
    folder.mkdir(parents=True)
    there = Conversations(ConversationStore.open(folder / CONVERSATIONS_FILE), owner=zoe_id)
    kept = there.resume(None)
    turn = there.begin(kept, "What is private?")
    there.update(kept, replace(turn, answer=Answer(turn.question, "This.", (), (), "m", "complete", "", 0.1), state="done"))
    there.close()
    show = event_of(server, "DocumentsHandlers.show")
    with sign_in(server, "Zoë") as zoe, sign_in(server, "Gus") as gus, sign_in(server, "Wes") as wes, sign_in(server, "Ada") as ada:
        sent = zoe.http.post(f"{at}/api/documents", files={"file": ("a.txt", b"It is private.")}, data={"kind": "text", "wait": "true"})
        assert sent.status_code == 200
        (document,) = (each["id"] for each in zoe.http.get(f"{at}/api/documents").json())
        for path in (f"/api/documents/{document}", f"/documents/{document}/original", f"/conversations/{kept}/export.md"):
            assert [zoe.http.get(root + path).status_code for root in (at, "")] == [200, 404]
            assert ada.http.get(at + path).status_code == 404  # an administrator, to whom nothing is granted
        assert gus.http.get("/").headers["location"] == f"{at}/"  # the only one that is the guest's
        assert gus.http.get(f"{at}/").status_code == 200
        assert gus.http.get(f"{at}/api/documents").json()[0]["id"] == document
        assert gus.http.get(f"{at}/api/conversations").json() == []  # Zoë's are hers
        assert gus.http.get("/api/documents").json()["detail"] == NO_RIGHT
        assert gus.call(show, [None]).status_code == 403
        assert "Private" in gus.http.get("/api/libraries").text
        assert call_at(wes, at, show).status_code == 200
        people.leave(people.find_group("Crew").id, people.find("Wes").id)  # an open tab
        assert call_at(wes, at, show).json()["error"] == NOT_HERE
        assert wes.http.get(f"{at}/gradio_api/queue/data", params={"session_hash": wes.tab}).status_code == 404
        people.join(people.find_group("Crew").id, people.find("Wes").id)
        assert call_at(wes, at, show).status_code == 200
        menus = [call_at(each, at, event_of(server, "show_person"), []).text for each in (zoe, gus)]
        assert ["../../libraries/" in menu for menu in menus] == [True, False]  # the guest has no other one to go to


def call_at(visitor: Visitor, at: str, event: int, data: Any = (None,)) -> httpx2.Response:
    """Call an event of another library's page."""
    body = {"fn_index": event, "data": list(data), "session_hash": visitor.tab, "event_data": None, "trigger_id": None}
    return visitor.http.post(f"{at}/gradio_api/run/predict", json=body)


def test_signing_in_and_out(server: PageServer, people: People, plain: httpx2.Client) -> None:
    with Visitor(server) as zoe:
        assert (zoe.http.get("/").status_code, zoe.http.get("/").headers["location"]) == (303, "/sign-in")
        assert zoe.http.get("/theme.css").status_code == 401
        page = zoe.http.get(
            "/sign-in", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        )
        assert (page.status_code, page.headers["cache-control"], "<script" in page.text) == (200, "no-store", False)
        refused = [zoe.http.post("/sign-in", data={"name": name, "password": "wrong"}) for name in ("Zoë", "nobody", "x" * 10_000, "")]
        assert {(each.status_code, each.text) for each in refused} == {(401, refused[0].text)}
        for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
            assert zoe.http.post("/sign-in", data={"name": "Zoë", "password": SECRET}, headers=headers).status_code == 403
        assert zoe.http.post("/sign-in", data={"name": "x" * 100_000}).status_code == 413
        zoe.http.cookies.set(COOKIE, "fixed")
        got = zoe.http.post("/sign-in", params={"next": "http://evil.example"}, data={"name": "zoë ", "password": SECRET, "next": "//evil"})
        assert (got.status_code, got.headers["location"]) == (303, "/")
        assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", got.headers["set-cookie"])
        first = got.cookies[COOKIE]
        zoe.http.cookies.clear()
        zoe.http.cookies.set(COOKIE, first)
        assert zoe.http.get("/").status_code == 200
        assert "Zoë" in zoe.http.get("/account").text
        again = zoe.http.post("/sign-in", data={"name": "Zoë", "password": SECRET}).cookies[COOKIE]
        assert again != first
        assert plain.get("/account", headers={"cookie": f"{COOKIE}={first}"}).status_code == 303  # it has ended
        assert plain.get("/account", headers={"cookie": f"{COOKIE}={again}"}).status_code == 200
        elsewhere = session(people.find("Zoë"), people)
        out = plain.post("/sign-out", data={"everywhere": "yes"}, headers={"cookie": f"{COOKIE}={again}"})
        assert (out.status_code, out.headers["location"], out.headers["clear-site-data"]) == (303, "/sign-in", '"cache"')
        assert plain.get("/account", headers=elsewhere).status_code == 303
        gone = zoe.call(event_of(server, "DocumentsHandlers.show"), [None])  # an open tab
        assert (gone.status_code, gone.json()["error"]) == (401, SIGNED_OUT)


def test_tokens_and_passwords_are_changed_by_their_person(server: PageServer, people: People, plain: httpx2.Client) -> None:
    people.add("Sam", SECRET, "reader")
    with sign_in(server, "Sam") as sam:
        made = sam.http.post("/account/tokens", data={"name": "<b>mine</b>", "scope": "ask", "days": "5"})
        token = re.findall(r"fn_[\w-]{43}", made.text)[0]
        assert "<b>mine" not in made.text
        bearer = {"Authorization": f"Bearer {token}"}
        assert plain.get("/api/documents", headers=bearer).json() == []
        assert plain.get("/v1/models", headers=bearer).status_code == 200
        refused = plain.post("/api/erase", headers=bearer)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert refused.json()["detail"] == "This needs the right to administer the library. Yours is to ask questions."
        assert plain.post("/account/tokens", data={"name": "x", "scope": "ask", "days": "1"}, headers=bearer).status_code == 401
        for wrong in ({"scope": "all"}, {"days": "0"}, {"days": "٣"}, {"days": "9" * 9}, {"name": "x" * 10_000}):
            assert sam.http.post("/account/tokens", data={"name": "x", "scope": "ask", "days": "5"} | wrong).status_code == 422
        (kept,) = people.tokens(people.find("Sam"))
        assert sam.http.post(f"/account/tokens/{kept.id}/revoke").status_code == 303
        assert plain.get("/api/documents", headers=bearer).status_code == 401
        before = sam.http.cookies[COOKIE]
        assert sam.http.post("/account/password", data={"old": "wrong", "new": "another password"}).status_code == 422
        assert sam.http.post("/account/password", data={"old": SECRET, "new": "short"}).status_code == 422
        assert sam.http.post("/account/password", data={"old": SECRET, "new": "another password"}).status_code == 200
        assert sam.http.get("/account").status_code == 200
        assert people.of_session(before) is None


def test_guesses_are_held_back(server: PageServer) -> None:
    with Visitor(server) as eve:
        got = [eve.http.post("/sign-in", data={"name": "Ada ", "password": f"guess {n}"}) for n in range(7)]
        assert [each.status_code for each in got][:5] == [401] * 5
        assert got[-1].status_code == 429
        assert int(got[-1].headers["retry-after"]) >= 1
        assert (
            eve.http.post("/sign-in", data={"name": "ＡＤＡ", "password": SECRET}).status_code == 429
        )  # one account, however it is written


def test_where_nobody_is_yet(tmp_path: Any) -> None:
    """Only this machine needs no login, and not for long."""
    page, api = ("GET", "/"), ("GET", "/api/documents")
    with People(tmp_path / "people.sqlite3") as people:
        cases: tuple[tuple[Access, dict[str, str], list[int]], ...] = (
            (Access(people), {}, [200, 200]),
            (Access(people), {"authorization": "Bearer anything"}, [200, 200]),  # OpenAI clients send some key
            (Access(people, "s3cret"), {}, [200, 401]),
            (Access(people, is_local=False), {}, [303, 403]),
            (Access(people, "s3cret", is_local=False), {}, [303, 401]),
            (Access(people, "s3cret", is_local=False), {"authorization": "Bearer s3cret"}, [200, 200]),
            (Access(people, "s3cret", is_local=False), {"authorization": "Bearer sécret"}, [303, 401]),
            (Access(people, is_local=False, no_login=True), {}, [200, 403]),
        )
        for access, headers, expected in cases:
            assert statuses(access, headers, [page, api]) == expected


def test_the_link_of_the_start_makes_one_administrator(tmp_path: Path) -> None:
    with People(tmp_path / "people.sqlite3", QUICK) as people:
        access = Access(people, is_local=False)
        built = FastAPI()
        built.include_router(people_routes(access, "c0de"))
        built.add_middleware(with_access, access=access)
        built.add_middleware(with_clients)
        built.add_middleware(own_addresses_only, names={"testserver"})
        with TestClient(built, follow_redirects=False) as http:
            assert "Nobody can sign in yet" in http.get("/sign-in").text
            for code in ("", "wrong", "é"):
                assert http.get("/first-administrator", params={"code": code}).status_code == 404
            link = {"code": "c0de", "name": "Ada", "password": SECRET}
            assert http.post("/first-administrator", data=link, headers={"origin": "http://evil.example"}).status_code == 403
            assert http.get("/first-administrator", params={"code": "c0de"}).status_code == 200
            assert "A password has 12" in http.post("/first-administrator", data=link | {"password": "short"}).text
            assert not people.exist()
            assert http.post("/first-administrator", data=link).headers["location"] == "/"
            assert "Ada" in http.get("/account").text
            assert http.post("/first-administrator", data=link | {"name": "Eve"}).status_code == 404
            assert [(each.name, each.role) for each in people.listed()] == [("Ada", "administrator")]


def test_no_login_is_not_for_a_server_with_users(open_library: OpenLibrary) -> None:
    library = open_library()
    with People(library.folder / "people.sqlite3", QUICK) as people:
        people.add("Ada", SECRET, "administrator")
    with pytest.raises(ServeError, match="There are users"):
        serve(library, host="127.0.0.1", port=0, samples=None, tell=print, no_login=True)


def test_users_and_tokens_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n", encoding="utf-8")
    (tmp_path / "library").mkdir()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--library", str(tmp_path / "library")])

    secret = ("--password-file", str(tmp_path / "password"))
    assert "one with `rag user add" in str(run("token", "add", "--name", "x").exception)
    assert run("user", "add", "Ada", *secret).exit_code == 0
    assert run("user", "add", "Zoë 博士", "--role", "writer", *secret).exit_code == 0
    assert run("user", "list", "--json").stdout.splitlines() == [
        '{"name": "Ada", "role": "administrator"}',
        '{"name": "Zoë 博士", "role": "writer"}',
    ]
    token = run("token", "add", "--name", "mine", "--scope", "write", "--expires", "90d", "--user", "zoë 博士").stdout.strip()
    assert "Say whose token" in str(run("token", "list").exception)
    (listed,) = map(json.loads, run("token", "list", "--user", "Zoë 博士", "--json").stdout.splitlines())
    assert (listed["name"], listed["scope"]) == ("mine", "write")
    with People(tmp_path / "library" / "people.sqlite3") as people:
        assert people.of_token(token) == (people.find("Zoë 博士"), "write")
        assert run("user", "role", "Zoë 博士", "reader").exit_code == 0
        assert people.find("Zoë 博士").role == "reader"
        assert run("token", "remove", listed["id"], "--user", "Zoë 博士").exit_code == 0
        assert people.of_token(token) is None
        assert run("user", "remove", "Zoë 博士").exit_code == 0
        assert run("token", "add", "--name", "x", "--expires", "soon").exit_code == 2
        assert [each.name for each in people.listed()] == ["Ada"]


UNRECORDED = """POST /gradio_api/queue/join, POST /gradio_api/run/predict, POST /gradio_api/cancel, POST /gradio_api/reset,
    POST /gradio_api/upload, POST /api/search, POST /api/chunks, POST /api/ask, POST /api/check, POST /api/confidence,
    POST /v1/chat/completions, POST /v1/responses, POST /v1/embeddings, POST /mcp"""
"""Routes that are posted to and leave no record as requests: questions and the page's events have records of their own."""
TAKING = """GET /documents/{document_id}/original, GET /api/documents/{document_id}/original, GET /api/vectors, GET /figures/{table_id}.csv,
    GET /conversations/{conversation_id}/export.{kind}, GET /api/conversations/{conversation_id}/export.{kind},
    GET /administration/audit/export.{kind}, GET /administration/usage.csv, GET /account/export"""
"""Routes that only read and are recorded: they take something away."""


def test_every_request_that_changes_or_takes_something_is_recorded(server: PageServer) -> None:
    """A new route is, unless it only reads or `COMPUTES` says that it changes nothing."""
    unrecorded, taking = ({each.strip() for each in routes.replace("\n", " ").split(",")} for routes in (UNRECORDED, TAKING))
    for method, path in routes_of(server.app) - {("HEAD", "/")}:
        expected = f"{method} {path}" in taking if method == "GET" else f"{method} {path}" not in unrecorded
        assert is_kept(method, filled(path)) == expected, (method, path)
    quiet = set(QUIET.split())
    assert quiet <= set(HANDLERS), "an event is gone: take it out of QUIET"
    for event in server.gradio.get_blocks().fns.values():
        if event.fn:
            assert is_recorded(event.fn) == (handler_name(event.fn) not in quiet and right_of(event.fn) != "read")


def test_what_is_done_through_every_door_is_recorded(server: PageServer, people: People, private: str) -> None:
    words, event, log = "The fee is forty euros.\n", partial(event_of, server), server.library.folder / "audit"
    document = server.library.add_text(words, "terms of sale.md").document_id
    person = people.add("Ines 博士", SECRET, "writer")
    assert person
    people.grant(private, person.id, "ask")
    with sign_in(server, person.name) as ines, sign_in(server, "Wes") as wes:
        asked = {"question": "What is the fee?"}
        assert ines.http.post("/api/search", json=asked).status_code == 200
        assert ines.http.post("/api/ask", json=asked | {"documents": ["terms of sale.md"]}).status_code == 200
        assert ines.http.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "The fee?"}]}).status_code == 200
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": asked}}
        accept = {"accept": "application/json, text/event-stream"}
        assert wes.http.post("/mcp", json=call, headers=accept).status_code == 200  # one that came before has no part in the next
        assert ines.http.post("/mcp", json=call, headers=accept).status_code == 200
        ines.call(event("ChatHandlers.ask"), ["What is the fee?", None, "", [], "", None], route="queue/join")
        next(ines.ends())
        ines.http.post("/api/documents", files={"file": ("more.txt", b"More words.")}, headers=accept)
        assert ines.http.get(f"/documents/{document}/original").status_code == 200
        assert ines.http.put("/api/documents/more.txt/metadata", json={"year": 2026}).status_code == 200
        assert ines.call(event("DocumentsHandlers.dismiss"), [None], event_data={"id": "none"}).status_code == 200
        assert ines.call(event("SettingsHandlers.repair"), []).status_code == 403
        ines.call(event("DocumentsHandlers.remove"), [None], event_data={"id": document})
        assert ines.http.post("/account/tokens", data={"name": "mine", "scope": "read", "days": "5"}).status_code == 200
        assert ines.http.post(f"/libraries/{private}/api/search", json=asked).status_code == 200
        ines.http.post("/sign-out")
        ines.http.post("/sign-in", data={"name": person.name, "password": "wrong"})
    named, everyone = f"{document[:12]} terms of sale.md", records_of(log, Wanted(), newest_first=False)
    found = [record for record in everyone if person.name in {record["name"], record["facts"].get("user")}]
    # What an answered request did may be recorded after what the next one did.
    assert sorted((record["action"], record["door"], record["library"]) for record in found) == [
        ("document.added", "api", ""),
        ("document.metadata", "api", ""),
        ("document.removed", "page", ""),
        ("people.add_token", "page", ""),
        ("question.ask", "api", ""),
        ("question.ask", "mcp", ""),
        ("question.ask", "page", ""),
        ("question.ask", "v1", ""),
        ("question.retrieve", "api", ""),
        ("question.retrieve", "api", private),
        ("refused", "page", ""),
        ("request", "page", ""),
        ("sign_in", "page", ""),
        ("sign_in.failed", "page", ""),
        ("sign_out", "page", ""),
        ("upload.dismiss", "page", ""),
    ]
    facts = {(record["action"], record["door"], record["library"]): record["facts"] for record in found}
    assert {record["person"] for record in found if record["action"] != "sign_in.failed"} == {person.id}
    questions = [record for record in found if record["action"].startswith("question.") and not record["library"]]
    assert [record["facts"]["documents"] for record in questions] == [[named]] * 5
    asked_for = {"question": "What is the fee?", "within": ["terms of sale.md"], "outcome": "complete"}
    assert facts["question.ask", "api", ""] | asked_for == facts["question.ask", "api", ""]
    assert facts["request", "page", ""]["document_id"] == document
    # It is private: administrators read the log, and have no right in it.
    assert facts["question.retrieve", "api", private] == {"outcome": "found"}
    assert len({record["request"] for record in found}) == len(found)
    written = "".join(path.read_text(encoding="utf-8") for path in log.glob("*.jsonl"))
    assert not [secret for secret in ("forty", SECRET, "fn_", '"wrong"') if secret in written]
    assert not verified(log).breaks


def test_metrics_are_for_administrators_and_name_nothing(server: PageServer, people: People, plain: httpx2.Client) -> None:
    server.library.add_text("The fee is forty euros.\n", "secret plans.md")
    bearer = {name: {"Authorization": f"Bearer {people.add_token(people.find(name), 'x', 'read', 1)}"} for name in ("Ada", "Zoë", "Wes")}
    refused = plain.get("/metrics")
    assert (refused.status_code, refused.json()["request_id"]) == (401, refused.headers["x-request-id"])
    assert [plain.get("/metrics", headers=bearer[name]).status_code for name in ("Zoë", "Wes")] == [403, 403]
    plain.get("/api/documents/secret plans.md", headers=bearer["Ada"])
    plain.post("/api/ask", json={"question": "What is the fee?"}, headers=bearer["Ada"])
    plain.request("ODD", "/made/up/path")
    plain.post("/sign-in", data={"name": "nobody", "password": "wrong"})
    text = plain.get("/metrics", headers=bearer["Ada"]).raise_for_status().text
    assert not [word for word in ("secret", "Ada", "made", "ODD", "fee", people.find("Ada").id) if word in text]
    lines = dict(line.rpartition(" ")[::2] for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['footnote_documents{library=""}']) == len(server.library.documents())
    assert float(lines['footnote_requests_total{method="GET",route="/api/documents/{name_or_id:path}",status="200"}']) >= 1
    assert float(lines['footnote_questions_total{library="",outcome="complete",verb="ask"}']) >= 1
    for name in (
        "footnote_sign_in_failures_total",
        "footnote_sessions",
        "process_resident_memory_bytes",
        "footnote_first_words_seconds_count",
    ):
        assert float(lines[name]) >= 1
    routes = {route for route in re.findall(r'route="([^"]*)"', text) if not route.startswith("/gradio_api/")}
    assert routes <= {path for _, path in routes_in(server.app.routes)} | {"other"}


def test_administrators_read_the_audit_log_on_a_page(server: PageServer) -> None:
    with sign_in(server, "Ada") as ada, sign_in(server, "Wes") as wes:
        assert wes.http.get("/administration/audit").status_code == 403
        wes.http.post("/api/search", json={"question": "<script>alert(1)</script>?"})
        page = ada.http.get("/administration/audit").raise_for_status().text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script" not in page
        wanted = {"person": "wes", "action": "question", "since": "2020-01-01", "until": "", "page": "1"}
        assert "</strong> sign_in" not in ada.http.get("/administration/audit", params=wanted).text
        for odd in ({"page": "9" * 500}, {"page": "-1"}, {"since": "2020-99-99"}, {"action": "'\"<"}, {"person": "词" * 3_000}):
            assert ada.http.get("/administration/audit", params=odd).status_code == 200
        lines = ada.http.get("/administration/audit/export.jsonl", params=wanted).text.splitlines()
        assert {json.loads(line)["name"] for line in lines} == {"Wes"}
        assert ada.http.get("/administration/audit/export.csv").text.startswith("time,action,")
        assert ada.http.get("/administration/audit/export.xml").status_code == 404
        assert "/administration/audit/export.{kind}" in ada.http.get("/administration/audit").text  # a download is recorded itself
