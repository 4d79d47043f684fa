"""The view Tokens: how a text is cut, pooled, and what a word becomes in its context."""

from playwright.sync_api import Locator, expect

from tests.browser.reader import Reader
from tests.browser.test_looks import shoot

LOADED = 120_000
"""Milliseconds until torch and the model are there, on a busy machine."""


def _open(reader: Reader) -> Locator:
    reader.page.set_viewport_size({"width": 1280, "height": 800})
    reader.open_tab("Explore")
    reader.open_tab("Tokens")
    cut = reader.page.locator("#tokens-cut")
    expect(cut.locator(".fn-tokens .fn-token").first).to_be_visible()
    return cut


def test_a_text_is_cut_into_tokens_and_what_is_over_the_limit_is_struck_through(quoted: Reader) -> None:
    cut, box = _open(quoted), quoted.page.locator("#tokens-text textarea")
    expect(cut.locator(".fn-tokens .fn-token").first).to_have_text("[CLS]101")
    expect(cut.locator(".fn-tokens .fn-token-special")).to_have_count(2)
    shoot(quoted, "explore-tokens")

    box.fill("<img src=x onerror=window.owned=1> 🙂 " + "word " * 300)
    quoted.page.get_by_role("button", name="Show tokens").click()
    expect(cut).to_contain_text("256 of at most 256 tokens are read")
    expect(cut.locator(".fn-tokens .fn-token-unknown").first).to_be_visible()
    assert cut.locator(".fn-token-cut b").first.evaluate("token => getComputedStyle(token).textDecorationLine") == "line-through"
    shoot(quoted, "explore-tokens-cut")

    box.fill("  ")
    quoted.page.get_by_role("button", name="Show tokens").click()
    expect(cut.locator(".fn-trouble")).to_contain_text("The text is empty")
    assert quoted.page.evaluate("window.owned") is None


def test_tokens_become_one_vector_and_a_word_depends_on_its_context(quoted: Reader) -> None:
    _open(quoted)
    quoted.page.locator("#tokens-text textarea").fill("I deposited money in the bank.")
    quoted.page.get_by_role("button", name="Pool the text above").click()
    pooled = quoted.page.locator("#tokens-pooled")
    expect(pooled).to_contain_text("9 tokens × 384 dimensions", timeout=LOADED)
    expect(pooled).to_contain_text("Pooling of this model: mean of all.")
    expect(pooled.get_by_role("row", name="The model's own").last.get_by_role("cell").nth(1)).to_have_text("1.000")  # its mean
    pooled.scroll_into_view_if_needed()
    shoot(quoted, "explore-tokens-pooled")

    quoted.page.get_by_role("button", name="Compare the word").click()
    compared = quoted.page.locator("#tokens-compared")
    expect(compared.locator("mark")).to_have_text(["bank", "bank"])
    in_context, static = (float(number) for number in compared.locator("b").all_inner_texts())
    assert in_context < 0.9
    assert static == 1
    compared.scroll_into_view_if_needed()
    shoot(quoted, "explore-tokens-word")
    quoted.page.locator("#tokens-word input").fill("harbour")
    quoted.page.keyboard.press("Enter")
    expect(compared.locator(".fn-trouble")).to_contain_text("is not in the first sentence")

    quoted.page.locator("#tokens-columns textarea").fill("We sat by the river bank.")
    quoted.page.get_by_role("button", name="Compare tokens").click()
    expect(quoted.page.locator("#tokens-map .fn-figure[data-drawn=done]")).to_be_visible()
    quoted.page.locator("#tokens-map").scroll_into_view_if_needed()
    shoot(quoted, "explore-tokens-map")
