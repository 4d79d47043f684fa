"""The view Related: the graph, the documents nearest to one, more passages like one."""

from playwright.sync_api import expect

from tests.browser.conftest import HOSTILE_NAME
from tests.browser.reader import Reader
from tests.browser.test_looks import shoot


def open_view(reader: Reader) -> None:
    expect(reader.page.locator("#documents")).not_to_contain_text("indexing")
    reader.open_tab("Explore")
    reader.open_tab("Related")
    expect(reader.page.locator("#related-graph .fn-figure[data-drawn=done]")).to_be_visible()


def choose(reader: Reader, name: str) -> None:
    box = reader.page.get_by_label("Documents related to")
    box.click()
    reader.page.get_by_role("option", name=name).click()


def test_a_document_is_chosen_and_its_nearest_are_listed_with_the_passages_that_tie_them(quoted: Reader) -> None:
    open_view(quoted)
    choose(quoted, "returns-policy.txt")
    listing = quoted.page.locator("#related")
    expect(listing.locator("h3")).to_contain_text("returns-policy.txt")
    expect(listing.locator("li")).to_have_count(min(5, quoted.documents - 1))
    expect(listing.locator("li").first).to_contain_text("cosine 0.")
    expect(quoted.page.locator("#related-graph .fn-figure[data-drawn=done]")).to_be_visible()
    shoot(quoted, "explore-related")

    quoted.page.set_viewport_size({"width": 1280, "height": 800})
    listing.locator("li").first.locator("[data-passage]").first.click()
    expect(quoted.source.locator(".fn-source-head")).to_contain_text("returns-policy.txt")
    listing.locator("li").first.locator("[data-like]").first.click()
    expect(listing.locator("h3")).to_contain_text("nearest to this one")
    assert quoted.page.evaluate("window.owned") is None


def test_a_click_on_a_point_lists_what_is_near_it(quoted: Reader) -> None:
    open_view(quoted)
    point = quoted.page.locator("#related-graph .scatterlayer .point").last
    place = point.bounding_box()
    assert place
    quoted.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(quoted.page.locator("#related h3")).to_contain_text("Nearest to")


def test_a_hostile_name_is_shown_as_it_is(quoted: Reader) -> None:
    open_view(quoted)
    choose(quoted, HOSTILE_NAME)
    expect(quoted.page.locator("#related h3")).to_contain_text(HOSTILE_NAME)
    expect(quoted.page.locator("#related li").first).to_be_visible()
    assert quoted.page.evaluate("window.owned") is None


def test_from_the_source_column_one_comes_to_more_like_this(quoted: Reader) -> None:
    expect(quoted.page.locator("#documents")).not_to_contain_text("indexing")
    quoted.ask("How should I oil a teak table?")
    quoted.open_footnote(1)
    quoted.source.get_by_role("button", name="More like this").click()
    listing = quoted.page.locator("#related")
    expect(listing.locator("h3")).to_contain_text("nearest to this one")
    expect(listing.locator("h3")).to_be_in_viewport()
    expect(listing.locator(".fn-passage").first).to_contain_text("cosine")
    shoot(quoted, "explore-related-like")
