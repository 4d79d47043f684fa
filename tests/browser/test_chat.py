"""Asking: with and without a chat model, stopping, asking again, coming back."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.gate import Gate
from tests.browser.reader import Reader, reading
from tests.browser.serving import RagServer

QUESTION = "How many days of unused leave may I carry over?"


def test_without_a_chat_model_the_answer_is_quoted_and_says_so(quoted: Reader) -> None:
    expect(quoted.page.locator("#head")).to_contain_text("No chat model")

    answer = quoted.ask(QUESTION)

    assert "“Unused leave may be carried over until 31 March of the following year, at most ten days.”" in answer
    assert "harbour-handbook.pdf, page 6 (printed 4)" in answer
    assert "no chat model is connected" in answer
    quoted.open_footnote(1)
    expect(quoted.source.locator(".fn-quote mark")).to_contain_text("Unused leave may be carried over")


def test_what_the_documents_do_not_say_is_answered_so(quoted: Reader) -> None:
    answer = quoted.ask("Who won the chess championship of Iceland in 1974?")

    assert answer.startswith("Not found in your documents.")
    assert "own sentences" not in answer
    nearest = quoted.answer.locator(".fn-notes a")
    expect(nearest).not_to_have_count(0)
    for passage in nearest.all():
        passage.click()  # its whole line, not its number alone
        expect(passage).to_have_class("fn-current")
        expect(quoted.source.locator(".fn-source-head b")).to_have_text(re.split(r",| ·", passage.inner_text().partition("\n")[2])[0])
        expect(quoted.source.locator(".fn-quote")).to_be_visible()


def test_a_model_that_finds_nothing_is_believed(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Not found in your documents."

    assert "Not found in your documents." in reader.ask("What is the capital of Peru?")
    expect(reader.answer).to_contain_text("The closest passages:")
    expect(reader.answer.locator(".fn-body")).to_contain_text("“")  # the nearest words
    assert reader.footnotes.count() >= 2  # in the text, and in the list below it


def test_stop_keeps_what_was_said_and_the_model_hears_of_it(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Leave may be carried over [1]. " + "And so on and on. " * 60
    gate.chat.delay_seconds = 0.1
    reader.begin_to_ask(QUESTION)
    expect(reader.answer).to_contain_text("And so on")
    asked = gate.chat.chats[-1]
    reader.page.get_by_role("button", name="Stop").click()
    answer = reader.wait_for_answer()

    assert asked.client_left.wait(10)
    assert "Leave may be carried over" in answer
    assert "Stopped." in answer
    assert answer.count("And so on") < 60
    reader.open_footnote(1)  # what was said keeps its footnotes

    gate.chat.reply, gate.chat.delay_seconds = None, 0.0
    assert "Stopped" not in reader.ask("When is the Showroom closed?")


def test_a_closed_tab_ends_the_models_work(browser: Browser, chatting: RagServer, gate: Gate) -> None:
    gate.chat.reply = lambda _: "And so on and on. " * 60
    gate.chat.delay_seconds = 0.1
    with reading(browser, chatting.url) as leaving:
        leaving.begin_to_ask(QUESTION)
        expect(leaving.answer).to_contain_text("And so on")
        asked = gate.chat.chats[-1]
        leaving.page.close()

        assert asked.client_left.wait(10)


def test_retry_asks_the_same_question_again(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "First try [1]."
    assert "First try" in reader.ask(QUESTION)
    gate.chat.reply = lambda _: "Second try [1]."
    reader.answer.get_by_role("button", name="Try again").click()

    expect(reader.answer).to_contain_text("Second try")
    reader.wait_for_answer()
    expect(reader.answers).to_have_count(1)
    assert f"Question: {QUESTION}" in gate.chat.chats[-1].body["messages"][-1]["content"]
    assert "First try" not in str(gate.chat.chats[-1].body)


def test_a_conversation_outlives_a_reload_and_ends_when_a_new_one_begins(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Ten days at most [1]."
    reader.ask(QUESTION)
    reader.ask("And on parental leave?")
    assert "Ten days at most" in str(gate.chat.chats[-1].body["messages"][1:-1])  # the model is told what was said before
    reader.load()
    expect(reader.answers).to_have_count(2)
    expect(reader.page.locator("#chat [data-testid=user]").first).to_have_text(re.compile(QUESTION.replace("?", r"\?")))
    reader.open_footnote(1)

    reader.page.get_by_role("button", name="New conversation").click()
    expect(reader.answers).to_have_count(0)
    reader.ask(QUESTION)
    assert len(gate.chat.chats[-1].body["messages"]) == 2
    reader.load()
    expect(reader.answers).to_have_count(1)


def test_a_new_conversation_ends_the_answer_that_still_grows(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "And so on and on. " * 60
    gate.chat.delay_seconds = 0.1
    reader.begin_to_ask(QUESTION)
    expect(reader.answer).to_contain_text("And so on")
    asked = gate.chat.chats[-1]
    reader.page.get_by_role("button", name="New conversation").click()

    assert asked.client_left.wait(10)
    expect(reader.answers).to_have_count(0)
    gate.chat.reply, gate.chat.delay_seconds = lambda _: "On Mondays [1].", 0.0
    reader.page.locator("#question textarea").fill("When is the Showroom closed?")
    reader.page.keyboard.press("Enter")
    expect(reader.answers).to_have_count(1)
    expect(reader.answer).to_contain_text("Mondays")
    assert "And so on" not in reader.wait_for_answer()


def test_an_empty_question_asks_nothing(reader: Reader, gate: Gate) -> None:
    before = len(gate.chat.chats)
    reader.page.locator("#question textarea").fill("   ")
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_text("Type a question first.")).to_be_visible()

    assert len(gate.chat.chats) == before
    expect(reader.answers).to_have_count(0)
