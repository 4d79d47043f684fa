"""The view Map: points that open passages, a question among them, a part of it that is asked."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.gate import Gate
from tests.browser.reader import Reader
from tests.browser.test_looks import shoot

QUESTION = "How should I oil a teak table?"


def open_map(reader: Reader) -> Locator:
    """Open the view, and wait until it is drawn."""
    expect(reader.page.locator("#documents")).not_to_contain_text("indexing")
    reader.open_tab("Explore")
    figure = reader.page.locator("#map-drawing .fn-figure[data-drawn=done]")
    expect(figure).to_be_visible(timeout=60_000)
    return figure


def choose(reader: Reader, label: str, value: str) -> None:
    """Choose in a list by keyboard, and wait for the new map."""
    before = reader.page.locator("#map-drawing .fn-figure").get_attribute("data-figure")
    reader.page.get_by_label(label, exact=True).click()
    reader.page.get_by_role("option", name=value, exact=True).click()
    drawn = reader.page.locator(f"#map-drawing .fn-figure[data-drawn=done]:not([data-figure='{before}'])")
    expect(drawn).to_be_visible(timeout=60_000)


def drop_question(reader: Reader) -> None:
    box = reader.page.get_by_label("Place a question on the map")
    box.fill(QUESTION)
    box.press("Enter")
    expect(reader.page.locator("#map-lists")).to_contain_text("The star is your question")
    expect(reader.page.locator("#map-drawing .fn-figure[data-drawn=done]")).to_be_visible()


def lasso(reader: Reader, figure: Locator) -> None:
    """Draw around all points with the mouse."""
    figure.scroll_into_view_if_needed()
    area = figure.locator(".nsewdrag").bounding_box()
    assert area
    left, top = area["x"] + 2, area["y"] + 2
    right, bottom = area["x"] + area["width"] - 2, area["y"] + area["height"] - 2
    mouse = reader.page.mouse
    mouse.move(left, top)
    mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 4)):
        mouse.move(x, y, steps=6)
    mouse.up()


def traces(figure: Locator) -> list[dict[str, list[str]]]:
    """What can be hovered over and clicked, of each group of points."""
    code = "box => box.data.filter(t => t.customdata).map(t => ({text: [...t.text], ids: t.customdata.map(String)}))"
    found: list[dict[str, list[str]]] = figure.evaluate(code)
    return found


def test_every_passage_is_a_point_with_its_words(quoted: Reader) -> None:
    figure = open_map(quoted)
    texts = [text for trace in traces(figure) for text in trace["text"]]
    expect(quoted.page.locator("#map-drawing")).to_contain_text(f"{len(texts)} passages of {quoted.documents} documents.")
    expect(quoted.page.locator("#map-drawing")).to_contain_text("trustworthiness")
    assert any("<b>harbour-handbook.pdf, page" in text for text in texts)
    hostile = next(text for text in texts if "osprey" in text)
    assert "&lt;img src=x" in hostile
    assert not re.search(r"<(?!/?b>|br>)", hostile)
    assert quoted.page.evaluate("window.owned") is None
    assert "Share chart" not in str(figure.evaluate("box => box.innerHTML"))  # plotly would upload the figure
    shoot(quoted, "explore-map")


def test_the_points_of_a_large_map_are_drawn_under_the_pages_policy_too(quoted: Reader) -> None:
    large = {"data": [{"type": "scattergl", "mode": "markers", "x": [1, 2, 3], "y": [1, 2, 3]}], "layout": {}}
    quoted.page.route("**/figures/*.json", lambda route: route.fulfill(json=large))
    figure = open_map(quoted)
    expect(figure.locator(".scatterlayer .points path")).to_have_count(3)
    quoted.page.unroute("**/figures/*.json")


def test_a_click_on_a_point_opens_its_page_with_the_words_marked(quoted: Reader) -> None:
    figure = open_map(quoted)
    point = figure.locator(".scatterlayer .trace").first.locator(".points path").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box
    quoted.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(quoted.source.locator(".fn-mark, .fn-mark-text").first).to_be_visible()


def test_clusters_are_listed_with_passages_that_open(quoted: Reader) -> None:
    open_map(quoted)
    choose(quoted, "Colour by", "cluster")
    listed = quoted.page.locator("#map-lists .fn-cluster")
    assert listed.count() >= 2
    expect(listed.first.locator("[data-passage]")).to_have_count(3)
    shoot(quoted, "explore-map-clusters")
    listed.first.locator("[data-passage]").first.click()
    expect(quoted.source.locator(".fn-mark, .fn-mark-text").first).to_be_visible()
    assert quoted.page.evaluate("window.owned") is None


def test_a_question_is_dropped_among_its_nearest_passages(quoted: Reader) -> None:
    open_map(quoted)
    drop_question(quoted)
    nearest = quoted.page.locator("#map-lists [data-passage]")
    expect(nearest).to_have_count(5)
    expect(nearest.first).to_contain_text("workshop-faq.md")
    shoot(quoted, "explore-map-question")
    choose(quoted, "Colour by", "similarity")
    shoot(quoted, "explore-map-score")


def test_a_question_is_asked_of_the_passages_drawn_around(quoted: Reader) -> None:
    figure = open_map(quoted)
    lasso(quoted, figure)
    selection = quoted.page.locator("#map-selection")
    expect(selection).to_contain_text(re.compile(r"\d+ passages of \d documents selected"))
    shoot(quoted, "explore-map-selected")
    quoted.page.get_by_label("Ask about these only").fill("How many days of unused leave may I carry over?")
    quoted.page.keyboard.press("Enter")
    expect(quoted.page.get_by_role("tab", name="Chat")).to_have_attribute("aria-selected", "true")
    expect(quoted.answers).to_have_count(1)
    quoted.wait_for_answer()
    expect(quoted.answer).to_contain_text(re.compile(r"Asked about \d+ passages of the map only"))
    expect(quoted.answer).to_contain_text("carried over")


def test_a_cluster_is_asked_by_keyboard_alone_and_the_answer_stays_in_it(quoted: Reader) -> None:
    open_map(quoted)
    choose(quoted, "Colour by", "cluster")
    tides = quoted.page.locator("#map-lists .fn-cluster", has_text="tide").first
    of = str(tides.locator("p").nth(1).text_content())
    tides.locator("summary").focus()
    if tides.get_attribute("open") is None:
        quoted.page.keyboard.press("Enter")
    tides.locator("[data-cluster]").focus()
    quoted.page.keyboard.press("Enter")
    expect(quoted.page.locator("#fn-selection-question")).to_be_focused()
    quoted.page.keyboard.type("How many days of unused leave may I carry over?")
    quoted.page.keyboard.press("Enter")
    expect(quoted.answers).to_have_count(1)
    quoted.wait_for_answer()
    expect(quoted.answer).to_contain_text("passages of the map only")
    cited = {note.split(",")[0].split("\n")[-1] for note in quoted.answer.locator(".fn-notes li").all_inner_texts()}
    assert cited
    assert all(name in of for name in cited), (cited, of)


def test_an_empty_selection_says_so(quoted: Reader) -> None:
    figure = open_map(quoted)
    figure.scroll_into_view_if_needed()
    area = figure.locator(".nsewdrag").bounding_box()
    assert area
    mouse = quoted.page.mouse
    mouse.move(area["x"] + 2, area["y"] + 2)
    mouse.down()
    for x, y in ((10, 2), (10, 10), (2, 10)):
        mouse.move(area["x"] + x, area["y"] + y, steps=4)
    mouse.up()
    expect(quoted.page.locator("#map-selection")).to_contain_text("Nothing is selected")


def test_documents_and_other_ways_to_place_them(quoted: Reader) -> None:
    figure = open_map(quoted)
    choose(quoted, "Show", "documents")
    assert sum(len(trace["ids"]) for trace in traces(figure.page.locator("#map-drawing .fn-figure"))) == quoted.documents
    choose(quoted, "Layout", "PCA")
    expect(quoted.page.locator("#map-drawing")).to_contain_text(f"{quoted.documents} documents.")


def test_the_chat_model_names_the_clusters(reader: Reader, gate: Gate) -> None:
    gate.chat.reply = lambda _: "Life at the workshop"
    open_map(reader)
    expect(reader.page.get_by_role("button", name="Let the chat model name the clusters")).to_have_count(0)
    choose(reader, "Colour by", "cluster")
    reader.page.get_by_role("button", name="Let the chat model name the clusters").click()
    expect(reader.page.locator("#map-lists .fn-cluster b").first).to_have_text("Life at the workshop")
    expect(reader.page.get_by_role("button", name="Let the chat model name the clusters")).to_be_enabled()
