"""Which documents a name means: those that are called by it, or are about what it names."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from rag.retrieving.documents import BESIDE, NAMED
from rag.text.languages import FUNCTION_WORDS
from rag.types import DocumentRecord

CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
WORD = re.compile(rf"[^\W_{CJK}]+(?:[.&+-][^\W_{CJK}]+)*|[{CJK}]+")
FILLERS = frozenset(word for words in FUNCTION_WORDS.values() for word in words).union("sdl", "年") - {"plus"}
"""Words that name nothing, in any language; "plus" is more often a product than the French word."""

_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

Naming = Callable[[str], Mapping[str, float]]
"""A name -> how far it names each document by what it is and is about, in nats."""


class NamedDocuments:
    """The documents to search, and which of them a name means."""

    def __init__(self, records: Sequence[DocumentRecord], naming: Naming = lambda _: {}) -> None:
        self.records = records
        self._naming = naming

    @cached_property
    def labels(self) -> dict[str, str]:
        """What documents are called: their names and titles, in small letters, by id."""
        return {record.id: f"{record.name} {record.title}".casefold() for record in self.records}

    @cached_property
    def are_dated(self) -> bool:
        """Whether most of them are called by a year."""
        return 2 * sum(bool(_YEARS.search(label)) for label in self.labels.values()) > len(self.labels)

    def called(self, name: str) -> frozenset[str]:
        """The documents that are called by most of a name's words; none where no name has them, or all have."""
        hits = Counter[str]()
        for word in {*WORD.findall(name), *re.findall(r"\d{4}", name)}:
            small = word.casefold()
            whole = re.compile(rf"(?<!\d){small}(?!\d)" if small.isdigit() else rf"(?<![^\W\d_]){re.escape(small)}(?![^\W\d_])")
            having = [id_ for id_, label in self.labels.items() if small in label and whole.search(label)] if small not in FILLERS else []
            hits.update(having if len(having) < len(self.labels) else ())
        most = max(hits.values(), default=0)
        return frozenset(id_ for id_, count in hits.items() if count == most) if most else frozenset()

    def about(self, name: str) -> frozenset[str]:
        """The documents that a name means by what they are about; none where that is all."""
        scores = {id_: score for id_, score in self._naming(name).items() if id_ in self.labels}
        best = max(scores.values(), default=0.0)
        found = frozenset(id_ for id_, score in scores.items() if score >= max(NAMED, best - BESIDE))
        return found if len(found) < len(self.labels) else frozenset()
