"""The list of documents: what became of each file, passwords, removal."""

import pytest
from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.documents import encrypted_pdf, plain_pdf, scanned_pdf, truncated_pdf


@pytest.mark.parametrize(
    ("name", "data", "status", "message"),
    [
        (
            "setup.pdf",
            b"MZ\x90\x00" + bytes(500),
            "unsupported file type",
            "not a PDF file, as its name says: it looks like a Windows program",
        ),
        ("setup.exe", b"MZ\x90\x00" + bytes(500), "unsupported file type", "a Windows program"),
        ("empty.txt", b"", "could not be read", "empty"),
        ("scan.pdf", scanned_pdf(), "no text found", "scan"),
        ("torn.pdf", truncated_pdf(), "could not be read", "torn.pdf"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_can_be_dismissed(
    quoted: Reader, name: str, data: bytes, status: str, message: str
) -> None:
    quoted.upload({name: data})
    row = quoted.row(name)

    expect(row.locator(".fn-status")).to_have_text(status)
    expect(row).to_contain_text(message)
    quoted.dismiss(name)
    expect(row).to_have_count(0)


def test_files_of_the_same_content_are_one_document_and_the_list_says_so(quoted: Reader) -> None:
    data = plain_pdf("Apples ripen in the loft.")
    quoted.upload({"apples.pdf": data, "fruit.pdf": data})

    duplicate = quoted.row("fruit.pdf")
    expect(duplicate.locator(".fn-status")).to_have_text("duplicate")
    expect(duplicate).to_contain_text("The same content as apples.pdf")
    expect(quoted.row("apples.pdf").locator(".fn-open[data-open]")).to_have_count(1)
    quoted.dismiss("fruit.pdf")
    expect(duplicate).to_have_count(0)


def test_another_file_of_the_same_name_is_kept_beside_the_first(quoted: Reader) -> None:
    quoted.upload({"pears.pdf": plain_pdf("Pears ripen in June.")})
    expect(quoted.row("pears.pdf").locator(".fn-open[data-open]")).to_have_count(1)
    quoted.upload({"pears.pdf": plain_pdf("Pears ripen in July.", "And in August.")})

    told = quoted.row("pears.pdf").filter(has=quoted.page.get_by_label("Dismiss pears.pdf"))
    expect(told).to_contain_text("Added as pears (2).pdf: 2 pages. The library already has another pears.pdf.")
    quoted.dismiss("pears.pdf")
    expect(quoted.row("pears (2).pdf").locator(".fn-open[data-open]")).to_contain_text("2 pages")
    expect(quoted.row("pears.pdf").locator(".fn-open[data-open]")).to_contain_text("1 page")
    quoted.open_menu("pears.pdf")
    quoted.row("pears.pdf").locator("[data-ask-remove]").click()
    quoted.upload({"plums.pdf": plain_pdf("Plums ripen in August.")})
    expect(quoted.row("plums.pdf").locator(".fn-open[data-open]")).to_have_count(1)  # the list was repainted, and still asks
    expect(quoted.row("pears.pdf").get_by_role("button", name="Keep", exact=True)).to_be_visible()
    for name in ("pears (2).pdf", "pears.pdf", "plums.pdf"):
        quoted.remove(name)


def test_a_password_is_asked_for_in_the_files_row(quoted: Reader) -> None:
    quoted.upload({"vault.pdf": encrypted_pdf("The vault holds seven keys.", password="open sesame")})
    row = quoted.row("vault.pdf")
    expect(row.locator(".fn-status")).to_have_text("password required")

    row.get_by_label("Password for vault.pdf").fill("wrong")
    row.get_by_role("button", name="Unlock", exact=True).click()
    expect(row).to_contain_text("none of the given passwords opens it")  # the row is new by then
    expect(row.locator(".fn-status")).to_have_text("password required")
    row.get_by_label("Password for vault.pdf").fill("open sesame")
    row.get_by_label("Password for vault.pdf").press("Enter")
    expect(row).to_contain_text("1 page")
    expect(row.locator(".fn-status")).to_have_count(0)

    row.locator(".fn-open[data-open]").click()  # and its page can be drawn
    expect(quoted.source.locator("img")).to_have_js_property("complete", value=True)
    assert quoted.source.locator("img").evaluate("image => image.naturalWidth") > 500


def test_removing_asks_first(quoted: Reader) -> None:
    quoted.upload({"plums.pdf": plain_pdf("Plums are made into jam by the night watch.")})
    row = quoted.row("plums.pdf")
    expect(row.locator(".fn-open[data-open]")).to_have_count(1)
    row.locator(".fn-open[data-open]").click()
    expect(quoted.source.locator(".fn-source-head")).to_contain_text("plums.pdf")
    expect(quoted.source.locator(".fn-sheet:not(.fn-coming) img")).to_be_visible()  # else it is removed while its page is drawn

    quoted.open_menu("plums.pdf")
    row.locator("[data-ask-remove]").click()
    expect(row.get_by_text("Remove?")).to_be_visible()
    row.get_by_role("button", name="Keep").click()
    expect(row.get_by_text("Remove?")).to_be_hidden()
    quoted.page.keyboard.press("Escape")
    expect(row.locator(".fn-menu")).to_have_count(0)
    quoted.open_menu("plums.pdf")
    quoted.page.keyboard.press("ArrowDown")
    quoted.page.keyboard.press("Enter")
    expect(quoted.page.locator("#asking .fn-chip")).to_contain_text("plums.pdf")
    expect(quoted.page.locator("#question textarea")).to_be_focused()
    quoted.page.locator("#asking .fn-chip button").click()
    expect(quoted.page.locator("#asking .fn-chip")).to_have_count(0)
    quoted.open_menu("plums.pdf")
    row.locator("[data-details]").click()
    expect(quoted.source.locator(".fn-details")).to_contain_text("1 page")
    quoted.remove("plums.pdf")

    assert "plums" not in quoted.ask("Who makes plums into jam?")
    quoted.load()
    expect(quoted.row("harbour-handbook.pdf")).to_have_count(1)
    expect(row).to_have_count(0)


def test_what_became_of_a_file_is_announced_to_those_who_do_not_see_the_list(quoted: Reader) -> None:
    quoted.upload({"none.txt": b""})
    expect(quoted.row("none.txt").locator(".fn-status")).to_be_attached()
    announced = (
        quoted.page.locator("#left").locator("[aria-live], [role=status], [role=alert]").filter(has_text="could not be read").count()
    )
    quoted.dismiss("none.txt")

    assert announced
