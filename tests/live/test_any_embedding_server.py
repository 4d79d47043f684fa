"""What holds for any embedding endpoint: run against the stand-in, and with `-m live` against a real one.

A real one is named by RAG_LIVE_EMBEDDING_BASE_URL, RAG_LIVE_EMBEDDING_MODEL and, where it wants one, RAG_LIVE_EMBEDDING_API_KEY.
"""

import os
from collections.abc import Iterator

import numpy as np
import pytest
from pydantic import SecretStr

from rag.endpoints.embeddings import BATCH_TEXTS, EndpointEmbedder
from rag.settings import EmbeddingEndpoint
from tests.embedding_server import EmbeddingServer

TEXTS = ["The pump is oiled every week.", "Oil the pump weekly.", "Returns are accepted within thirty days."]


@pytest.fixture(params=["stand-in", pytest.param("live", marks=pytest.mark.live)])
def embedder(request: pytest.FixtureRequest) -> Iterator[EndpointEmbedder]:
    if request.param == "stand-in":
        with EmbeddingServer() as server:
            yield EndpointEmbedder("stand-in", EmbeddingEndpoint(server.url()))
    else:
        names = ("RAG_LIVE_EMBEDDING_BASE_URL", "RAG_LIVE_EMBEDDING_MODEL")
        if missing := [name for name in names if not os.environ.get(name)]:
            pytest.fail(f"The live tests need a real server: set {' and '.join(missing)}.")
        key = os.environ.get("RAG_LIVE_EMBEDDING_API_KEY")
        url, model = (os.environ[name] for name in names)
        yield EndpointEmbedder(model, EmbeddingEndpoint(url, SecretStr(key) if key else None))


def test_alike_is_near(embedder: EndpointEmbedder) -> None:
    oiled, weekly, returned = embedder.embed_documents(TEXTS)
    assert oiled @ weekly > oiled @ returned
    assert np.linalg.norm(oiled) == pytest.approx(1, abs=1e-5)


def test_more_texts_than_one_request_takes_come_in_order(embedder: EndpointEmbedder) -> None:
    rows = embedder.embed_documents([f"{TEXTS[n % 3]} Number {n}." for n in range(BATCH_TEXTS + 3)])
    assert len(rows) == BATCH_TEXTS + 3
    assert rows[-1] @ embedder.embed_query(f"{TEXTS[(BATCH_TEXTS + 2) % 3]} Number {BATCH_TEXTS + 2}.") > 0.99
