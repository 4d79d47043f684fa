"""The real model, all-MiniLM-L6-v2: known figures, and what the library relies on."""

import re
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rag import EmbeddingError
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder

CAT, DOG, LLM = "The cat sat on the mat.", "A dog rested on the rug.", "LLMs are trained on large text datasets."


def test_it_is_the_published_model(minilm: SentenceTransformerEmbedder) -> None:
    assert minilm.identity == ("sentence-transformers:all-MiniLM-L6-v2:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
    assert minilm.max_tokens == 254


def test_it_finds_alike_what_is_alike(minilm: SentenceTransformerEmbedder) -> None:
    cat, dog, llm = minilm.embed_documents([CAT, DOG, LLM])
    assert cat @ dog == pytest.approx(0.459, abs=0.005)
    assert cat @ llm == pytest.approx(-0.025, abs=0.01)
    assert dog @ llm == pytest.approx(-0.049, abs=0.01)


def test_vectors_are_float32_of_unit_length(minilm: SentenceTransformerEmbedder) -> None:
    rows = minilm.embed_documents([CAT, "", "?", "\u200b", "word " * 2000])
    assert (rows.shape, rows.dtype.name) == ((5, 384), "float32")
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    query = minilm.embed_query(CAT)
    assert (query.shape, query.dtype.name) == ((384,), "float32")
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)


def test_question_and_document_meet_in_one_space(minilm: SentenceTransformerEmbedder) -> None:
    assert minilm.embed_query(CAT) @ minilm.embed_documents([CAT])[0] == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_rows(minilm: SentenceTransformerEmbedder) -> None:
    rows = minilm.embed_documents([])
    assert (rows.shape, rows.dtype.name) == ((0, 384), "float32")


def test_rows_come_in_the_order_of_their_texts(minilm: SentenceTransformerEmbedder) -> None:
    texts = [f"Number {n}{' and a boat' * ((7 * n) % 10)}." for n in range(40)]
    rows = minilm.embed_documents(texts)
    for n in (0, 1, 9, 10, 25, 39):
        assert rows[n] @ minilm.embed_query(texts[n]) == pytest.approx(1, abs=1e-5)
        assert np.argmax(rows @ rows[n]) == n


@pytest.mark.parametrize("text", [CAT, "Größe: 1.234,50 € (naïve)", "日本語のテキスト", "in-\nternational", "x" * 500])
def test_tokens_know_their_places(minilm: SentenceTransformerEmbedder, text: str) -> None:
    spans = minilm.token_spans(text)
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert "".join(text[start:end] for start, end in spans) == re.sub(r"\s", "", text)


def test_tokens_are_those_of_the_model(minilm: SentenceTransformerEmbedder) -> None:
    text = "Unbelievably, embeddings!"
    assert [text[start:end] for start, end in minilm.token_spans(text)] == [
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
    assert len(minilm.token_spans("word " * 5000)) == 5000
    assert minilm.token_spans("") == []


def test_several_threads_may_use_it(minilm: SentenceTransformerEmbedder) -> None:
    expected = [minilm.embed_query(f"Question {n}?") for n in range(4)]
    got: dict[int, float] = {}

    def work(n: int) -> None:
        for _ in range(5):
            minilm.token_spans(f"Question {n}?")
            row = minilm.embed_documents([f"Question {n}?", CAT])[0]
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
    with pytest.raises(EmbeddingError, match="could not be loaded"):
        SentenceTransformerEmbedder(str(tmp_path)).embed_query("Anything?")
