"""The views Duplicates and Related: what they show of large, small and empty libraries."""

from pathlib import Path
from typing import Any

import pytest

from rag import Library
from tests.conftest import OpenLibrary
from ui.web.exploring.duplicates import DuplicatesHandlers
from ui.web.exploring.figures import Figures
from ui.web.exploring.related import RelatedHandlers
from ui.web.exploring.view import Tools

TEXT = "Boats moor in the harbour overnight, below the old lighthouse, whose lamp is lit at dusk."


@pytest.fixture
def two(library: Library, tmp_path: Path) -> Library:
    """The same words in two files, the names of which are markup."""
    for name, text in {"<i>a.txt": TEXT, "<i>b.txt": f"{TEXT} <script>"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        library.add(tmp_path / name)
    return library


def is_visible(component: Any) -> bool:
    return bool(component.visible)


def test_a_small_library_is_looked_through_at_once(two: Library) -> None:
    button, html = list(DuplicatesHandlers(Tools(two, Figures())).show())[-1]
    assert not is_visible(button)
    assert "&lt;i&gt;a.txt" in html
    assert "<script>" not in html
    assert "<ins>" in html


def test_a_large_library_waits_for_the_button_until_it_is_known(two: Library) -> None:
    handlers = DuplicatesHandlers(Tools(two, Figures()), at_once=1)
    ((button, html),) = handlers.show()
    assert is_visible(button)
    assert "2 passages" in html
    assert "fn-pair" in list(handlers.look())[-1][1]
    button, html = list(handlers.show())[-1]
    assert not is_visible(button)
    assert "fn-pair" in html


def test_changed_documents_are_looked_at_anew(two: Library) -> None:
    handlers = DuplicatesHandlers(Tools(two, Figures()))
    assert "fn-pair" in list(handlers.show())[-1][1]
    two.remove("<i>a.txt")
    assert "at least 2 documents" in list(handlers.show())[-1][1]


def test_too_little_to_look_at_is_a_sentence_in_both_views(open_library: OpenLibrary) -> None:
    library = open_library("empty")
    assert 'class="fn-trouble"' in list(DuplicatesHandlers(Tools(library, Figures())).show())[-1][1]
    dropdown, by, graph = RelatedHandlers(Tools(library, Figures())).show(None)
    assert (is_visible(dropdown), is_visible(by)) == (False, False)
    assert "at least 2 documents" in graph


def test_a_document_that_is_gone_is_told(two: Library) -> None:
    handlers = RelatedHandlers(Tools(two, Figures()))
    record = two.document("<i>a.txt")
    assert is_visible(handlers.show(None)[1])
    assert "&lt;i&gt;b.txt" in handlers.choose(record.id)[1]
    places = handlers.choose(record.id, "place")[1]
    assert "&lt;i&gt;b.txt" in places
    assert "A line joins the two." in places
    two.remove(record.id)
    assert "no longer in the library" in handlers.choose(record.id, "place")[1]
    assert handlers.show(record.id)[0].value is None
