"""Where a claim says something else than words that it shares most others with: how many, when, whether, who did what to whom."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from rag.text.languages import FUNCTION_WORDS
from rag.text.sentences import sentence_spans
from rag.text.terms import indexed_terms, query_terms
from rag.types import Gap
from rag.verifying.names import NOT_NAMES
from rag.verifying.negation import negations
from rag.verifying.numbers import equals_any, numbers_in
from rag.verifying.vocabulary import LETTER, Contrasts, contrasts, vocabulary

REACH = 3  # content words beside "all" or "before" that must be the same in both texts
LEAST_BEGINNING = 5  # letters
MOST_OF_CLAIM = 0.5  # of a claim's words, the share that a sentence must have to be about the same
MOST_OF_CONDITION = 0.6  # of a condition's words, the share that a claim must have to name it
LEAST_ASIDE = 3  # content words of a clause that says something of its own
LONGEST_GAP = 12  # characters between a verb and the "by" that belongs to it
MOST_OF_STATEMENT = 0.7  # share of a claim's other words that a source must have to say the opposite by one word
ALL_BUT_ONE = 0.75  # share of a claim's words that a source must have for their order to tell who did what to whom
_WORD = re.compile(rf"{LETTER}+(?:['’.-]{LETTER}+)*")
_CLAUSE_END = re.compile(r"[.;:!?,](?=\s|$)|[。；：！？，、،؛؟।…\n]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_SUBJECT_FIRST = frozenset(("en", "fr", "es", "it", "pt", "nl"))
"""Languages in which the one who acts stands before the verb."""

_NO_VERB_AFTER = re.compile(
    r"(?:\b(?:the|a|an|of|in|to|for|and|or|de|du|des|la|le|les|el|los|un|una|une|il|lo|di|o|os|het|een|van|y|et|e|en)|['’]s)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A claim with the words of a source, in one language."""

    claim: str
    source: str
    language: str
    words: Contrasts


def contrasting(claim: str, source: str, language: str) -> list[Gap]:
    """Find each place at which a claim says something else than a source that is about the same."""
    words = contrasts(language)
    if words is None or not claim.strip() or not source.strip():
        return []
    pair = _Pair(claim, source, language, words)
    return [gap for found in _KINDS for gap in found(pair)]


def _quantities(pair: _Pair) -> Iterator[Gap]:
    """Find "all" where the source has "some" of the same, and "only" where it has none."""
    words = pair.words
    for match in words.every.finditer(pair.claim):
        for other in words.some.finditer(pair.source):
            if _is_about_same(pair, match, other) and not words.some.search(pair.claim):
                yield Gap(match.start(), match.end(), "quantity", is_contradicted=True, stated=other.group())
                break
    for match in words.only.finditer(pair.claim):
        if not (words.only.search(pair.source) or words.conditions.search(pair.source)):
            yield Gap(match.start(), match.end(), "quantity")


def _bounds(pair: _Pair) -> Iterator[Gap]:
    """Find "at least" before a number before which the source has "up to", and the other way round."""
    stated = numbers_in(pair.source, pair.language)
    for number in numbers_in(pair.claim, pair.language):
        is_most, match = pair.words.bound(pair.claim, number.start)
        if match:
            bounds = [pair.words.bound(pair.source, each.start) for each in stated if equals_any(number, [each])]
            others = [other.group() for was_most, other in bounds if other and was_most != is_most]
            if others and len(others) == len(bounds):
                yield Gap(*match.span(), "quantity", is_contradicted=True, stated=others[0])


def _orders(pair: _Pair) -> Iterator[Gap]:
    """Find "before" a thing after which the source has it, and the other way round."""
    for mine, theirs in ((pair.words.before, pair.words.after), (pair.words.after, pair.words.before)):
        for match in mine.finditer(pair.claim):
            if any(_is_about_same(pair, match, same) for same in mine.finditer(pair.source)):
                continue
            others = (other for other in theirs.finditer(pair.source) if _is_about_same(pair, match, other))
            other = next((other for other in others if not _is_of_another(pair, match, other)), None)
            if other:
                yield Gap(match.start(), match.end(), "order", is_contradicted=True, stated=other.group())


def _is_of_another(pair: _Pair, match: re.Match[str], other: re.Match[str]) -> bool:
    """Whether what a claim has "after" a time is in another clause of the source than what that has "until" it."""
    begun = pair.claim[: match.start()].rstrip()
    before = _ordered(begun[_clause_start(begun, len(begun)) :], pair.language)
    if not before:
        return False
    stop = _CLAUSE_END.search(pair.source, other.end())
    clause = pair.source[_clause_start(pair.source, other.start()) : stop.start() if stop else None]
    return before[-1][0] not in _terms(clause, pair.language) and before[-1][0] in _terms(pair.source, pair.language)


def _clause_start(text: str, place: int) -> int:
    return max((each.end() for each in _CLAUSE_END.finditer(text, 0, place)), default=0)


def _plans(pair: _Pair) -> Iterator[Gap]:
    """What is only planned, or perhaps so, in the source, and said without that."""
    words = pair.words
    if words.plans.search(pair.claim) or words.assured.search(pair.claim):
        return
    claimed = _terms(pair.claim, pair.language)
    for match in words.plans.finditer(pair.source):
        said = _beside(pair, pair.source, match, is_after=True) | (
            _beside(pair, pair.source, match, is_after=False) if _is_verb_before(pair) else set()
        )
        if _have_in_common(said, claimed) and _is_in_nearest(pair, match.start()):
            yield Gap(*_place_of(pair, said), "plan", stated=match.group())
            return


def _conditions(pair: _Pair) -> Iterator[Gap]:
    """A condition that the source makes in the sentence that is nearest to the claim."""
    words = pair.words
    if words.conditions.search(pair.claim):
        return
    start, end = _nearest_sentence(pair)
    for match in words.conditions.finditer(pair.source, start, end):
        clause = _clause_around(pair, match, start, end)
        wanted = _content(clause.replace(match.group(), " ", 1), pair.language)
        claimed = _terms(pair.claim, pair.language)
        if wanted and sum(not claimed.isdisjoint(each) for each in wanted) < MOST_OF_CONDITION * len(wanted):
            yield Gap(0, len(pair.claim), "condition", stated=" ".join(clause.split()))
            return


def _reports(pair: _Pair) -> Iterator[Gap]:
    """What the source only reports as a claim, or calls false."""
    words = pair.words
    if words.reports.search(pair.claim):
        return
    start, end = _nearest_sentence(pair)
    for match in words.reports.finditer(pair.source, start, end):
        if _is_aside(pair, match, start, end):
            continue
        yield Gap(0, len(pair.claim), "report", is_contradicted=True, stated=match.group())
        return


def _is_aside(pair: _Pair, match: re.Match[str], start: int, end: int) -> bool:
    """Whether a word stands in a clause, within commas or behind one, that says little of what the claim says."""
    begin = max(start, _clause_start(pair.source, match.start()))
    stop = _CLAUSE_END.search(pair.source, match.end(), end)
    clause = pair.source[begin : match.start()] + pair.source[match.end() : stop.start() if stop else end]
    said, claimed = _content(clause, pair.language), _terms(pair.claim, pair.language)
    return begin > start and len(said) >= LEAST_ASIDE and sum(not claimed.isdisjoint(each) for each in said) < MOST_OF_CLAIM * len(said)


def _opposites(pair: _Pair) -> Iterator[Gap]:
    """A word where the source has its opposite instead."""
    for match, stated in _opposed(pair):
        rest = _content(pair.claim.replace(match.group(), " ", 1), pair.language)
        there = _terms(pair.source, pair.language)
        if sum(not there.isdisjoint(each) for each in rest) < MOST_OF_STATEMENT * len(rest):  # "dry at low water", "covered at high water"
            continue
        if _is_denied(pair.claim, match, pair.language) == _is_denied(pair.source, stated, pair.language):
            yield Gap(match.start(), match.end(), "opposite", is_contradicted=True, stated=stated.group())


def agreeing_words(claim: str, source: str, language: str) -> list[tuple[int, int]]:
    """The words of a claim that a source says by others: "forbidden" where it has "not allowed", "rose" where it has "increased"."""
    found = []
    for match, mine, theirs in _with_opposites(claim, language):
        own = mine.search(source)
        stated = own or theirs.search(source)
        if stated and (_is_denied(claim, match, language) == _is_denied(source, stated, language)) == bool(own):
            found.append(match.span())
    return found


def _opposed(pair: _Pair) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    for match, mine, theirs in _with_opposites(pair.claim, pair.language):
        if not mine.search(pair.source) and (stated := theirs.search(pair.source)):
            yield match, stated


@lru_cache(256)
def _with_opposites(claim: str, language: str) -> list[tuple[re.Match[str], re.Pattern[str], re.Pattern[str]]]:
    """The words of a claim that have opposites, with the patterns of both; no word whose opposite is there too."""
    words, small = contrasts(language), claim.lower()
    if words is None:
        return []
    starts = range(len(small)) if _UNSPACED.search(small) else [match.start() for match in _WORD.finditer(small)]
    begun = {small[at : at + size] for at in starts for size in (1, 2)}
    likely = [pair for pair, letters in zip(words.opposites, words.begun, strict=True) if not begun.isdisjoint(letters)]
    found = [(_first(one, claim, starts), one, _first(other, claim, starts), other) for one, other in likely]
    return [
        *((first, one, other) for first, one, second, other in found if first and not second),
        *((second, other, one) for first, one, second, other in found if second and not first),
    ]


def _first(pattern: re.Pattern[str], text: str, starts: Sequence[int]) -> re.Match[str] | None:
    return next(filter(None, (pattern.match(text, start) for start in starts)), None)


def _is_denied(text: str, match: re.Match[str], language: str) -> bool:
    """Whether a clause denies a word of it."""
    known = vocabulary(language)
    stop = _CLAUSE_END.search(text, match.end())
    clause = text[_clause_start(text, match.start()) : stop.start() if stop else len(text)]
    return bool(negations(language).search(known.not_denied.sub(" ", clause))) if known else False


def _roles(pair: _Pair) -> Iterator[Gap]:
    """Who did what to whom: what stands before a verb in the claim stands after it in the source, and the other way round."""
    if pair.language not in _SUBJECT_FIRST:
        return
    start, end = _nearest_sentence(pair)
    mine, theirs = (
        [each for each in _ordered(text, pair.language) if each[1].group().casefold() not in NOT_NAMES]
        for text in (pair.claim, pair.source[start:end])
    )
    places = {term: place for term, _, place in reversed(theirs)}
    shared = [(term, match) for term, match, _ in mine if term in places]
    if len(shared) < 3 or len(shared) < ALL_BUT_ONE * len(mine):
        return
    sentence = pair.source[start:end]
    for verb, match in shared[1:-1]:
        stated = next(each for term, each, _ in theirs if term == verb)
        before, after = (
            [places[t] for t, m in shared if m.start() < match.start()],
            [places[t] for t, m in shared if m.start() > match.start()],
        )
        is_swapped, is_kept = max(after) < places[verb] < min(before), min(after) > places[verb] > max(before)
        voices = _voice(pair, pair.claim, match), _voice(pair, sentence, stated)
        is_other = is_swapped if voices[0] == voices[1] else is_kept
        if (
            is_other
            and None not in voices
            and match.group().casefold() == stated.group().casefold()
            and not _is_noun(pair, match, stated, sentence)
        ):
            yield Gap(match.start(), match.end(), "role", is_contradicted=True, stated=" ".join(sentence.split()))
            return


def _voice(pair: _Pair, text: str, verb: re.Match[str]) -> bool | None:
    """Whether the one who acts stands behind a verb; None where nobody is said to act."""
    found = pair.words.passive.search(text, verb.end(), verb.end() + LONGEST_GAP)
    is_by = found is not None and _WORD.search(text, verb.end(), found.start()) is None
    has_auxiliary = bool(pair.words.auxiliaries.search(text[max(0, verb.start() - LONGEST_GAP) : verb.start()]))
    return is_by if is_by == has_auxiliary else None


def _is_noun(pair: _Pair, match: re.Match[str], stated: re.Match[str], sentence: str) -> bool:
    return bool(_NO_VERB_AFTER.search(pair.claim, 0, match.start()) or _NO_VERB_AFTER.search(sentence, 0, stated.start()))


_KINDS: tuple[Callable[[_Pair], Iterator[Gap]], ...] = (_quantities, _bounds, _orders, _plans, _conditions, _reports, _opposites, _roles)


def _have_in_common(some: set[str], others: set[str]) -> bool:
    """Whether two sets of stems share one, or a beginning: a verb's forms may differ where no stemmer knows the language."""
    if some & others:
        return True
    begun = {term[:LEAST_BEGINNING] for term in others if len(term) >= LEAST_BEGINNING}
    return any(term[:LEAST_BEGINNING] in begun for term in some if len(term) >= LEAST_BEGINNING)


def _is_about_same(pair: _Pair, match: re.Match[str], other: re.Match[str]) -> bool:
    """Whether what follows two words, or stands before them where a language has it so, has a word in common."""
    for is_after in (True, False) if _is_verb_before(pair) else (True,):
        if _beside(pair, pair.claim, match, is_after=is_after) & _beside(pair, pair.source, other, is_after=is_after):
            return True
    return False


def _is_verb_before(pair: _Pair) -> bool:
    return pair.language in {"ja", "hi", "zh", "tr", "de", "nl"}


def _beside(pair: _Pair, text: str, match: re.Match[str], *, is_after: bool) -> set[str]:
    """The terms of the content words next to a word."""
    if is_after:
        part = text[match.end() : match.end() + 80]
        part = part[: stop.start()] if (stop := _CLAUSE_END.search(part)) and stop.start() > 1 else part
    else:
        part = text[max(0, match.start() - 80) : match.start()]
        part = part[stops[-1].end() :] if (stops := list(_CLAUSE_END.finditer(part))) else part
    if _UNSPACED.search(part):
        return _terms(part[: 2 * REACH + 2] if is_after else part[-2 * REACH - 2 :], pair.language)
    ignored = FUNCTION_WORDS.get(pair.language, frozenset())
    words = [word.group() for word in _WORD.finditer(part) if word.group().casefold() not in ignored]
    return _terms(" ".join(words[:REACH] if is_after else words[-REACH:]), pair.language)


def _nearest_sentence(pair: _Pair) -> tuple[int, int]:
    """The sentence of the source that has most of the claim's words; an empty stretch where none has enough."""
    wanted = _content(pair.claim, pair.language)
    best, place = 0, (0, 0)
    for start, end in islice(sentence_spans(pair.source), 12):
        there = _terms(pair.source[start:end], pair.language)
        count = sum(not there.isdisjoint(each) for each in wanted)
        if count > best:
            best, place = count, (start, end)
    return place if best >= MOST_OF_CLAIM * len(wanted) else (0, 0)


def _is_in_nearest(pair: _Pair, place: int) -> bool:
    start, end = _nearest_sentence(pair)
    return start <= place < end


def _clause_around(pair: _Pair, match: re.Match[str], start: int, end: int) -> str:
    """The words of a condition: behind "if" up to the clause's end; before it where a language has it at the end."""
    stop = _CLAUSE_END.search(pair.source, match.end(), end)
    after = pair.source[match.start() : stop.start() if stop else end]
    if pair.language in {"ja", "hi", "zh"} and len(after.strip()) <= len(match.group()) + 1:
        begun = [each.end() for each in _CLAUSE_END.finditer(pair.source, start, match.start())]
        return pair.source[begun[-1] if begun else start : match.end()]
    return after


def _place_of(pair: _Pair, terms: set[str]) -> tuple[int, int]:
    for term, match, _ in _ordered(pair.claim, pair.language):
        if term in terms:
            return match.span()
    return 0, len(pair.claim)


def _ordered(text: str, language: str) -> list[tuple[str, re.Match[str], int]]:
    """The stems of a text's content words, each with its place."""
    ignored = FUNCTION_WORDS.get(language, frozenset())
    found = []
    for match in _WORD.finditer(text):
        if match.group().casefold() not in ignored and (
            terms := indexed_terms(match.group(), language if language in FUNCTION_WORDS else "")[0]
        ):
            found.append((terms[-1], match, match.start()))
    return found


def _content(text: str, language: str) -> list[tuple[str, ...]]:
    return query_terms(text, {language if language in FUNCTION_WORDS else ""})


def _terms(text: str, language: str) -> set[str]:
    return set(indexed_terms(text, language if language in FUNCTION_WORDS else "")[0])
