"""Looks inside an embedding model: its tokens, a vector for each, and the table of input embeddings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from rag.embedding.protocol import Embeddings

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_WORDS = 30_000  # words of a vocabulary, at most: those with the lowest ids, which are the most frequent
CONTINUES = "##"  # how WordPiece marks a piece that continues a word
WORD_BEGINS = ("▁", "Ġ")  # how SentencePiece and byte-level BPE mark a token that begins a word

TokenKind = Literal["word", "piece", "unknown", "special"]
"""`word` begins a word, `piece` continues it, `unknown` stands for text without a token, `special` is the model's own."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a text.

    Attributes:
        text: As the vocabulary has it, such as "bank" or "##ed".
        id: Its row in the model's table.
        start: Offset of its first character in the text; special tokens have the place they stand at.
        end: Offset after its last.
        kind: See `TokenKind`.
        is_read: Whether the model reads it; what exceeds its limit is cut off.
    """

    text: str
    id: int
    start: int
    end: int
    kind: TokenKind
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """A text and all of its tokens, special ones and those over the model's limit included; `limit` counts special ones too."""

    text: str
    tokens: tuple[Token, ...]
    limit: int

    @property
    def read(self) -> tuple[Token, ...]:
        """The tokens that the model reads."""
        return tuple(token for token in self.tokens if token.is_read)


class TokenModel(Protocol):
    """What a model makes of valid Unicode, without any prompt. Any thread may call it; EmbeddingError where it cannot."""

    @property
    def pooling(self) -> str:
        """How the model makes one vector of many: "mean", "cls", "max" ...; "" where it does not say."""

    def token_vectors(self, text: str) -> Embeddings:
        """The last layer's vector of each token read: float32 `(tokens, width)`."""

    def sentence_vector(self, text: str) -> Embeddings:
        """Float32 `(dimensions,)`, of unit length."""

    def static_vectors(self, ids: Sequence[int]) -> Embeddings:
        """Rows of the table of input embeddings: float32 `(len(ids), width)`."""


class TokenReader:
    """Looks into a model, without any prompt; EmbeddingError where it cannot be loaded. Safe to share by threads."""

    def __init__(self, load_tokenizer: "Callable[[], tuple[Tokenizer, int]]", model: TokenModel) -> None:
        """Load nothing yet; `load_tokenizer` gives a tokenizer of its own and the token limit."""
        self._load_tokenizer = cache(load_tokenizer)
        self._model = model

    def tokens(self, text: str) -> TokenizedText:
        """Cut a text of any length; the model itself is not loaded for it."""
        text = _valid(text)
        tokenizer, limit = self._load_tokenizer()
        encoding = tokenizer.encode(text)
        own = np.array(encoding.special_tokens_mask, dtype=bool)
        over = set(np.flatnonzero(~own)[max(0, limit - int(own.sum())) :].tolist())
        tokens = []
        for place, (token, id_, (start, end)) in enumerate(zip(encoding.tokens, encoding.ids, encoding.offsets, strict=True)):
            if own[place]:  # stands before the text or after it
                start = end = len(text) if place and not own[:place].all() else 0
            tokens.append(Token(token, id_, start, end, self._kind(token, id_, start), place not in over))
        return TokenizedText(text, tuple(tokens), limit)

    def vocabulary(self) -> list[str]:
        """The whole words that are tokens: two letters at least, nothing but letters, most frequent first, `MOST_WORDS` at most."""
        by_id = [text for text, _ in sorted(self._load_tokenizer()[0].get_vocab().items(), key=lambda entry: entry[1])]
        if self._marks_beginnings:
            by_id = [text[1:] for text in by_id if text.startswith(WORD_BEGINS)]
        words = dict.fromkeys(text.casefold() for text in by_id if len(text) > 1 and text.isalpha())
        return list(words)[:MOST_WORDS]

    def token_vectors(self, text: str) -> Embeddings:
        """The last layer's vector of each of `tokens(text).read`: float32 `(tokens read, width)`, not of unit length."""
        return self._model.token_vectors(_valid(text))

    def sentence_vector(self, text: str) -> Embeddings:
        """The model's own vector of a text: float32 `(dimensions,)`, of unit length."""
        return self._model.sentence_vector(_valid(text))

    def static_vectors(self, ids: Sequence[int]) -> Embeddings:
        """Input embeddings, the same for a token wherever it stands: float32 `(len(ids), width)`, not of unit length."""
        return self._model.static_vectors(ids)

    @property
    def pooling(self) -> str:
        """How the model makes one vector of many: "mean", "cls", "max" ...; "" where it does not say."""
        return self._model.pooling

    def _kind(self, text: str, id_: int, start: int) -> TokenKind:
        if text == getattr(self._load_tokenizer()[0].model, "unk_token", None):
            return "unknown"
        if id_ in self._special:  # also where the text itself says "[SEP]"
            return "special"
        goes_on = self._marks_beginnings and start > 0 and text[:1].isalpha() and not text.startswith(WORD_BEGINS)
        return "piece" if text.startswith(CONTINUES) or goes_on else "word"

    @cached_property
    def _marks_beginnings(self) -> bool:
        return any(text.startswith(WORD_BEGINS) for text in self._load_tokenizer()[0].get_vocab())

    @cached_property
    def _special(self) -> frozenset[int]:
        return frozenset(id_ for id_, added in self._load_tokenizer()[0].get_added_tokens_decoder().items() if added.special)


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
