"""Tokens for models that have none of their own, or do not show them: those of the built-in model.

Chunks are then the same whichever of these models reads them, so that a comparison of two compares their vectors.
"""

from functools import cache
from typing import TYPE_CHECKING

from rag.embedding.model_files import BUILT_IN
from rag.embedding.onnx_runtime import TOKENIZER, read_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_TOKENS = 8192  # what such a model is given of a text where it has no limit of its own


class BuiltInTokens:
    """An embedder without tokens of its own."""

    @property
    def max_tokens(self) -> int:
        """As many as a chunk may have."""
        return MOST_TOKENS

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`. Of a word that the tokenizer does not know, each character counts as a token."""
        encoding = built_in_tokenizer().encode(text, add_special_tokens=False)
        unknown = built_in_tokenizer().token_to_id("[UNK]")
        spans: list[tuple[int, int]] = []
        for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if token == unknown:
                spans += ((place, place + 1) for place in range(start, end))
            elif end > start:
                spans.append((start, end))
        return spans


@cache
def built_in_tokenizer() -> "Tokenizer":
    """The built-in model's; it neither pads nor cuts."""
    return read_tokenizer((BUILT_IN / TOKENIZER).read_text(encoding="utf-8"))
