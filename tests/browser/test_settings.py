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


def test_a_chat_model_is_connected_chosen_changed_and_disconnected_while_the_page_runs(quoted: Reader, gate: Gate) -> None:
    page, listing, trial = quoted.page, quoted.page.locator("#connections"), quoted.page.locator("#trial")
    quoted.open_tab("Settings")
    page.get_by_role("button", name="Connect vLLM").click()  # found by itself
    for words in ("Accepted as max_tokens", "8,192 tokens", "None was sent", "one by one"):
        expect(trial).to_contain_text(words)
    expect(page.locator("#head")).to_contain_text("stand-in at 127.0.0.1")
    expect(listing).to_contain_text("in use")

    listing.get_by_text("Connect a chat model").click()
    form = listing.locator("form")
    form.get_by_label("Address").fill(gate.chat.url("/many-models/v1"))
    form.get_by_label("Key").fill("sk-never-shown")
    form.get_by_role("button", name="Connect").click()
    trial.get_by_role("button", name="Use beta").click()  # of several, a person chooses
    expect(form.get_by_label("Model")).to_have_value("beta")
    form.get_by_label("Name").fill("Work")
    form.get_by_role("button", name="Connect").click()
    expect(page.locator("#head")).to_contain_text("beta at 127.0.0.1")

    quoted.open_tab("Chat")
    assert "beta" in quoted.ask("What does the returns policy cover?")
    choice = page.get_by_label("Answered by")
    expect(choice).to_have_value("Work")
    choice.select_option(label="No chat model (quotations)")
    expect(page.locator("#head")).to_contain_text("No chat model")
    other = page.context.new_page()  # of which the choice in this tab is none
    other.goto(quoted.url)
    expect(other.locator("#head")).to_contain_text("beta at 127.0.0.1")
    expect(other.get_by_label("Answered by")).to_have_value("Work")
    other.close()
    assert "quoted" in quoted.ask("What does the returns policy cover?")

    quoted.open_tab("Settings")
    page.get_by_role("button", name="Change Work").click()
    expect(form.get_by_label("Address")).to_be_focused()
    expect(form.get_by_label("Key")).to_have_value("")
    assert "sk-never-shown" not in page.content()
    form.get_by_label("Address").fill("nonsense:1")
    form.get_by_role("button", name="Test").click()
    expect(trial).to_contain_text("is not of the form http://HOST/PATH")
    for name in ("Work", "vLLM"):
        page.get_by_role("button", name=f"Disconnect {name}").click()
        expect(page.get_by_role("button", name=f"Disconnect {name}")).to_have_count(0)
    expect(page.locator("#model-choice select")).to_have_count(0)


def test_how_answers_are_to_be_is_saved_and_survives_a_reload(quoted: Reader) -> None:
    quoted.open_tab("Settings")
    form = quoted.page.locator("#answers form")
    form.get_by_label("Passages").fill("3")
    form.get_by_label("Tone").select_option("formal")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Saved. The next question uses it.")
    quoted.load()
    quoted.open_tab("Settings")
    expect(form.get_by_label("Passages")).to_have_value("3")
    expect(form.get_by_label("Tone")).to_have_value("formal")
    form.get_by_label("Passages").fill("5")
    form.get_by_label("Tone").select_option("")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Saved")


def test_what_the_environment_sets_is_named_beside_it(reader: Reader) -> None:
    reader.open_tab("Settings")
    expect(reader.page.locator("#connections")).to_contain_text("The chat model is set by RAG_CHAT_BASE_URL in the environment")
    expect(reader.page.locator("#connections button")).to_have_count(0)


@pytest.mark.parametrize("width", [920, 1280])  # on a narrower screen the head has no room for the model's name
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
