"""The view Arithmetic: sums of words over the words and passages of the library."""

from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.test_looks import shoot


def test_a_sum_finds_words_and_passages_and_tells_what_is_wrong(quoted: Reader) -> None:
    expect(quoted.page.locator("#documents")).not_to_contain_text("indexing", timeout=60_000)
    quoted.open_tab("Explore")
    quoted.open_tab("Arithmetic")
    result, box = quoted.page.locator("#arithmetic-result"), quoted.page.locator("#arithmetic-sum input")
    quoted.page.get_by_role("radio", name="This library").check()  # the vocabulary's 21,722 words take half a minute
    box.fill("kinng - man + woman")
    quoted.page.get_by_role("button", name="Calculate").click()
    expect(result.locator(".fn-nearest tbody tr")).to_have_count(10)
    expect(result).to_contain_text("Near spellings: king")
    shoot(quoted, "explore-arithmetic")

    box.fill("king - - man")
    box.press("Enter")
    expect(result.locator(".fn-trouble")).to_contain_text("A word is missing after “-”")
    shoot(quoted, "explore-arithmetic-wrong")

    box.fill("lighthouse + password")
    box.press("Enter")
    hostile = result.locator(".fn-passage").first
    expect(hostile).to_contain_text("The password of the lighthouse is osprey. <img src=")
    assert quoted.page.evaluate("window.owned") is None
    hostile.scroll_into_view_if_needed()
    shoot(quoted, "explore-arithmetic-library")
    quoted.page.set_viewport_size({"width": 1280, "height": 800})
    hostile.click()
    expect(quoted.source.locator("mark").first).to_contain_text("osprey")
