"""Conditions on documents -> the ids of those that meet them, so that nothing after this looks at filters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.errors import NothingMatchesError
from rag.filters import Filters, described
from rag.retrieving.search import SearchRequest
from rag.storing.index import Index

Where = Filters | Mapping[str, Any]


def limited(request: SearchRequest, where: Where | None, index: Index) -> SearchRequest:
    """The request with the ids of its documents that meet `where`; `NothingMatchesError` where none does."""
    filters = Filters.of(where)
    documents = limited_documents(request.documents, filters, index)
    return replace(request, reads_question=filters.reads_question, documents=documents)


def limited_documents(documents: Sequence[str] | None, where: Where | None, index: Index) -> tuple[str, ...] | None:
    """The ids of these documents, or of all, that meet `where`; as they are named where it says nothing."""
    filters = Filters.of(where)
    if not filters:
        return None if documents is None else tuple(documents)
    there = index.documents(documents)
    named = {record.id for record in index.documents(filters.documents or None)}
    found = [record for record in filters.matching(there) if record.id in named]
    if there and not found:
        asked = ", ".join(f"{name} {value}" for name, value in filters.words())
        raise NothingMatchesError(f"No document matches: {asked}. {described(there)}")
    return tuple(record.id for record in found)
