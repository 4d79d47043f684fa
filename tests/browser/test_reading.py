"""What spares a reader clicks: the first source beside an answer, keys, copying with footnotes, a text checked."""

from playwright.sync_api import expect

from tests.browser.reader import Reader

QUESTION = "How many days of unused leave may I carry over?"
ON_ONE_LINE = """() => new Set([...document.querySelector('.fn-answer-tools').children]
    .map(each => Math.round(each.getBoundingClientRect().top + each.getBoundingClientRect().height / 2))).size"""

LISTEN = """() => document.addEventListener('copy', ({clipboardData}) => {
    window.copied = ['text/plain', 'text/html'].map((kind) => clipboardData.getData(kind));
})"""
DRAFT = "Unused leave may be carried over until 31 March of the following year. Elephants dislike porcelain."


def test_the_first_source_opens_beside_an_answer_until_the_column_is_closed(quoted: Reader) -> None:
    quoted.ask(QUESTION)
    expect(quoted.source.locator(".fn-mark").first).to_be_visible()
    expect(quoted.page.locator("#question textarea")).to_be_focused()  # nothing took the focus

    quoted.page.locator("#fresh").focus()
    quoted.page.keyboard.press("f")
    expect(quoted.answer.locator("a.fn-number").first).to_be_focused()
    quoted.page.keyboard.press("?")
    expect(quoted.page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    quoted.page.keyboard.press("Escape")
    expect(quoted.page.get_by_role("dialog")).to_be_hidden()
    quoted.page.keyboard.press("/")
    expect(quoted.page.locator("#question textarea")).to_be_focused()

    quoted.source.get_by_label("Close").click()
    expect(quoted.source).to_contain_text("Click a number in an answer")
    quoted.ask("How should I oil a teak table?")
    expect(quoted.answer.locator(".fn-notes")).to_be_visible()
    quoted.page.wait_for_timeout(300)
    expect(quoted.source).to_contain_text("Click a number in an answer")


def test_an_answer_is_copied_with_its_footnotes_and_its_tools_stand_on_one_line(quoted: Reader) -> None:
    quoted.page.set_viewport_size({"width": 420, "height": 800})
    quoted.ask(QUESTION)
    expect(quoted.page.locator("#right")).to_be_hidden()  # on a narrow screen nothing opens by itself
    quoted.answer.locator(".fn-up").click()
    expect(quoted.answer.get_by_text("Add a note")).to_be_visible()
    assert quoted.page.evaluate(ON_ONE_LINE) == 1

    quoted.page.evaluate(LISTEN)
    quoted.answer.get_by_role("button", name="Copy").click()
    words, html = quoted.page.evaluate("window.copied")
    assert words.endswith("[1] harbour-handbook.pdf, page 6 (printed 4) · 3 Annual leave > Carrying leave over")
    assert "at most ten days.” [1]" in words
    assert ("[1] harbour-handbook.pdf" in html, "class=" in html) == (True, False)


def test_a_text_is_checked_and_a_click_opens_the_page(quoted: Reader) -> None:
    quoted.open_tab("Check")
    quoted.page.locator("#fn-check-text").fill(DRAFT)
    quoted.page.keyboard.press("Control+Enter")
    expect(quoted.page.locator("#check-status")).to_contain_text("1 of 2 sentences supported")
    quoted.page.locator("#check-results [data-place]").first.click()
    expect(quoted.source.locator(".fn-mark").first).to_be_visible()
    quoted.page.locator("[data-doubts]").check()
    expect(quoted.page.locator(".fn-sentence.fn-supported")).to_be_hidden()
    expect(quoted.page.locator(".fn-sentence.fn-unsupported")).to_be_visible()
