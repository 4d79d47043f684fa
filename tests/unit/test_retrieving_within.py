"""Retrieval among given chunks alone, as those chosen on the map."""

from pathlib import Path

import pytest

from rag import Library
from rag.types import ChunkKey
from tests.fakes import BagOfWordsEmbedder

TEXTS = {
    "sea.txt": "The harbour opens at dawn every morning.",
    "port.txt": "The harbour closes at midnight in winter.",
    "land.txt": "Oak needs linseed oil twice a year.",
}
LONG = "\n\n".join(f"Paragraph {number} speaks of harbour {number} and of nothing else that matters here." for number in range(12))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Three short documents and one of several chunks."""
    files = TEXTS | {"long.txt": LONG}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    library = Library.open(tmp_path / "library", embedder=BagOfWordsEmbedder(max_tokens=40))
    library.add([tmp_path / name for name in files])
    return library


def key(library: Library, name: str, ordinal: int = 0) -> ChunkKey:
    return library.document(name).id, ordinal


def test_the_best_of_the_given_chunks_are_found_and_no_other(library: Library) -> None:
    with library:
        question = "When does the harbour open?"
        assert library.retrieve(question)[0].document != "land.txt"
        among = [key(library, "land.txt"), key(library, "port.txt")]
        assert [passage.document for passage in library.retrieve(question, top_k=5, chunks=among)] == ["port.txt", "land.txt"]
        assert library.retrieve(question, chunks=[]) == []
        assert library.retrieve(question, chunks=[("gone", 3)]) == []


def test_neighbours_of_the_given_chunks_have_no_part_in_a_passage(library: Library) -> None:
    with library:
        middle = key(library, "long.txt", 1)
        text = library.chunks([middle])[middle].text
        found = library.retrieve("harbour paragraph", top_k=5, chunks=[middle])
        assert [passage.chunk_text for passage in found] == [text]
        apart = library.retrieve("harbour paragraph", top_k=5, chunks=[middle, key(library, "long.txt", 3)])
        assert len(apart) == 2


def test_chunks_and_documents_together_mean_both(library: Library) -> None:
    with library:
        among = [key(library, "sea.txt"), key(library, "port.txt")]
        assert [passage.document for passage in library.retrieve("harbour", documents=["sea.txt"], chunks=among)] == ["sea.txt"]


def test_an_answer_comes_from_the_given_chunks_alone(library: Library) -> None:
    with library:
        answer = library.ask("When does the harbour close in winter?", chunks=[key(library, "sea.txt")])
        assert {passage.document for passage in answer.passages} == {"sea.txt"}


def test_more_chunks_than_are_read_at_a_time(library: Library) -> None:
    with library:
        many = [("gone", ordinal) for ordinal in range(5_000)] + [key(library, "land.txt")]
        assert [passage.document for passage in library.retrieve("oil for oak", chunks=many)] == ["land.txt"]
