"""Which words of the passages answer a question: tokens, the reader that scores units of text, and the gate over its scores."""
