"""Explore: the view Classify."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.reader import Reader
from tests.browser.test_looks import shoot

EXAMPLES = """harbour: The quay is closed in a storm.
harbour: Ships moor at the northern pier.
harbour: The pilot boards at high water.
shop: An item may be returned within 30 days.
shop: Refunds are paid to the card used.
shop: Delivery costs 5 euros."""


@pytest.fixture
def classifying(quoted: Reader) -> Reader:
    """A reader with the view open."""
    expect(quoted.page.locator("#documents")).not_to_contain_text("indexing")
    quoted.open_tab("Explore")
    quoted.open_tab("Classify")
    return quoted


def fill(reader: Reader, examples: str) -> None:
    reader.page.locator("#classify-examples textarea").fill(examples)


def label(reader: Reader) -> None:
    reader.page.get_by_role("button", name="Label them").click()


def test_documents_get_labels_that_can_be_downloaded_and_opened(classifying: Reader, tmp_path: Path) -> None:
    fill(classifying, EXAMPLES)
    label(classifying)
    page, result = classifying.page, classifying.page.locator("#classify-result")
    expect(result).to_contain_text("nearest mean of a label's examples")
    found = result.locator("[data-passage]")
    expect(found).to_have_count(classifying.documents)
    expect(found.filter(has_text="returns-policy.txt")).to_contain_text("shop")
    expect(found.filter(has_text="tide-notes.pdf")).to_contain_text("harbour")
    assert page.evaluate("window.owned") is None
    shoot(classifying, "explore-classify-documents")

    with page.expect_download() as downloading:
        page.locator("#classify-download").click()
    assert downloading.value.suggested_filename == "labels.csv"
    downloading.value.save_as(tmp_path / "labels.csv")
    rows = list(csv.DictReader((tmp_path / "labels.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["document"]: row["label"] for row in rows}["returns-policy.txt"] == "shop"
    assert len(rows) == classifying.documents
    found.filter(has_text="tide-notes.pdf").click()
    expect(classifying.source).to_contain_text("tide-notes.pdf")


def test_passages_and_texts_get_labels_too(classifying: Reader) -> None:
    fill(classifying, "shipping and harbours\nreturning goods\nrepairing boats")
    page, result = classifying.page, classifying.page.locator("#classify-result")
    page.locator("#classify-what").get_by_label("Passages").check()
    label(classifying)
    expect(result).to_contain_text("nearest name of a label")
    expect(result.locator("[data-passage]").nth(20)).to_be_attached()
    shoot(classifying, "explore-classify-passages")

    page.locator("#classify-what").get_by_label("Texts").check()
    page.locator("#classify-lines textarea").fill("I want my money back for this lamp.\nWhen does the ferry leave the port?")
    label(classifying)
    expect(result.locator("div.fn-passage")).to_have_count(2)
    expect(result.locator("div.fn-passage").first).to_contain_text("returning goods")
    expect(result.locator("div.fn-passage").last).to_contain_text("shipping and harbours")


def test_the_examples_are_checked_or_it_is_said_how_many_are_missing(classifying: Reader) -> None:
    fill(classifying, EXAMPLES)
    page, result = classifying.page, classifying.page.locator("#classify-result")
    page.get_by_role("button", name="Check the examples").click()
    expect(result).to_contain_text("6 examples were labelled correctly")
    expect(result).to_contain_text("3 folds")
    expect(result.locator(".fn-figure[data-drawn=done]")).to_be_visible()
    shoot(classifying, "explore-classify-check")

    fill(classifying, "harbour: The quay is closed.\nshop: Refunds are paid.\nshop: Delivery is free.")
    page.get_by_role("button", name="Check the examples").click()
    expect(result.locator(".fn-trouble")).to_have_text("Checking needs at least 2 examples of each label. Give 1 more of 'harbour'.")


def test_examples_come_from_a_file_and_trouble_is_told(classifying: Reader) -> None:
    page = classifying.page
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load examples from a CSV").click()
    data = b"text,label\nThe quay is closed.,harbour\nRefunds are paid.,shop\n"
    chooser.value.set_files(FilePayload(name="examples.csv", mimeType="text/csv", buffer=data))
    expect(page.locator("#classify-examples textarea")).to_have_value("harbour: The quay is closed.\nshop: Refunds are paid.")
    fill(classifying, "only one")
    label(classifying)
    expect(page.locator("#classify-result .fn-trouble")).to_contain_text("at least 2 labels, and there is 1")
    expect(page.locator("#classify-download")).to_have_count(0)
