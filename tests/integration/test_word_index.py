"""The word index follows the record: whatever is lost of it is found again after the library is next opened."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag import Library, Settings
from rag.embedding.protocol import Embeddings
from rag.storing.lexical import Entry, LexicalIndex
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

NAMES = ("harbour", "forest", "kettle", "violin", "granite", "pepper")


class WordlessEmbedder(BagOfWordsEmbedder):
    """To it, all texts are the same: what is found first is found by its words alone."""

    def embed_query(self, text: str) -> Embeddings:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        vector[0] = 1
        return vector


Open = Callable[[], Library]
"""Opens the test's library, which must be closed."""


@pytest.fixture
def opened(open_library: OpenLibrary) -> Open:
    return lambda: open_library(embedder=WordlessEmbedder())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed library with a document for each name, copied for each test."""
    folder = tmp_path_factory.mktemp("words")
    for name in NAMES:
        (folder / f"{name}.txt").write_text(text(name))
    with Library.open(folder / "library", Settings(), embedder=WordlessEmbedder()) as library:
        assert library.add([folder / f"{name}.txt" for name in NAMES]).all_searchable
        check_found(library, *NAMES)
    return folder


@pytest.fixture
def words(made: Path, tmp_path: Path) -> Path:
    """The folder of the word index of a library that is closed."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "library" / "lexical"


def text(name: str) -> str:
    return f"Somebody wrote about the {name} and the {name}s of old."


def check_found(library: Library, *names: str) -> None:
    """Each is found by its word, and nothing else is there."""
    assert {record.name for record in library.documents()} == {f"{name}.txt" for name in names}
    for name in names:
        assert library.retrieve(f"Tell me of a {name}!", top_k=1)[0].text == text(name)
    assert len(library.retrieve("What is written?", top_k=100)) == len(names)


def identity(folder: Path) -> str:
    """The fingerprint that the index was made with."""
    fingerprint = json.loads((folder / "identity.json").read_text(encoding="utf-8"))["fingerprint"]
    assert isinstance(fingerprint, str)
    return fingerprint


def test_nothing_is_found_by_words_that_are_not_there(words: Path, opened: Open) -> None:
    library = opened()
    first = library.retrieve("Tell me of a submarine!", top_k=1)[0].text
    assert [library.retrieve(f"Tell me of a {name}!", top_k=1)[0].text for name in NAMES].count(first) == 1


def deleted(folder: Path) -> None:
    shutil.rmtree(folder)


def emptied(folder: Path) -> None:
    deleted(folder)
    folder.mkdir()


def replaced_by_a_file(folder: Path) -> None:
    deleted(folder)
    folder.write_text("a file")


def damaged(folder: Path) -> None:
    for path in folder.glob("*.term"):
        path.write_bytes(path.read_bytes()[:-40] + b"x" * 40)


def without_a_segment(folder: Path) -> None:
    next(folder.glob("*.idx")).unlink()


def without_identity(folder: Path) -> None:
    (folder / "identity.json").unlink()


def of_another_index(folder: Path) -> None:
    deleted(folder)
    with closing(LexicalIndex(folder, "another")) as index:
        index.put([Entry("a", 0, "harbour", "")])


def without_documents(folder: Path) -> None:
    """As if nothing of what was written last had reached the disk."""
    with closing(LexicalIndex(folder, identity(folder))) as index:
        index.remove(index.document_ids)


def without_one_document(folder: Path) -> None:
    """As after a crash between a document's record and its words."""
    with closing(LexicalIndex(folder, identity(folder))) as index:
        index.remove([max(index.document_ids)])
        index.commit()
        assert len(index.document_ids) == len(NAMES) - 1


def with_a_document_too_many(folder: Path) -> None:
    """As after a crash between the removal of a record and that of its words."""
    with closing(LexicalIndex(folder, identity(folder))) as index:
        index.put([Entry("f" * 64, n, f"{text(name)} {name} {name}", name) for n, name in enumerate(NAMES)])


@pytest.mark.parametrize(
    "harm",
    [
        deleted,
        emptied,
        replaced_by_a_file,
        damaged,
        without_a_segment,
        without_identity,
        of_another_index,
        without_documents,
        without_one_document,
        with_a_document_too_many,
    ],
)
def test_whatever_happens_to_the_words_they_are_found_after_reopening(words: Path, opened: Open, harm: Callable[[Path], None]) -> None:
    harm(words)
    library = opened()
    check_found(library, *NAMES)
    library.close()
    check_found(opened(), *NAMES)


def test_an_older_copy_of_the_words_is_brought_up_to_date(words: Path, opened: Open, tmp_path: Path) -> None:
    shutil.copytree(words, tmp_path / "older")
    library = opened()
    library.remove("harbour.txt")
    library.remove("forest.txt")
    (tmp_path / "lantern.txt").write_text(text("lantern"))
    (tmp_path / "forest.txt").write_text(text("cactus"))
    assert library.add([tmp_path / "forest.txt", tmp_path / "lantern.txt"]).all_searchable
    library.close()
    shutil.rmtree(words)
    shutil.move(tmp_path / "older", words)
    again = opened()
    assert {record.name for record in again.documents()} == {f"{name}.txt" for name in (*NAMES[1:], "lantern")}
    for name in ("cactus", "lantern", *NAMES[2:]):
        assert again.retrieve(f"Tell me of a {name}!", top_k=1)[0].text == text(name)
    for name in ("harbour", "forest"):
        assert all(name not in passage.text for passage in again.retrieve(f"Tell me of a {name}!", top_k=100))


def test_headings_and_the_title_are_found_again(opened: Open, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nIt costs {len(name)} euros.\n\n" + "And so on. " * 70)
    library = opened()
    assert library.add([tmp_path / f"{name}.md" for name in NAMES]).all_searchable
    before = [library.retrieve(f"{name} euros", top_k=3) for name in NAMES]
    assert [passages[0].document for passages in before] == [f"{name}.md" for name in NAMES]
    library.close()
    deleted(library.folder / "lexical")
    again = opened()
    assert [again.retrieve(f"{name} euros", top_k=3) for name in NAMES] == before


def test_words_added_after_a_repair_are_kept(words: Path, opened: Open, tmp_path: Path) -> None:
    deleted(words)
    library = opened()
    (tmp_path / "lantern.txt").write_text(text("lantern"))
    library.add(tmp_path / "lantern.txt")
    library.remove("kettle.txt")
    library.close()
    check_found(opened(), *(name for name in NAMES if name != "kettle"), "lantern")
