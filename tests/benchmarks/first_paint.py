"""Measure the way from a click on a footnote to the painted page with its words marked: the real page in headless Chromium.

    python -m tests.benchmarks.first_paint [FILE.pdf] [--clicks 20] [--pages 300]

Without a file, a report of `--pages` pages is made. The server is warm and has no chat model; each click opens a page that nobody has
seen before. A click ends with the second frame after the picture is there, decoded, with a mark on it and the mark in view.
"""

import argparse
import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Locator, expect, sync_playwright

from rag.formats.loader import Loader
from tests.benchmarks.made_pdf import make_pdf
from tests.browser.conftest import ARGUMENTS, _find_chromium
from tests.browser.reader import Reader, reading
from tests.browser.serving import RagServer
from tests.loading import load

SECONDS_TO_INDEX = 600
PAUSE_MILLISECONDS = 1500
"""Between an answer and the click on its footnote, as a reader takes at least."""

LONGEST_CLICK_MILLISECONDS = 20_000

TIMED_CLICK = """([link, page, longest]) => new Promise((done) => {
    const column = document.querySelector("#source-view");
    let began = 0;
    link.addEventListener("click", (event) => { began = event.timeStamp; }, {once: true, capture: true});
    const end = (milliseconds) => requestAnimationFrame(() => requestAnimationFrame(
        () => done(milliseconds ?? performance.now() - began)));
    const look = async () => {
        if (began && performance.now() - began > longest) return end(-1);
        const image = column.querySelector(".fn-sheet img"), mark = column.querySelector(".fn-mark");
        if (!began || !image || !mark || !image.src.includes(`/pages/${page}.png`) || !image.complete || !image.naturalWidth)
            return requestAnimationFrame(look);
        await image.decode();
        const box = column.querySelector(".fn-page").getBoundingClientRect(), place = mark.getBoundingClientRect();
        if (place.bottom < box.top || place.top > box.bottom) return requestAnimationFrame(look);
        end();
    };
    requestAnimationFrame(look);
    window.armed = true;
})"""


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """A page's number and a long sentence of it, for pages spread over the whole file, over and over."""
    with closing(Loader()) as loader:
        pages = load(loader, path).document.pages
    step = next(step for step in (37, 41, 43, 47) if len(pages) % step)  # from far to far
    for turn in range(len(pages)):
        page = pages[(11 + turn * step) % len(pages)]
        found = [" ".join(sentence.split()) for sentence in re.split(r"(?<=[.!?])\s", page.text)]
        fit = [sentence for sentence in found if 60 <= len(sentence) <= 240 and len(sentence) - sum(map(str.isalpha, sentence)) < 60]
        if fit:
            yield page.number, max(fit, key=len)


def time_clicks(reader: Reader, path: Path, clicks: int) -> list[float]:
    """Milliseconds of each click; a page is opened once."""
    seen: set[int] = set()
    took: list[float] = []
    for _, sentence in sentences(path):
        reader.ask(sentence)
        reader.page.wait_for_timeout(PAUSE_MILLISECONDS)
        found = _unseen(reader, seen)
        if found is None:
            continue
        link, page = found
        seen |= {page - 1, page, page + 1}
        took.append(_timed_click(reader, link, page))
        if len(took) == clicks:
            break
    return took


def _unseen(reader: Reader, seen: set[int]) -> tuple[Locator, int] | None:
    """A footnote in the last answer's text that leads to a page not seen before, nor drawn ahead."""
    for link in reader.answer.locator("a.fn-number").all():
        place = re.search(r"page (\d+)", link.get_attribute("title") or "")
        if place and int(place[1]) not in seen:
            return link, int(place[1])
    return None


def _timed_click(reader: Reader, link: Locator, page: int) -> float:
    link.scroll_into_view_if_needed()
    handle = link.element_handle()
    reader.page.evaluate("window.armed = false")
    promise = reader.page.evaluate_handle(f"(given) => ({{ took: ({TIMED_CLICK})(given) }})", [handle, page, LONGEST_CLICK_MILLISECONDS])
    link.click()
    took = float(promise.evaluate("async (promise) => await promise.took"))
    assert took >= 0, f"page {page} was not shown with its marks within {LONGEST_CLICK_MILLISECONDS} ms"
    return took


def measure(path: Path, folder: Path, clicks: int) -> list[float]:
    """Serve a library of one file and time the clicks."""
    samples = folder / "samples"
    samples.mkdir()
    (samples / path.name).write_bytes(path.read_bytes())
    with RagServer(folder / "server", samples) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_find_chromium(playwright), args=[*ARGUMENTS, "--no-sandbox"])
        with closing(browser), reading(browser, server.url) as reader:
            server.wait_for(1)
            expect(reader.page.locator("#documents .fn-job, #documents .fn-bar")).to_have_count(0, timeout=1000 * SECONDS_TO_INDEX)
            return time_clicks(reader, path, clicks)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--clicks", type=int, default=20)
    parser.add_argument("--pages", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = given.file or folder / "report.pdf"
        if not given.file:
            make_pdf(given.pages, path)
        took = measure(path, folder, given.clicks)
    print(f"{path.name}: {len(took)} clicks, first {took[0]:.0f} ms, p50 {statistics.median(took):.0f} ms, worst {max(took):.0f} ms")
    print("in order:", " ".join(f"{one:.0f}" for one in took))


if __name__ == "__main__":
    main()
