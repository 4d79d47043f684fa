"""What the handlers of the view Map show, without a browser."""

import sys
from pathlib import Path

import pytest

from rag.library import Library
from tests.conftest import OpenLibrary
from tests.page_events import event
from ui.web.exploring.figures import Figures
from ui.web.exploring.map import MapHandlers
from ui.web.exploring.view import Tools
from ui.web.selecting import MOST_ASKED, chunk_keys

CHOICES = ("chunks", "tsne", "document", "")


@pytest.fixture
def handlers(library: Library) -> MapHandlers:
    """Of an empty library."""
    return MapHandlers(Tools(library, Figures()))


def add(library: Library, folder: Path, count: int, text: str = "Oak needs oil <b>{number}</b>.") -> None:
    for number in range(count):
        (folder / f"<i>{number}.txt").write_text(text.format(number=number), encoding="utf-8")
    library.add(sorted(folder.glob("*.txt")))


def test_an_empty_library_says_what_to_do(handlers: MapHandlers) -> None:
    *_, (drawing, lists, _, _, state) = handlers.draw(*CHOICES)
    assert "fn-trouble" in drawing
    assert "Add documents first" in drawing
    assert (lists, state) == ("", "")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_documents_have_a_map_with_each_colour(count: int, handlers: MapHandlers, library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, count)
    for of in ("chunks", "documents"):
        for colour in ("document", "cluster", "question"):
            *_, (drawing, lists, _, _, state) = handlers.draw(of, "tsne", colour, "  oil? <script>{{x}}\x00 ")
            assert 'class="fn-figure"' in drawing
            assert lists.count("data-passage") >= count
            assert "<h3" in lists
            assert not [words for words in ("<script", "<b>0", "<i>0") if words in lists + drawing]
            assert state


def test_it_is_drawn_again_only_when_the_library_has_changed(handlers: MapHandlers, library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, 4)
    *_, (_, _, _, _, state) = handlers.arrive("", *CHOICES)
    ((drawing, *_),) = handlers.arrive(state, *CHOICES)
    assert not isinstance(drawing, str)
    library.remove("<i>0.txt")
    *_, (drawing, *_) = handlers.arrive(state, *CHOICES)
    assert "3 passages of 3 documents." in drawing


def test_the_same_words_everywhere_have_a_map(handlers: MapHandlers, library: Library, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("\n\n".join(["The same words. " * 60] * 9), encoding="utf-8")
    library.add(tmp_path / "long.txt")
    *_, (drawing, lists, *_) = handlers.draw("chunks", "tsne", "cluster", "")
    assert 'class="fn-figure"' in drawing
    assert "data-cluster" in lists


def test_what_is_selected_is_counted(handlers: MapHandlers, library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, 3)
    ids = [record.id for record in library.documents()]
    assert "2 passages of 2 documents selected." in handlers.choose("chunks", event(passages={ids[0]: [0], ids[1]: [0]}))
    assert "1 passage of 1 document selected." in handlers.choose("documents", event(passages={ids[0]: [0], "gone": [0]}))
    nothings: tuple[object, ...] = ({}, None, [], {ids[0]: "0"})
    for nothing in nothings:
        assert "Nothing is selected" in handlers.choose("chunks", event(passages=nothing))
    many = handlers.choose("chunks", event(passages={ids[0]: list(range(MOST_ASKED + 5))}))
    assert f"{MOST_ASKED + 5:,} passages of 1 document selected; a question is asked of the first {MOST_ASKED:,}." in many
    assert len(chunk_keys({ids[0]: list(range(MOST_ASKED + 5))})) == MOST_ASKED


def test_a_cluster_is_selected_until_the_library_changes(handlers: MapHandlers, library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, 3)
    list(handlers.draw("chunks", "pca", "cluster", ""))
    assert "selected." in handlers.choose_cluster(event(number=0))
    assert "Nothing is selected" in handlers.choose_cluster(event(number=99))
    library.remove("<i>0.txt")
    assert "has changed" in handlers.choose_cluster(event(number=0))


def test_without_umap_a_sentence_says_how_to_get_it(open_library: OpenLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)  # as where it is not installed
    library = open_library()
    add(library, tmp_path, 5)
    *_, (drawing, *_) = MapHandlers(Tools(library, Figures())).draw("chunks", "umap", "document", "")
    assert "footnote[umap]" in drawing
