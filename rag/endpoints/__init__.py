"""OpenAI-compatible servers: `client` reaches them, `errors` says what went wrong; chat, embeddings and rerank add what is theirs alone."""
