"""The view Duplicates: a changed copy is found, and what was changed is shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.test_looks import shoot

POLICY = (Path(__file__).parents[2] / "data" / "samples" / "returns-policy.txt").read_text(encoding="utf-8")
COPY = "returns-policy-old.txt"


@pytest.fixture
def doubled(quoted: Reader) -> Iterator[Reader]:
    """The library with a changed copy of a sample."""
    assert "30 days" in POLICY
    quoted.upload({COPY: POLICY.replace("30 days", "45 days").encode()})
    expect(quoted.row(COPY).locator("[data-open]")).to_have_count(1)
    expect(quoted.page.locator("#documents")).not_to_contain_text("indexing")
    yield quoted
    quoted.open_tab("Chat")
    quoted.page.set_viewport_size({"width": 1280, "height": 800})
    quoted.remove(COPY)


def test_a_changed_copy_is_found_and_what_was_changed_is_marked(doubled: Reader) -> None:
    doubled.open_tab("Explore")
    doubled.open_tab("Duplicates")
    result = doubled.page.locator("#duplicates")
    pair = result.locator(".fn-pair").first
    expect(pair.locator("h4")).to_contain_text(COPY)
    expect(pair.locator("h4")).to_contain_text("returns-policy.txt")
    changed = pair.locator(".fn-change").first
    words = {changed.locator("del").first.inner_text(), changed.locator("ins").first.inner_text()}
    assert {"30", "45"} == {number for number in ("30", "45") for word in words if number in word}

    changed.locator("[data-passage]").first.click()
    expect(doubled.source.locator(".fn-source-head")).to_contain_text("returns-policy")
    expect(doubled.source.locator(".fn-mark-text").first).to_be_visible()
    shoot(doubled, "explore-duplicates")


def test_without_copies_a_sentence_says_so_and_what_is_there_is_shown_as_text(quoted: Reader) -> None:
    expect(quoted.page.locator("#documents")).not_to_contain_text("indexing")
    quoted.open_tab("Explore")
    quoted.open_tab("Duplicates")
    expect(quoted.page.locator("#duplicates")).to_contain_text("No duplicates")
    assert quoted.page.evaluate("window.owned") is None
