"""The left column's upper half: upload files, follow their progress, remove documents."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.errors import DocumentError, DocumentNotFoundError, RagError
from rag.fetching.addresses import is_address
from rag.library import Library
from rag.types import DocumentRecord, RemovedDocument
from ui import text
from ui.limits import MOST_ADDRESS_CHARACTERS, MOST_PASSWORD_CHARACTERS, limited
from ui.models import offer_in_words
from ui.people.limits import ACCOUNT
from ui.rendering.html import render
from ui.uploading.indexer import Indexer
from ui.uploading.queue_folder import Job
from ui.web.contract import AT_ONCE, PRIVATE, Warned, id_of, on
from ui.web.listing import View, listed, view_of
from ui.web.person import build_person
from ui.web.scripts import script

POLL_SECONDS = 0.7
WATCHING_SECONDS = 3.0  # between looks while nothing is done, where folders are watched: documents come by themselves
MOST_LISTED = 20  # removed documents, and files that were not read, which are named


def build_documents(page: gr.Blocks, library: Library, indexer: Indexer) -> gr.HTML:
    """Lay the column's upper half out, and wire all but what opens, chooses or asks documents; returns the list."""
    gr.HTML(f'<h1 class="fn-brand">{text.TITLE}<sup>1</sup></h1>')
    build_person(page)
    gr.HTML(f'<p class="fn-drop-words" aria-hidden="true">{text.DROP}<br>{text.CHOOSE}</p>')
    drop = gr.File(file_count="multiple", label=text.DROP, show_label=False, elem_id="drop", height=76)
    address = gr.Textbox(
        label=text.ADD_ADDRESS,
        placeholder=text.ADD_ADDRESS,
        show_label=False,
        elem_id="address",
        lines=1,
        max_lines=1,
        max_length=MOST_ADDRESS_CHARACTERS,
    )
    gr.HTML(f"<h2>{text.DOCUMENTS}</h2>")
    tools = gr.HTML(render("documents_tools.html"), elem_id="documents-tools", js_on_load=script("listing.js"))
    listing = gr.HTML(elem_id="documents", js_on_load=script("documents.js"))
    timer = gr.Timer(POLL_SECONDS, active=False)
    handlers, view, shown, seen = DocumentsHandlers(library, indexer), gr.State(View()), [listing, timer], gr.State("")
    page.load(handlers.show, view, shown, **AT_ONCE)
    on(tools, "view")(handlers.view, None, [listing, view], **AT_ONCE)
    timer.tick(handlers.look, [view, seen], [*shown, seen], **AT_ONCE)
    drop.upload(handlers.upload, [drop, view], [drop, *shown], **PRIVATE)
    address.submit(handlers.add_address, [address, view], [address, *shown], **AT_ONCE)
    on(listing, "restore")(handlers.restore, view, shown, **AT_ONCE)
    on(listing, "again")(handlers.again, view, shown, **AT_ONCE)
    on(listing, "remove")(handlers.remove, view, shown, **AT_ONCE)
    on(listing, "dismiss")(handlers.dismiss, view, shown, **AT_ONCE)
    on(listing, "try_again")(handlers.retry, view, shown, **AT_ONCE)
    on(listing, "unlock")(handlers.unlock, view, shown, **AT_ONCE)
    on(listing, "dismiss_offer")(handlers.dismiss_offer, view, shown, **AT_ONCE)
    return listing


class DocumentsHandlers:
    """The events of the list."""

    def __init__(self, library: Library, indexer: Indexer) -> None:
        self._library = library
        self._indexer = indexer
        self._records: list[DocumentRecord] = []
        self._left_behind = 0
        self._damaged: dict[str, str] = {}
        self._removed: list[RemovedDocument] = []
        self._has_removed = False
        self._offer = ""

    def show(self, view: View, *, looks_at_files: bool = True) -> tuple[str, Any]:
        """The list as it is now, and whether to look again soon; at the documents' files only where told to, or where a document is new."""
        busy = self._indexer.is_busy  # before the list is read, so that the last look is never missed
        problem = self._indexer.problem
        try:
            before, self._records, self._left_behind = self._records, self._library.documents(), len(self._library.left_behind())
            self._removed = self._library.removed()
            self._offer = offer_in_words(self._library)
            if looks_at_files or before != self._records:
                self._damaged = {record.id: problem for record, problem in self._library.damaged_copies()}
        except RagError as error:  # a full disk, say: what was seen last stays, and the page looks again
            problem = str(error)
        is_waiting, watched = busy or bool(problem), self._indexer.watched
        seconds = POLL_SECONDS if is_waiting or not watched else WATCHING_SECONDS
        return self._html(view, problem), gr.Timer(seconds, active=is_waiting or bool(watched))

    def view(self, event: gr.EventData) -> tuple[Any, Any]:
        """The documents that were seen last, in another way."""
        with Warned():
            view = view_of(event)
            return self._html(view, self._indexer.problem), view
        return gr.skip(), gr.skip()

    def _html(self, view: View, problem: str) -> str:
        jobs = sorted(self._indexer.jobs, key=lambda job: job.fraction is None and not job.has_ended)  # what waits comes last
        restoring = {job.restores for job in jobs}
        return render(
            "documents.html",
            listed=listed(self._records, view),
            settled="" if self._indexer.is_busy else _mark("".join(record.id for record in self._records)),
            jobs=jobs,
            removed=[each for each in self._removed if each.id not in restoring],
            watched=self._indexer.watched,
            most_listed=MOST_LISTED,
            left_behind=self._left_behind,
            offer_words=self._offer,
            news=_news(self._indexer.last),
            problem=problem,
            damaged=self._damaged,
            ocr_cure=self._library.ocr_cure,
            is_erasing=self._library.is_erasing,
            is_erased=self._has_removed,
        )

    def look(self, view: View, seen: str) -> tuple[Any, Any, str]:
        """As `show`; a list that this browser has seen already is not sent again."""
        listing, timer = self.show(view, looks_at_files=False)
        mark = _mark(listing)
        return gr.skip() if mark == seen else listing, timer, mark

    def upload(self, files: Sequence[str] | None, view: View) -> tuple[Any, str, Any]:
        """Queue uploaded files and empty the drop area."""
        paths = [Path(file) for file in files or ()]
        with Warned():
            ACCOUNT.get().add_files(self._library, len(paths), sum(path.stat().st_size for path in paths if path.exists()))
            for path in paths:
                self._indexer.submit(path, path.name)
        return None, *self.show(view)

    def add_address(self, address: str | None, view: View) -> tuple[Any, str, Any]:
        """Queue what is at an address on the web, and empty the field; without "https://" it is added."""
        with Warned():
            given = limited(address, MOST_ADDRESS_CHARACTERS, text.ADDRESS).strip()
            if given:
                ACCOUNT.get().add_files(self._library, 1, 0)
                self._indexer.submit_address(given if is_address(given) else f"https://{given}")
            return "", *self.show(view)
        return gr.skip(), *self.show(view)

    def restore(self, view: View, event: gr.EventData) -> tuple[str, Any]:
        """Bring back a document that was removed with its file."""
        removed = next((each for each in self._library.removed() if each.id == id_of(event)), None)
        if removed:
            self._indexer.restore(removed)
        return self.show(view)

    def again(self, view: View, event: gr.EventData) -> tuple[str, Any]:
        """Index a document again from the library's copy of its file."""
        with Warned():
            try:
                record = self._library.document(id_of(event))
                if problem := dict(self._library.damaged_copies()).get(record):
                    raise DocumentError(text.DAMAGED_COPY.format(problem=problem))
                self._library.remove(record.id, keep=True)
                self._indexer.restore(next(each for each in self._library.removed() if each.id == record.id))
            except DocumentNotFoundError:  # removed in another tab
                gr.Info(text.GONE)
        return self.show(view)

    def remove(self, view: View, event: gr.EventData) -> tuple[str, Any]:
        """Remove a document."""
        with Warned():
            try:
                self._library.remove(id_of(event))
                self._has_removed = True
                self._indexer.wake()
            except DocumentNotFoundError:  # removed in another tab
                gr.Info(text.GONE)
        return self.show(view)

    def dismiss(self, view: View, event: gr.EventData) -> tuple[str, Any]:
        """Dismiss a file that could not be read."""
        self._indexer.dismiss(id_of(event))
        return self.show(view)

    def retry(self, view: View, event: gr.EventData) -> tuple[str, Any]:
        """Try a file again."""
        self._indexer.retry(id_of(event))
        return self.show(view)

    def unlock(self, view: View, event: gr.EventData) -> tuple[str, Any]:
        """Try a password."""
        with Warned():
            self._indexer.unlock(id_of(event), limited(getattr(event, "password", None), MOST_PASSWORD_CHARACTERS, text.PASSWORD_GIVEN))
        return self.show(view)

    def dismiss_offer(self, view: View) -> tuple[str, Any]:
        """Offer no other model again."""
        with Warned():
            self._library.dismiss_offer()
        return self.show(view)


def _mark(words: str) -> str:
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()


def _news(job: Job | None) -> str:
    return text.NEWS.format(name=job.name, status=text.STATUS[job.status], message=job.message) if job else ""
