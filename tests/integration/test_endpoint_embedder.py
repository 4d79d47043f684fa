"""Vectors from an OpenAI-compatible endpoint: a real client, a real server on this machine."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from rag import EmbeddingError, Library, Settings
from rag.embedding.protocol import Embedder
from rag.endpoints.embeddings import BATCH_TEXTS, EndpointEmbedder
from rag.settings import EmbeddingEndpoint
from tests.embedding_server import EmbeddingServer
from tests.fakes import BagOfWordsEmbedder

KEY = "sk-secret-of-mine"
TEXTS = ["The pump is oiled weekly.", "Returns are accepted.", "Größe: 日本語 🙂", "x"]


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as server:
        yield server


def an_embedder(server: EmbeddingServer, behaviour: str = "ok", dimensions: int | None = None, seconds: float = 20) -> EndpointEmbedder:
    endpoint = EmbeddingEndpoint(server.url(f"/{behaviour}/v1"), SecretStr(KEY), dimensions)
    return EndpointEmbedder("stand-in", endpoint, seconds)


@pytest.mark.parametrize("behaviour", ["ok", "base64", "busy", "flaky"])
def test_vectors_come_in_order_and_of_unit_length(server: EmbeddingServer, behaviour: str) -> None:
    rows = an_embedder(server, behaviour).embed_documents(TEXTS)
    assert rows.dtype == np.float32
    assert np.allclose(rows, BagOfWordsEmbedder().embed_documents(TEXTS), atol=1e-6)


def test_a_question_meets_its_document(server: EmbeddingServer) -> None:
    embedder = an_embedder(server)
    assert embedder.embed_query(TEXTS[0]) @ embedder.embed_documents(TEXTS)[0] == pytest.approx(1, abs=1e-6)
    assert embedder.embed_documents([]).shape[0] == 0


def test_the_least_is_sent_and_the_key_with_it(server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-host")
    an_embedder(server, dimensions=256).embed_documents(TEXTS)
    (request,) = server.requests
    assert request.body == {"model": "stand-in", "input": TEXTS, "encoding_format": "float", "dimensions": 256}
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert not [name for name in request.headers if name.startswith(("x-stainless", "openai-"))]


def test_no_key_is_sent_where_there_is_none(server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    EndpointEmbedder("stand-in", EmbeddingEndpoint(server.url())).embed_query("Anything?")
    assert "authorization" not in server.requests[0].headers


def test_many_and_long_texts_go_in_several_requests(server: EmbeddingServer) -> None:
    an_embedder(server).embed_documents([f"Number {n}." for n in range(BATCH_TEXTS + 1)])
    assert [len(request.body["input"]) for request in server.requests] == [BATCH_TEXTS, 1]


def test_a_text_is_cut_well_before_the_limit_and_nothing_empty_is_sent() -> None:
    with EmbeddingServer(BagOfWordsEmbedder(max_tokens=10**6)) as server:
        embedder = EndpointEmbedder("stand-in", EmbeddingEndpoint(server.url(), max_tokens=100))
        embedder.embed_documents(["word " * 1000, "y" * 1000, "", "half a pair: \ud83d"])
        sent = server.requests[0].body["input"]
    assert (embedder.max_tokens, sent[0].count("word"), len(sent[1]), sent[2]) == (50, 50, 50, " ")
    assert "?" in sent[3]


@pytest.mark.parametrize("text", ["Größe: 1.234,50 € (naïve)", "日本語のテキスト 🙂🙂", "x" * 500])
def test_tokens_know_their_places(server: EmbeddingServer, text: str) -> None:
    spans = an_embedder(server).token_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")


def test_the_identity_needs_no_network_and_holds_no_secret() -> None:
    def identity(url: str = "http://here.invalid/v1", model: str = "m", dimensions: int | None = None) -> str:
        return EndpointEmbedder(model, EmbeddingEndpoint(url, SecretStr(KEY), dimensions)).identity

    others = {identity("http://there.invalid/v1"), identity(model="n"), identity(dimensions=8)}
    assert len(others | {identity()}) == 4
    assert identity() == identity()
    assert "password" not in identity("http://name:password@here.invalid/v1")


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("401", r"refused the key \(401\)\. Set RAG_EMBEDDING_API_KEY"),
        ("404", r"does not have the model 'stand-in' \(404\)\..*does not exist.*RAG_EMBEDDING_MODEL"),
        ("413", r"\(413\)\..*batch size.*Lower RAG_EMBEDDING_MAX_TOKENS"),
        ("429", r"has reached its rate limit \(429\)\..*quota"),
        ("500", r"failed \(500\)\..*out of memory"),
        ("echo-key", r"refused the request.*\*\*\*"),
        ("fewer", "3 vectors for 4 texts"),
        ("twice", "wrongly numbered"),
        ("nan", "no number"),
        ("zero", "zeros"),
        ("ragged", "does not answer as an OpenAI-compatible embedding endpoint"),
        ("words", "does not answer as an OpenAI-compatible embedding endpoint"),
        ("json", "does not answer as an OpenAI-compatible embedding endpoint"),
        ("html", "does not answer as an OpenAI-compatible embedding endpoint"),
        pytest.param("silent", "within 0.5 seconds", marks=pytest.mark.soak),  # it is tried again and again
    ],
)
def test_what_goes_wrong_is_told(server: EmbeddingServer, behaviour: str, said: str) -> None:
    with pytest.raises(EmbeddingError, match=said) as caught:
        an_embedder(server, behaviour, seconds=0.5 if behaviour == "silent" else 20).embed_documents(TEXTS)
    assert KEY not in str(caught.value)
    assert len(server.requests) <= 5


def test_other_dimensions_than_asked_for_are_told(server: EmbeddingServer) -> None:
    with pytest.raises(EmbeddingError, match="256 numbers in a vector where RAG_EMBEDDING_DIMENSIONS asks for 999"):
        an_embedder(server, dimensions=999).embed_query("Anything?")


def test_texts_and_key_stay_with_their_address(server: EmbeddingServer) -> None:
    with EmbeddingServer() as other:
        server.redirect_to = other.url("/ok/v1/embeddings")
        with pytest.raises(EmbeddingError, match=r"redirects to .*RAG_EMBEDDING_BASE_URL"):
            an_embedder(server, "redirect").embed_query("Anything?")
        assert not other.requests


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://here/v1", "http://", "http://name:password@here/v1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(EmbeddingError, match="embedding endpoint's address") as caught:
        EndpointEmbedder("m", EmbeddingEndpoint(url)).embed_query("Anything?")
    assert "password" not in str(caught.value)


def test_a_server_that_is_not_there_is_told() -> None:
    with EmbeddingServer() as server:
        url = server.url()
    with pytest.raises(EmbeddingError, match="No embedding model answers at"):
        EndpointEmbedder("m", EmbeddingEndpoint(url)).embed_query("Anything?")


def test_a_library_is_indexed_and_asked_through_it(server: EmbeddingServer, samples: Path, tmp_path: Path) -> None:
    settings = Settings(embedding_model="openai:stand-in", embedding_base_url=server.url())
    with Library.open(tmp_path / "library", settings) as library:
        assert library.add(samples / "returns-policy.txt").all_searchable
        assert library.retrieve("When may I return an item?")[0].document == "returns-policy.txt"
    assert {request.body["model"] for request in server.requests} == {"stand-in"}


def test_the_real_model_gives_the_same_vectors_over_the_wire(minilm: Embedder) -> None:
    with EmbeddingServer(minilm) as server:
        there = EndpointEmbedder("all-MiniLM-L6-v2", EmbeddingEndpoint(server.url()))
        assert np.allclose(there.embed_documents(TEXTS), minilm.embed_documents(TEXTS), atol=1e-6)
        assert there.token_spans(TEXTS[0]) == minilm.token_spans(TEXTS[0])


def test_a_client_that_was_closed_opens_again(server: EmbeddingServer) -> None:
    embedder = an_embedder(server)
    before = embedder.embed_query(TEXTS[0])
    embedder.close()
    embedder.close()
    assert np.array_equal(embedder.embed_query(TEXTS[0]), before)
