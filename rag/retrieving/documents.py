"""Which documents a question names, by what they are and are about."""

from collections.abc import Mapping, Sequence

NAMED = 1.0  # nats from which a document is named by a question
BESIDE = 0.5  # nats: documents that are named less than the best by no more than this are looked into, too
MOST_NAMED = 12  # documents looked into


def named_most(documents: Mapping[str, float]) -> Sequence[str]:
    """The ids of the documents that are named most, best first: their best chunks are ranked, whatever others have."""
    best = max(documents.values(), default=0.0)
    named = sorted((id_ for id_, score in documents.items() if score >= max(NAMED, best - BESIDE)), key=lambda id_: (-documents[id_], id_))
    return named if len(named) <= MOST_NAMED else []
