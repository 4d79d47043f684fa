"""A format that is added from outside goes from file to citation and picture, and its reader runs in the child process."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag import Library, PasswordNeededError, UnreadableFileError, UnsupportedFileError
from rag.formats.isolation import Frame
from rag.formats.loader import Loader
from rag.formats.protocol import FileToOpen, Request, TextPages
from rag.formats.registry import FORMATS, names, page_name, recognise, register
from tests.conftest import OpenLibrary
from tests.lines_format import LINES
from tests.loading import load
from ui import text
from ui.chats.conversations import Conversations
from ui.http.documents import HARMLESS, document_routes
from ui.places import place
from ui.web.source import SourceHandlers

WORDS = "LINES\nThe ferry leaves at noon.\nThe mill closes at six.\n"


@pytest.fixture(autouse=True)
def lines() -> Iterator[None]:
    register(LINES)
    yield
    FORMATS.remove(LINES)


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    (tmp_path / "hours.lines").write_text(WORDS)
    library = open_library()
    assert library.add(tmp_path / "hours.lines").all_searchable
    return library


def test_it_is_read_in_the_child_cited_and_shown(library: Library) -> None:
    record = library.document("hours.lines")
    assert record.title.startswith("Read by ")
    assert record.title != f"Read by {os.getpid()}"
    assert (record.media_type, record.pages, record.labels) == ("application/x-lines", 2, ("slide 1", "slide 2"))
    assert library.pages.original(record.id).suffix == ".lines"

    (citation, *_) = library.ask("When does the mill close?").citations
    assert (citation.passage.page, citation.quote) == (2, "The mill closes at six.")
    assert place(citation.passage) == "hours.lines, slide 2"
    view = library.pages.look(record.id, 2, citation.quote_start, citation.quote_end)
    assert (view.text, view.size, view.marks) == (citation.quote, (100.0, 50.0), ((0.0, 0.0, 1.0, 0.1),))
    assert library.pages.image(record.id, 2, scale=3) == b"picture of The mill closes at six. at 3"


def test_the_page_names_and_shows_it_and_a_browser_saves_it(library: Library) -> None:
    record = library.document("hours.lines")

    panel = SourceHandlers(library, Conversations())
    shown = asyncio.run(panel.open(gr.EventData(None, {"id": record.id, "page": 2})))
    assert "slide 2 of 2" in shown
    assert f"documents/{record.id}/pages/2.png" in shown

    app = FastAPI()
    app.include_router(document_routes(library))
    with TestClient(app) as client:
        original = client.get(f"/documents/{record.id}/original")
    assert original.text == WORDS
    assert original.headers["content-type"] == "application/octet-stream"
    assert original.headers["content-disposition"].startswith("attachment")
    assert text.DOWNLOAD_ORIGINAL in shown


def test_what_can_hold_a_script_is_saved_under_its_name_and_never_shown(library: Library) -> None:
    FORMATS[-1] = replace(LINES, inline_type="text/html")
    app = FastAPI()
    app.include_router(document_routes(library))
    with TestClient(app) as client:
        original = client.get(f"/documents/{library.document('hours.lines').id}/original")
    FORMATS[-1] = LINES
    assert original.headers["content-type"] == "application/octet-stream"
    assert original.headers["content-disposition"] == 'attachment; filename="hours.lines"'


def test_a_format_without_pictures_shows_the_structure_of_its_pages(library: Library) -> None:
    FORMATS[-1] = replace(LINES, is_drawn=False)
    panel = SourceHandlers(library, Conversations())
    document_id = library.document("hours.lines").id
    shown = asyncio.run(panel.open(gr.EventData(None, {"id": document_id, "page": 1})))
    FORMATS[-1] = LINES
    assert "<img" not in shown
    assert "slide 1 of 2" in shown
    assert f'"documents/{document_id}/original"' in shown
    assert library.pages.look(document_id, 2).headings == ((1, "The", 0),)


def test_it_is_told_by_its_magic_or_its_name_and_named_among_what_is_supported() -> None:
    assert recognise("anything.txt", WORDS.encode()) == recognise("a.lines", b"\xff\xfeodd") == LINES
    with pytest.raises(UnsupportedFileError, match=r"a\.lines is not a Lines file, as its name says: it looks like plain text"):
        recognise("a.lines", b"LINE\n")
    with pytest.raises(UnsupportedFileError, match=r"unsupported file type: a Windows program\. Supported: PDF, .* other formats\."):
        recognise("a.exe", b"MZ")
    assert names().startswith("PDF, plain text, Markdown, ")
    assert names().endswith(" and Lines")
    assert names(2) == f"PDF, plain text and {len(FORMATS) - 2} other formats"
    assert [page_name(label) for label in ("slide 3", "iv", "part 2")] == ["slide 3", "page iv", "part 2"]
    for clash in (replace(LINES, media_type="x/y"), replace(LINES, suffixes=(".x",)), replace(LINES, media_type="x/y", suffixes=(".md",))):
        with pytest.raises(ValueError, match="in common"):
            register(clash)


def test_what_its_reader_raises_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.lines"
    with closing(Loader()) as loader:
        path.write_text("LINES\npassword: sesame\nSecret words.")
        with pytest.raises(PasswordNeededError, match="give its password"):
            load(loader, path)
        assert load(loader, path, passwords=["sesame"]).password == "sesame"
        path.write_bytes(b"\xff\xfe" * 9)
        with pytest.raises(UnreadableFileError, match=r"is damaged or not a Lines file: .* \(its parts do not fit together\)"):
            load(loader, path)
        path.write_bytes(b"LINES \x01\nwords")
        with pytest.raises(UnreadableFileError, match=r"a\.lines is damaged or not a Lines file: .* \(its first line is another one\)"):
            load(loader, path)
        FORMATS[FORMATS.index(LINES)] = replace(LINES, reader="library_that_is_not_there:open_lines")
        with pytest.raises(UnreadableFileError, match="library_that_is_not_there, which reads Lines files, is not installed"):
            load(loader, path)
        FORMATS[-1] = LINES


def test_a_library_with_a_format_that_is_not_read_any_more_goes_on_working(library: Library, tmp_path: Path) -> None:
    FORMATS.remove(LINES)
    try:
        (tmp_path / "b.txt").write_text("The bakery opens at five.")
        assert library.add(tmp_path / "b.txt").all_searchable
        assert {record.name for record in library.documents()} == {"hours.lines", "b.txt"}
        assert library.ask("When does the mill close?").citations[0].quote == "The mill closes at six."
        with pytest.raises(UnsupportedFileError, match=r"hours\.lines is in a format that this version does not read"):
            library.pages.text("hours.lines", 1)
    finally:
        register(LINES)


def test_every_format_says_all_that_is_needed() -> None:
    for each in FORMATS:
        module, _, function = each.reader.partition(":")
        assert callable(getattr(import_module(module), function))
        assert each.suffixes[0].startswith(".")
        assert all(suffix == suffix.lower() for suffix in each.suffixes)
        assert each.inline_type in {"", *HARMLESS}
    assert len({each.media_type for each in FORMATS}) == len(FORMATS)


def test_the_parent_loads_no_parser(tmp_path: Path) -> None:
    """Not even to read and to show files of each format."""
    sample = Path(__file__).parents[2] / "data" / "samples" / "tide-notes.pdf"
    (tmp_path / "old.txt").write_bytes("Die Straße führt über die Brücke.".encode("cp1252"))
    (tmp_path / "a.lines").write_text(WORDS)
    script = f"""
import sys
from contextlib import closing
from pathlib import Path
from rag.formats.loader import Loader
from rag.formats.protocol import FileToOpen
from rag.formats.registry import recognise, register
from rag.formats.viewer import Viewer
from tests.lines_format import LINES
register(LINES)
with closing(Loader()) as loader, closing(Viewer()) as viewer:
    for name in {[str(sample), "old.txt", "a.lines"]}:
        path = Path(name)
        print(loader.read(path, name=path.name, on_page=lambda *_: None).media_type)
        viewer.look(FileToOpen(path, path.name, recognise(path.name, path.read_bytes())), 1).result()
print({{"pypdf", "pypdfium2", "PIL", "chardet", "rag.formats.decoding"}} & set(sys.modules))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stdout.split() == ["application/pdf", "text/plain", "application/x-lines", "set()"], run.stderr


def test_no_repr_of_a_request_or_an_answer_shows_a_password() -> None:
    request = Request("read", FileToOpen(Path("a.lines"), "a.lines", LINES, ("sesame",)))
    assert "sesame" not in f"{request!r} {Frame({'password': 'sesame'}, b'sesame')!r} {TextPages((), '', 'sesame')!r}"
