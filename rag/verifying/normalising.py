"""Text -> the same text with one spelling for quotes, dashes, width and case, and where each of its characters stood."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_QUOTES = "'‘’‚‛“”„‟«»‹›`´′″「」『』"
_DASHES = "‐‑‒–—―−﹣－"
_EVEN = str.maketrans(
    {**dict.fromkeys(_QUOTES, '"'), **dict.fromkeys(_DASHES, "-"), **dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff\u2060")}
)
_LINE_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in NFKD and small letters, with one kind of quote and dash, and single spaces.

    `places` has the offset in the original of each of its characters, and the original's length at the end.
    """

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original of `text[start:end]`, which is not empty."""
        return self.places[start], self.places[end - 1] + 1


def normalised(text: str) -> Normalised:
    """Normalise width, ligatures, case, quotes, dashes, soft hyphens, words cut at a line's end, white space."""
    joined = {at for match in _LINE_HYPHEN.finditer(text) for at in range(match.start(), match.end())}
    written: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if place in joined:
            continue
        for each in _normalised_character(character):
            if each != " " or (written and written[-1] != " "):
                written.append(each)
                places.append(place)
    return Normalised("".join(written), (*places, len(text)))


def without_edges(text: str) -> str:
    """A normalised text without the punctuation around it; itself where it has nothing else."""
    return _EDGE.sub("", text) or text.strip()


@lru_cache(1 << 12)
def _normalised_character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold()).translate(_EVEN)
    return "".join(" " if each.isspace() else each for each in folded)
