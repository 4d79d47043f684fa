"""Where a text says what an acronym stands for: "property, plant and equipment (PP&E)", "PTO (paid time off)"."""

import re
from collections.abc import Iterator, Sequence

MOST_SMALL_WORDS = 3  # such as "of" and "and": words of a long form that have no letter in its acronym
LEAST_PLURAL = 4  # letters, of which a plural has more
FARTHEST = 120  # characters before an acronym, in which its words begin
_ACRONYM = r"[^\W\d_](?:[&/.-]?[^\W_]){1,7}?\.?(?:(?<=[A-Z])s)?"
_AFTER = re.compile(rf"[(（]\s*(?:the\s+)?[\"“„«'‘]?({_ACRONYM})[\"”“»'’]?\s*[)）]")
_BEFORE = re.compile(rf"\b({_ACRONYM})\s*[(（]([^()（）]{{5,120}})[)）]")
_PLURAL = re.compile(r"(?<=[A-Z])s$")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """Each acronym that a text defines, with the words it stands for, both as they are written."""
    if "(" not in text and "（" not in text:
        return
    for found in _AFTER.finditer(text):
        acronym = _PLURAL.sub("", found[1])
        if _is_written_large(acronym) and (long := _spelt(acronym, text[max(0, found.start() - FARTHEST) : found.start()])):
            yield acronym, long
    for found in _BEFORE.finditer(text):
        acronym, long = _PLURAL.sub("", found[1]), " ".join(found[2].split())
        if _is_written_large(acronym) and _spelt(acronym, long) == long:
            yield acronym, long


def spelling(text: str) -> str:
    """A name for all ways to write an acronym or its words: "ppe", "property plant and equipment"; without the "s" of a plural."""
    words = _WORD.findall((text if " " in text else text.replace("&", "").replace(".", "")).casefold())
    if words and len(words[-1]) > LEAST_PLURAL:
        words[-1] = words[-1].removesuffix("s")
    return " ".join(words)


def _is_written_large(acronym: str) -> bool:
    letters = [letter for letter in acronym if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) >= max(2, (len(letters) + 1) // 2)


def _spelt(acronym: str, text: str) -> str:
    """The last words of a text whose first letters are an acronym's, or ""."""
    initials = [letter for letter in acronym.casefold() if letter.isalpha()]
    words = list(_WORD.finditer(text))
    for count in range(len(initials), min(len(words), len(initials) + MOST_SMALL_WORDS) + 1):
        last = words[-count:]
        if last[0][0][0].casefold() == initials[0] and _match(initials, [word[0].casefold() for word in last]):
            return " ".join(text[last[0].start() : last[-1].end()].split())
    return ""


def _match(initials: Sequence[str], words: Sequence[str]) -> bool:
    """Whether each initial begins a word, in order, and all words but small ones have one."""
    if not words:
        return not initials
    if initials and words[0][0] == initials[0] and _match(initials[1:], words[1:]):
        return True
    return len(words[0]) <= MOST_SMALL_WORDS and _match(initials, words[1:])
