"""Models to which all texts are near each other are centred, so that their cosines mean what the built-in model's do."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.embedding.backends import build_embedder
from rag.embedding.centred import CentredEmbedder
from rag.embedding.protocol import Embeddings
from rag.settings import EmbeddingEndpoint
from tests.fakes import BagOfWordsEmbedder

CONE = 2.0  # the length of what all vectors have in common, next to the length of what they have not


class Narrow(BagOfWordsEmbedder):
    """All its texts are near each other."""

    embedded = 0

    def embed_query(self, text: str) -> Embeddings:
        self.embedded += 1
        vector = super().embed_query(text) + CONE / np.sqrt(self.dimensions)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def cosine(embedder: CentredEmbedder | Narrow, question: str, text: str) -> float:
    return float(embedder.embed_query(question) @ embedder.embed_documents([text])[0])


def test_unrelated_texts_are_far_from_each_other_then(tmp_path: Path) -> None:
    plain = Narrow()
    centred = CentredEmbedder(plain, tmp_path)
    related, unrelated = ("gasket leaks", "gasket leaks again"), ("gasket leaks", "invoice payment")
    assert cosine(plain, *unrelated) > 0.7
    assert abs(cosine(centred, *unrelated)) < 0.2
    assert cosine(centred, *related) > 0.5
    assert np.linalg.norm(centred.embed_query("gasket")) == pytest.approx(1, abs=1e-5)
    assert centred.identity == f"{plain.identity} centred=1"


def test_the_mean_is_made_once_for_all_processes(tmp_path: Path) -> None:
    first, second = Narrow(), Narrow()
    before = CentredEmbedder(first, tmp_path).embed_query("gasket")
    assert np.array_equal(CentredEmbedder(second, tmp_path).embed_query("gasket"), before)
    assert second.embedded == 1 < first.embedded
    (mean,) = tmp_path.glob("*.mean.npy")
    mean.write_bytes(b"damaged")
    assert np.array_equal(CentredEmbedder(Narrow(), tmp_path).embed_query("gasket"), before)


@pytest.mark.parametrize(("model", "is_centred"), [("multilingual-e5-large", True), ("bge-m3", True), ("text-embedding-3-small", False)])
def test_models_of_narrow_families_are_centred(model: str, is_centred: bool, tmp_path: Path) -> None:
    made: Sequence[object] = [build_embedder(f"openai:{model}", "auto", tmp_path, EmbeddingEndpoint("http://here/v1"))]
    assert isinstance(made[0], CentredEmbedder) is is_centred
