"""All vectors of a library at one moment, and what is made of chunks that a view finds."""

from pathlib import Path

import numpy as np
import pytest

from rag import ExploringError, Library
from rag.exploring.passages import best_passages
from tests.fakes import BagOfWordsEmbedder

TEXTS = {"sea.txt": "The harbour opens at dawn.", "land.txt": "Oak needs oil twice a year."}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two short documents."""
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    library = Library.open(tmp_path / "library", embedder=BagOfWordsEmbedder())
    library.add([tmp_path / name for name in TEXTS])
    return library


def test_every_chunk_has_its_row_and_every_document_its_mean(library: Library) -> None:
    with library:
        vectors = library.vectors()
        chunks = library.chunks(vectors.keys)
        assert {chunks[key].text for key in vectors.keys} == set(TEXTS.values())
        for row, key in enumerate(vectors.keys):
            assert vectors.embeddings[row] == pytest.approx(library.embedder.embed_documents([chunks[key].text])[0], abs=1e-6)
            assert vectors.records[vectors.owners[row]].id == key[0]
        assert vectors.documents == pytest.approx(vectors.embeddings[np.argsort(vectors.owners)])  # each has one chunk


def test_vectors_are_read_again_only_when_documents_have_changed(library: Library, tmp_path: Path) -> None:
    with library:
        first = library.vectors()
        assert library.vectors() is first
        (tmp_path / "sky.txt").write_text("Clouds tell the weather.", encoding="utf-8")
        library.add(tmp_path / "sky.txt")
        second = library.vectors()
        assert (len(first), len(second)) == (2, 3)
        assert second.fingerprint != first.fingerprint
        library.remove("sky.txt")
        assert library.vectors().fingerprint == first.fingerprint


def test_documents_that_wait_for_their_vectors_are_left_out_and_counted(library: Library, tmp_path: Path) -> None:
    (tmp_path / "sky.txt").write_text("Clouds tell the weather.", encoding="utf-8")
    with library:
        library.add(tmp_path / "sky.txt", wait=False)
        assert (len(library.vectors()), library.vectors().waiting) == (2, 1)
        while library.index_next():
            pass
        assert (len(library.vectors()), library.vectors().waiting) == (3, 0)


def test_too_little_to_look_at_is_said(library: Library, tmp_path: Path) -> None:
    with library:
        library.vectors().require(2, 2)
        with pytest.raises(ExploringError, match=r"at least 3 passages, and the library has 2\. Add documents first"):
            library.vectors().require(chunks=3)
        with pytest.raises(ExploringError, match="at least 3 documents, and there are 2"):
            library.vectors().require(documents=3)
        for name in TEXTS:
            library.remove(name)
        with pytest.raises(ExploringError, match="at least 1 document, and there are 0"):
            library.vectors().require()
        assert library.vectors().documents.shape[0] == 0


def test_passages_are_whole_chunks_best_first(library: Library) -> None:
    with library:
        cosines = {key: number / 10 for number, key in enumerate(library.vectors().keys, start=1)}
        passages = best_passages(library, {**cosines, ("gone", 0): 0.9})
        assert [(one.passage.rank, one.passage.score) for one in passages] == [(1, 0.2), (2, 0.1)]
        assert {one.passage.text for one in passages} == set(TEXTS.values())
