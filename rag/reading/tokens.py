"""Text -> token ids for the reader: word pieces for Latin letters, one hashed token for a word or character of any other script.

The vocabulary of the model that the reader was trained from is English. It spells other scripts letter by letter, or not at all. What the
reader needs of their words is above all whether two are the same, which a hash tells.
"""

import re
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HASHED = 4096  # ids for words of other scripts, after those of the vocabulary
PREFIX = 5  # letters of a word that are hashed: its stem, roughly
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hangul}"
_OTHER = regex.compile(
    rf"(?V1)(?P<single>[[{_UNSPACED}]&&[\p{{L}}\p{{N}}]]\p{{M}}*)"
    rf"|(?P<word>[\p{{L}}--[\p{{Latin}}{_UNSPACED}]][[\p{{L}}\p{{M}}\u200c\u200d]--[\p{{Latin}}{_UNSPACED}]]*+)"
)
_ARTICLE = re.compile(r"^[وفبكل]?ال(?=\w{3})")  # "the" is a part of the word in Arabic, with "and", "in", "by" before it


@dataclass(frozen=True, slots=True)
class Tokens:
    """Ids of a text's tokens, and the place of each, `text[start:end]`."""

    ids: list[int]
    spans: list[tuple[int, int]]


def tokenize(text: str, tokenizer: "Tokenizer") -> Tokens:
    """The tokens of a text, without special ones; `tokenizer` neither pads nor cuts."""
    ids, spans = list[int](), list[tuple[int, int]]()
    at = 0
    first_hashed = tokenizer.get_vocab_size()
    for other in _OTHER.finditer(text):
        _append_pieces(ids, spans, text, at, other.start(), tokenizer)
        ids.append(first_hashed + _hashed(other.group()))
        spans.append(other.span())
        at = other.end()
    _append_pieces(ids, spans, text, at, len(text), tokenizer)
    return Tokens(ids, spans)


def _append_pieces(ids: list[int], spans: list[tuple[int, int]], text: str, start: int, end: int, tokenizer: "Tokenizer") -> None:
    if not text[start:end].strip():
        return
    encoding = tokenizer.encode(text[start:end], add_special_tokens=False)
    ids += encoding.ids
    spans += [(start + first, start + last) for first, last in encoding.offsets]


@lru_cache(1 << 16)
def _hashed(word: str) -> int:
    """The place of a word among the hashed ids: equal for forms that begin alike."""
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", word.casefold()) if mark.isalnum())
    return zlib.crc32(_ARTICLE.sub("", plain)[:PREFIX].encode()) % HASHED
