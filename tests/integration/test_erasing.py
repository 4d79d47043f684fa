"""What is removed leaves the library's files, not its tables alone."""

import shutil
from pathlib import Path

import pytest

from rag import Library, Settings
from rag.embedding.protocol import Embeddings
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

PASSWORD = "quetzalcoatlus"
WORDS = ["xylophonist", "brachiosaurus", "Kzyrgystov"]
PERSISTED = 1_000
"""Chunks after which Chroma writes the vectors to files of their own, and begins to drop its log."""


@pytest.fixture(scope="module", params=[20, PERSISTED + 50], ids=["few chunks", "many chunks"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with a secret and others; copied for each test."""
    folder = tmp_path_factory.mktemp("erasing")
    files = folder / "files"
    files.mkdir()
    secret = " ".join(f"The {WORDS[n % 3]} met {n} others at the quay." for n in range(60))
    (files / "secret.txt").write_text(secret)
    (files / "vault.pdf").write_bytes(documents.encrypted_pdf("The vault holds seven keys.", password=PASSWORD))
    boats = [f"Boat {n} passes the pier at noon, as keeper {7 * n} saw." for n in range(request.param)]
    (files / "boats.txt").write_text("\n\n".join(boats))
    with Library.open(folder / "library", Settings(chunk_tokens=16), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(files, passwords=[PASSWORD]).all_searchable
    return folder / "library"


@pytest.fixture
def library(open_library: OpenLibrary, made: Path, tmp_path: Path) -> Library:
    shutil.copytree(made, tmp_path / "library")
    return open_library(chunk_tokens=16)


def holding(library: Library, words: list[str]) -> dict[str, str]:
    """The library's files that have any of the words, in whatever way databases write them."""
    contents = {path: path.read_bytes().lower() for path in library.folder.rglob("*") if path.is_file()}
    return {
        path.relative_to(library.folder).as_posix(): word
        for path, content in contents.items()
        for word in words
        if any(word.lower().encode(code) in content for code in ("utf-8", "utf-16-le"))
    }


def vectors_of(library: Library, document_id: str) -> Embeddings:
    vectors = library.vectors()
    return vectors.embeddings[[row for row, (owner, _) in enumerate(vectors.keys) if owner == document_id]]


def test_erasing_leaves_no_word_of_what_was_removed(library: Library) -> None:
    library.documents()
    assert {"chroma/chroma.sqlite3"} <= holding(library, WORDS).keys()
    assert {"chroma/chroma.sqlite3"} <= holding(library, [PASSWORD]).keys()
    assert [library.is_erasing, library.erase()] == [False, False]
    library.remove("secret.txt")
    library.remove("vault.pdf")
    assert [library.is_erasing, library.index_next(), library.is_erasing] == [True, True, False]
    assert "chroma/chroma.sqlite3" not in holding(library, [*WORDS, PASSWORD])
    library.close()
    assert holding(library, [*WORDS, PASSWORD]) == {}


def test_what_was_not_removed_is_found_as_before(open_library: OpenLibrary, library: Library) -> None:
    boats = library.document("boats.txt")
    vectors = vectors_of(library, boats.id)
    library.remove("secret.txt")
    library.remove("vault.pdf")
    assert library.erase()
    for _ in range(2):
        assert library.documents() == [boats]
        for n in (3, 11, 17):  # one boat each: which of boats alike come first is up to the index
            assert f"Boat {n} passes" in library.retrieve(f"What did keeper {7 * n} see of boat {n}?")[0].text
        assert (vectors_of(library, boats.id) == vectors).all()
        library.close()
        library = open_library(chunk_tokens=16)


def test_what_is_added_again_after_its_removal_is_not_erased(open_library: OpenLibrary, library: Library, made: Path) -> None:
    library.remove("secret.txt")
    assert library.add(made.parent / "files" / "secret.txt").all_searchable
    assert library.erase()
    library.close()
    again = open_library(chunk_tokens=16)
    assert again.retrieve("Whom did the xylophonist meet?")[0].document == "secret.txt"
    assert again.document("secret.txt").indexed == 1
    assert len(again.vectors()) == sum(record.chunks for record in again.documents())


def test_erasing_that_was_cut_short_is_done_by_the_next_process(open_library: OpenLibrary, library: Library) -> None:
    library.remove("secret.txt")
    library.close()
    again = open_library(chunk_tokens=16)
    assert [again.is_erasing, again.index_next(), again.is_erasing] == [True, True, False]
    assert "chroma/chroma.sqlite3" not in holding(again, WORDS)
