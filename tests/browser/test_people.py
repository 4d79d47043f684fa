"""Two people on one server."""

from pathlib import Path

from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect

from tests.browser.reader import Watch
from tests.browser.serving import RagServer
from ui.people import PEOPLE_FILE
from ui.people.store import People

SECRET = "correct horse battery"


def test_neither_of_two_people_sees_the_others_conversations(browser: Browser, samples: Path, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    with (
        People(tmp_path / "library" / PEOPLE_FILE, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)) as people,
        RagServer(tmp_path, samples) as server,
    ):
        people.add("Ada", SECRET, "administrator")
        zoes = people.add("Zoë 博士", SECRET, "reader")
        assert zoes
        watch = Watch()
        contexts = [browser.new_context(color_scheme="dark", viewport={"width": 420, "height": 800}), browser.new_context()]
        for context in contexts:
            watch.attach(context)
        ada, zoe = (context.new_page() for context in contexts)
        sign_in(ada, server.url, "Ada")
        sign_in(zoe, server.url, "Zoë 博士")
        for page, question in ((ada, "What does the administrator ask?"), (zoe, "How long can goods be returned?")):
            page.locator("#question textarea").fill(question)
            page.locator("#question textarea").press("Enter")
            expect(page.locator("#conversations li")).to_have_count(1)
            expect(page.locator("#conversations")).to_contain_text(question)
            expect(page.locator("#question .stop-button")).to_have_count(0)
        expect(ada.locator("#drop")).to_be_attached()
        expect(zoe.locator("#drop")).to_be_hidden()
        expect(zoe.locator("#connections")).to_be_hidden()
        expect(ada.locator(".fn-person a[href$='administration/users'], .fn-person a[href=rights]")).to_have_count(2)
        expect(zoe.locator(".fn-person a[href$='administration/users'], .fn-person a[href=rights]")).to_have_count(0)
        kept = ada.evaluate("localStorage.getItem('footnote-conversation')")
        zoe.evaluate("kept => localStorage.setItem('footnote-conversation', kept)", kept)
        people.add_private_library(zoes)
        zoe.goto(f"{server.url}/#document=tide-notes.pdf&page=2")
        zoe.reload()
        expect(zoe.locator("#conversations li")).to_have_count(1)
        expect(zoe.locator("body")).not_to_contain_text("What does the administrator ask?")
        expect(zoe.locator("#source-view")).to_contain_text("tide-notes.pdf")

        opened_and_copied(shared_by(zoe), ada)
        zoe.locator("[data-ask-share]").click()
        zoe.get_by_role("button", name="Take back").click()
        expect(zoe.locator("[data-ask-share]")).to_have_text("Share")

        zoe.locator(".fn-person summary").click()
        zoe.get_by_role("link", name="Zoë 博士 (private)").click()
        expect(zoe.locator(".fn-person summary")).to_have_text("Zoë 博士 (private)", timeout=60_000)  # it is opened now
        expect(zoe.locator("#drop")).to_be_visible()
        expect(zoe.locator("body")).to_contain_text("No conversations yet")
        expect(zoe.locator("body")).not_to_contain_text("tide-notes.pdf")
        expect(ada.locator(".fn-person summary")).to_have_text("Ada")  # who has one library is not told of others

        zoe.locator(".fn-person summary").click()
        zoe.get_by_role("link", name="Account").click()
        expect(zoe.locator("body")).to_contain_text("may read and ask")
        zoe.get_by_role("button", name="Sign out everywhere").click()
        expect(zoe.get_by_role("button", name="Sign in")).to_be_visible()
        people.remove("Zoë 博士")
        assert not [said for said in watch.complaints if "401" not in said and "AbortError" not in said and "errored out" not in said]
        for context in contexts:
            context.close()
        assert "Traceback" not in server.log


def shared_by(page: Page) -> str:
    """Share the one conversation by keyboard; the link."""
    page.locator("#conversations li").hover()
    page.locator("[data-ask-share]").click()
    expect(page.get_by_role("button", name="Make a link")).to_be_focused()
    page.keyboard.press("Enter")
    field = page.get_by_label("Link to the conversation")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    field.press("Escape")
    expect(page.locator("[data-ask-share]")).to_be_focused()
    expect(page.locator("[data-ask-share]")).to_have_text("Shared")
    return field.input_value()


def opened_and_copied(link: str, page: Page) -> None:
    """Open what somebody has shared, a page that it cites, and a copy of one's own."""
    page.goto(link)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("header")).to_contain_text("Shared by Zoë 博士")
    with page.context.expect_page() as opened:
        page.locator(".notes a").first.click()
    expect(opened.value.locator("#source-view mark").first).to_be_visible()
    opened.value.close()
    page.get_by_role("button", name="Copy to my conversations").click()
    expect(page.locator("#conversations li.fn-shown")).to_contain_text("How long can goods be returned?")
    expect(page.locator("#chat")).to_contain_text("How long can goods be returned?")


def sign_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/#document=tide-notes.pdf&page=1")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("something else")
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(SECRET)
    page.get_by_label("Password").press("Enter")
    expect(page.locator("#source-view")).to_contain_text("tide-notes.pdf")  # where the link leads
    expect(page.locator(".fn-person summary")).to_have_text(name)
