"""`POST /v1/embeddings`: vectors of the library's embedding model."""

import base64
from collections.abc import Mapping
from typing import Any

from rag.embedding.protocol import truncated
from rag.library import Library
from ui.http.compatible.conversation import RequestError

MOST_TEXTS = 2_048  # in one request, as OpenAI's
MOST_CHARACTERS = 2_000_000  # of all of them


def embedded(library: Library, body: Mapping[str, Any]) -> dict[str, Any]:
    """The vectors of texts, as far as the model reads them; `input_type` "query" takes the query's prompt."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or len(texts) > MOST_TEXTS or not all(isinstance(text, str) and text for text in texts):
        raise RequestError(f"input must be a text or a list of at most {MOST_TEXTS:,} texts, none of them empty; not of tokens.", "input")
    if sum(map(len, texts)) > MOST_CHARACTERS:
        raise RequestError(f"input has more than {MOST_CHARACTERS:,} characters. Send it in parts.", "input")
    embedder = library.embedder
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    if body.get("input_type") == "query":
        vectors = [embedder.embed_query(text) for text in texts]
    else:
        vectors = list(embedder.embed_documents([truncated(text, embedder) for text in texts]))
    if body.get("dimensions") not in {None, len(vectors[0])}:
        raise RequestError(f"This model's vectors have {len(vectors[0])} dimensions.", "dimensions")
    is_packed = body.get("encoding_format") == "base64"
    read = sum(len(embedder.token_spans(text)) for text in texts)
    return {
        "object": "list",
        "model": embedder.identity,
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode() if is_packed else vector.tolist(),
            }
            for index, vector in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }
