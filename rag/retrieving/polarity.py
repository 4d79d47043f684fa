"""Whether a text says the opposite of what a question looks for: dishes "free of milk" where it asks which contain milk."""

import re
from collections import Counter
from functools import lru_cache

from rag.text.terms import indexed_terms
from rag.verifying.negation import denied_terms

_CHOOSES = re.compile(
    r"\b(?:which|who|whom|whose|welche\w?|wer|wen|wem|wessen|(?:les)?quel(?:le)?s?|qui|cuál(?:es)?|quiénes|quién|quali|quale|chi"
    r"|quais|qual|quem|welke?|vilk[ea]n?|vilket|hvilke[nt]?|vem|hvem|któr\w+|jaki\w*|kto|kter\w+|kdo|care|cine|как(?:ой|ая|ое|ие|их)"
    r"|котор\w+|кто|ποι\w+)\b",
    re.IGNORECASE,
)
"""What asks for things of a kind. Of a question that is answered by yes or no, the opposite is an answer."""


def chooses(question: str) -> bool:
    """Whether a question asks which things are so, or who is."""
    return bool(_CHOOSES.search(question))


def agreement(question: str, text: str, language: str) -> int:
    """-1 where one of the two denies a word that the other says undenied, 1 where both deny one, else 0."""
    denied = _denied(question, language), _denied(text, language)
    if not any(denied):
        return 0
    counts = [Counter(indexed_terms(each, language)[0]) - own for each, own in zip((question, text), denied, strict=True)]
    (asked, said), (not_asked, not_said) = map(set, counts), map(set, denied)
    if asked & (not_said - said) or said & (not_asked - asked):
        return -1
    return int(not not_asked.isdisjoint(not_said))


@lru_cache(maxsize=8)  # of the question, which is compared with one text after another
def _denied(text: str, language: str) -> Counter[str]:
    return Counter(term for terms in denied_terms(text, language) for term in terms)
