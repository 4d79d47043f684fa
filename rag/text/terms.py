"""Text -> terms: what the keyword index holds, what a question is searched by, and what sentences are compared by.

One analysis serves all three, so they cannot disagree; the index only counts terms.
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import regex
import Stemmer

from rag.text.languages import FUNCTION_WORDS, LANGUAGES_OF, WORD, language_of

VERSION = 1  # increased whenever the same text would give other terms: an index of another version is rebuilt
LONGEST = 64  # characters; a longer run of letters is cut into several terms
CACHED = 1 << 16  # words whose analysis is cached; about 400 bytes each
_OTHER_SCRIPTS = frozenset({"ru", "sr", "el", "ar", "fa", "hi", "ne", "hy", "ta", "yi"})
"""Languages in other scripts, in whose texts an ASCII word is most likely English."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\uff70\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_INSIDE = r"\p{M}\u00ad\u200c\u200d\u2060"  # marks, and joiners that are not seen
_START = rf"[[\p{{L}}\p{{N}}]--[{_UNSPACED}\p{{Hangul}}]]"
_ATOM_OF = rf"{_START}[[\p{{L}}\p{{N}}{_INSIDE}]--[{_UNSPACED}\p{{Hangul}}]]{{0,{LONGEST - 1}}}+"
_JOINER = rf"(?:[-‐‑./:_@&'’ʼ＇]|(?<=\p{{N}}),(?=\p{{N}})|\)?\((?={_START}{{1,4}}\)))"

_RUN = re.compile(r"\S+")
_PLAIN = re.compile(rf"[\"'(\[“‘]*([A-Za-z]?[a-z]{{1,{LONGEST - 1}}}|[A-Z]{{1,{LONGEST}}}|[0-9]{{1,{LONGEST}}})[.,;:!?)\]\"'”’]*")
_PIECE = regex.compile(
    rf"(?V1)(?P<compound>(?:(?<![\p{{L}}\p{{N}}.])\.(?=\p{{L}}))?{_ATOM_OF}(?:{_JOINER}{_ATOM_OF}){{0,15}}+"
    rf"(?:(?:\+{{1,2}}|\#)(?![\p{{L}}\p{{N}}+\#]))?)"
    rf"|(?P<hangul>\p{{Hangul}}{{1,{LONGEST}}}+)"
    rf"|(?P<unspaced>[[\p{{L}}\p{{N}}]&&[{_UNSPACED}]][{_UNSPACED}{_INSIDE}\uff9e\uff9f]*+)"
    r"|(?P<sign>§)"
)
_ATOM = regex.compile(rf"(?V1){_ATOM_OF}")
_CLUSTER = regex.compile(r"[\p{L}\p{N}][\p{M}\uff9e\uff9f]{0,8}")  # one written character with what hangs on it
_HAN = regex.compile(r"\p{Han}")
_NOT_WRITTEN = regex.compile(r"[^\p{L}\p{N}\p{M}⁄]+")
_MARKS = regex.compile(r"([\p{Latin}\p{Greek}])\p{Mn}+|[\u0591-\u05c7\u064b-\u065f\u0670\u0640]+")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ё": "е"})
_CLITIC = regex.compile(r"['’ʼ＇](?:s|ll|re|ve|d|m)$", regex.IGNORECASE)
_NEGATION = regex.compile(r"\p{L}+n['’ʼ＇]t$", regex.IGNORECASE)
_CASE_CHANGE = regex.compile(r"(?<=\p{Ll}\p{M}*)(?=\p{Lu})|(?<=\p{Lu}\p{M}*)(?=\p{Lu}\p{M}*\p{Ll}\p{M}*\p{Ll})")
_DIGIT_CHANGE = regex.compile(r"(?<=\p{L}\p{M}*)(?=\p{N})|(?<=\p{N}\p{M}*)(?=\p{L})")
_POINT_THOUSANDS = regex.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")

_stemming = threading.Lock()  # a stemmer has state, and must not be called by two threads at once
_stemmers: dict[str, Stemmer.Stemmer] = {}


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it is indexed, without white space, for `text[start:end]` of the analysed text."""

    text: str
    start: int
    end: int


class _Form(NamedTuple):
    """A casefolded word, part or compound, before stemming, which depends on the language.

    `kind` is "word" (may be stemmed), "exact", or "single": one character of an unspaced script, for the index only.
    """

    text: str
    start: int
    end: int
    kind: Literal["word", "exact", "single"]
    is_acronym: bool = False


def terms(text: str, language: str) -> list[Term]:
    """Analyse a text for the index; terms are in order of their beginning, but compounds follow their parts.

    Words are NFKC, casefolded, stemmed, and free of accents where those do not make another word. What has inner punctuation gives its
    parts and its whole ("RJ-45/2": rj, 45, 2, rj45.2), unspaced scripts give overlapping pairs of characters. With language "", and for
    ASCII words in texts of other scripts, the English stemmer is used: most such text is English or code, and equal words have equal stems.
    """
    return [
        Term(term, run.start() + start, run.start() + end)
        for run in _RUN.finditer(text)
        for term, start, end, _ in _analysed(run.group(), language)
    ]


def indexed_terms(text: str, language: str) -> tuple[list[str], list[str]]:
    """The terms of a text without places, in half the time of `terms`, and pairs of neighbours without function words: "prior_author"."""
    found: list[str] = []
    telling: list[str] = []
    for run in text.split():
        for term, _, _, is_telling in _analysed_run(run, language) if len(run) <= LONGEST else _analysed(run, language):
            found.append(term)
            if is_telling:
                telling.append(term)
    return found, [f"{first}_{second}" for first, second in pairwise(telling)]


def query_terms(text: str, languages: Collection[str]) -> list[tuple[str, ...]]:
    """For each different word, part and compound of a question, the terms any of which stands for it in texts of these languages.

    Function words are left out unless there is nothing else, or they are written as an acronym ("IT" among small letters).
    """
    known = tuple(sorted(languages))
    forms = [form for run in _RUN.finditer(text) for form in _forms(run.group()) if form.kind != "single"]
    asked_in = _languages_asked_in(text, known, forms)
    is_shouted = text.upper() == text
    content = [form for form in forms if asked_in.isdisjoint(LANGUAGES_OF.get(form.text, ())) or (form.is_acronym and not is_shouted)]
    return list(dict.fromkeys(_alternatives(form, known) for form in content or forms))


def word_terms(word: str, languages: Collection[str]) -> tuple[str, ...]:
    """As `query_terms`, of one word in lower case."""
    return _alternatives(_form(word, 0, len(word)), tuple(languages))


def _languages_asked_in(text: str, known: Collection[str], forms: Collection[_Form]) -> set[str]:
    """The languages whose function words are left out of a question: "war" is a content word in English, and none in German."""
    candidates = {language or "en" for language in known or ("en",)} | ({language_of(text)} - {""})
    hits = Counter(language for form in forms for language in LANGUAGES_OF.get(form.text, ()) if language in candidates)
    most = max(hits.values(), default=0)
    return {language for language, count in hits.items() if count == most} if most > 1 or len(candidates) == 1 else set()


def _alternatives(form: _Form, languages: Collection[str]) -> tuple[str, ...]:
    if form.kind != "word":
        return (form.text,)
    plain = _folded(form.text)
    stems = [_term(word, language) for language in languages or ("",) for word in (form.text, plain)]
    return tuple(dict.fromkeys([*stems, plain]))


@lru_cache(CACHED)
def _analysed_run(run: str, language: str) -> tuple[tuple[str, int, int, bool], ...]:
    if plain := _PLAIN.fullmatch(run):  # nine of ten words, at a tenth of the time
        word = plain[1].lower()
        return ((_term(word, language), plain.start(1), plain.end(1), word not in FUNCTION_WORDS[language or "en"]),)
    return tuple(_analysed(run, language))


def _analysed(run: str, language: str) -> Iterator[tuple[str, int, int, bool]]:
    """`(term, start, end, whether it is a content word)`."""
    for form in _forms(run):
        is_telling = form.kind != "single" and form.text not in FUNCTION_WORDS[language or "en"]
        yield _term(form.text, language) if form.kind == "word" else form.text, form.start, form.end, is_telling


def _forms(run: str) -> Iterator[_Form]:
    """Split what stands between two white spaces."""
    for piece in _PIECE.finditer(run):
        match piece.lastgroup:
            case "compound":
                yield from _compound_forms(piece.group(), piece.start())
            case "hangul":
                yield from _hangul_forms(piece.group(), piece.start())
            case "unspaced":
                yield from _unspaced_forms(piece.group(), piece.start())
            case _:
                yield _Form(piece.group(), piece.start(), piece.end(), "exact")


def _compound_forms(text: str, at: int) -> Iterator[_Form]:
    """A word, or several that are joined: the parts, and the whole if it differs."""
    if _NEGATION.fullmatch(text):
        yield _word(text, at, at + len(text))  # don't: dont
        return
    if clitic := _CLITIC.search(text):
        text = text[: clitic.start()]
    bare = text.rstrip("+#")
    tail, head = text[len(bare) :], "." if text.startswith(".") else ""
    parts = _parts(bare, at)
    is_elided = len(parts) > 1 and len(parts[0].text) <= 2 and bare[parts[0].end - at] in "'’ʼ＇"  # l'eau, O'Brien
    for part in parts[is_elided:]:
        yield part
        yield from _inner_parts(bare[part.start - at : part.end - at], part.start)
    whole = _joined(parts)
    end = at + len(text)
    if len(parts) > 1 and len(whole) <= LONGEST:
        yield _form(whole, parts[0].start, parts[-1].end)
    if _POINT_THOUSANDS.fullmatch(bare):  # a number in much of Europe, a version elsewhere
        yield _Form(bare.replace(".", ""), at, end, "exact")
    if (head or tail) and len(whole) <= LONGEST:
        yield _Form(f"{head}{_folded(whole)}{tail}", at, end, "exact")


def _parts(text: str, at: int) -> list[_Form]:
    """The words between the joints; "1,500" is one."""
    parts: list[_Form] = []
    for atom in _ATOM.finditer(text):
        part = _word(atom.group(), at + atom.start(), at + atom.end())
        before = parts[-1] if parts else None
        if (
            before
            and len(part.text) == 3
            and part.text.isdecimal()
            and before.text.isdecimal()
            and text[before.end - at : atom.start()] in {",", "'", "’"}
            and before.text[0] != "0"
        ):
            parts[-1] = _Form(before.text + part.text, before.start, part.end, "exact")
        elif part.text:
            parts.append(part)
    return parts


def _joined(parts: list[_Form]) -> str:
    """One word for all spellings of a compound: marks are dropped, but for a point between digits, where they tell numbers apart."""
    whole = ""
    for part in parts:
        whole += ("." if whole[-1:].isdecimal() and part.text[0].isdecimal() else "") + part.text
    return whole


def _inner_parts(text: str, at: int) -> Iterator[_Form]:
    """The parts of camelCase, and of letters followed by digits or the other way round (ISO9001, 10mg), those of one letter apart."""
    digit_changes = [found.start() for found in _DIGIT_CHANGE.finditer(text)]
    cuts = {found.start() for found in _CASE_CHANGE.finditer(text)} | set(digit_changes if len(digit_changes) == 1 else ())
    if cuts:
        edges = [0, *sorted(cuts), len(text)]
        for start, end in pairwise(edges):
            part = _word(text[start:end], at + start, at + end)
            if len(part.text) > 1 or part.text.isdecimal():
                yield part


def _hangul_forms(text: str, at: int) -> Iterator[_Form]:
    """The word between spaces, and its pairs of syllables: particles stick to words."""
    word = _written(text)
    yield _Form(word, at, at + len(text), "exact")
    is_aligned = len(word) == len(text)
    for first in range(len(word) - 1 if len(word) > 2 else 0):
        place = (at + first, at + first + 2) if is_aligned else (at, at + len(text))
        yield _Form(word[first : first + 2], *place, "exact")


def _unspaced_forms(text: str, at: int) -> Iterator[_Form]:
    """Overlapping pairs of characters; a lone one as such, and each Han character for the question that is no longer."""
    clusters = [(_written_character(found.group()), at + found.start(), at + found.end()) for found in _CLUSTER.finditer(text)]
    if len(clusters) == 1:
        yield _Form(*clusters[0], "exact")
    for (first, start, middle), (second, _, end) in pairwise(clusters):
        if _HAN.match(first):
            yield _Form(first, start, middle, "single")
        yield _Form(first + second, start, end, "exact")
    if len(clusters) > 1 and _HAN.match(clusters[-1][0]):
        yield _Form(*clusters[-1], "single")


def _word(text: str, start: int, end: int) -> _Form:
    letters = unicodedata.normalize("NFC", text)
    if len(letters) > 2 and letters[-1] == "s" and letters[:-1].isupper():
        letters = letters[:-1]  # PDFs: the stemmer leaves what has no vowel
    return _form(_written(letters), start, end, is_acronym=len(letters) > 1 and letters.isupper())


def _form(written: str, start: int, end: int, is_acronym: bool = False) -> _Form:
    if written.isalpha() or WORD.fullmatch(written):
        return _Form(written, start, end, "word", is_acronym)
    return _Form(_folded(written), start, end, "exact", is_acronym)


def _written(text: str) -> str:
    """Compatibility forms, case and digits as one; nothing that is not letter, digit or mark. Never longer input than `LONGEST`."""
    if text.isascii():
        plain: str = _NOT_WRITTEN.sub("", text.lower())
        return plain
    written = _NOT_WRITTEN.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))[:LONGEST]
    return "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in written)


_written_character = lru_cache(CACHED)(_written)


def _folded(text: str) -> str:
    """Without accents on Latin and Greek letters, Hebrew points and Arabic vowel signs; other scripts' marks make another letter."""
    if text.isascii():
        return text
    bare = _MARKS.sub(r"\1", unicodedata.normalize("NFD", text).translate(_LETTERS))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS) or text


@lru_cache(CACHED)
def _term(word: str, language: str) -> str:
    """The stem of a casefolded word, without accents."""
    if language in {"", "en"} or (language in _OTHER_SCRIPTS and word.isascii()):
        word = _folded(word)  # English has no accents for its stemmer to read
        return _stem(word, "en") if word.isascii() else word
    return _folded(_stem(word, language))


def _stem(word: str, language: str) -> str:
    with _stemming:
        if language not in _stemmers:
            _stemmers[language] = Stemmer.Stemmer(language, 0)
        stem: str = _stemmers[language].stemWord(word)
    return stem or word
