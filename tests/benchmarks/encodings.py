"""How many texts in older encodings are decoded right: 32 languages, 40, 200 and 1,000 characters, each encoding made for the language.

python -m tests.benchmarks.encodings                  # the second text of each language, to which nothing is fitted
python -m tests.benchmarks.encodings --text first --wrong
"""

import argparse
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rag.formats.decoding import decode

SIZES = (40, 200, 1000)
PIECES = 8  # of a text, at most, for each size

_WIDE = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_CYRILLIC = ("cp1251", "iso8859-5", "koi8-r", "cp866")
_WESTERN = ("cp1252", "iso8859-1", "iso8859-15", "mac-roman", "cp850", "cp437")
_BY_LANGUAGE = {
    **dict.fromkeys(
        ["de", "fr", "es", "pt", "it", "nl", "sv", "da", "fi", "is"], ("cp1252", "iso8859-1", "iso8859-15", "mac-roman", "cp850", "cp437")
    ),
    **dict.fromkeys(["pl", "cs", "sk", "hu", "ro", "hr"], ("cp1250", "iso8859-2", "cp852")),
    **dict.fromkeys(["lt", "lv", "et"], ("cp1257", "iso8859-13")),
    **dict.fromkeys(["ru", "bg", "sr"], _CYRILLIC),
    "uk": (*_CYRILLIC, "koi8-u"),
    "tr": ("cp1254", "iso8859-9"),
    "el": ("cp1253", "iso8859-7"),
    "he": ("cp1255", "iso8859-8"),
    "ar": ("cp1256", "iso8859-6"),
    "fa": ("cp1256",),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "zh": ("gb2312", "gbk", "gb18030"),
    "zh-hant": ("big5", "gb18030"),
    "ja": ("cp932", "euc-jp", "iso2022-jp"),
    "ko": ("euc-kr", "cp949"),
}

# What a person's program of that time wrote where its encoding had no such sign.
_PLAINER = str.maketrans(
    {"ș": "ş", "ț": "ţ", "Ș": "Ş", "Ț": "Ţ", "ی": "ي", "\u200c": " ", "“": '"', "”": '"', "’": "'", "–": "-", "—": "-"}
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, and its bytes in an encoding."""

    language: str
    encoding: str
    size: int
    text: str
    data: bytes


def samples(which: str) -> Iterator[Sample]:
    """The pieces of the first or the second texts in each encoding that can hold them; none is plain ASCII."""
    texts = tomllib.loads(Path(__file__).with_name("encoding_texts.toml").read_text(encoding="utf-8"))
    for language, both in texts.items():
        for size in SIZES:
            for piece in _pieces(both[which], size):
                for encoding in (*_BY_LANGUAGE[language], *_WIDE):
                    if encoded := _encoded(piece, encoding):
                        yield Sample(language, encoding, size, *encoded)


def _pieces(text: str, size: int) -> Iterator[str]:
    """From the beginnings of words, spread over the text; it is repeated where it is too short."""
    long = f"{text}\n" * (size // len(text) + 2)
    starts = [found.start() for found in re.finditer(r"(?<=[\s，、])\S|^\S", text)] or [0]
    for start in starts[:: max(1, -(-len(starts) // PIECES))]:
        piece = long[start : start + size].strip()
        if not piece.isascii():
            yield piece


def _encoded(text: str, encoding: str) -> tuple[str, bytes] | None:
    for words in (text, text.translate(_PLAINER)):
        try:
            return words, (_vietnamese(words) if encoding == "cp1258" else words).encode(encoding)
        except UnicodeEncodeError:
            continue
    return None


def _vietnamese(text: str) -> str:
    """Tones as marks of their own: the others are whole letters in cp1258."""
    return "".join(_toned(character) for character in text)


def _toned(character: str) -> str:
    try:
        character.encode("cp1258")
    except UnicodeEncodeError:
        parted = unicodedata.normalize("NFD", character)
        base, marks = parted[0], parted[1:]
        tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
        return unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark not in tones)) + "".join(tones)
    return character


def is_right(sample: Sample) -> bool:
    """Whether `decode` gives the text, however its letters are composed."""
    return unicodedata.normalize("NFC", decode(sample.data, "a.txt").strip()) == unicodedata.normalize("NFC", sample.text.strip())


def main() -> None:
    """Print the shares by size, by encoding and by language."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", default="second", choices=("first", "second"))
    parser.add_argument("--wrong", action="store_true", help="list what was decoded wrongly")
    given = parser.parse_args()
    right, tried = Counter[str](), Counter[str]()
    begun = perf_counter()
    for sample in samples(given.text):
        good = is_right(sample)
        legacy = "Unicode" if sample.encoding in _WIDE else "all"
        for key in (legacy, f"{legacy}, {sample.size} characters", sample.encoding, f"language {sample.language}"):
            tried[key] += 1
            right[key] += good
        if given.wrong and not good:
            print(f"{sample.language} {sample.encoding} {sample.size}: {sample.text[:60]!r} -> {decode(sample.data, 'a.txt')[:60]!r}")
    for key, count in tried.items():
        print(f"{key:30} {right[key] / count:6.1%} of {count:,}")
    print(f"{(perf_counter() - begun) / max(1, tried['all'] + tried['Unicode']) * 1000:.2f} ms a text")


if __name__ == "__main__":
    main()
