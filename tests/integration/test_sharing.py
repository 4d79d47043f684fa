"""Conversations shared by a link, and those that are not kept: too old, or of somebody who is gone."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from rag import Answer, Citation, Library, Passage
from rag.storing.places import Places
from tests.fakes import BagOfWordsEmbedder
from ui.chats import CONVERSATIONS_FILE
from ui.chats.conversations import Conversations
from ui.chats.keeping import Keeping, sweep, sweep_stored
from ui.chats.store import ConversationStore
from ui.chats.turns import Turn
from ui.commands.cli import app as command_line
from ui.http.access import COOKIE, Access, with_access
from ui.http.addresses import own_addresses_only
from ui.http.api.app import build_api
from ui.http.clients import with_clients
from ui.http.people import people_routes
from ui.http.personal import personal_routes
from ui.http.protection import with_protection
from ui.http.sharing import sharing_routes
from ui.people import PEOPLE_FILE
from ui.people.ledger import Amounts, Ledger
from ui.people.limits import USAGE_FILE
from ui.people.store import People
from ui.personal import export_person
from ui.uploading.indexer import Indexer

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "correct horse battery"
WORDS = "Leave lapses in March."
NAVIGATION = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@dataclass
class Server:
    """The routes of people and conversations, and who has signed in to them."""

    library: Library
    people: People
    conversations: Conversations
    app: FastAPI

    def browser(self, name: str = "") -> TestClient:
        cookies = {COOKIE: self.people.begin_session(self.people.find(name))} if name else {}
        return TestClient(self.app, cookies=cookies, follow_redirects=False)

    def asked(self, name: str, *questions: str) -> str:
        """The id of a conversation of somebody's, each answer with a footnote to the notes."""
        hers, (record,) = self.conversations.of(self.people.find(name).id), self.library.documents()
        passage = Passage(1, 0.9, 0.9, record.name, record.id, 1, "1", 0, len(WORDS), WORDS)
        cited = replace(Citation.of_words(1, passage, position=13), verdict="supported", sentence="Leave lapses.")
        conversation = hers.resume(None)
        for question in questions:
            answer = Answer(question, "Leave lapses [1].", (cited,), (passage,), "m", "complete", "", 0.1)
            hers.update(conversation, replace(hers.begin(conversation, question), answer=answer, state="done"))
        return conversation


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sharing")
    with Library.open(folder, embedder=BagOfWordsEmbedder()) as library, People(folder / PEOPLE_FILE, QUICK) as people:
        conversations = Conversations(ConversationStore.open(folder / CONVERSATIONS_FILE))
        access = Access(people, holder_token="holder")
        app = FastAPI()
        app.include_router(people_routes(access))
        app.include_router(personal_routes(people, Places(folder, None)))
        app.include_router(sharing_routes(library, conversations))
        app.mount("/api", build_api(library, Indexer(library), conversations))
        app.add_middleware(with_access, access=access)
        app.add_middleware(with_clients)
        app.add_middleware(own_addresses_only, names={"testserver"})
        app.add_middleware(with_protection)
        yield Server(library, people, conversations, app)
        conversations.close()


@pytest.fixture
def server(served: Server) -> Server:
    """With three people, and one document."""
    for person in reversed(served.people.listed()):
        served.people.remove(person.name)
    for name, role in (("Ada", "administrator"), ("Zoë", "reader"), ("Wes", "writer")):
        served.people.add(name, SECRET, role)  # type: ignore[arg-type]
    served.library.add_text(WORDS, name="notes.txt")
    return served


def test_a_link_shows_a_conversation_as_it_stands_until_it_is_taken_back(server: Server) -> None:
    conversation = server.asked("Zoë", "Does leave <b>lapse</b>?")
    zoe, wes = server.browser("Zoë"), server.browser("Wes")
    made = zoe.post(f"/api/conversations/{conversation}/share").json()["url"]
    link = made.removeprefix("http://testserver")
    assert re.fullmatch(r"/shared/[\w-]{22}", link)
    with ThreadPoolExecutor() as pool:
        again = pool.map(lambda _: server.browser("Zoë").post(f"/api/conversations/{conversation}/share").json()["url"], range(4))
    assert {*again} == {made}
    assert zoe.get("/api/conversations").json()[0]["link"] == link.removeprefix("/shared/")

    shown = wes.get(link, headers=NAVIGATION)
    assert (shown.status_code, shown.headers["cache-control"], shown.headers["referrer-policy"]) == (200, "no-store", "same-origin")
    assert "Shared by Zoë" in shown.text
    assert "Does leave &lt;b&gt;lapse&lt;/b&gt;?" in shown.text
    assert not re.search(r"<(script|img|b>lapse)", shown.text)
    (record,) = server.library.documents()
    assert f'href="../#document={record.id}&amp;page=1&amp;start=0&amp;end=22"' in shown.text
    zoe.patch(f"/api/conversations/{conversation}", json={"title": "Renamed"})
    hers = server.conversations.of(server.people.find("Zoë").id)
    turn = hers.begin(conversation, "And then?")
    grown = wes.get(link).text
    assert "<h1>Renamed</h1>" in grown
    assert "And then?" in grown
    assert "This answer was still being written." in grown
    hers.update(conversation, replace(turn, state="failed", problem="No."))

    server.library.remove(record.id)
    gone = wes.get(link).text
    assert "#document=" not in gone
    assert "no longer in the library" in gone

    assert zoe.delete(f"/api/conversations/{conversation}/share").status_code == 200
    assert wes.get(link).status_code == 404
    assert "leads to no conversation" in wes.get(link).text
    another = zoe.post(f"/api/conversations/{conversation}/share").json()["url"]
    assert another != made
    zoe.delete(f"/api/conversations/{conversation}")
    assert wes.get(another).status_code == 404


def test_a_link_is_no_way_around_rights(server: Server) -> None:
    conversation = server.asked("Zoë", "Does leave lapse?")
    zoe, wes, nobody = server.browser("Zoë"), server.browser("Wes"), server.browser()
    link = zoe.post(f"/api/conversations/{conversation}/share").json()["url"].removeprefix("http://testserver")
    refused = nobody.get(link, headers=NAVIGATION)
    assert (refused.status_code, refused.headers["location"]) == (303, f"/sign-in?then={link}")
    assert nobody.post(link).status_code == 401
    for odd in ("x" * 10_000, "é", "%ff%00", "' OR 1=1 --", conversation, link.removeprefix("/shared/").swapcase()):
        assert wes.get(f"/shared/{odd}").status_code == 404
        assert wes.post(f"/shared/{odd}").status_code == 404
    for method, client in (("post", wes), ("delete", wes), ("post", server.browser("Ada"))):
        assert getattr(client, method)(f"/api/conversations/{conversation}/share").status_code == 404
    by_nobody = nobody.post(f"/api/conversations/{conversation}/share", headers={"Authorization": "Bearer holder"})
    assert by_nobody.status_code == 404
    assert server.conversations.of("").listed() == []
    local = server.conversations.of("").resume(None)
    server.conversations.of("").begin(local, "Mine?")
    alone = nobody.post(f"/api/conversations/{local}/share", headers={"Authorization": "Bearer holder"})
    assert (alone.status_code, "where people sign in" in alone.json()["detail"]) == (409, True)
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert wes.post(link, headers=headers).status_code == 403
        assert zoe.delete(f"/api/conversations/{conversation}/share", headers=headers).status_code == 403
    reading = {"Authorization": f"Bearer {server.people.add_token(server.people.find('Wes'), 'x', 'read', 1)}"}
    assert "Copy to my conversations" not in nobody.get(link, headers=reading).text
    assert nobody.post(link, headers=reading).status_code == 403
    assert nobody.post(f"/api/conversations/{conversation}/share", headers=reading).status_code == 403
    assert wes.get(link).status_code == 200
    server.people.set_role("Zoë", "guest")  # who may not read the library
    assert wes.get(link).status_code == 404
    server.people.grant("", server.people.find("Zoë").id, "read")
    assert wes.get(link).status_code == 200
    server.people.remove("Zoë")
    assert wes.get(link).status_code == 404
    server.people.remove("Wes")
    assert wes.post(link).status_code == 401  # an open tab


def test_signing_in_leads_to_what_was_shared_and_nowhere_else(server: Server) -> None:
    link = f"/shared/{'x' * 22}"
    given = {"name": "Zoë", "password": SECRET}
    got = server.browser().post("/sign-in", params={"then": link}, data=given)
    assert (got.status_code, got.headers["location"]) == (303, link)
    assert server.browser("Wes").get("/sign-in", params={"then": link}).headers["location"] == link
    evil = "http://evil.example"
    for wrong in (
        evil,
        "//evil.example",
        f"//evil.example{link}",
        f"{evil}{link}",
        f"{link}/..",
        f"{link}\n",
        f"/shared/{'é' * 22}",
        "/account",
    ):
        assert server.browser().post("/sign-in", params={"then": wrong}, data=given).headers["location"] == "/"


def test_a_copy_is_ones_own(server: Server) -> None:
    conversation = server.asked("Zoë", "Does leave lapse?", "And then?")
    hers = server.conversations.of(server.people.find("Zoë").id)
    hers.rate(conversation, hers.turns(conversation)[0].id, "down", "hers alone")
    growing = hers.begin(conversation, "And now?")
    link = hers.share(conversation)
    wes = server.browser("Wes")
    copied = wes.post(f"/shared/{link}").headers["location"].removeprefix("../#conversation=")
    his = server.conversations.of(server.people.find("Wes").id)
    assert [turn.question for turn in his.turns(copied)] == ["Does leave lapse?", "And then?"]
    assert {(turn.vote, turn.note) for turn in his.turns(copied)} == {("", "")}
    assert [(each.id, each.link) for each in his.listed()] == [(copied, "")]
    his.begin(copied, "His?")
    assert len(hers.turns(conversation)) == 3
    hers.delete(conversation)
    assert hers.update(conversation, growing) is False
    assert [turn.question for turn in his.turns(copied)] == ["Does leave lapse?", "And then?", "His?"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / CONVERSATIONS_FILE


def ask(conversations: Conversations, question: str) -> tuple[str, Turn]:
    conversation = conversations.resume(None)
    return conversation, conversations.begin(conversation, question)


def words_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob(f"{CONVERSATIONS_FILE}*"))


def test_conversations_that_nobody_changes_are_deleted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conversations = Conversations(ConversationStore.open(file), owner="her")
    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now - 10 * 86_400)
        old, turn = ask(conversations, "Old question?")
        conversations.stop(old, turn.id)
        link = conversations.share(old)
        changed, turn = ask(conversations, "Changed?")
        conversations.stop(changed, turn.id)
        growing, _ = ask(conversations, "Growing?")
    conversations.rate(changed, conversations.turns(changed)[0].id, "up", "")
    sweep([conversations.of("him")], [], None)
    sweep([conversations.of("him")], [], 11)
    assert len(conversations.listed()) == 3
    with closing(Conversations(ConversationStore.open(file), owner="her")) as beside:
        assert beside.turns(old)  # in its memory
        sweep([conversations.of("him")], [], 9)
        assert {each.id for each in conversations.listed()} == {changed, growing}
        sweep([beside], [], 9)
    assert (conversations.turns(old), conversations.shared(link)) == ((), None)
    conversations.close()
    assert b"Old question?" not in words_in(file.parent)


def test_conversations_of_the_removed_go_wherever_they_are(file: Path, tmp_path: Path) -> None:
    """Also those of which an answer grows, and those that a request begins after the person has been removed."""
    conversations = Conversations(ConversationStore.open(file))
    her, him = conversations.of("her"), conversations.of("him")
    one, growing = ask(her, "Hers?")
    his, _ = ask(him, "His?")
    empty = her.resume(None)
    keeping = Keeping(Places(tmp_path, None), lambda: [conversations], lambda: ["her", "nobody"], None)
    keeping.start()
    keeping.close()
    assert her.update(one, replace(growing, state="done")) is False
    assert (her.turns(one), her.listed(), [each.id for each in him.listed()]) == ((), [], [his])
    for gone in (one, empty):
        with pytest.raises(KeyError):
            her.begin(gone, "Again?")
    ask(her, "Late?")
    sweep([conversations], ["her"], None)
    conversations.close()
    assert not re.search(rb"Hers\?|Late\?", words_in(tmp_path))
    assert b"His?" in words_in(tmp_path)


def test_a_person_s_data_in_one_file(server: Server) -> None:
    conversation = server.asked("Zoë", "Does leave lapse?")
    zoe = server.people.find("Zoë")
    server.people.join(server.people.add_group("Sales").id, zoe.id)
    secret, session = server.people.add_token(zoe, "mine", "ask", 1), server.people.begin_session(zoe)
    hers = server.conversations.of(zoe.id)
    hers.rate(conversation, hers.turns(conversation)[0].id, "down", "Not what I asked")
    server.asked("Wes", "His own?")
    whole = BytesIO()
    own = server.people.add_library("Zoë/s own", zoe.id).id
    with Ledger(server.library.folder / USAGE_FILE) as ledger:
        ledger.note_document("", "d" * 64, zoe.id, 5)
        ledger.add(zoe.id, "", Amounts(questions=3))
    (server.library.folder / "libraries" / own).mkdir(parents=True)
    server.people.add_library("Never opened", zoe.id)
    export_person(whole, server.people, zoe, Places(server.library.folder, None), lambda library_id, path: path.write_text(library_id))
    with ZipFile(whole) as packed:
        read = {name: packed.read(name).decode() for name in packed.namelist()}
    account = json.loads(read["account.json"])
    assert (account["name"], account["role"], account["groups"]) == ("Zoë", "reader", ["Sales"])
    assert [each["name"] for each in account["tokens"]] == ["mine"]
    assert account["documents"] == [{"library": "", "id": "d" * 64, "bytes": 5}]
    assert [each["amounts"]["questions"] for each in account["usage"]] == [3]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", account["sessions"][0]["began"])
    name = "conversations/Main library/0001 Does leave lapse"
    assert read.keys() == {"account.json", f"{name}.json", f"{name}.md", f"libraries/{own} Zoës own.zip"}
    (turn,) = json.loads(read[f"{name}.json"])["turns"]
    assert (turn["question"], turn["vote"], turn["note"]) == ("Does leave lapse?", "down", "Not what I asked")
    assert "Leave lapses [^1-1]." in read[f"{name}.md"]
    assert read[f"libraries/{own} Zoës own.zip"] == own
    got = server.browser("Zoë").get("/account/export")
    assert (got.headers["content-disposition"], got.headers["cache-control"]) == ("attachment; filename*=UTF-8''Zo%C3%AB.zip", "no-store")
    with ZipFile(BytesIO(got.content)) as packed:
        assert {*packed.namelist()} == read.keys() - {f"libraries/{own} Zoës own.zip"}
    assert 'href="/account/export"' in server.browser("Zoë").get("/account").text
    assert server.browser().get("/account/export", headers={"Authorization": f"Bearer {secret}"}).status_code == 303
    server.people.set_role("Zoë", "guest")  # so that the library's words are not hers to read any more
    with ZipFile(BytesIO(server.browser("Zoë").get("/account/export").content)) as packed:
        left = [packed.read(f"{name}.{kind}").decode() for kind in ("json", "md")]
    assert [("Does leave lapse?" in each, WORDS in each, "Leave lapses" in each) for each in left] == [(True, False, False)] * 2
    assert "Not what I asked" in left[0]
    assert not [each for each in (secret, session, "argon2", "His own?") if each in "".join(read.values())]


def test_users_are_exported_removed_and_erased_on_the_command_line(tmp_path: Path) -> None:
    """Beside a server that has the conversations in its memory."""
    with People(tmp_path / PEOPLE_FILE, QUICK) as people:
        for name in ("Ada", "Zoë", "Wes"):
            people.add(name, SECRET, "administrator")
        zoe = people.find("Zoë").id
        shared, private = people.add_library("Sales").id, people.add_library("Wes's own", people.find("Wes").id).id
    with Ledger(tmp_path / USAGE_FILE) as ledger:
        ledger.add(zoe, "", Amounts(questions=3))
    folders = [tmp_path, *(tmp_path / "libraries" / each for each in (shared, private)), tmp_path / "removed-libraries" / "0123abcd"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    served = [Conversations(ConversationStore.open(each / CONVERSATIONS_FILE)) for each in folders]
    for conversations in served:
        one, turn = ask(conversations.of(zoe), "Hers?")
        conversations.of(zoe).stop(one, turn.id)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command_line, ["user", *arguments, "--library", str(tmp_path)])

    assert run("export", "zoë", str(tmp_path / "data.zip")).exit_code == 0
    with ZipFile(tmp_path / "data.zip") as packed:
        names = [name for name in packed.namelist() if name.endswith(".md")]
        own = [f"conversations/{shared} Sales/0001 Hers.md", f"conversations/{private} Wess own/0001 Hers.md"]
        assert names == ["conversations/Main library/0001 Hers.md", *own]
    assert "cannot be written" in str(run("export", "Zoë", str(tmp_path)).exception)
    assert "no user 'x" in str(run("export", "x" * 10_000, str(tmp_path / "other.zip")).exception)
    assert run("remove", "Zoë").exit_code == 0
    for conversations in served:
        assert conversations.of(zoe).listed() == []
        conversations.close()
    assert not [folder for folder in folders if b"Hers?" in words_in(folder)]

    with Ledger(tmp_path / USAGE_FILE) as ledger:
        assert ledger.used("") == []
    assert run("erase", "wes").exit_code == 0
    assert not (tmp_path / "libraries" / private).exists() | (tmp_path / "removed-libraries" / private).exists()
    assert "There is no user" in str(run("erase", "Wes").exception)
    with People(tmp_path / PEOPLE_FILE, QUICK) as people:
        assert [each.name for each in people.libraries()] == ["Main library", "Sales"]
        assert [each.name for each in people.listed()] == ["Ada"]
        assert len(people.removed()) == 2


def test_a_file_is_opened_a_second_time_without_harm_to_the_first(file: Path, tmp_path: Path) -> None:
    """Whose locks are taken while another process uses the file loses what it writes."""

    def count(path: Path, table: str) -> str:
        code = (
            f"import sqlite3; c = sqlite3.connect({str(path)!r}); print(c.execute('SELECT count(*) FROM {table}').fetchone()[0]); c.close()"
        )
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    conversations = Conversations(ConversationStore.open(file), owner="her")
    with People(tmp_path / PEOPLE_FILE, QUICK) as people, People(tmp_path / PEOPLE_FILE, QUICK) as others:
        people.add("Ada", SECRET, "administrator")
        ask(conversations, "First?")
        assert others.exist()
        sweep_stored(Places(tmp_path, None), [], None)
        assert (count(file, "turns"), count(tmp_path / PEOPLE_FILE, "people")) == ("1", "1")
        people.add("Zoë", SECRET, "reader")
        ask(conversations, "Second?")
        assert (count(file, "turns"), count(tmp_path / PEOPLE_FILE, "people")) == ("2", "2")
    conversations.close()
