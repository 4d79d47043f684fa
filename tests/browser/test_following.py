"""A follow-up question: what was searched for it stands above its answer."""

from playwright.sync_api import expect

from rag.retrieving.rewriting import SYSTEM
from tests.browser.gate import Gate
from tests.browser.reader import Reader
from ui import text

QUESTION = "How fast may I cut teak?"
FOLLOW_UP = "And pine?"
WHOLE = "How fast may I cut pine boards?"


def test_without_a_chat_model_a_follow_up_takes_its_subject_from_the_question_before(quoted: Reader) -> None:
    quoted.ask(QUESTION)
    expect(quoted.searched).to_have_count(0)
    quoted.ask(FOLLOW_UP)

    expect(quoted.searched).to_contain_text(text.SEARCHED)
    expect(quoted.searched).to_contain_text("cut")
    expect(quoted.searched).to_contain_text("pine")
    expect(quoted.page.locator("#chat .fn-searched")).to_have_count(1)


def test_with_a_chat_model_the_whole_question_is_shown_before_its_answer_and_stays(reader: Reader, gate: Gate) -> None:
    def say(answer: str) -> None:
        gate.chat.reply = lambda messages: WHOLE if messages[0]["content"] == SYSTEM else answer

    shown = f"{text.SEARCHED} “{WHOLE}”"
    say("At 4.5 m a minute [1].")
    reader.ask(QUESTION)
    expect(reader.searched).to_have_count(0)
    say("Faster than teak [1]. " + "And so on. " * 12)
    gate.chat.delay_seconds = 0.1
    reader.begin_to_ask(FOLLOW_UP)
    expect(reader.searched).to_have_text(shown)
    expect(reader.page.locator("#question .stop-button")).to_be_visible()  # the answer still grows
    gate.chat.delay_seconds = 0.0
    reader.wait_for_answer()
    expect(reader.answer).to_match_aria_snapshot(f'- paragraph: "{shown}"')  # as a screen reader has it

    say("Again faster [1].")
    reader.page.get_by_role("button", name="Try again").last.click()
    expect(reader.answer).to_contain_text("Again faster")
    reader.wait_for_answer()
    expect(reader.searched).to_have_text(shown)
    reader.load()
    expect(reader.answers).to_have_count(2)
    expect(reader.searched).to_have_text(shown)
