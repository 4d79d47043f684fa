"""What goes wrong at the chat server reaches the reader as cause and next step, and takes nothing away."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.gate import Gate
from tests.browser.reader import Reader


@pytest.fixture(scope="module")
def conversation(chatting_page: Reader) -> Iterator[Reader]:
    """A reader who has had one good answer."""
    chatting_page.start_anew()
    chatting_page.ask("How many days of unused leave may I carry over?")
    yield chatting_page
    chatting_page.check()


@pytest.mark.parametrize(
    ("behaviour", "cause", "next_step"),
    [
        ("dead", "Nothing answers at", "Start the server"),
        ("401", "needs a key (401)", "Set RAG_CHAT_API_KEY"),
        ("404", "has no chat endpoint at this address (404)", "Check RAG_CHAT_BASE_URL"),
        ("429", "has reached its rate limit (429)", "Wait"),
        ("500", "failed (500)", "Try again"),
        ("html", "does not answer as an OpenAI-compatible chat endpoint does", "Check RAG_CHAT_BASE_URL"),
        ("error-midway", "broke off with an error", "Try again"),
        ("cut", "stopped partway", "Try again"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(conversation: Reader, gate: Gate, behaviour: str, cause: str, next_step: str) -> None:
    said = conversation.answers.count()
    gate.set(behaviour)

    answer = conversation.ask("What is the daily allowance for meals on a business trip?")

    assert cause in answer
    assert next_step in answer
    assert "Traceback" not in answer
    assert ".py" not in answer
    expect(conversation.page.locator(".toast-wrap .toast-body")).to_have_count(0)  # it is said once, where it belongs
    expect(conversation.answers).to_have_count(said + 1)
    expect(conversation.answers.first).to_contain_text("harbour-handbook.pdf")


def test_after_a_failure_the_next_question_is_answered(conversation: Reader, gate: Gate) -> None:
    gate.set("500")
    conversation.ask("How should I oil a teak table?")
    gate.set("ok")

    assert "harbour-handbook.pdf" in conversation.ask("How many days of unused leave may I carry over?")
