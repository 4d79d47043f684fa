"""Whether a page's text means anything: a font that does not tell its letters gives others in their place."""

import re
from collections.abc import Iterable

from rag.text.languages import LANGUAGES_OF

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_VOWEL = re.compile(r"[aeiouyà-æè-ïò-öø-ýœāēīōūăąęěůűőıǐǒǔ]", re.IGNORECASE)
_MEANINGLESS = re.compile("[\ue000-\uf8ff\ufffd\ufff0-\uffff\U000f0000-\U0010ffff]")

_FEWEST_WORDS = 12  # fewer tell nothing
_MOST_MEANINGLESS = 0.1
_LEAST_COMMON = 0.04  # of the words: function words of any language; running text has 0.3 to 0.5
_FEWEST_VOWELS = 0.26  # of the letters; the languages that are written in Latin letters have 0.35 to 0.5
_SAME = 0.3


def is_doubtful(text: str) -> bool:
    """Whether it may be illegible: it is worth while to look at the page. Lists of names and numbers are doubtful too."""
    return _meaningless(text) > _MOST_MEANINGLESS or ((words := _words(text)) != [] and _common(words) < _LEAST_COMMON)


def is_illegible(text: str) -> bool:
    """Whether it is certainly so."""
    if _meaningless(text) > 0.5:
        return True
    words = _words(text)
    letters = "".join(words)
    return bool(words) and _common(words) < _LEAST_COMMON and len(_VOWEL.findall(letters)) < _FEWEST_VOWELS * len(letters)


def is_same(text: str, seen: str) -> bool:
    """Whether a text has the words that are seen on the page, by and large."""
    known = {word.casefold() for word in _WORD.findall(text)}
    words = [word.casefold() for word in _WORD.findall(seen) if len(word) > 1]
    return sum(word in known for word in words) >= _SAME * len(words)


def _words(text: str) -> list[str]:
    """The words in Latin letters, where these are most of it and enough to judge by."""
    words = [word for word in _WORD.findall(text) if len(word) > 1]
    letters = "".join(words)
    is_latin = len(_LATIN.findall(letters)) > 0.8 * len(letters)
    return words if is_latin and len(words) >= _FEWEST_WORDS else []


def _common(words: Iterable[str]) -> float:
    known = [word.lower() in LANGUAGES_OF for word in words]
    return sum(known) / len(known)


def _meaningless(text: str) -> float:
    """The share of characters that are none: private ones, such as a font's own symbols, too."""
    return len(_MEANINGLESS.findall(text)) / max(len("".join(text.split())), 1)
