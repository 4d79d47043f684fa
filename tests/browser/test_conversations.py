"""Conversations that last: listed, searched, renamed, deleted, exported; asking some documents only; editing; thumbs."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.gate import Gate
from tests.browser.reader import Reader, reading
from tests.browser.serving import RagServer
from tests.browser.test_looks import shoot

QUESTION = "How many days of unused leave may I carry over?"
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def row(reader: Reader, title: str) -> Locator:
    """A conversation's row; the first one of that name is the newest."""
    return reader.page.locator("#conversations li").filter(has=reader.page.get_by_text(title, exact=True)).first


def fresh(reader: Reader) -> None:
    """Begin another conversation."""
    reader.page.get_by_role("button", name="New conversation").click()
    expect(reader.answers).to_have_count(0)


def test_another_browser_sees_the_conversations_and_opens_them(reader: Reader, browser: Browser, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Ten days at most [1]."
    reader.ask("What of the leave that is left over?")
    with reading(browser, reader.url) as other:
        expect(other.answers).to_have_count(0)
        row(other, "What of the leave that is left over?").get_by_role("button").first.click()
        expect(other.answer).to_contain_text("Ten days at most")
        expect(row(other, "What of the leave that is left over?").locator("[data-pick]")).to_have_attribute("aria-current", "true")
        other.open_footnote(1)
        other.load()
        expect(other.answer).to_contain_text("Ten days at most")


@pytest.mark.soak
def test_a_restart_keeps_conversations_with_their_footnotes(browser: Browser, tmp_path: Path) -> None:
    with RagServer(tmp_path / "library", SAMPLES) as server:
        server.wait_for(4)
        with reading(browser, server.url) as reader:
            reader.ask(QUESTION)
            kept, port = reader.page.context.storage_state(), int(server.url.rpartition(":")[2])
    with RagServer(tmp_path / "library", SAMPLES, port=port) as server, reading(browser, server.url) as reader:
        same = browser.new_context(storage_state=kept).new_page()  # the same browser shows the same conversation
        same.goto(server.url)
        expect(same.locator("#chat [data-testid=bot]")).to_contain_text("Unused leave may be carried over until 31 March")
        same.context.close()
        row(reader, QUESTION).get_by_role("button").first.click()
        expect(reader.answer).to_contain_text("Unused leave may be carried over until 31 March")
        reader.open_footnote(1)
        expect(reader.source.locator(".fn-quote mark")).to_contain_text("Unused leave may be carried over")


def test_a_conversation_is_renamed_searched_and_deleted_by_keyboard(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "The quokka sleeps [1]."
    reader.ask("Who sleeps here?")
    fresh(reader)
    gate.chat.reply = lambda _: "On Mondays [1]."
    reader.ask("When is the Showroom closed?")
    row(reader, "Who sleeps here?").locator("[data-pick]").focus()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Tab")
    expect(reader.page.locator(":focus")).to_have_text("Rename")
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.type("Animals & <b>beds</b>")
    reader.page.keyboard.press("Enter")
    renamed = row(reader, "Animals & <b>beds</b>")
    expect(renamed).to_have_count(1)

    reader.page.get_by_label("Search conversations").fill("QUOKKA")
    expect(reader.page.locator("#conversations li")).to_have_count(1)
    expect(renamed).to_have_count(1)
    reader.page.get_by_label("Search conversations").fill("nothing has this")
    expect(reader.page.locator("#conversations")).to_contain_text("No matching conversations.")
    reader.page.get_by_label("Search conversations").fill("")

    renamed.locator("[data-ask-delete]").focus()
    reader.page.keyboard.press("Enter")
    expect(renamed).to_contain_text("Delete?")
    reader.page.keyboard.press("Shift+Tab")
    reader.page.keyboard.press("Enter")
    expect(renamed).to_have_count(0)
    expect(reader.answer).to_contain_text("Mondays")  # another one was shown, and still is


def test_deleting_the_shown_conversation_begins_a_new_one_though_its_answer_grows(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "And so on and on. " * 60
    gate.chat.delay_seconds = 0.1
    reader.begin_to_ask("What goes on and on?")
    expect(reader.answer).to_contain_text("And so on")
    asked = gate.chat.chats[-1]
    shown = row(reader, "What goes on and on?")
    shown.locator("[data-ask-delete]").click()
    shown.locator("[data-delete]").click()

    assert asked.client_left.wait(10)
    expect(reader.answers).to_have_count(0)
    expect(shown).to_have_count(0)
    gate.chat.reply, gate.chat.delay_seconds = None, 0.0
    reader.ask("When is the Showroom closed?")
    expect(reader.answers).to_have_count(1)


def test_opening_another_conversation_ends_the_answer_that_grows(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "On Mondays [1]."
    reader.ask("Which day is it closed?")
    fresh(reader)
    gate.chat.reply = lambda _: "And so on and on. " * 60
    gate.chat.delay_seconds = 0.1
    reader.begin_to_ask("What never ends?")
    expect(reader.answer).to_contain_text("And so on")
    asked = gate.chat.chats[-1]
    row(reader, "Which day is it closed?").locator("[data-pick]").click()

    assert asked.client_left.wait(10)
    expect(reader.answer).to_contain_text("Mondays")
    expect(reader.page.locator("#question .stop-button")).to_have_count(0)
    row(reader, "What never ends?").locator("[data-pick]").click()
    expect(reader.answer).to_contain_text("Stopped.")


def test_chosen_documents_are_asked_and_no_others(reader: Reader) -> None:
    reader.page.get_by_label("Ask about workshop-faq.md only").check()
    line = reader.page.locator("#asking")
    expect(line.locator(".fn-chip")).to_contain_text("workshop-faq.md")
    reader.ask("How should I oil a teak table?")
    expect(reader.answer).to_contain_text("Asked about workshop-faq.md only")
    for note in reader.answer.locator(".fn-notes a").all():
        expect(note).to_contain_text("workshop-faq.md")
    shoot(reader, "chosen")

    line.get_by_role("button", name="Remove filter workshop-faq.md").click()
    expect(line.locator(".fn-chip")).to_have_count(0)
    expect(reader.page.get_by_label("Ask about workshop-faq.md only")).not_to_be_checked()
    reader.ask(QUESTION)
    expect(reader.answer).not_to_contain_text("Asked about")


def test_a_document_named_in_the_question_is_asked_and_its_name_not_searched(reader: Reader, gate: Gate) -> None:
    reader.ask("@workshop How should I oil a teak table?")
    expect(reader.answer).to_contain_text("Asked about workshop-faq.md only")
    assert "@workshop" not in str(gate.chat.chats[-1].body)
    before = len(gate.chat.chats)
    reader.page.locator("#question textarea").fill("@nowhere What is it?")
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_text("No document name starts with “nowhere”")).to_be_visible()
    expect(reader.page.locator("#question textarea")).to_have_value("@nowhere What is it?")  # nothing is lost
    assert len(gate.chat.chats) == before


def test_an_edited_question_takes_the_place_of_what_was_said_from_there_on(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "First try [1]."
    reader.ask("How many days may I cary over?")
    reader.ask("And on parental leave?")
    reader.answers.first.get_by_role("button", name="Edit question").click()
    box = reader.page.locator("#question textarea")
    expect(box).to_have_value("How many days may I cary over?")
    expect(box).to_be_focused()
    expect(reader.page.locator("#asking")).to_contain_text("You are editing an earlier question")
    reader.page.get_by_role("button", name="cancel").click()
    expect(box).to_have_value("")
    expect(reader.answers).to_have_count(2)

    reader.answers.first.get_by_role("button", name="Edit question").click()
    expect(box).to_have_value("How many days may I cary over?")
    gate.chat.reply = lambda _: "Second try [1]."
    box.fill("How many days may I carry over?")
    reader.page.keyboard.press("Enter")
    expect(reader.answers).to_have_count(1)
    expect(reader.answer).to_contain_text("Second try")
    reader.wait_for_answer()
    expect(reader.page.locator("#asking")).not_to_contain_text("You are editing")
    assert "First try" not in str(gate.chat.chats[-1].body)
    expect(row(reader, "How many days may I carry over?")).to_have_count(1)


def test_a_thumb_and_a_note_are_kept(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Ten days [1]."
    reader.ask(QUESTION)
    reader.answer.get_by_role("button", name="Poor answer").click()
    reader.answer.get_by_role("button", name="Add a note").click()
    reader.page.get_by_label("What was good or wrong?").fill("Where is <b>March</b>?")
    shoot(reader, "note")
    reader.page.get_by_role("button", name="Save", exact=True).click()
    expect(reader.answer).to_contain_text("Your note: Where is <b>March</b>?")
    expect(reader.page.locator("#asking form")).to_have_count(0)
    reader.load()
    expect(reader.answer).to_contain_text("Your note: Where is <b>March</b>?")
    reader.answer.get_by_role("button", name=re.compile("You rated this answer poor")).click()
    expect(reader.answer.locator(".fn-voted")).to_have_count(0)


def test_a_conversation_is_exported_with_its_footnotes(reader: Reader, browser: Browser, gate: Gate, tmp_path: Path) -> None:
    gate.chat.reply = lambda _: "Leave may be carried over [1]. <script>window.owned=1</script>"
    reader.ask("May leave be carried over?")
    shown = row(reader, "May leave be carried over?")
    files = {}
    for kind in ("Markdown", "HTML"):
        with reader.page.expect_download() as download:
            shown.get_by_role("link", name=re.compile(f"as {kind}$")).click()
        files[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[kind])
    assert files["Markdown"].name == "May leave be carried over.md"
    markdown = files["Markdown"].read_text(encoding="utf-8")
    assert "carried over[^1-1]" in markdown.replace(" [^", "[^")
    assert re.search(r"^\[\^1-1\]: .*page \d+.*“", markdown, re.MULTILINE)
    assert "<script" not in markdown

    page = browser.new_page()
    page.goto(files["HTML"].as_uri())
    expect(page.locator("#note-1-1")).to_contain_text("page")
    page.locator("sup a").first.click()
    assert page.evaluate("[location.hash, window.owned]") == ["#note-1-1", None]
    page.close()


def test_the_list_of_conversations_is_in_the_drawer(narrow: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "On Mondays [1]."
    narrow.ask("On which day is it shut?")
    fresh(narrow)
    narrow.page.locator("[data-drawer]").click()
    shoot(narrow, "conversations")
    narrow.page.set_viewport_size({"width": 420, "height": 800})
    row(narrow, "On which day is it shut?").locator("[data-pick]").click()
    expect(narrow.page.locator("#left")).to_be_hidden()
    expect(narrow.answer).to_contain_text("Mondays")
