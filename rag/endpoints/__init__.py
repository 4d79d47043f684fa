"""OpenAI-compatible servers: one client and one map of errors for chat, embeddings and reranking."""
