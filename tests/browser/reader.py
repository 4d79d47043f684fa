"""What a reader does on the page, and what the page does behind the reader's back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FilePayload, Locator, Page, expect

from ui import text

PICTURES = os.environ.get("RAG_SCREENSHOTS", "")
"""The folder that pictures are written to, for people to look at; none are taken where it is not set."""
SECONDS = 20
"""Longest wait for anything on the page."""

NOISE = {"Method not implemented."}
"""What Gradio's own upload button says in the console."""

expect.set_options(SECONDS * 1000)


@dataclass(frozen=True, slots=True)
class Watch:
    """A browser context's requests, and its errors and warnings."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        """Begin to watch."""
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("console", lambda said: self._hear(said))

    def foreign_requests(self, url: str) -> list[str]:
        """The requests that did not go to the page's own server."""
        return [asked for asked in self.requests if not asked.startswith((f"{url}/", "data:", f"blob:{url}/", "about:blank"))]

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"} and said.text not in NOISE and "GL Driver Message" not in said.text:
            self.complaints.append(f"{said.type}: {said.text}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody at the page."""

    page: Page
    url: str
    watch: Watch

    @property
    def answers(self) -> Locator:
        """The answers on the page, oldest first."""
        return self.page.locator("#chat [data-testid=bot]")

    @property
    def answer(self) -> Locator:
        """The last answer."""
        return self.answers.last

    @property
    def searched(self) -> Locator:
        """What the last answer says was searched for; nothing where that is the question itself."""
        return self.answer.locator(".fn-searched")

    @property
    def footnotes(self) -> Locator:
        """The numbers in the last answer, its list of footnotes included."""
        return self.answer.locator("a[href^='#src-']")

    @property
    def source(self) -> Locator:
        """The right column."""
        return self.page.locator("#source-view")

    @property
    def documents(self) -> int:
        """How many documents the list has; other tests may have left some."""
        return self.page.locator("#documents .fn-open[data-open]").count()

    def row(self, name: str) -> Locator:
        """A document's or an upload's row in the list."""
        return self.page.locator("#documents li").filter(has=self.page.get_by_text(name, exact=True))

    def start_anew(self, *, width: int = 1280, height: int = 800) -> None:
        """Forget the conversation and load the page again."""
        self.page.evaluate("localStorage.clear()")
        self.page.set_viewport_size({"width": width, "height": height})
        self.load()

    def open_tab(self, name: str) -> None:
        """Go to a tab, as a mouse does."""
        self.page.get_by_role("tab", name=name).click(timeout=5000)
        expect(self.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")

    def load(self) -> None:
        """Load the page, or load it again, and wait until it can be used."""
        heard = self.watch.complaints[:]
        self.page.goto("about:blank")
        self.watch.complaints[:] = heard  # Gradio complains of requests that the leaving breaks off
        self.page.goto(self.url)
        expect(self.page.locator("#documents li, #documents .fn-soft").first).to_be_attached()
        expect(self.page.locator("#head .fn-model")).not_to_have_text(text.CHECKING)

    def check(self) -> None:
        """Assert that the page has complained of nothing and talked to nobody else."""
        complaints, foreign = self.watch.complaints[:], self.watch.foreign_requests(self.url)
        self.watch.complaints.clear()
        self.watch.requests.clear()
        assert not complaints, complaints
        assert not foreign, foreign

    def begin_to_ask(self, question: str) -> None:
        """Send a question; the answer has its place when this returns."""
        before = self.answers.count()
        self.page.locator("#question textarea").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.answers).to_have_count(before + 1)

    def wait_for_answer(self) -> str:
        """Wait until the last answer has ended; its words."""
        expect(self.answer).not_to_contain_text(text.THINKING)
        expect(self.page.locator("#question .stop-button")).to_have_count(0)
        expect(self.answer.locator(".fn-meta, .fn-problem").first).to_be_visible()  # the box may be painted before the answer
        return self.answer.inner_text()

    def ask(self, question: str) -> str:
        """Ask, and wait for the whole answer."""
        self.begin_to_ask(question)
        return self.wait_for_answer()

    def open_footnote(self, number: int = 1) -> None:
        """Click a number of the last answer, and wait for its source."""
        self.footnotes.filter(has_text=str(number)).first.click()
        expect(self.source.locator(".fn-quote")).to_be_visible()

    def upload(self, files: Mapping[str, bytes]) -> None:
        """Give files, by name, to the drop area."""
        payloads = [FilePayload(name=name, mimeType="", buffer=data) for name, data in files.items()]
        self.page.locator("#drop input[type=file]").set_input_files(payloads)

    def open_menu(self, name: str) -> None:
        """Open a document's menu."""
        self.page.get_by_label(f"Menu of {name}", exact=True).click()
        expect(self.row(name).locator(".fn-menu [data-open]")).to_be_focused()

    def remove(self, name: str) -> None:
        """Remove a document."""
        self.open_menu(name)
        self.row(name).locator("[data-ask-remove]").click()
        self.row(name).locator(".fn-confirm [data-remove]").click()
        expect(self.row(name)).to_have_count(0)

    def dismiss(self, name: str) -> None:
        """Dismiss what is told of an upload; the rows below it have moved up when this returns."""
        button = self.page.get_by_label(f"Dismiss {name}")
        button.click()
        expect(button).to_have_count(0)

    def shoot(self, name: str) -> None:
        """Take a picture for people to look at, where they are wanted."""
        if not PICTURES:
            return
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled", caret="hide")


@contextmanager
def reading(browser: Browser, url: str) -> Iterator[Reader]:
    """A reader with a browser of their own; at the end the page must have behaved."""
    watch = Watch()
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce")
    try:
        context.set_default_timeout(SECONDS * 1000)
        watch.attach(context)
        reader = Reader(context.new_page(), url, watch)
        reader.load()
        yield reader
        reader.check()
    finally:
        context.close()
