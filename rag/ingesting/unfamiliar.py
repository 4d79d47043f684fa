"""Are the documents in a language that the embedding model never learnt? Told by their words alone: no model is loaded for it."""

from collections import Counter
from collections.abc import Sequence

from rag.embedding.catalogue import find_listed
from rag.storing.index import Index
from rag.storing.model_choice import ModelChoice
from rag.text.languages import likely_language
from rag.types import ModelOffer

MOST_SAMPLED = 100  # documents that are looked at, spread over the library
CHUNKS_SAMPLED = 2  # of each, the first
LEAST_SHARE = 0.2  # of the documents looked at: fewer in other languages are no reason to change the model
MULTILINGUAL = "multilingual-e5-small"  # the smallest of the catalogue that was measured here


class Unfamiliar:
    """Looks at a library's documents again where they have changed."""

    def __init__(self, index: Index, choice: ModelChoice) -> None:
        self._index = index
        self._choice = choice
        self._last: tuple[tuple[str, ...], Counter[str]] = (), Counter()

    def offer(self, model: str) -> ModelOffer | None:
        """What to offer where documents are not in English and `model` knows nothing else; None where it was dismissed, or is under way."""
        listed = find_listed(model)
        if listed is None or listed.is_multilingual or self._choice.now.next or self._choice.now.is_dismissed:
            return None
        with self._index.guarded():
            records = list(self._index.records)
            sampled = tuple(records[:: -(-len(records) // MOST_SAMPLED) or 1])
            if sampled != self._last[0]:
                self._last = sampled, self._languages(sampled)
        languages = self._last[1]
        if not sampled or languages.total() < LEAST_SHARE * len(sampled):
            return None
        return ModelOffer(languages.total(), len(sampled), tuple(language for language, _ in languages.most_common()), MULTILINGUAL)

    def _languages(self, document_ids: Sequence[str]) -> Counter[str]:
        """How many of these documents are in each language but English, as far as that is known."""
        chunks = self._index.chunks((id_, ordinal) for id_ in document_ids for ordinal in range(CHUNKS_SAMPLED))
        texts = [" ".join(chunks[id_, n].text for n in range(CHUNKS_SAMPLED) if (id_, n) in chunks) for id_ in document_ids]
        return Counter(language for text in texts if (language := likely_language(text)) not in {"", "en"})
