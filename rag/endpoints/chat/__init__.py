"""Messages -> a stream of words, from any OpenAI-compatible endpoint."""
