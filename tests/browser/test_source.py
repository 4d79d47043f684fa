"""From an uploaded PDF to the marked words on its page."""

import io
import re
from dataclasses import replace

import httpx2
import pytest
from playwright.sync_api import expect
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle

from tests.browser.gate import Gate
from tests.browser.reader import Reader
from tests.documents import plain_pdf
from ui import text
from ui.places import address

PAGE_POINTS = 841.89
LINE_POINTS = 100  # where tests.documents puts the first line, from the top
SHARPNESS = "image => image.naturalWidth / (image.getBoundingClientRect().width * devicePixelRatio)"
WATCH_FOR_BAR = """() => {
    new MutationObserver(() => { if (document.querySelector("#documents .fn-bar")) window.sawBar = true; })
        .observe(document.querySelector("#documents"), {childList: true, subtree: true});
}"""


def labelled_pdf(*pages: str) -> bytes:
    """With the labels v, vi, vii and so on."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain_pdf(*pages))))
    writer.set_page_label(0, len(pages) - 1, style=PageLabelStyle.LOWERCASE_ROMAN, start=5)
    with io.BytesIO() as file:
        writer.write(file)
        return file.getvalue()


def test_an_uploaded_pdf_is_listed_answers_and_opens_at_the_marked_words(reader: Reader, gate: Gate) -> None:
    reader.page.evaluate(WATCH_FOR_BAR)
    reader.upload({"observatory.pdf": labelled_pdf("The dome is closed on Mondays.", "The great telescope weighs ninety tonnes.", "Index")})
    expect(reader.row("observatory.pdf")).to_contain_text("3 pages")
    assert reader.page.evaluate("window.sawBar")

    gate.chat.delay_seconds = 0.15
    reader.begin_to_ask("How much does the great telescope weigh?")
    expect(reader.answer).to_contain_text("The great")
    early = reader.answer.inner_text()
    gate.chat.delay_seconds = 0.0
    whole = reader.wait_for_answer()
    assert "ninety tonnes" not in early
    assert "The great telescope weighs ninety tonnes" in whole
    assert "observatory.pdf, page 2 (printed vi)" in whole

    reader.open_footnote(1)
    expect(reader.source.locator(".fn-quote")).to_contain_text("The great telescope weighs ninety tonnes.")
    expect(reader.source.locator(".fn-source-head")).to_contain_text("observatory.pdf")
    expect(reader.source.locator(".fn-source-head")).to_contain_text("page 2 of 3, printed vi")
    image = reader.source.locator("img")
    expect(image).to_have_js_property("complete", value=True)
    assert image.evaluate(SHARPNESS) >= 0.99

    sheet, mark = image.bounding_box(), reader.source.locator(".fn-mark").first.bounding_box()
    assert sheet
    assert mark
    assert (mark["y"] + mark["height"] / 2 - sheet["y"]) / sheet["height"] * PAGE_POINTS == pytest.approx(LINE_POINTS - 4, abs=4)
    assert (mark["x"] - sheet["x"]) / sheet["width"] * 595 == pytest.approx(72, abs=4)
    assert mark["width"] > sheet["width"] * 0.3
    reader.remove("observatory.pdf")


def test_a_link_from_elsewhere_opens_its_page_at_its_words(quoted: Reader) -> None:
    def link(page: int) -> str:
        """As citations of other programs have it: the first words of a page."""
        record = httpx2.get(f"{quoted.url}/api/documents/tide-notes.pdf").json()
        return address(quoted.url, record["id"], page, 0, 12)

    def expect_marked(page: int) -> None:
        expect(quoted.source.locator(f".fn-source[data-shown='{page}'] .fn-mark").first).to_be_visible()

    replace(quoted, url=link(2)).load()
    expect_marked(2)
    quoted.page.evaluate("url => { location.href = url; }", link(3))  # as a click on a link in a page that is open
    expect_marked(3)


def test_the_source_turns_its_pages_and_zooms_and_gives_the_original(reader: Reader) -> None:
    reader.row("harbour-handbook.pdf").locator("[data-open]").click()
    head, previous, following = (
        reader.source.locator(".fn-source-head"),
        reader.source.get_by_text("previous"),
        reader.source.get_by_text("next"),
    )
    expect(head).to_contain_text("page 1 of 17")
    expect(previous).to_be_disabled()
    following.click()
    expect(head).to_contain_text("page 2 of 17")
    expect(reader.source.locator("img")).to_have_attribute("src", re.compile(r"/pages/2\.png"))
    previous.click()
    expect(head).to_contain_text("page 1 of 17")

    width = _width(reader)
    reader.source.get_by_label("Zoom in").click()
    expect(reader.source.locator(".fn-zoom")).to_have_text("125 %")
    assert _width(reader) == pytest.approx(width * 1.25, abs=1)
    _wait_until_sharp(reader)
    following.click()  # the zoom stays
    expect(head).to_contain_text("page 2 of 17")
    expect(reader.source.locator(".fn-zoom")).to_have_text("125 %")
    reader.source.get_by_label("Zoom out").click()
    assert _width(reader) == pytest.approx(width, abs=1)

    address = reader.source.get_by_role("link", name="Open original").get_attribute("href")
    original = reader.page.request.get(f"{reader.url}/{address}")
    assert original.status == 200
    assert original.headers["content-type"] == "application/pdf"
    assert original.headers["content-disposition"].startswith("inline")
    assert original.body().startswith(b"%PDF-")


def test_the_source_names_the_headings_above_the_cited_words(quoted: Reader) -> None:
    quoted.ask("How many days of unused leave may I carry over?")
    quoted.open_footnote(1)

    expect(quoted.source.locator(".fn-heading")).to_have_text("3 Annual leave > Carrying leave over")
    quoted.source.get_by_text("next ›").click()  # another page, nothing cited
    expect(quoted.source.locator(".fn-source-head")).to_contain_text("page 7 of 17")
    expect(quoted.source.locator(".fn-heading")).to_have_count(0)


def test_a_text_file_opens_at_the_cited_words(quoted: Reader) -> None:
    quoted.ask("May seconds be returned within 14 days?")
    quoted.open_footnote(1)

    mark = quoted.source.locator(".fn-mark-text").filter(has_text="14 days")
    expect(mark).to_be_in_viewport()
    quoted.source.locator(".fn-text").evaluate("box => box.scrollTop = box.scrollHeight")
    expect(mark).not_to_be_in_viewport()
    quoted.open_footnote(1)  # the same words again
    expect(mark).to_be_in_viewport()


def test_the_page_turns_and_zooms_by_keys(reader: Reader) -> None:
    reader.row("harbour-handbook.pdf").locator("[data-open]").click()
    sheet, head, zoom = reader.source.locator(".fn-page"), reader.source.locator(".fn-source-head"), reader.source.locator(".fn-zoom")
    expect(head).to_contain_text("page 1 of 17")
    sheet.press("+")
    expect(zoom).to_have_text("125 %")
    sheet.press("0")
    expect(zoom).to_have_text("100 %")
    sheet.press("-")
    expect(zoom).to_have_text("75 %")
    sheet.press("ArrowRight")
    expect(head).to_contain_text("page 2 of 17")
    expect(sheet).to_be_focused()
    sheet.press("ArrowLeft")
    expect(head).to_contain_text("page 1 of 17")


def test_a_page_can_be_read_without_seeing_it(quoted: Reader) -> None:
    quoted.ask("How many days of unused leave may I carry over?")
    quoted.open_footnote(1)

    page = quoted.source.locator(".fn-sheet .fn-unseen")
    cited = " ".join(quoted.source.locator(".fn-quote").inner_text().split())
    assert " ".join(page.locator("mark").inner_text().split()) in cited
    assert len(page.inner_text()) > len(cited)
    expect(quoted.page.locator("#right [role=status]")).to_contain_text("harbour-handbook.pdf, page 6 of 17")
    quoted.source.get_by_text("next ›").click()
    expect(quoted.page.locator("#right [role=status]")).to_contain_text("page 7 of 17")


def test_a_page_that_was_left_shows_its_marks_again(quoted: Reader) -> None:
    quoted.ask("How many days of unused leave may I carry over?")
    quoted.open_footnote(1)
    quoted.source.get_by_text("next ›").click()
    expect(quoted.source.locator(".fn-mark")).to_have_count(0)
    quoted.source.get_by_text("previous").click()

    expect(quoted.source.locator(".fn-mark").first).to_be_in_viewport()
    expect(quoted.source.locator(".fn-quote")).to_be_visible()


def test_a_page_that_cannot_be_drawn_says_why_and_shows_its_words_marked(quoted: Reader) -> None:
    why = "Page 6 of harbour-handbook.pdf could not be drawn: it took longer than 10 s."
    quoted.page.route("**/pages/6.png*", lambda route: route.fulfill(status=422, json={"detail": why}))
    quoted.ask("How many days of unused leave may I carry over?")
    quoted.open_footnote(1)

    expect(quoted.source.locator(".fn-not-come")).to_have_text(f"{text.NOT_COME} {why}")
    mark = quoted.source.locator(".fn-words mark")
    expect(mark).to_be_in_viewport()
    box = mark.bounding_box()
    assert box
    assert box["width"] > 50
    expect(quoted.source.locator(".fn-words")).not_to_contain_text(text.MARK_BEGINS, use_inner_text=True)
    expect(quoted.source.locator("img")).to_be_hidden()
    quoted.shoot("source-not-drawn")
    quoted.source.get_by_text("next ›").click()
    expect(quoted.source.locator("img")).to_be_visible()
    expect(quoted.source.locator(".fn-not-come")).to_be_hidden()
    quoted.page.unroute_all()
    quoted.watch.complaints[:] = [each for each in quoted.watch.complaints if "422" not in each]


def test_a_long_text_opens_at_the_part_with_the_cited_words(reader: Reader) -> None:
    lines = [f"Line {number} says nothing.{' ' * 1000}\n\n" for number in range(250)]
    lines[230] = "The zeppelin was moored at noon.\n\n"
    reader.upload({"airfield.txt": "".join(lines).encode()})
    expect(reader.row("airfield.txt").locator("[data-open]")).to_be_visible()
    reader.ask("@airfield When was the zeppelin moored?")
    expect(reader.answer).to_contain_text("airfield.txt, part 2")
    reader.open_footnote(1)

    expect(reader.source.locator(".fn-source-head")).to_contain_text("part 2 of 2")
    expect(reader.source.locator(".fn-mark-text")).to_be_in_viewport()
    expect(reader.source.get_by_label("Zoom in")).to_have_count(0)
    reader.source.get_by_text("previous").click()
    expect(reader.source.locator(".fn-source-head")).to_contain_text("part 1 of 2")
    reader.remove("airfield.txt")


def test_a_cited_row_of_a_long_table_opens_in_view_below_its_header(quoted: Reader) -> None:
    rows = [f"K-{number:03}\t{number / 7:.2f} m\tstanding {'on a hill ' * 9}\t{1500 + number}" for number in range(400)]
    quoted.upload({"kilns.txt": "\n".join(["# Lime kilns\n", "Kiln\tHeight\tPlace\tBuilt", *rows]).encode()})
    expect(quoted.row("kilns.txt").locator("[data-open]")).to_be_visible()
    quoted.ask("@kilns What is the height of kiln K-317?")
    quoted.footnotes.filter(has_text="1").first.click()

    marked = quoted.source.locator(".fn-grid tr").filter(has_text="K-317").locator("td mark")
    expect(marked).to_have_count(4)
    expect(marked.first).to_be_in_viewport()
    expect(quoted.source.get_by_role("columnheader", name="Height")).to_be_in_viewport()
    expect(quoted.source.get_by_role("heading", name="Lime kilns")).to_have_count(1)
    box = quoted.source.locator(".fn-grid").bounding_box()
    assert box
    assert box["x"] + box["width"] <= 1280
    quoted.shoot("source-table")
    quoted.remove("kilns.txt")


def test_a_footnote_says_so_when_its_document_was_removed(reader: Reader) -> None:
    reader.upload({"ferry.txt": b"The ferry to Skerry leaves at noon."})
    expect(reader.row("ferry.txt").locator("[data-open]")).to_be_visible()
    reader.ask("When does the ferry to Skerry leave?")
    reader.remove("ferry.txt")
    reader.open_footnote(1)

    expect(reader.source).to_contain_text("ferry.txt is no longer in the library")
    expect(reader.source.locator(".fn-quote")).to_contain_text("leaves at noon")
    expect(reader.source.locator("img, .fn-text")).to_have_count(0)


def _wait_until_sharp(reader: Reader) -> None:
    reader.page.wait_for_function(f"() => ({SHARPNESS})(document.querySelector('#source-view img')) >= 0.99")


def _width(reader: Reader) -> float:
    box = reader.source.locator("img").bounding_box()
    assert box
    return box["width"]
