"""Every state of the page has a face, in both themes and at two widths: pictures for people, contrast for the test.

The pictures are written to the folder that RAG_SCREENSHOTS names; `page-light-1280.png` is README's.
"""

import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import expect

from tests.browser.gate import Gate
from tests.browser.reader import PICTURES, Reader
from tests.documents import encrypted_pdf, scanned_pdf

LOOKS: list[tuple[int, Literal["dark", "light"]]] = [(420, "dark"), (1280, "light"), (420, "light"), (1280, "dark")]
"""The first two show each width and each theme once."""

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
FITTED = """() => [...document.querySelectorAll('.fn-figure[data-drawn=done]')]
  .every(box => !box.clientWidth || Math.abs(box._fullLayout.width - box.clientWidth) < 2)"""
"""Whether plotly has drawn all figures again at their new sizes."""

QUESTION = "How long may I carry over unused leave, and what if I was on parental leave?"


def shoot(reader: Reader, name: str) -> None:
    """Look at the state's contrast at each width and in each theme; all four with its pictures, where they are taken."""
    for width, theme in LOOKS if PICTURES else LOOKS[:2]:
        reader.page.set_viewport_size({"width": width, "height": 800})
        reader.page.emulate_media(color_scheme=theme)
        expect(reader.page.locator("body.dark")).to_have_count(int(theme == "dark"))
        if reader.page.locator(".fn-figure").count():
            reader.page.wait_for_function(FITTED)
            reader.page.wait_for_timeout(100)  # the colours of the theme
        reader.shoot(f"{name}-{theme}-{width}")
        assert reader.page.evaluate(CONTRAST) == [], f"{name}, {theme}, {width}"


def test_an_empty_conversation(reader: Reader) -> None:
    shoot(reader, "empty")


def test_an_answer_with_its_source_open(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = _answer_about_leave
    reader.ask(QUESTION)
    shoot(reader, "answer")
    reader.open_footnote(1)
    expect(reader.source.locator("img")).to_have_js_property("complete", value=True)
    shoot(reader, "page")


def test_an_answer_on_its_way(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Leave may be carried over. " * 20
    gate.chat.delay_seconds = 0.4
    reader.begin_to_ask(QUESTION)
    shoot(reader, "thinking")
    expect(reader.answer).to_contain_text("Leave may")
    shoot(reader, "streaming")
    reader.page.locator("#question .stop-button").click()
    reader.wait_for_answer()
    shoot(reader, "stopped")


def test_a_follow_up_that_the_documents_do_not_answer(reader: Reader, gate: Gate) -> None:
    reader.ask("When is the Showroom closed?")
    gate.chat.reply = lambda _: "Not found in your documents."
    reader.ask("And in Iceland?")
    expect(reader.searched).to_be_visible()
    expect(reader.answer.locator(".fn-not-found")).to_be_visible()
    shoot(reader, "not-found")


def test_an_error_in_the_chat(reader: Reader, gate: Gate) -> None:
    reader.ask("When is the Showroom closed?")
    gate.set("429")
    reader.ask(QUESTION)
    shoot(reader, "error")


def test_the_settings(reader: Reader, gate: Gate) -> None:
    gate.set("dead")
    reader.load()
    reader.page.get_by_role("tab", name="Settings").evaluate("tab => tab.click()")
    expect(reader.page.locator("#settings")).to_contain_text("Nothing answers at")
    shoot(reader, "settings")


def test_documents_with_problems(reader: Reader) -> None:
    names = ["board-minutes.pdf", "lease-scan.pdf", "setup.pdf"]
    reader.upload(dict(zip(names, [encrypted_pdf(password="secret"), scanned_pdf(), b"MZ\x90\x00" + bytes(500)], strict=True)))
    for name in names:
        expect(reader.row(name).locator(".fn-status")).to_be_attached()
    reader.page.evaluate("document.querySelector('#columns').classList.add('fn-show-documents')")
    shoot(reader, "documents")
    for name in names:
        reader.dismiss(name)
        expect(reader.row(name)).to_have_count(0)


def _answer_about_leave(messages: list[dict[str, str]]) -> str:
    """What a model would say, with the numbers of the passages that say it."""
    prompt = messages[-1]["content"]

    def number(words: str) -> str:
        passage = next((block for block in prompt.split("<passage ") if words in " ".join(block.split())), "")
        found = re.search(r"\[(\d+)\]", passage)
        assert found, f"{words!r} was not retrieved"
        return found[0]

    carried, parental = number("carried over until 31 March"), number("kept for eighteen months")
    return (
        f"Unused leave may be carried over until 31 March of the following year, at most ten days of it {carried}. "
        f"You do not have to ask for it: Tally moves the days by itself in the first week of January {carried}.\n\n"
        "If you were on parental leave, the days that you could not take are carried over in full, and are kept for eighteen months "
        f"from the end of the leave year {parental}."
    )
