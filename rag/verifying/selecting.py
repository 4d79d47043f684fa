"""Claims and passages -> the few sentences of the passages that a model should read for each claim."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from rag.text.languages import language_of
from rag.text.sentences import sentence_spans
from rag.text.terms import indexed_terms, query_terms
from rag.types import Passage
from rag.verifying.matching import MOST_SENTENCES
from rag.verifying.model import Evidence
from rag.verifying.protocol import Claim, Support

MOST_EVIDENCE = 4  # sentences
MOST_CHARACTERS = 700  # of them: about what such models were trained on
Sentence = tuple[int, int, int]
"""Index of the passage, start and end in its text."""


def evidence_for(claim: Claim, supports: Sequence[Support], passages: Sequence[Passage]) -> Evidence:
    """What a model reads for a claim: of the passages of its supports, the words that they rest on and the sentences with the rest of it.

    Each sentence is the one that has most of the claim's words that those before it lack.
    """
    lines = dict[Sentence, frozenset[str]]()
    for support in supports:
        text = passages[support.index].text
        lines |= {(support.index, start, end): terms for start, end, terms in _sentences(text)}
    chosen = [line for line in lines for support in supports[:1] if _touches(line, support)][:2]
    languages = {language_of(passages[support.index].text) for support in supports}
    wanted = [frozenset(each) for each in query_terms(claim.text, languages)]
    lacking = [word for word in wanted if all(word.isdisjoint(lines[line]) for line in chosen)]
    while len(chosen) < MOST_EVIDENCE and lacking and (rest := [line for line in lines if line not in chosen]):
        best = max(rest, key=lambda line: sum(not word.isdisjoint(lines[line]) for word in lacking))
        left = [word for word in lacking if word.isdisjoint(lines[best])]
        if len(left) == len(lacking):
            break
        chosen, lacking = [*chosen, best], left
    return Evidence(claim.text, _heading(passages[supports[0].index]), " ".join(_texts(sorted(chosen), passages))[:MOST_CHARACTERS])


def _texts(lines: Iterable[Sentence], passages: Sequence[Passage]) -> Iterable[str]:
    for index, start, end in lines:
        yield " ".join(passages[index].text[start:end].split())


def _touches(line: Sentence, support: Support) -> bool:
    return line[0] == support.index and line[1] < support.end and support.start < line[2]


def _heading(passage: Passage) -> str:
    return " > ".join(part for part in (Path(passage.document).stem.replace("_", " "), passage.heading) if part)


@lru_cache(256)
def _sentences(text: str) -> list[tuple[int, int, frozenset[str]]]:
    language = language_of(text)
    spans = sentence_spans(text)[:MOST_SENTENCES]
    return [(start, end, frozenset(indexed_terms(text[start:end], language)[0])) for start, end in spans]
