"""Whether a claim and its source contradict each other: one denies what the other says."""

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from rag.text.languages import FUNCTION_WORDS
from rag.text.terms import indexed_terms

REACH = 2  # words after a negation that it denies, function words not counted
_NEGATION = re.compile(
    r"\b(?:not(?!\s+only\b)|cannot|never|no(?!\.|\s+(?:later|longer|more|less|fewer|sooner)\s+than\b)|none|nor|neither|without|nothing|nobody|except"
    r"|unless|(?:\w+n['’]t|n['’]t)|nicht|kein\w{0,2}|nie|ohne|jamais|sans|aucune?|nunca|sin|ninguna?|mai|senza)\b",
    re.IGNORECASE,
)
_DENYING = re.compile(
    r"\b(?:lacks?|lacking|fail(?:s|ed|ing)?|prohibit\w*|forbid\w*|forbade|exclud\w*|exclusion\w*|refus\w*|den(?:y|ies|ied)|prevent\w*|absence|absent|only"
    r"|rather|instead|free|hardly|rarely|little|few|stop\w*|avoid\w*|waiv\w*|exempt\w*)\b",
    re.IGNORECASE,
)
_PREFIXED = re.compile(r"\b(?:un|in|im|ir|il|dis|non-?)(\w{4,})\b", re.IGNORECASE)
_WORD = re.compile(r"\w+|[.;:!?]")
_UNCOUNTED = FUNCTION_WORDS["en"] | {"done", "made", "make", "get", "able"}


def denies_otherwise(claim: str, source: str) -> bool:
    """Whether one of two texts denies what the other says; what the source denies of things that the claim does not name does not count."""
    denied_in_claim, denied_in_source = _denied_terms(claim), _denied_terms(source)
    if not denied_in_claim:
        claimed = _terms(claim)
        return any(terms & claimed for terms in denied_in_source) and not _denies_by_a_word(claim, source)
    if denied_in_source:
        in_source, all_denied = _terms(source), set[str]().union(*denied_in_source)
        if not any(terms & in_source and not terms & all_denied for terms in denied_in_claim):
            return False
    return not _denies_by_a_word(source, claim)


def _denies_by_a_word(text: str, other: str) -> bool:
    """Whether a text has a denying word that the other has not: "prohibited", or "unpaid" where the other has "paid"."""
    words = {match.group().casefold() for match in _DENYING.finditer(text)}
    if words - {match.group().casefold() for match in _DENYING.finditer(other)}:
        return True
    return not _terms(" ".join(_PREFIXED.findall(text))).isdisjoint(_terms(other))


def _denied_terms(text: str) -> list[set[str]]:
    """For each negation, the stems of the words that it denies."""
    return [_terms(" ".join(_reached(text, match.end()))) for match in _NEGATION.finditer(text)]


def _reached(text: str, start: int) -> Iterator[str]:
    words = takewhile(lambda word: word[0].isalnum(), (match.group() for match in _WORD.finditer(text, start)))
    return islice((word for word in words if word.casefold() not in _UNCOUNTED), REACH)


def _terms(text: str) -> set[str]:
    return set(indexed_terms(text, "en")[0])
