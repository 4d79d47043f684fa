"""Whether a claim and its source contradict each other: one denies what the other says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from rag.text.languages import FUNCTION_WORDS
from rag.text.terms import indexed_terms, query_terms
from rag.verifying.families import verb_of
from rag.verifying.vocabulary import Vocabulary, vocabulary

REACH = 2  # words after a negation that it denies, function words not counted
MOST_CLAUSES = 100  # of a text, those that are compared
MOST_OF_CLAUSE = 0.6  # share of the words of a clause which the source denies: from this on, the claim is about the same
_CLAUSE_END = re.compile(
    r"[.;:!?,]\s|[。；：！？，、،؛؟।…\n]"
    r"|\b(?:mais|aber|sondern|pero|sino|ma|mas|maar|но|ale|ama|fakat|و?لكن)\b|लेकिन|परंतु|但|而是"
    r"|(?=\b(?:без|sin|sans|ohne|senza|sem|zonder|bez|uden|utan|بدون|دون)\b)",  # "without" denies what follows it alone
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:(?<!\bor\s)not(?!\s+only\b)|cannot|never|no(?!\.|\s+(?:later|longer|more|less|fewer|sooner)\s+than\b)|none|nor|neither|without|nothing|nobody|except"
    r"|unless|free\s+(?:of|from)|(?:\w+n['’]t|n['’]t))\b",
    re.IGNORECASE,
)
_DENYING = re.compile(
    r"\b(?:lacks?|lacking|fail(?:s|ed|ing)?|prohibit\w*|forbid\w*|forbade|exclud\w*|exclusion\w*|refus\w*|den(?:y|ies|ied)|prevent\w*|absence|absent|only"
    r"|rather|instead|free|hardly|rarely|(?<!\ba\s)(?:little|few)|stop\w*|avoid\w*|waiv\w*|exempt\w*)\b",
    re.IGNORECASE,
)
_PREFIXED = re.compile(r"\b(?:un|in|im|ir|il|dis|non-?)(\w{4,})\b", re.IGNORECASE)
_RESTRICTING = re.compile(r"\b(?:that|which|who)\s+(?:(?:is|are|was|were|has|have|had|been)\s+){1,2}not\s+(?:been\s+)?(\w+)", re.IGNORECASE)
_ALLOWED = re.compile(r"\b(?:can|may|could|might)\s+(?:be\s+)?(\w+)", re.IGNORECASE)
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+|[.;:!?]")
_DENIED_BEFORE = frozenset(("de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "pl", "cs", "ro", "ru", "el"))
"""Languages in which a negation stands before what it denies."""

_UNCOUNTED = FUNCTION_WORDS["en"] | {"done", "made", "make", "get", "able"}


@dataclass(frozen=True, slots=True)
class _Clause:
    """A part of a sentence: whether it is denied, its terms, and the terms that may stand for each of its content words."""

    is_denied: bool
    terms: frozenset[str]
    words: tuple[tuple[str, ...], ...]


def denies_otherwise(claim: str, source: str, language: str = "en") -> bool:
    """Whether one of two texts denies what the other says; what the source denies of things that the claim does not name does not count."""
    if language == "en":
        return _denies_in_english(claim, source)
    return _denies_by_clauses(claim, source, language)


def _denies_by_clauses(claim: str, source: str, language: str) -> bool:
    """The same where word order differs: the clause nearest to one that is denied must be denied too."""
    words = vocabulary(language)
    if words is None:
        return False
    stemmed_in = language if language in FUNCTION_WORDS else ""
    claimed, stated = (list(islice(_clauses(text, words, stemmed_in), MOST_CLAUSES)) for text in (claim, source))
    return (
        _is_said_undenied(claimed, stated, 0.0)
        or _is_said_undenied([each for each in stated if not _is_beside_the_point(each, claimed, stated)], claimed, MOST_OF_CLAUSE)
        or bool(words.denying_prefix and _differs_by_prefix(claim, source, words.denying_prefix))
    )


def _is_said_undenied(clauses: Sequence[_Clause], others: Sequence[_Clause], least: float) -> bool:
    for clause in clauses:
        if clause.is_denied and others:
            shares = [(_share(clause, other), other.is_denied) for other in others]
            share, is_denied = max(shares)
            if share >= least and not is_denied:
                return True
    return False


def _is_beside_the_point(denied: _Clause, claimed: Sequence[_Clause], stated: Sequence[_Clause]) -> bool:
    """Whether what a clause denies is near to a claim that another clause, which denies nothing, is nearer to."""
    nearest = max(claimed, key=lambda clause: _share(denied, clause), default=None)
    return nearest is not None and any(not each.is_denied and _share(nearest, each) > _share(nearest, denied) for each in stated)


def _share(clause: _Clause, other: _Clause) -> float:
    """The share of a clause's words that another has."""
    return sum(not other.terms.isdisjoint(alternatives) for alternatives in clause.words) / len(clause.words)


def _clauses(text: str, words: Vocabulary, language: str) -> Iterator[_Clause]:
    for part in _CLAUSE_END.split(words.not_denied.sub(" ", text)):
        if part.strip():
            is_denied = bool(words.negations.search(part)) != bool(words.denying.search(part))
            bare = words.denying.sub(" ", words.negations.sub(" ", part))
            if content := query_terms(bare, {language}):
                yield _Clause(is_denied, frozenset(indexed_terms(bare, language)[0]), tuple(content))


def _differs_by_prefix(claim: str, source: str, prefix: str) -> bool:
    """Whether one text has a word that the other has with the prefix that denies, and only so."""
    claimed, stated = (set(re.findall(r"\w+", text.casefold())) for text in (claim, source))
    return any(
        prefix + word in others and word not in others and prefix + word not in own
        for own, others in ((claimed, stated), (stated, claimed))
        for word in own
        if len(word) > 2
    )


def _denies_in_english(claim: str, source: str) -> bool:
    in_claim, in_source = denied_terms(claim), denied_terms(source)
    may_be = _terms(" ".join(_ALLOWED.findall(source))) & _terms(" ".join(_RESTRICTING.findall(claim)))
    in_claim = [terms for terms in in_claim if not terms & may_be]  # "what is not taken" where the source says "can be taken"
    by_source = [terms for terms in in_source if not in_claim or terms <= _terms(claim)]
    return _is_undenied(in_claim, in_source, source, claim) or _is_undenied(by_source, in_claim, claim, source)


def _is_undenied(denied: Sequence[set[str]], also_denied: Sequence[set[str]], text: str, other: str) -> bool:
    """Whether a text says what another denies, and does not deny it in other words."""
    said = _terms(text).difference(*also_denied)
    denied = [terms for terms in denied if terms & said and not any(terms & each for each in also_denied)]
    return any(not _denies_by_a_word(text, other, terms) for terms in denied)


def _denies_by_a_word(text: str, other: str, terms: set[str]) -> bool:
    """Whether a text has a denying word beside terms that the other has not: "prohibited", or "unpaid" where the other has "paid"."""
    near = " ".join(clause for clause in _CLAUSE_END.split(text) if not terms.isdisjoint(_terms(clause)))
    words = {match.group().casefold() for match in _DENYING.finditer(near)}
    if words - {match.group().casefold() for match in _DENYING.finditer(other)}:
        return True
    prefixed = (match[1] for match in _PREFIXED.finditer(near) if match.group().casefold() not in other.casefold())
    return not _terms(" ".join(prefixed)).isdisjoint(_terms(other))


def negations(language: str) -> re.Pattern[str]:
    """Finds what denies in a language."""
    words = vocabulary(language)
    return _NEGATION if language == "en" or words is None else words.negations


def place_of_denial(claim: str, source: str, language: str) -> tuple[int, int]:
    """The words of a claim that only one of two texts denies: its negation, or what the source denies; else all of it."""
    in_source = denied_terms(source, language)
    reaches = language == "en" or language in _DENIED_BEFORE
    for match in negations(language).finditer(claim):
        denied = set(indexed_terms(" ".join(_reached(claim, match.end(), language)), language)[0]) if reaches else set[str]()
        if not any(denied & terms for terms in in_source):
            return match.span()
    found = (
        word.span()
        for word in _WORD.finditer(claim)
        if any(not terms.isdisjoint(indexed_terms(word.group(), language)[0]) for terms in in_source)
    )
    return next(found, (0, len(claim)))


def denied_terms(text: str, language: str = "en") -> list[set[str]]:
    """For each negation, the stems of the words after it that it denies; none in languages that deny behind the word."""
    found = negations(language).finditer(text) if language == "en" or (vocabulary(language) and language in _DENIED_BEFORE) else ()
    reached = [" ".join(_reached(text, match.end(), language)) for match in found]
    return [_terms(words) if language == "en" else set(indexed_terms(words, language)[0]) for words in reached]


def _reached(text: str, start: int, language: str) -> Iterator[str]:
    uncounted = _UNCOUNTED if language == "en" else FUNCTION_WORDS[language]
    words = takewhile(lambda word: word[0].isalnum(), (match.group() for match in _WORD.finditer(text, start)))
    return islice((word for word in words if word.casefold() not in uncounted), REACH)


def _terms(text: str) -> set[str]:
    terms = indexed_terms(text, "en")[0]
    return {*terms, *map(verb_of, terms)}
