"""The list of documents when the library itself cannot be read."""

import time
from pathlib import Path

import gradio as gr

from tests.conftest import OpenLibrary
from ui.uploading.indexer import Indexer
from ui.web.documents import DocumentsHandlers
from ui.web.listing import View


def test_a_library_that_cannot_be_read_is_told_and_what_was_listed_stays(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "boats.txt").write_text("Small boats pass at noon.")
    library = open_library()
    library.add(tmp_path / "boats.txt")
    handlers = DocumentsHandlers(library, Indexer(library))
    listing, timer = handlers.show(View())
    assert ("boats.txt" in listing, 'role="alert"' in listing, timer.active) == (True, False, False)

    library.close()
    listing, timer = handlers.show(View())
    assert ("boats.txt" in listing, 'role="alert"' in listing, timer.active) == (True, True, True)


def test_a_document_is_indexed_again_from_the_librarys_own_copy(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "boats.txt").write_text("Small boats pass at noon.")
    library = open_library()
    library.add(tmp_path / "boats.txt", metadata={"year": 2022})
    (before,) = library.documents()
    indexer = Indexer(library)
    handlers = DocumentsHandlers(library, indexer)
    indexer.start()
    try:
        handlers.again(View(), gr.EventData(None, {"id": before.id}))
        until = time.monotonic() + 60
        while (indexer.is_busy or not library.documents()) and time.monotonic() < until:
            time.sleep(0.02)
        (after,) = library.documents()
        listing, _ = handlers.show(View())
    finally:
        indexer.close()
    assert (after.id, after.name, after.metadata, after.sources) == (before.id, before.name, before.metadata, before.sources)
    assert (listing.count("boats.txt") > 0, "data-restore=" in listing, [job.problem for job in indexer.jobs]) == (True, False, [])
