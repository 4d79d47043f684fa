"""Models exported to ONNX: they agree with the original, need no torch, and where there is no export the original runs."""

import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import EmbeddingError, Settings
from rag.embedding.backends import build_embedder
from rag.embedding.bert import BertTokens, read_bert
from rag.embedding.onnx_embedder import OnnxEmbedder
from rag.embedding.onnx_export import TEXTS as JUDGED_ON
from rag.embedding.protocol import Embedder
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from tests.exported import export_here

TEXTS = [
    "The gasket must be replaced every 500 hours of use, or when it leaks.",
    "Returns",
    "Пожалуйста, сохраните чек.",
    "Annual revenue rose by 12 % to $4.2 billion, driven by subscriptions. " * 12,
    "words without end " * 400,
]
QUESTION = "How often is the gasket replaced?"


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


def test_a_bert_encoder_is_written_from_its_weights_as_torch_runs_it(tiny_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    for pooling in ("cls", "mean"):
        settings = model / "1_Pooling" / "config.json"
        settings.write_text(settings.read_text().replace('"cls"', f'"{pooling}"'))
        bert = read_bert(model)
        assert bert
        ours, original = BertTokens(bert), SentenceTransformerEmbedder(str(model)).token_reader
        assert (ours.pooling, bert.limit) == (pooling, original.tokens("").limit)
        for text in TEXTS:
            np.testing.assert_allclose(ours.sentence_vector(text), original.sentence_vector(text), atol=1e-5)
            np.testing.assert_allclose(ours.token_vectors(text), original.token_vectors(text), atol=1e-4)
        np.testing.assert_array_equal(ours.static_vectors([3, 9]), original.static_vectors([3, 9]))


@pytest.mark.parametrize(
    ("file", "said", "instead"),
    [
        ("config.json", '"hidden_act": "gelu"', '"hidden_act": "relu"'),
        ("config.json", '"model_type": "bert"', '"model_type": "nomic_bert"'),
        ("config.json", '"max_position_embeddings": 48', '"position_embedding_type": "relative_key", "max_position_embeddings": 48'),
        ("1_Pooling/config.json", '"cls"', '"max"'),
        ("1_Pooling/config.json", '"include_prompt": true', '"include_prompt": false'),
        ("modules.json", "pooling.Pooling", "dense.Dense"),
        ("tokenizer_config.json", '"do_lower_case": true', '"do_lower_case": false'),
    ],
)
def test_what_is_not_known_of_a_model_is_left_to_torch(tiny_model: Path, tmp_path: Path, file: str, said: str, instead: str) -> None:
    shutil.copytree(tiny_model, tmp_path / "other")
    text = (tmp_path / "other" / file).read_text()
    assert said in text
    (tmp_path / "other" / file).write_text(text.replace(said, instead))
    assert read_bert(tiny_model)
    assert read_bert(tmp_path / "other") is None


@pytest.fixture(scope="module")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A cache that holds the tiny model's export."""
    cache = tmp_path_factory.mktemp("tiny") / "cache"
    embedder = OnnxEmbedder(str(tiny_model), cache)
    assert embedder.embed_query(QUESTION).shape == (32,)
    assert embedder.identity.startswith(("onnx-int8:st:", "onnx-uint8:st:"))  # by processor
    return cache


def make_tiny_model(folder: Path, outlier: float = 0.0) -> Path:
    """An encoder of random weights that takes the first token's vector, and wants prompts.

    Args:
        folder: Where to make it.
        outlier: Of its activations, which are about 1: int8 has no room for both.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    words = sorted({word for text in (*TEXTS, QUESTION, "query question passage") for word in re.findall(r"\w+", text.lower())})
    (folder / "bert").mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ":", ".", "?", *words]), encoding="utf-8")
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words) + 8,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=48,
        initializer_range=0.3,
    )
    bert: Any = BertModel(config)
    with torch.no_grad():
        for layer in bert.encoder.layer:
            layer.intermediate.dense.bias[0] = outlier
            layer.output.dense.weight[:, 0] = 0.0
    bert.save_pretrained(folder / "bert")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=40)
    pooling = Pooling(32, pooling_mode="cls")
    SentenceTransformer(modules=[transformer, pooling], prompts={"query": "query: ", "passage": "passage: "}).save(str(folder / "st"))
    return folder / "st"


def agreement(model: Embedder, original: Embedder) -> float:
    """The mean cosine over the texts that an export is judged on: what is promised of it, whatever its precision."""
    rows = [*np.sum(model.embed_documents(JUDGED_ON) * original.embed_documents(JUDGED_ON), axis=1)]
    if not np.array_equal(model.embed_query(QUESTION), model.embed_documents([QUESTION])[0]):  # questions have a prompt of their own
        rows += [model.embed_query(text) @ original.embed_query(text) for text in JUDGED_ON]
    return float(np.mean(rows))


def test_the_default_model_agrees_with_the_original(minilm: Embedder) -> None:
    assert agreement(minilm, SentenceTransformerEmbedder()) >= 0.99


def test_a_vector_depends_on_nothing_but_its_text(minilm: Embedder) -> None:
    together = minilm.embed_documents([*TEXTS, TEXTS[0]])
    for text, row in zip([*TEXTS, TEXTS[0]], together, strict=True):
        assert np.array_equal(minilm.embed_documents([text])[0], row)


def test_it_runs_without_torch_and_leaves_nothing_behind(tmp_path: Path) -> None:
    script = """
import sys
from rag import Settings
from rag.embedding.backends import build_embedder
from rag.embedding.bert import BertTokens, read_bert
settings = Settings()
model = build_embedder(settings.embedding_model, "auto", settings.exported_models)
model.embed_documents(["One.", "Two."]), model.token_spans("Three."), model.embed_query("Four?")
print(sorted({"torch", "transformers", "sentence_transformers", "onnx", "scipy", "sklearn"} & set(sys.modules)))
"""
    home = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=home, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.rglob("*")) == []


def test_a_search_from_the_command_line_loads_no_more_than_it_needs(sample_library: Path, tmp_path: Path) -> None:
    library = shutil.copytree(sample_library, tmp_path / "library")
    script = f"""
import sys
sys.argv = ["rag", "search", "When may I return an item?", "--library", {str(library)!r}, "--json"]
from ui.commands.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print(sorted({{*"torch transformers sentence_transformers onnx scipy sklearn gradio plotly pypdf openai".split()}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    *passages, loaded = done.stdout.splitlines()
    assert "returns-policy.txt" in passages[0]
    assert loaded == "[]"


def test_another_model_keeps_its_pooling_prompts_and_limit(tiny_model: Path, tiny_cache: Path) -> None:
    model, original = OnnxEmbedder(str(tiny_model), tiny_cache), SentenceTransformerEmbedder(str(tiny_model))
    assert model.max_tokens == original.max_tokens < 40
    assert agreement(model, original) >= 0.99
    assert not np.array_equal(model.embed_query(TEXTS[0]), model.embed_documents(TEXTS)[0])  # the prompts differ
    assert model.token_spans(TEXTS[0]) == original.token_spans(TEXTS[0])


def test_where_int8_changes_the_vectors_fp32_is_used(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny", outlier=3000)
    export_here(str(folder), tmp_path / "cache")
    model = OnnxEmbedder(str(folder), tmp_path / "cache")
    assert model.identity.startswith("onnx-fp32:st:")
    assert agreement(model, SentenceTransformerEmbedder(str(folder))) >= 0.999


def test_an_export_is_made_once_and_another_configuration_is_another_model(tiny_model: Path, tiny_cache: Path, tmp_path: Path) -> None:
    made = {path: path.stat().st_mtime_ns for path in tiny_cache.glob("**/*")}
    first = OnnxEmbedder(str(tiny_model), tiny_cache).identity
    assert {path: path.stat().st_mtime_ns for path in tiny_cache.glob("**/*")} == made
    other = shutil.copytree(tiny_model, tmp_path / "st")
    config = other / "config_sentence_transformers.json"
    config.write_text(config.read_text(encoding="utf-8").replace("query: ", "question: "), encoding="utf-8")
    export_here(str(other), tmp_path / "cache")
    assert OnnxEmbedder(str(other), tmp_path / "cache").identity != first
    assert not list(tiny_cache.glob(".making*"))


def test_without_an_export_the_original_runs_and_that_is_said(tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    cache = tmp_path / "file" / "cache"
    with pytest.raises(EmbeddingError, match="cannot be exported"):
        _ = build_embedder(str(tiny_model), "onnx", cache).identity
    model = build_embedder(str(tiny_model), "auto", cache)
    with caplog.at_level(logging.WARNING):
        assert model.identity.startswith("sentence-transformers:st:")
    assert "slower" in caplog.text
    assert model.embed_documents(TEXTS).shape == (len(TEXTS), 32)
    assert (len(model.token_spans("Returns")), model.embed_query(QUESTION).shape, model.max_tokens < 40) == (1, (32,), True)
    assert build_embedder(str(tiny_model), "torch", cache).identity == model.identity


def test_a_model_that_is_not_here_is_told_not_replaced(tmp_path: Path) -> None:
    for backend in ("auto", "onnx", "torch"):
        with pytest.raises(EmbeddingError, match="not on this machine"):
            _ = build_embedder("nobody/no-such-model", backend, tmp_path).identity


@pytest.mark.parametrize("damaged", ["about.json", "model.onnx"])
def test_a_damaged_export_is_told(tiny_model: Path, tiny_cache: Path, tmp_path: Path, damaged: str) -> None:
    cache = shutil.copytree(tiny_cache, tmp_path / "cache")
    (path,) = cache.glob(f"*/{damaged}")
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(EmbeddingError, match=r"Delete that folder"):
        OnnxEmbedder(str(tiny_model), cache).embed_query(QUESTION)


def test_settings_choose_the_backend() -> None:
    assert Settings().embedding_backend == "auto"
    with pytest.raises(ValueError, match="embedding_backend"):
        Settings(embedding_backend="cuda")
