"""The real model, all-MiniLM-L6-v2: known figures, and what the library relies on."""

import re
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rag import EmbeddingError
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embedder
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder

CAT, DOG, LLM = "The cat sat on the mat.", "A dog rested on the rug.", "LLMs are trained on large text datasets."


@pytest.fixture(scope="module", params=["onnx", "torch"])
def model(request: pytest.FixtureRequest, minilm: Embedder) -> Embedder:
    """The same model by either backend."""
    return minilm if request.param == "onnx" else SentenceTransformerEmbedder()


def test_it_is_the_published_model(model: Embedder) -> None:
    assert re.fullmatch(
        r"(onnx-(?:int8|uint8|fp32)|sentence-transformers):all-MiniLM-L6-v2:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db-\w{16}",
        model.identity,
    )
    assert model.max_tokens == 254


def test_it_finds_alike_what_is_alike(model: Embedder) -> None:
    cat, dog, llm = model.embed_documents([CAT, DOG, LLM])
    assert cat @ dog == pytest.approx(0.459, abs=0.025)
    assert cat @ llm == pytest.approx(-0.025, abs=0.02)
    assert dog @ llm == pytest.approx(-0.049, abs=0.02)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("When is the rent due?", 0.9, 1.0),
        ("Wann ist die Miete fällig?", 0.7, 1.0),
        ("Когда нужно платить аренду?", 0.0, 0.4),
        ("متى يستحق الإيجار؟", 0.0, 0.3),
        ("ค่าเช่าครบกำหนดเมื่อใด", 0.0, 0.3),
        ("2024", 1.0, 1.0),
    ],
)
def test_how_far_it_knows_a_language(minilm: Embedder, text: str, least: float, most: float) -> None:
    assert least <= CheckedEmbedder(minilm).familiarity(text) <= most


def test_vectors_are_float32_of_unit_length(model: Embedder) -> None:
    rows = model.embed_documents([CAT, "", "?", "\u200b", "word " * 2000])
    assert (rows.shape, rows.dtype.name) == ((5, 384), "float32")
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    query = model.embed_query(CAT)
    assert (query.shape, query.dtype.name) == ((384,), "float32")
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)


def test_question_and_document_meet_in_one_space(model: Embedder) -> None:
    assert model.embed_query(CAT) @ model.embed_documents([CAT])[0] == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_rows(model: Embedder) -> None:
    rows = model.embed_documents([])
    assert (rows.shape, rows.dtype.name) == ((0, 384), "float32")


def test_rows_come_in_the_order_of_their_texts(model: Embedder) -> None:
    texts = [f"Number {n}{' and a boat' * ((7 * n) % 10)}." for n in range(40)]
    rows = model.embed_documents(texts)
    for n in (0, 1, 9, 10, 25, 39):
        assert rows[n] @ model.embed_query(texts[n]) == pytest.approx(1, abs=1e-5)
        assert np.argmax(rows @ rows[n]) == n


@pytest.mark.parametrize("text", [CAT, "Größe: 1.234,50 € (naïve)", "日本語のテキスト", "in-\nternational", "x" * 500])
def test_tokens_know_their_places(model: Embedder, text: str) -> None:
    spans = model.token_spans(text)
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert "".join(text[start:end] for start, end in spans) == re.sub(r"\s", "", text)


def test_tokens_are_those_of_the_model(model: Embedder) -> None:
    text = "Unbelievably, embeddings!"
    assert [text[start:end] for start, end in model.token_spans(text)] == [
        "Un",
        "bel",
        "ie",
        "va",
        "bly",
        ",",
        "em",
        "bed",
        "ding",
        "s",
        "!",
    ]
    assert len(model.token_spans("word " * 5000)) == 5000
    assert model.token_spans("") == []


def test_several_threads_may_use_it(model: Embedder) -> None:
    expected = [model.embed_query(f"Question {n}?") for n in range(4)]
    got: dict[int, float] = {}

    def work(n: int) -> None:
        for _ in range(5):
            model.token_spans(f"Question {n}?")
            row = model.embed_documents([f"Question {n}?", CAT])[0]
        got[n] = float(row @ expected[n])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[n] for n in range(4)] == pytest.approx([1] * 4, abs=1e-5)


def test_a_model_that_is_not_here_is_told_and_nothing_is_fetched() -> None:
    with pytest.raises(EmbeddingError, match=r"'nobody/no-such-model' is not on this machine.*RAG_EMBEDDING_MODEL"):
        _ = SentenceTransformerEmbedder("nobody/no-such-model").identity


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="no model weights"):
        SentenceTransformerEmbedder(str(tmp_path)).embed_query("Anything?")
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    (tmp_path / "modules.json").write_text("not modules", encoding="utf-8")
    with pytest.raises(EmbeddingError, match="could not be loaded"):
        SentenceTransformerEmbedder(str(tmp_path)).embed_query("Anything?")
