"""The pages for administrators, walked form by form; and what two of them at once, odd names and stale forms come to."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner

from rag.storing.places import Places
from ui.commands.cli import app as command_line
from ui.http.access import COOKIE, Access, with_access
from ui.http.addresses import own_addresses_only
from ui.http.administration import administration_routes
from ui.http.administration.frame import ROWS
from ui.http.administration.rights import rights_routes
from ui.http.clients import with_clients
from ui.http.libraries import library_routes
from ui.http.people import people_routes
from ui.people import PEOPLE_FILE
from ui.people.accounts import Person
from ui.people.audit import AuditLog
from ui.people.audit_reading import Wanted, records_of
from ui.people.recording import recorded_people
from ui.people.store import People

SECRET = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ODD = ["", " ", "a\nb", "\u202e", "x" * 10_000, "ﷺ" * 101, "\0"]


class Admin:
    """Somebody who has signed in, at the pages' forms."""

    def __init__(self, app: FastAPI, people: People, person: Person, base: str = "") -> None:
        self.http = TestClient(app, follow_redirects=False, base_url="http://testserver")
        self.http.cookies.set(COOKIE, people.begin_session(person))
        self.base = base

    def get(self, path: str, **query: str) -> Any:
        """A page that is there."""
        got = self.http.get(self.base + path, params=query or None)
        assert got.status_code == 200, (path, got.status_code)
        assert (got.headers["cache-control"], "<script" in got.text) == ("no-store", False)
        return lxml.html.fromstring(got.text)

    def send(self, path: str, ending: str, **fields: str) -> str:
        """Fill in the form of a page whose address ends so, as the page has it, send it, and return what the next page says."""
        page = self.get(path)
        form = next(
            each
            for each in page.forms
            if each.method == "POST" and (each.action or path).endswith(ending) and {*fields} <= {*each.fields.keys()}
        )
        given = {name: value for name, value in form.fields.items() if name and value is not None} | fields
        return self.post((form.action or self.base + path).removeprefix(self.base), **given)

    def post(self, path: str, **fields: str) -> str:
        """Send a form, and return what the next page says."""
        sent = self.http.post(self.base + path, data=fields)
        assert sent.status_code == 303, (path, sent.status_code)
        self.where = sent.headers["location"]
        while (led := self.http.get(self.where)).status_code == 303 and self.where.startswith(f"{self.base}/administration/"):
            self.where = led.headers["location"]  # from the page of what is gone
        assert "?" not in self.where
        self.page = lxml.html.fromstring(led.text or "<p>")
        assert said(lxml.html.fromstring(self.http.get(self.where).text or "<p>")) == ""  # once
        return said(self.page)


def said(page: Any) -> str:
    return " ".join(each.text_content() for each in page.xpath("//p[@role='status' or @role='alert']"))


def shown(page: Any) -> list[str]:
    """The names in a list."""
    return [each.text_content() for each in page.xpath("//main//*[self::li or self::span][a]/a")]


@pytest.fixture
def people(places: Places) -> Iterator[People]:
    with People(places.database("people"), QUICK) as opened:
        yield opened


def app_of(people: People, folder: Path = Path("nowhere")) -> FastAPI:
    access, app = Access(recorded_people(people), audit=AuditLog(folder / "audit") if folder.is_dir() else None), FastAPI()

    async def remove(library_id: str) -> bool:
        return people.remove_library(library_id)

    for routes in (people_routes(access), administration_routes(access, folder, remove), library_routes(remove), rights_routes()):
        app.include_router(routes)
    app.add_middleware(with_access, access=access)
    app.add_middleware(with_clients)
    app.add_middleware(own_addresses_only, names={"testserver"})
    return app


@contextmanager
def administrator(people: People, folder: Path = Path("nowhere")) -> Iterator[Admin]:
    person = people.add("Ada", SECRET, "administrator")
    assert person
    yield Admin(app_of(people, folder), people, person)


def test_a_new_user_chooses_a_password_by_a_link_that_works_once(people: People, tmp_path: Path) -> None:
    with administrator(people, tmp_path) as ada:
        assert "Zoë <b> was added. Send them this link" in ada.send("/administration/users", "/users", name=" Zoë <b> ", role="writer")
        zoe = people.find("zoë <b>")
        assert (zoe.role, ada.where) == ("writer", f"/administration/users/{zoe.id}")
        assert [(each.owner, each.is_private) for each in people.libraries()[1:]] == [(zoe.id, True)]
        link = ada.page.xpath("//code")[0].text_content()
        assert people.checked("Zoë <b>", "") is None
        assert link not in ada.http.get(ada.where).text
        newcomer = TestClient(app_of(people, tmp_path), follow_redirects=False)
        mail = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert [newcomer.get(link, headers=mail).status_code for _ in range(2)] == [200, 200]  # a mail program may look first
        code = link.partition("=")[2]
        short = newcomer.post("/choose-password", data={"code": code, "password": "short"})
        assert (short.status_code, "A password has 12 to" in short.text) == (422, True)
        foreign = newcomer.post("/choose-password", data={"code": code, "password": SECRET}, headers={"origin": "http://evil.example"})
        assert foreign.status_code == 403
        chosen = newcomer.post("/choose-password", data={"code": code, "password": SECRET})
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
        assert "Zoë &lt;b&gt;" in newcomer.get("/account").text
        records = [(each["name"], each["action"]) for each in records_of(tmp_path / "audit", Wanted(), newest_first=False)]
        made = [("Ada", f"people.{verb}") for verb in ("add", "add_private_library", "make_link")]
        assert [record for record in records if record[1] != "request"] == [
            *made,
            ("Zoë <b>", "people.choose_password"),
            ("Zoë <b>", "sign_in"),
        ]
        assert not [path for path in (tmp_path / "audit").iterdir() if code in path.read_text()]
        for ended in (code, "", "\ud800".encode("utf-8", "replace").decode(), "x" * 10_000):
            again = newcomer.post("/choose-password", data={"code": ended, "password": SECRET})
            assert (again.status_code, "Ask an administrator for a new one." in again.text) == (404, True)


def test_a_link_ends_with_the_next_one_and_with_a_new_password(people: People) -> None:
    with administrator(people) as ada:
        zoe = people.add("Zoë", SECRET, "reader")
        assert zoe
        page, codes = f"/administration/users/{zoe.id}", []
        for _ in range(2):
            assert "Until then the old password stays" in ada.send(page, "/link")
            codes.append(ada.page.xpath("//code")[0].text_content().partition("=")[2])
        session = people.begin_session(zoe)
        assert people.checked("Zoë", SECRET)
        assert [ada.http.get("/choose-password", params={"code": code}).status_code for code in codes] == [404, 200]
        people.set_password(zoe, "another long password")
        assert ada.http.get("/choose-password", params={"code": codes[1]}).status_code == 404
        elsewhere = people.make_link(zoe)
        people.sign_in_elsewhere("Zoë")
        assert ada.http.get("/choose-password", params={"code": elsewhere}).status_code == 404
        late = people.make_link(zoe)
        with people.writing() as file:
            file.change("UPDATE links SET expires = 1")
        assert ada.http.post("/choose-password", data={"code": late, "password": SECRET}).status_code == 404
        assert people.of_session(session) is None


def test_roles_sessions_and_removal(people: People) -> None:
    with administrator(people) as ada:
        zoe = people.add("Zoë", SECRET, "reader")
        assert zoe
        people.add_library("Her notes", zoe.id)
        people.add_token(zoe, "x", "ask", 1)
        session, page = people.begin_session(zoe), f"/administration/users/{zoe.id}"
        assert shown(ada.get("/administration/users")) == ["Ada", "Zoë"]
        assert ada.send(page, "/role", role="guest") == "The role of Zoë is now guest: has only what is granted."
        assert people.find("Zoë").role == "guest"
        assert ada.send(page, "/sessions") == "Zoë is signed out everywhere."
        assert people.of_session(session) is None
        for role in ("", "king", "x" * 10_000):
            assert ada.send(page, "/role", role=role) == "Choose one of the roles."
        told = ada.get(f"{page}/remove").text_content()
        assert all(words in told for words in ("1 API token", "Conversations", "Her notes"))
        assert people.find("Zoë")  # asked, and not yet done
        assert ada.send(f"{page}/remove", "/remove") == "Zoë was removed."
        assert [each.name for each in people.listed()] == ["Ada"]


def test_names_of_all_kinds_are_kept_or_refused_with_what_was_typed(people: People) -> None:
    with administrator(people) as ada:
        for ending in ("/users", "/groups", "/libraries"):
            page = f"/administration{ending}"
            for name in ("محمد علي", "王小明", "O'Brien & <i>Sons</i>", "दीपिका"):
                assert f"{name} was added." in ada.send(page, ending, name=name)
                assert ada.page.xpath("//h2")[0].text_content() == name
                assert name in shown(ada.get(page))
                assert "already" in ada.send(page, ending, name=f" {name}")
                assert ada.page.xpath("//input[@name='name']")[0].value.strip() == name
            for name in ODD:
                assert ada.post(page, name=name, role="reader") == "A name has 1 to 100 characters, all of them printable."
        group, library = people.groups()[0], people.find_library("王小明")
        for page in (f"/administration/groups/{group.id}", f"/administration/libraries/{library.id}"):
            assert ada.send(page, "/name", name="دفتر") == "Renamed to دفتر."
            assert ada.send(page, "/name", name="x" * 101) == "A name has 1 to 100 characters, all of them printable."
        assert ada.http.post("/administration/users", data={"name": "x" * 100_000}).status_code == 413


def test_members_of_a_group_have_its_rights(people: People) -> None:
    with administrator(people) as ada:
        zoe, shared = people.add("Zoë", SECRET, "guest"), people.add_library("Contracts")
        assert zoe
        ada.send("/administration/groups", "/groups", name="Legal")
        group, page = people.find_group("legal"), f"/administration/groups/{people.find_group('legal').id}"
        assert ada.send(page, "/members", member="ZOË") == "Zoë is now a member of Legal."
        assert ada.send(page, "/members", member="nobody") == "There is no user 'nobody'."
        assert ada.page.xpath("//input[@name='member']")[0].value == "nobody"
        rights = f"/administration/libraries/{shared.id}"
        assert ada.send(rights, f"{rights}/rights", name="Legal", kind="group", right="write") == "Legal may now add and remove documents."
        assert people.right_in(zoe, shared.id) == "write"
        assert "Contracts" in ada.get(f"/administration/users/{zoe.id}").text_content()
        assert "add and remove documents in Contracts" in ada.get(f"{page}/remove").text_content()
        assert ada.send(page, "/leave") == "Zoë is no longer a member of Legal."
        assert people.right_in(zoe, shared.id) is None
        ada.send(page, "/members", member="Zoë")
        assert ada.send(f"{page}/remove", "/remove") == "The group Legal was removed."
        assert (people.right_in(zoe, shared.id), people.groups(), people.grants(shared.id)) == (None, [], [])
        for path in (f"{page}/members", f"{page}/name", f"{page}/remove", f"{page}/members/{zoe.id}/leave"):
            assert ada.post(path, member="Zoë", name="x") == "This group has been removed."
        assert ada.http.get(page).headers["location"] == "/administration/groups"
        assert group.id not in ada.http.get("/administration/groups").text


def test_rights_are_given_by_the_owner_of_a_private_library_alone(people: People, tmp_path: Path) -> None:
    with administrator(people, tmp_path) as ada:
        zoe, eve = people.add("Zoë", SECRET, "reader"), people.add("Eve", SECRET, "reader")
        assert zoe
        assert eve
        assert ada.send("/administration/libraries", "/libraries", name="Diary", owner="nobody") == "There is no user 'nobody'."
        ada.send("/administration/libraries", "/libraries", name="Diary", owner="zoë")
        diary = people.find_library("Diary")
        page = f"/administration/libraries/{diary.id}"
        assert (diary.owner, diary.is_private) == (zoe.id, True)
        assert "of Zoë" in ada.get("/administration/libraries").text_content()
        assert not [form for form in ada.get(page).forms if "rights" in (form.action or "")]
        assert "Nothing is stored yet." in ada.get(page).text_content()
        (tmp_path / "libraries" / diary.id / "originals").mkdir(parents=True)
        (tmp_path / "libraries" / diary.id / "originals" / "a.pdf").write_bytes(b"x" * 2_340_000)
        assert "Stores 2.3 MB." in ada.get(page).text_content()
        assert ada.post(f"{page}/rights", name="Ada", right="admin") == "Only its owner gives rights in a private library."
        assert ada.post(f"{page}/owner", owner="Ada") == "This library has an owner, or is shared: it cannot be given to somebody."
        people.remove(zoe)
        assert "owner was removed" in ada.get(page).text_content()
        assert ada.send(page, "/owner", owner="Eve") == "Diary now belongs to Eve."
        assert ada.send(f"{page}/remove", "/remove").endswith(f"in the folder removed-libraries/{diary.id} on the server.")
        assert ada.post(f"{page}/name", name="x") == "The library, the user or the group has been removed."
        assert "cannot be removed" in ada.post("/administration/libraries/main/remove")
        assert ada.send("/administration/libraries/main", "/name", name="Handbook") == "Renamed to Handbook."


def test_rights_in_a_library_are_given_changed_and_taken_back(people: People) -> None:
    with administrator(people) as ada:
        zoe = people.add("Zoë", SECRET, "guest")
        assert zoe
        assert ada.send("/rights", "/rights", name="zoë", right="read") == "Zoë may now read and search."
        assert people.right_in(zoe, "") == "read"
        assert ada.send("/rights", "/rights", subject=zoe.id, right="admin") == "Zoë may now administer."  # in the list
        hers = Admin(app_of(people), people, zoe)
        shared = people.add_library("Contracts")
        assert hers.http.delete(f"/api/libraries/{shared.id}").status_code == 403
        assert hers.http.get("/administration/users").status_code == hers.http.post("/administration/users").status_code == 403
        assert hers.send("/rights", "/rights", subject=zoe.id, right="write") == ""  # which ends her own right to do so
        assert (people.right_in(zoe, ""), hers.where) == ("write", "/")
        assert hers.http.get("/rights").status_code == hers.http.post("/rights", data={"name": "Zoë", "right": "admin"}).status_code == 403
        assert ada.post("/rights", subject=zoe.id, take="yes") == "The right of Zoë was taken back."
        assert ada.post("/rights", subject=zoe.id, right="read") == "This right has been taken back meanwhile. Give it again below."
        for wrong in ({"right": "all"}, {"right": ""}, {}):
            assert ada.post("/rights", name="Zoë", **wrong) == "Choose one of the rights."
        for name in ODD:
            for kind in ("person", "group", "x" * 1_000):
                assert "There is no " in ada.post("/rights", name=name, kind=kind, right="read")
        assert people.grants("") == []
        assert ada.http.delete(f"/api/libraries/{shared.id}").status_code == 200


def test_two_administrators_at_once_lose_nothing(people: People) -> None:
    with administrator(people) as ada:
        bob = people.add("Bob", SECRET, "administrator")
        assert bob
        his, of_bob = Admin(app_of(people), people, bob), f"/administration/users/{bob.id}"
        of_ada = f"/administration/users/{people.find('Ada').id}"
        ada.get(of_bob)
        assert his.send(of_bob, "/role", role="reader") == ""  # his own: he leaves the pages
        assert his.where == "/"
        refused = his.http.post(f"{of_ada}/remove")
        assert (refused.status_code, "This is for administrators of the server." in refused.text) == (403, True)
        assert "'Ada' is the last administrator" in ada.send(of_ada, "/role", role="writer")
        assert "'Ada' is the last administrator" in ada.send(f"{of_ada}/remove", "/remove")
        people.remove("Bob")
        people.add("Bob", SECRET, "reader")  # somebody else
        for path in ("role", "link", "sessions", "remove"):
            assert ada.post(f"{of_bob}/{path}", role="reader") == "This user has been removed."
        assert people.find("Bob")
        assert ada.http.get(of_bob).headers["location"] == "/administration/users"


def test_forms_of_other_sites_and_of_who_has_left_change_nothing(people: People) -> None:
    with administrator(people) as ada:
        given = {"name": "Eve", "role": "administrator"}
        for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
            assert ada.http.post("/administration/users", data=given, headers=headers).status_code == 403
        token = people.add_token(people.find("Ada"), "x", "admin", 1)
        nobody = TestClient(app_of(people), follow_redirects=False)
        assert nobody.post("/administration/users", data=given, headers={"authorization": f"Bearer {token}"}).status_code == 401
        people.end_sessions(people.find("Ada"))
        assert ada.http.post("/administration/users", data=given).status_code == 401
        for path in ("/administration", "/administration/users", "/rights"):
            assert ada.http.get(path).headers["location"] == "/sign-in"
        assert [each.name for each in people.listed()] == ["Ada"]


def test_long_lists_are_found_in_and_paged(people: People) -> None:
    with administrator(people) as ada:
        with people.writing() as file:
            rows = [{"id": f"{number:032x}", "key": f"user {number:03}", "name": f"User {number:03}"} for number in range(500)]
            file.change_each("INSERT INTO people (id, key, name, role, password) VALUES (:id, :key, :name, 'reader', '')", rows)
        first = ada.get("/administration/users")
        assert len(shown(first)) == ROWS
        assert "Page 1 of 11" in first.text_content()
        assert shown(ada.get("/administration/users", page="11")) == ["User 499"]
        assert shown(ada.get("/administration/users", find="USER 49", page="1")) == [f"User {number}" for number in range(490, 500)]
        assert shown(ada.get("/administration/users", find="administrator")) == ["Ada"]
        following = ada.get("/administration/users", find="user 1").xpath("//a[@rel='next']/@href")
        assert shown(ada.get(f"/administration/users{following[0]}"))[0] == "User 150"
        for odd in ("0", "-1", "x", "٣", "9" * 400, ""):
            assert len(shown(ada.get("/administration/users", page=odd))) in {1, ROWS}
        for odd in ("x" * 10_000, "<b>&", "\u202e", "%"):
            assert shown(ada.get("/administration/users", find=odd)) == []


def test_pages_lead_nowhere_but_below_the_base_path(people: People) -> None:
    person = people.add("Ada", SECRET, "administrator")
    assert person
    served = app_of(people)

    async def based(scope: Any, receive: Any, send: Any) -> None:
        await served({**scope, "root_path": "/docs"}, receive, send)

    ada = Admin(based, people, person, "/docs")  # type: ignore[arg-type]
    zoe = "/administration/users/" + re.sub(r".*/", "", ada.send("/administration/users", "/users", name="Zoë") and ada.where)
    assert ada.page.xpath("//code")[0].text_content().startswith("http://testserver/docs/choose-password?code=")
    for path in ("/administration/users", zoe, "/administration/groups", "/administration/libraries", "/rights"):
        for link in ada.get(path).xpath("//@href | //@action"):
            assert link.startswith("/docs/"), link


def test_groups_on_the_command_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(command_line, ["group", *arguments, "--library", str(tmp_path)], env={"COLUMNS": "120"})
        return done.output if done.exit_code == 0 else str(done.exception)

    with People(tmp_path / PEOPLE_FILE, QUICK) as people:
        people.add("Ada", SECRET, "administrator")
    assert "There are no groups." in run("list")
    assert "Legal was added." in run("add", "Legal")
    assert "already" in run("add", "LEGAL")
    assert "Ada is now a member of Legal." in run("join", "legal", "ada")
    assert json.loads(run("list", "--json"))["members"] == ["Ada"]
    assert "Legal" in run("list")
    assert "Ada is no longer a member of Legal." in run("leave", "Legal", "Ada")
    assert "is no member" in run("leave", "Legal", "Ada")
    assert "There is no user" in run("join", "Legal", "x" * 10_000)
    assert "Legal was removed." in run("remove", "Legal")
    assert "There is no group 'Legal'" in run("remove", "Legal")
