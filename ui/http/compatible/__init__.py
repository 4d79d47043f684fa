"""`/v1`: a library as an OpenAI-compatible chat and embedding model, for programs that know nothing of Footnote.

`conversation` turns a request into a question, `growth` an answer that changes while it grows into text that only grows; `chat`,
`responses` and `embeddings` have a protocol each.
"""
