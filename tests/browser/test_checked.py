"""What an answer says of itself: which sentences hold, what was sent, what was thought."""

from playwright.sync_api import expect

from tests.browser.gate import Gate
from tests.browser.reader import Reader
from tests.chat_server import THOUGHT
from ui import text

QUESTION = "How many days of unused leave may I carry over?"
LEAVE = "Unused leave may be carried over until 31 March of the following year, at most ten days"


def test_sentences_that_do_not_hold_are_marked_and_numbers_are_given(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: (
        f"{LEAVE} [1]. At most twenty days may be carried over [1]. {LEAVE}. Penguins repair the lighthouse at night."
    )
    answer = reader.ask(QUESTION)

    marks = reader.answer.locator(".fn-verdict")
    expect(marks).to_have_count(2)
    assert [mark.get_attribute("title") for mark in marks.all()] == [text.MARKS["unsupported"], text.MARKS["uncited"]]
    assert f"({text.MARKS['unsupported']})" in (marks.first.text_content() or "")  # for screen readers
    assert "2 of 4 sentences supported" in answer
    numbers = reader.answer.locator("a.fn-number")
    expect(numbers).to_have_text(["1", "1", "1"])  # the third sentence had none
    assert text.VERDICTS["supported"] in (numbers.last.get_attribute("title") or "")
    numbers.last.click()
    expect(reader.source.locator(".fn-quote mark")).to_contain_text("Unused leave may be carried over")
    reader.shoot("checked")


def test_sentences_without_support_are_corrected_at_a_click(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: f"{LEAVE} [1]. Penguins repair the lighthouse at night."
    reader.ask(QUESTION)
    reader.answer.get_by_role("button", name=text.CORRECTIONS["drop"]).press("Enter")

    expect(reader.answer.locator(".fn-changes")).to_contain_text("Penguins")
    expect(reader.answer.locator(".fn-body")).not_to_contain_text("Penguins")
    expect(reader.answer.locator(".fn-corrections")).to_have_count(0)
    reader.shoot("corrected")


def test_what_was_sent_and_thought_is_there_to_unfold(reader: Reader, gate: Gate) -> None:
    gate.set("reasoning")
    reader.ask(QUESTION)
    thought, sent = reader.answer.locator("details.fn-thought"), reader.answer.locator("details.fn-sent")
    expect(thought.get_by_text(THOUGHT)).to_be_hidden()
    thought.locator("summary").click()
    expect(thought.get_by_text(THOUGHT)).to_be_visible()
    sent.locator("summary").click()
    expect(sent.locator("pre").last).to_contain_text(f"Question: {QUESTION}")
    expect(sent.locator("pre").last).to_contain_text(LEAVE.split(" until")[0])
    expect(sent).to_contain_text("finish reason: stop")
    expect(sent).to_contain_text("first word after")
    reader.shoot("sent")

    gate.set("ok")
    reader.ask("And on parental leave?")
    assert THOUGHT not in str(gate.chat.chats[-1].body)


def test_a_server_that_cut_the_prompt_is_told_of(reader: Reader, gate: Gate) -> None:
    gate.set("cuts-prompt")
    assert "The server read far fewer tokens than it was sent" in reader.ask(QUESTION)
    expect(reader.answer.locator(".fn-sent")).to_contain_text("the server counted 7")
