"""The settings tab, and the head of the page."""

import pytest
from playwright.sync_api import expect

from tests.browser.gate import Gate
from tests.browser.reader import Reader


def test_the_head_and_the_settings_tell_which_model_answers_and_whether_it_is_ready(reader: Reader, gate: Gate) -> None:
    head, table = reader.page.locator("#head"), reader.page.locator("#settings")
    expect(head).to_contain_text("stand-in at 127.0.0.1")
    expect(head).to_contain_text("ready")
    reader.open_tab("Settings")
    for words in (gate.url, "stand-in", "answers", "4,096 tokens"):
        expect(table).to_contain_text(words)
    expect(reader.page.locator("#models")).to_contain_text("all-MiniLM-L6-v2")

    gate.set("dead")
    reader.page.get_by_role("button", name="Check connection").click()
    expect(table).to_contain_text("Nothing answers at")
    expect(head).to_contain_text("Not ready")
    gate.set("ok")
    reader.page.get_by_role("button", name="Check connection").click()
    expect(head).not_to_contain_text("Not ready")


def test_the_settings_tell_how_to_connect_a_model(quoted: Reader) -> None:
    quoted.open_tab("Settings")

    expect(quoted.page.locator("#connect")).to_contain_text("RAG_CHAT_BASE_URL=http://localhost:11434/v1")
    expect(quoted.page.locator("#settings")).to_contain_text("No chat model")


@pytest.mark.parametrize("width", [420, 1280])
def test_the_head_and_the_tabs_leave_each_other_room(reader: Reader, width: int) -> None:
    reader.page.set_viewport_size({"width": width, "height": 800})
    head, tab = reader.page.locator("#head .fn-model").bounding_box(), reader.page.get_by_role("tab", name="Chat").bounding_box()
    reader.open_tab("Settings")
    reader.open_tab("Chat")

    assert head
    assert tab
    assert head["x"] + head["width"] <= tab["x"]


def test_the_library_is_checked_and_repaired(quoted: Reader) -> None:
    quoted.open_tab("Settings")
    quoted.page.get_by_role("button", name="Check the library").click()
    findings = quoted.page.locator("#findings")
    for part in (
        "model",
        "record",
        "vectors",
        "keywords",
        "files",
        "quarantine",
        "disk",
        "uploads",
        "conversations",
        "settings",
        "chat model",
    ):
        expect(findings.get_by_role("rowheader", name=part, exact=True)).to_be_visible(timeout=30_000)
    expect(findings).to_contain_text("All vectors are there.")
    expect(findings.locator(".fn-fault")).to_have_count(0)
