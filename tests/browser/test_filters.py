"""Filters beside the question: by mouse and by keyboard, kept with the conversation, taken away by a click."""

from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.test_looks import shoot


def test_filters_are_chosen_by_keyboard_and_kept_with_the_conversation(reader: Reader) -> None:
    line = reader.page.locator("#asking")
    line.get_by_role("button", name="Filter", exact=True).press("Enter")
    kinds = line.get_by_label("Kind of file")
    expect(kinds).to_be_focused()
    kinds.select_option("pdf")
    expect(line.locator(".fn-chip")).to_have_text(["PDF×"])
    line.get_by_label("From").fill("2020")
    reader.page.keyboard.press("Tab")
    expect(line.locator(".fn-chip")).to_have_count(2)
    expect(line.get_by_label("Until")).to_be_focused()
    shoot(reader, "filters")
    reader.page.keyboard.press("Escape")
    expect(line.locator(".fn-filters")).to_have_count(0)
    expect(line.get_by_role("button", name="Filter", exact=True)).to_be_focused()
    line.get_by_role("button", name="Remove filter from 2020").press("Enter")
    expect(line.locator(".fn-chip")).to_have_count(1)

    reader.page.get_by_label("Ask about harbour-handbook.pdf only").check()
    expect(line.locator(".fn-chip")).to_have_count(2)
    reader.ask("How many days of unused leave may I carry over?")
    expect(reader.answer).to_contain_text("Asked about harbour-handbook.pdf, PDF only")
    reader.load()
    expect(line.locator(".fn-chip")).to_have_count(2)
    expect(reader.page.get_by_label("Ask about harbour-handbook.pdf only")).to_be_checked()
    line.get_by_role("button", name="Remove filter PDF").click()
    line.get_by_role("button", name="Remove filter harbour-handbook.pdf").click()
    expect(line.locator(".fn-chip")).to_have_count(0)


def test_where_a_question_says_to_look_is_a_chip_that_asks_again_without(reader: Reader) -> None:
    reader.ask("How many days of unused leave may I carry over, according to harbour-handbook.pdf?")
    chip = reader.answer.locator(".fn-only")
    expect(chip).to_contain_text("Only: harbour-handbook.pdf")
    shoot(reader, "only")
    chip.get_by_role("button", name="Search everywhere instead of harbour-handbook.pdf only").click()
    expect(chip).to_have_count(0)
    expect(reader.answers).to_have_count(1)
    expect(reader.answer.locator(".fn-notes").or_(reader.answer.locator(".fn-meta").first).first).to_be_visible()
