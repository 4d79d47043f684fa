"""Explore: the view Compare."""

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.reader import Reader
from tests.browser.test_looks import shoot

GOODS = ["a cotton t-shirt", "running shoes", "a laptop bag", "linen pants"]


@pytest.fixture
def comparing(quoted: Reader) -> Reader:
    """A reader with the view open."""
    expect(quoted.page.locator("#documents")).not_to_contain_text("indexing")
    quoted.open_tab("Explore")
    quoted.open_tab("Compare")
    return quoted


def compare(reader: Reader) -> None:
    reader.page.locator("#compare-go").click()
    expect(reader.page.locator("#compare-result .fn-figure[data-drawn=done]").last).to_be_visible()


def test_lines_are_compared_with_each_other_and_with_a_question(comparing: Reader) -> None:
    page = comparing.page
    page.locator("#compare-lines textarea").fill("\n".join(GOODS))
    page.locator("#compare-question").get_by_label("A question to compare them with").fill("What are good shoes for jogging?")
    page.locator("#compare-words").get_by_label("compare their words").check()
    compare(comparing)

    result = page.locator("#compare-result")
    expect(result.locator("table").first.locator("tbody tr").first).to_contain_text("running shoes")
    expect(result.locator("table").first.locator("tbody tr").first).to_contain_text("0.7")
    expect(result.locator("table").last.locator("tbody tr")).to_have_count(6)
    expect(result.locator(".fn-figure[data-drawn=done]")).to_have_count(2)
    expect(result).to_contain_text("of passages of this library")
    expect(result.locator("table").last.locator("th")).to_have_text(["cosine", "words", "text", "text", "higher than"])
    shoot(comparing, "explore-compare-lines")


def test_documents_are_compared_and_opened_and_a_hostile_name_does_no_harm(comparing: Reader) -> None:
    page = comparing.page
    page.locator("#compare-source").get_by_label("Documents", exact=True).check()
    expect(page.locator("#compare-lines textarea")).to_be_hidden()
    compare(comparing)

    result = page.locator("#compare-result")
    count = comparing.documents
    expect(result.locator("tbody tr")).to_have_count(min(20, count * (count - 1) // 2))
    expect(result).to_contain_text("<img src=x onerror=window.owned=1>")
    assert page.evaluate("window.owned") is None
    shoot(comparing, "explore-compare-documents")
    result.get_by_role("button", name="tide-notes.pdf").first.click()
    expect(comparing.source).to_contain_text("tide-notes.pdf")


def test_the_passages_of_a_document_are_compared(comparing: Reader) -> None:
    page = comparing.page
    page.locator("#compare-source").get_by_label("Passages of a document").check()
    page.locator("#compare-go").click()
    expect(page.locator("#compare-result .fn-trouble")).to_have_text("Choose a document.")
    page.locator("#compare-document").get_by_label("Document").click()
    page.get_by_role("option", name="returns-policy.txt").click()
    compare(comparing)
    page.locator("#compare-result [data-passage]").first.click()
    expect(comparing.source).to_contain_text("returns-policy.txt")


def test_a_column_of_a_file_is_loaded(comparing: Reader) -> None:
    page = comparing.page
    table = "sku;Beschreibung;Farbe\n1;Bequeme Laufschuhe;grün\n2;Hose aus Leinen für Männer;weiß\n"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load a text file or a CSV").click()
    chooser.value.set_files(FilePayload(name="goods.csv", mimeType="text/csv", buffer=table.encode("cp1252")))
    expect(page.locator("#compare-lines textarea")).to_have_value("Bequeme Laufschuhe\nHose aus Leinen für Männer")
    page.locator("#compare-column").get_by_label("Column of the file").click()
    page.get_by_role("option", name="Farbe").click()
    expect(page.locator("#compare-lines textarea")).to_have_value("grün\nweiß")


def test_too_little_to_compare_is_told(comparing: Reader) -> None:
    comparing.page.locator("#compare-lines textarea").fill("only one")
    comparing.page.locator("#compare-go").click()
    expect(comparing.page.locator("#compare-result .fn-trouble")).to_contain_text("Comparing needs at least 2 texts")
