"""The list of documents when the library itself cannot be read."""

from pathlib import Path

from tests.conftest import OpenLibrary
from ui.uploading.indexer import Indexer
from ui.web.documents import DocumentsHandlers


def test_a_library_that_cannot_be_read_is_told_and_what_was_listed_stays(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "boats.txt").write_text("Small boats pass at noon.")
    library = open_library()
    library.add(tmp_path / "boats.txt")
    handlers = DocumentsHandlers(library, Indexer(library))
    listing, timer = handlers.show()
    assert ("boats.txt" in listing, 'role="alert"' in listing, timer.active) == (True, False, False)

    library.close()
    listing, timer = handlers.show()
    assert ("boats.txt" in listing, 'role="alert"' in listing, timer.active) == (True, True, True)
