"""A question about several documents, things or times -> its parts, by a rule: each is searched for itself.

"Is the deductible of Standard higher than that of Plus?" has two parts. What a question compares is found by how it is named: times, words
of documents' names, other names; and by what stands between them and asks to compare. Most questions with an "and" are left as they are.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product

from rag.retrieving.comparing_words import BETWEEN, CHANGE, COMPARE, LINK, NUMBERS, RANGE, THAN, UNSPACED, WEIGH, WITH
from rag.retrieving.follow_up import subject_words
from rag.retrieving.naming import CJK, FILLERS, WORD, NamedDocuments
from rag.types import QuestionPart

MOST_PARTS = 6
LONGEST_QUESTION = 400  # characters; a longer question says more than that it compares
MOST_SCOPE = 200  # documents that a part is limited to; a name that more have tells little

_YEAR = r"(?:(?:FY|GJ)\s?)?(?:19|20)\d\d(?:[/–]\d\d)?"
_HALF = r"(?:Q[1-4]|H[12])"
_TIME = re.compile(
    rf"(?<![^\W{CJK}])(?<![.,-])(?:{_HALF}[\s/]{{0,2}}(?:of |in )?)?{_YEAR}(?![\d.,]\d|-?\d|[^\W\d_s年년])|(?<!\w){_HALF}(?!\w)"
)
_WITHIN = re.compile(r"[\s'’`-]*|['’]s?\s+")  # between the words of one name: "Northwind's Standard"
_NO_NAME = re.compile(r"inc|ltd|llc|llp|corp|co|plc|gmbh|ag|sa|nv|bv|kg|spa|srl", re.IGNORECASE)  # what stands behind a company's name
_PLACES = "\ue000\ue001"  # stand for a name and for a time until all other words are dealt with
_LEFT_OVER = re.compile(r"\s+(?=[,.;:?!？。])|(?<=\s)['’]s?(?=\s)|(?:^|(?<=\s))[,;:/&-]+(?=\s|$)")
_OF = r"(?:\s+(?:of|von|de|di|der|des|the|los|las|les|i|le|os|as))*"
_COUNTED = re.compile(rf"(?<!\w)(?P<number>{'|'.join(NUMBERS)}){_OF}\s+(?P<kind>[^\W\d_]{{3,}})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A time or a name in a question, and the documents that have it in their names or titles."""

    start: int
    end: int
    text: str
    documents: frozenset[str]

    @property
    def is_time(self) -> bool:
        return bool(_TIME.fullmatch(self.text))


def parts_by_rule(question: str, documents: NamedDocuments) -> tuple[QuestionPart, ...]:
    """The parts of a question, at most `MOST_PARTS`; none where it asks about one thing."""
    if len(question) > LONGEST_QUESTION or not (COMPARE.search(question) or CHANGE.search(question) or LINK.search(question)):
        return ()
    return _Comparison(question, documents).parts() or _documents_of_a_kind(question, documents)


def hints_at_parts(question: str) -> bool:
    """Whether a question may have parts, so that it is worth asking a chat model."""
    return len(question) <= LONGEST_QUESTION and bool(COMPARE.search(question))


def limited(parts: Sequence[QuestionPart], documents: NamedDocuments) -> tuple[QuestionPart, ...]:
    """Parts that were made elsewhere, each with the documents that its name tells apart from the others'."""
    mentions = [_Mention(0, 0, part.name, documents.called(part.name) or documents.about(part.name)) for part in parts]
    if not _are_apart(mentions):
        return tuple(parts)
    return tuple(replace(part, documents=_few(each.documents)) for part, each in zip(parts, mentions, strict=True))


class _Comparison:
    """A question, read for what it compares."""

    def __init__(self, question: str, documents: NamedDocuments) -> None:
        self._question = question
        self._documents = documents
        self._compares = bool(COMPARE.search(question))
        self._weighs = self._compares or _has_small(WEIGH, question)
        self._has_cue = self._weighs or _has_small(CHANGE, question)

    def parts(self) -> tuple[QuestionPart, ...]:
        mentions = self._mentions(with_small_letters=False)
        all_times = [each for each in mentions if each.is_time]
        names = self._names([each for each in mentions if not each.is_time])
        if not names and self._has_cue:
            small = self._chain([each for each in self._mentions(with_small_letters=True) if not each.is_time and each.documents])
            articles = any(self._question[a.end : b.start].strip() == "a" for a, b in pairwise(small))
            names = small if _are_apart(small) and not articles else []
        times = self._chain(all_times)
        if not self._has_cue and not _are_apart(times):
            times = []
        ordered = sorted([*names, *all_times], key=lambda each: each.start)
        if len(names) == len(all_times) and self._has_cue and all(a.is_time != b.is_time for a, b in pairwise(ordered)):
            return self._of(zip(names, all_times, strict=True), [names, all_times], [])
        chains = [chain for chain in (names, times) if chain]
        others = [each for each in mentions if not any(each in chain for chain in chains)]
        while chains and len(list(product(*chains))) > MOST_PARTS:
            chains = chains[:1] if len(chains) > 1 else [chains[0][:MOST_PARTS]]
        return self._of(product(*chains), chains, others) if chains else ()

    def _of(
        self, chosen: Iterable[tuple[_Mention, ...]], chains: Sequence[Sequence[_Mention]], others: Sequence[_Mention]
    ) -> tuple[QuestionPart, ...]:
        parts = []
        for one in chosen:
            name = " ".join(each.text for each in one)
            parts.append(QuestionPart(name, self._query(chains, one) or name, self._scope([*one, *others])))
        return tuple(parts)

    def _scope(self, mentions: Sequence[_Mention]) -> tuple[str, ...]:
        """The documents that a part is limited to: those of its names and, where some of these have it, of its time.

        A time alone limits it only where most documents are called by one.
        """
        chosen = frozenset[str]()
        for each in sorted(mentions, key=lambda each: each.is_time):
            if chosen or not each.is_time or self._documents.are_dated:
                chosen = chosen & each.documents or chosen or each.documents
        return _few(chosen)

    def _mentions(self, *, with_small_letters: bool) -> list[_Mention]:
        """Times and names in order; a name is a run of words with capitals or digits, or of words of documents' names."""
        found = [self._mention(*match.span()) for match in _TIME.finditer(self._question)]
        times, run = list(found), list[re.Match[str]]()
        for word in [*WORD.finditer(self._question), None]:
            if word and any(each.start < word.end() and word.start() < each.end for each in times):
                continue
            is_name = word is not None and self._is_name(word, with_small_letters=with_small_letters)
            if run and not (is_name and word and _WITHIN.fullmatch(self._question, run[-1].end(), word.start())):
                found.append(self._mention(run[0].start(), run[-1].end()))
                run = []
            run += [word] if word and is_name else []
        if len(found) - len(times) < 2 and (match := next(filter(None, (each.search(self._question) for each in UNSPACED)), None)):
            found = [*times, self._mention(*match.span("a")), self._mention(*match.span("b"))]
        return sorted(found, key=lambda each: each.start)

    def _mention(self, start: int, end: int) -> _Mention:
        text = self._question[start:end]
        documents = self._documents.called(text)
        if not documents and self._has_cue and text.lower() != text:
            documents = self._documents.about(text)
        return _Mention(start, end, text, documents)

    def _is_name(self, word: re.Match[str], *, with_small_letters: bool) -> bool:
        text = word[0]
        if COMPARE.fullmatch(text) or _NO_NAME.fullmatch(text) or text.casefold() in NUMBERS or not any(map(str.isalpha, text)):
            return False
        if text[0].isdigit() or any(char.isupper() for char in text[1:]):
            return True
        if text[0].isupper() and len(text) > 1:
            is_first = not WORD.search(self._question[: word.start()])
            return bool(self._documents.called(text)) if is_first else text.casefold() not in FILLERS
        has_capitals = text.lower() != text.upper()
        return (with_small_letters or not has_capitals) and bool(self._documents.called(text))

    def _names(self, mentions: Sequence[_Mention]) -> list[_Mention]:
        """What is compared by name: names of different documents; where the question says that it compares, any names that are linked."""
        if _are_apart(chain := self._chain([each for each in mentions if each.documents])):
            return chain
        called = [each for each in mentions if self._documents.called(each.text)]
        narrow = [each for each in called if not any(other.documents < each.documents for other in called)]
        loose = [*{each.documents: each for each in reversed(narrow)}.values()][::-1]
        if self._weighs and _are_apart(loose):
            return loose
        return self._chain(mentions) if self._compares else []

    def _chain(self, mentions: Sequence[_Mention]) -> list[_Mention]:
        """The longest run of mentions that are linked to each other; of equals, the last. None has the name of another."""
        runs = [list(mentions[:1])]
        for before, each in pairwise(mentions):
            if self._are_linked(before, each):
                runs[-1].append(each)
            else:
                runs.append([each])
        pairs = [run for run in runs if len(run) > 1]
        opened = [run for run in pairs if _last_word(self._question[: run[0].start], BETWEEN)] if self._compares else []
        longest = max(reversed(opened or pairs), key=len, default=[])
        is_two_stretches = len(longest) > 2 and any(RANGE.search(self._question[a.end : b.start]) for a, b in pairwise(longest))
        if is_two_stretches:
            return []
        return [each for n, each in enumerate(longest) if each.text not in {other.text for other in longest[:n]}]

    def _are_linked(self, before: _Mention, after: _Mention) -> bool:
        """Whether two names are members of one list, or weighed: "Did one have more of it than the other?"."""
        is_weighed = self._weighs and bool(before.documents and after.documents)
        between = self._question[before.end : after.start]
        return self._are_joined(before, after) or (is_weighed and _last_word(between, THAN) is not None)

    def _are_joined(self, before: _Mention, after: _Mention) -> bool:
        """Whether nothing but a link stands between two names: "and", "higher than in", "'s and"; of a stretch only where it is weighed."""
        between = self._question[before.end : after.start]
        if re.search(r"[.?!;]\s", between):
            return False
        if not before.is_time and RANGE.search(between) and between.strip() != "a" and not COMPARE.search(between):
            return False  # "from Monday to Friday"; "a" is "and" in Czech
        if not self._has_cue and (RANGE.search(between) or _last_word(self._question[: before.start], BETWEEN)):
            return False
        rest = COMPARE.sub(" ", CHANGE.sub(" ", between))
        is_weighed = rest != between and (before.is_time or bool(before.documents and after.documents))
        is_link = is_weighed or bool(LINK.search(between)) or (self._compares and bool(WITH.search(between)))
        return is_link and all(word.casefold() in FILLERS for word in WORD.findall(LINK.sub(" ", WITH.sub(" ", rest))))

    def _query(self, chains: Sequence[Sequence[_Mention]], chosen: Sequence[_Mention]) -> str:
        """The question about one of what it compares: that one in the place of the first, without the others and what asks to compare.

        "" where that leaves nothing but names.
        """
        cuts = list[tuple[int, int, str]]()
        for chain, name in zip(chains, _PLACES, strict=False):
            if all(self._are_joined(*pair) for pair in pairwise(chain)):
                cuts.append((chain[0].start, chain[-1].end, name))
            else:
                cuts += [(each.start, each.end, "" if n else name) for n, each in enumerate(chain)]
        text = self._question
        for start, end, words in sorted(cuts, reverse=True):
            before = text[:start]
            if opener := _last_word(before, BETWEEN if words else LINK):
                before = before[: opener.start()]
            text = f"{before}{words}{text[end:]}"
        text = _cleaned(text)
        if not subject_words(text.translate(dict.fromkeys(map(ord, _PLACES), " "))):
            return ""
        for name, one in zip(_PLACES, chosen, strict=False):
            text = text.replace(name, one.text)
        return text


def _are_apart(mentions: Sequence[_Mention]) -> bool:
    """Whether at least two mentions name documents, and no two the same one."""
    return len(mentions) > 1 and all(a.documents and b.documents and not a.documents & b.documents for a, b in combinations(mentions, 2))


def _few(documents: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(documents)) if len(documents) <= MOST_SCOPE else ()


def _has_small(pattern: re.Pattern[str], question: str) -> bool:
    """Whether a question has such a word that is no name: "Plus" is a plan."""
    return any(not match.start() or not match[0][0].isupper() for match in pattern.finditer(question))


def _last_word(text: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """A match of the pattern that a text ends with."""
    return next((match for match in pattern.finditer(text) if match.end() == len(text.rstrip())), None)


def _cleaned(text: str) -> str:
    """A question without what asks to compare, and what that leaves behind."""
    text = WEIGH.sub(lambda match: match[0] if match[0][0].isupper() else " ", COMPARE.sub(" ", text))
    text = " ".join(BETWEEN.sub(" ", text).split())
    return " ".join(_LEFT_OVER.sub("", text).split())


def _documents_of_a_kind(question: str, documents: NamedDocuments) -> tuple[QuestionPart, ...]:
    """A part for each document where a question compares "the three contracts" and there are so many."""
    counted = _COUNTED.search(question)
    if not counted or not (COMPARE.search(question) or CHANGE.search(question)):
        return ()
    number, kind = NUMBERS[counted["number"].casefold()], counted["kind"].casefold()
    meant = [record for record in documents.records if kind[: max(4, len(kind) - 2)] in documents.labels[record.id]]
    meant = meant if len(meant) == number else list(documents.records)
    text = " ".join(subject_words(_cleaned(question[: counted.start()] + question[counted.end() :]))) or question
    return tuple(QuestionPart(record.name, text, (record.id,)) for record in meant) if len(meant) == number else ()
