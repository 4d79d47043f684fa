"""A telephone's width, and the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.reader import Reader

QUESTION = "How many days of unused leave may I carry over?"
OVERFLOW = """() => [document.documentElement, document.querySelector("#chat .bubble-wrap"), document.querySelector("#left")]
    .map(box => Math.max(0, box.scrollWidth - box.clientWidth))"""


def test_the_chat_comes_first_and_the_documents_are_in_a_drawer(narrow: Reader) -> None:
    left, button = narrow.page.locator("#left"), narrow.page.locator("[data-drawer]")
    expect(narrow.page.locator("#question")).to_be_in_viewport(ratio=1)
    expect(left).to_be_hidden()
    expect(narrow.page.locator("#right")).to_be_hidden()

    button.click()
    expect(left).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(narrow.row("harbour-handbook.pdf")).to_be_in_viewport(ratio=1)
    narrow.page.mouse.click(410, 400)
    expect(left).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_the_drawer_closes_with_escape(narrow: Reader) -> None:
    narrow.page.locator("[data-drawer]").click()
    expect(narrow.page.locator("#left")).to_be_visible()
    narrow.page.keyboard.press("Escape")

    expect(narrow.page.locator("#left")).to_be_hidden()
    expect(narrow.page.locator("[data-drawer]")).to_be_focused()


def test_a_document_opened_in_the_drawer_slides_over(narrow: Reader) -> None:
    narrow.page.locator("[data-drawer]").click()
    narrow.row("harbour-handbook.pdf").locator("[data-open]").click()

    expect(narrow.page.locator("#left")).to_be_hidden()
    expect(narrow.source).to_be_in_viewport()
    expect(narrow.source.locator("img")).to_be_visible()


@pytest.mark.parametrize("way_back", ["button", "escape"])
def test_a_footnote_slides_its_source_over_and_going_back_returns_to_it(narrow: Reader, way_back: str) -> None:
    narrow.ask(QUESTION)
    footnote = narrow.footnotes.first
    footnote.click()
    right = narrow.page.locator("#right")
    expect(right).to_be_visible()
    expect(narrow.source.locator(".fn-mark").first).to_be_visible()
    if way_back == "escape":
        narrow.page.keyboard.press("Escape")
    else:
        narrow.source.get_by_label("Close").click()

    expect(right).to_be_hidden()
    expect(footnote).to_be_focused()


@pytest.mark.parametrize("width", [420, 1280])
def test_a_footnote_brings_the_marked_words_into_view(reader: Reader, width: int) -> None:
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.ask(QUESTION)
    for _ in range(2):  # also when another page of the same document was there before
        reader.open_footnote(1)
        expect(reader.source.locator(".fn-mark").first).to_be_in_viewport()
        reader.source.get_by_text("next ›").click()
        expect(reader.source.locator(".fn-mark")).to_have_count(0)
        reader.page.evaluate("for (const box of document.querySelectorAll('#right, .fn-page')) box.scrollTop = 0")
        if width == 420:
            reader.source.get_by_label("Close").click()


@pytest.mark.parametrize("width", [420, 1280])
def test_nothing_is_wider_than_the_page(narrow: Reader, width: int) -> None:
    narrow.page.set_viewport_size({"width": width, "height": 800})
    narrow.ask(QUESTION)
    narrow.open_footnote(1)

    assert narrow.page.evaluate(OVERFLOW) == [0, 0, 0]
    narrow.page.get_by_role("tab", name="Settings").evaluate("tab => tab.click()")  # the source may lie over it
    expect(narrow.page.locator("#settings table")).to_be_visible()
    assert narrow.page.evaluate(OVERFLOW)[0] == 0


def test_the_keyboard_alone_reaches_a_footnote_and_opens_it(reader: Reader) -> None:
    reader.ask(QUESTION)
    expect(reader.page.locator("#question textarea")).to_be_focused()  # ready for the next question
    for _ in range(12):
        reader.page.keyboard.press("Shift+Tab")
        if reader.page.evaluate("document.activeElement.matches('#chat a[href^=\"#src-\"]')"):
            break
    else:
        pytest.fail("Twelve times Shift-Tab from the question did not reach a footnote.")
    outline = reader.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    reader.page.keyboard.press("Enter")

    assert outline == "solid"
    expect(reader.source.locator(".fn-mark").first).to_be_visible()
    assert "#src" not in reader.page.url
