"""Clusters: found, named, titled."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag import ExploringError, Library
from rag.endpoints.chat.reply import ChatDelta
from rag.errors import ChatConnectionError
from rag.exploring import find_clusters, title_clusters
from rag.exploring.grouping import by_density, by_means
from rag.exploring.naming import distinctive_terms
from rag.types import Message
from tests.fakes import BagOfWordsEmbedder

SUBJECTS = {
    "sea": "The harbour keeper watches tide tables, lighthouse lamps and fishing boats.",
    "wood": "Oak planks need linseed oil, beeswax, clamps and patient sanding.",
    "bread": "Sourdough wants flour, water, salt, yeast and an oven of heavy stone.",
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Three subjects: 12, 9 and 6 documents."""
    for count, (name, text) in zip((12, 9, 6), SUBJECTS.items(), strict=True):
        for number in range(count):
            (tmp_path / f"{name}-{number}.txt").write_text(f"{text} Number {name}{number}.", encoding="utf-8")
    library = Library.open(tmp_path / "library", embedder=BagOfWordsEmbedder())
    library.add(sorted(tmp_path.glob("*.txt")))
    return library


@pytest.mark.parametrize("method", ["auto", "hdbscan", "kmeans"])
def test_subjects_become_clusters_the_largest_first(library: Library, method: str) -> None:
    with library:
        clustering = find_clusters(library, method=method)  # type: ignore[arg-type]
        assert [cluster.size for cluster in clustering.clusters] == [12, 9, 6]
        for cluster, (name, text) in zip(clustering.clusters, SUBJECTS.items(), strict=True):
            members = [clustering.keys[row] for row in np.flatnonzero(clustering.labels == cluster.number)]
            assert set(cluster.keys) <= set(members)
            assert {document.partition("-")[0] for document, _ in cluster.documents} == {name}
            assert all(passage.text.startswith(text) for passage in cluster.passages)
            assert len(cluster.passages) == 3
            assert all(term.casefold() in f"{text} {name}".casefold() for term in cluster.terms)
        assert clustering.outliers == 0


def test_the_number_of_clusters_may_be_given(library: Library) -> None:
    with library:
        clustering = find_clusters(library, k=2)
        assert len(clustering.clusters) == 2
        assert "2 clusters as asked for" in clustering.how
        assert len(find_clusters(library, k=1).clusters) == 1
        with pytest.raises(ExploringError, match="from 1 to 27"):
            find_clusters(library, k=28)
        with pytest.raises(ValueError, match="hdbscan"):
            find_clusters(library, method="hdbscan", k=3)


def test_a_library_of_one_passage_or_of_the_same_ones_is_one_cluster(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=BagOfWordsEmbedder()) as library:
        with pytest.raises(ExploringError, match="Add documents"):
            find_clusters(library)
        (tmp_path / "one.txt").write_text("Oak needs oil.", encoding="utf-8")
        library.add(tmp_path / "one.txt")
        (only,) = find_clusters(library).clusters
        assert only.size == 1
        assert set(only.name.replace(",", "").split()) == {"Oak", "needs", "oil"}


@pytest.mark.parametrize("count", [1, 2, 3, 9, 60])
def test_the_same_vectors_are_one_group(count: int) -> None:
    labels, how = by_means(np.zeros((count, 4), dtype=np.float32), None, 0)
    assert not labels.any()
    assert "too few different" in how
    labels, _ = by_means(np.zeros((count, 4), dtype=np.float32), count, 0)
    assert not labels.any()
    assert len(by_density(np.zeros((count, 4), dtype=np.float32))[0]) == count


def test_k_is_the_one_of_the_best_silhouette_also_in_small_batches() -> None:
    random = np.random.default_rng(0)
    centres = 10 * random.normal(size=(5, 8))
    truth = random.integers(5, size=12_000)
    labels, how = by_means((centres[truth] + random.normal(size=(12_000, 8))).astype(np.float32), None, 0)
    assert "5 clusters" in how
    assert len({(here, there) for here, there in zip(truth.tolist(), labels.tolist(), strict=True)}) == 5


def test_terms_are_frequent_here_and_rare_elsewhere() -> None:
    groups = [
        ["Annual leave is long. Annual leave needs a form.", "The annual leave of John's team."],
        ["Teak oil is for teak. The form of the bench.", "Teak oil needs days."],
    ]
    leave, teak = distinctive_terms(groups, most=2)
    assert leave[0].casefold() == "annual leave"
    assert teak[0].casefold() in {"teak oil", "teak"}
    assert not {"the", "is", "of", "form"} & {term.casefold() for term in (*leave, *teak)}
    assert distinctive_terms([["12 34 5.6"], []]) == [(), ()]


class Titling:
    """A chat model that says what it is told to, or fails."""

    name = "titling"

    def __init__(self, replies: Sequence[str | Exception]) -> None:
        self._replies = list(replies)
        self.asked: list[str] = []

    async def stream(self, messages: Sequence[Message]) -> AsyncIterator[ChatDelta]:
        self.asked.append(messages[-1].content)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        yield ChatDelta(reply, "", None, None)
        yield ChatDelta("", "", "stop", None)


def test_a_chat_model_titles_clusters_and_where_it_fails_the_terms_stay(library: Library) -> None:
    with library:
        clustering = find_clusters(library, k=3)
    model = Titling(["Title: “Harbour life”", ChatConnectionError("away"), "I cannot say. " * 20])
    titled = asyncio.run(title_clusters(clustering, model))  # type: ignore[arg-type]
    assert [cluster.title for cluster in titled.clusters] == ["Harbour life", "", ""]
    assert titled.clusters[0].name == "Harbour life"
    assert titled.clusters[1].name == clustering.clusters[1].name == ", ".join(clustering.clusters[1].terms[:3])
    assert "lighthouse lamps" in model.asked[0]
