"""Questions about whole documents: an outline or a list without a chat model, a summary of all parts with one."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter

from rag.answering.growing import answer_by_model
from rag.answering.listing import Listing, find_all
from rag.answering.mapping import answer_from_parts, windows
from rag.answering.meant import Meant, meant
from rag.answering.notices import (
    CONNECT,
    ENTRIES,
    FIRST_ENTRIES,
    FIRST_PLACES,
    OUTLINE,
    OVERVIEW,
    OVERVIEW_OF_SOME,
    PARTLY_READ,
    PLACES,
    in_language,
)
from rag.answering.outline import Line, document_lines, opening_line, quoted_lines
from rag.answering.question import RetrievedQuestion
from rag.answering.sections import Block, Piece, blocks
from rag.embedding.protocol import Embeddings
from rag.endpoints.chat.model import ChatModel
from rag.retrieving.search import SearchRequest
from rag.settings import Settings
from rag.storing.index import Index
from rag.storing.protocol import READ_BATCH
from rag.text.whole_questions import whole_question
from rag.types import Answer, Chunk, ChunkKey, DocumentRecord, Passage
from rag.verifying.protocol import Verifier

MOST_DOCUMENTS = 8  # in an overview of several
MOST_CHUNKS = 6_000  # read for one question, about 1,800 pages; of more, stretches from all over the documents
STRETCH = 8  # chunks that follow each other
MOST_SEARCHED = 20  # documents searched for a list, at most
OPENING = 2  # chunks from the beginning of each of several documents


@dataclass(frozen=True, slots=True)
class WholeText:
    """What is asked about whole documents, with the text that was read of them.

    `lines` are those of the answer without a chat model. `share` is how much of all the text was read, in (0, 1],
    and `began` is `time.monotonic()` when it was asked.
    """

    meant: Meant
    documents: tuple[tuple[Block, ...], ...]
    listing: Listing | None
    lines: tuple[Line, ...]
    share: float
    began: float


class WholeDocuments:
    """Answers questions about whole documents."""

    def __init__(self, index: Index, verifier: Verifier, chat_model: ChatModel | None, settings: Settings) -> None:
        self._index = index
        self._verifier = verifier
        self._chat_model = chat_model
        self._settings = settings

    def read(self, request: SearchRequest) -> WholeText | None:
        """The documents that a request asks about as a whole; None where it is not such a question, or a sentence answers it better."""
        began = time.monotonic()
        asked = whole_question(request.question)
        if asked is None:
            return None
        with self._index.guarded():
            records = self._records(request)
            what = meant(asked, records, is_follow_up=bool(request.history))
            if what is None:
                return None
            having = self._having(what)
            shown = _shown(what, having)
            chunks = self._chunks(shown, request)
        total = sum(record.chunks for record in shown) if request.chunks is None else len(request.chunks)
        share = min(1.0, sum(map(len, chunks)) / max(total, 1))
        documents = tuple(tuple(blocks(record, mine)) for record, mine in zip(shown, chunks, strict=True) if mine)
        listing = None if what.kind == "overview" else find_all(what.subject, documents, having)
        if listing and (what.kind == "listing" or listing.is_counted):
            return WholeText(what, documents, listing, listing.lines(), share, began)
        lines = self._overview(what, documents) if what.kind == "overview" else ()
        return WholeText(what, documents, None, lines, share, began) if lines else None

    def _records(self, request: SearchRequest) -> list[DocumentRecord]:
        """The documents that a request is limited to."""
        records = self._index.documents(request.documents)
        chosen = None if request.chunks is None else {document_id for document_id, _ in request.chunks}
        return [record for record in records if chosen is None or record.id in chosen]

    def _having(self, what: Meant) -> dict[ChunkKey, float]:
        """The chunks that have words of what is listed, those with most of them first."""
        ids = [record.id for record in what.documents]
        return dict(self._index.lexical.search(what.subject, MOST_CHUNKS, ids)) if what.kind != "overview" else {}

    def _overview(self, what: Meant, documents: Sequence[Sequence[Block]]) -> tuple[Line, ...]:
        if len(what.documents) > 1:
            return tuple(line for document in documents if (line := opening_line(document)))
        return tuple(line for document in documents for line in document_lines(document, self._vectors))

    async def stream(self, request: SearchRequest, whole: WholeText, notice: str) -> AsyncGenerator[Answer, None]:
        """The answer so far, each time whole; errors as for `Library.ask`."""
        question = RetrievedQuestion(request.question, request.question, (), request.history, whole.began, notice)
        if self._chat_model is None:
            yield self._quoted(question, whole)
            return
        passages = await asyncio.to_thread(_passages, whole)
        parts = windows(passages, self._settings)
        share = whole.share * parts.share
        if share < 1:
            question = replace(question, notice=f"{_partly_read(share, question.language)} {notice}".strip())
        if len(parts.parts) > 1:
            answers = answer_from_parts(question, parts, self._chat_model, self._settings, self._verifier)
        else:
            question = replace(question, passages=parts.parts[0], history=())
            answers = answer_by_model(question, self._chat_model, self._settings, self._verifier)
        async with aclosing(answers):
            async for answer in answers:
                yield answer

    def _quoted(self, question: RetrievedQuestion, whole: WholeText) -> Answer:
        notice = in_language(CONNECT, question.language)
        if whole.share < 1:
            notice = f"{_partly_read(whole.share, question.language)} {notice}"
        return quoted_lines(question, _introduction(whole, question.language), whole.lines, notice)

    def _chunks(self, records: Sequence[DocumentRecord], request: SearchRequest) -> list[list[Chunk]]:
        """Of each document its chunks in reading order; of very long ones, stretches from all over."""
        chosen = None if request.chunks is None else set(request.chunks)
        keys = [[(record.id, n) for n in range(record.chunks) if chosen is None or (record.id, n) in chosen] for record in records]
        total = sum(map(len, keys))
        if total > MOST_CHUNKS:
            keys = [_stretches(mine, max(MOST_CHUNKS * len(mine) // total, STRETCH)) for mine in keys]
        found: dict[ChunkKey, Chunk] = {}
        wanted = iter([key for mine in keys for key in mine])
        while batch := list(islice(wanted, READ_BATCH)):
            found |= self._index.chunks(batch)
        # Words that OCR has read are at the end of a document, wherever their page is.
        return [sorted((found[key] for key in mine if key in found), key=attrgetter("page", "start")) for mine in keys]

    def _vectors(self, document: Sequence[Block]) -> dict[ChunkKey, Embeddings]:
        with self._index.guarded():
            keys, rows = self._index.store.embeddings(chunk.key for block in document for chunk in block.chunks)
        return dict(zip(keys, rows, strict=True))


def _shown(what: Meant, having: Iterable[ChunkKey]) -> list[DocumentRecord]:
    """The documents that are read: of many, the first for an overview, and for a list those that have most of its words."""
    if what.kind == "overview":
        return list(what.documents[:MOST_DOCUMENTS])
    best = list(dict.fromkeys(document_id for document_id, _ in having))[:MOST_SEARCHED]
    return [record for record in what.documents if record.id in best]


def _introduction(whole: WholeText, language: str) -> str:
    """What stands above the lines of an answer without a chat model; only a list that is whole is said to have so many entries."""
    shown = len(whole.lines)
    if whole.listing:
        count = len(whole.listing.entries)
        some, every = (FIRST_ENTRIES, ENTRIES) if whole.listing.is_counted else (FIRST_PLACES, PLACES)
        return in_language(some if shown < count else every, language).format(count=count, shown=shown)
    documents = len(whole.meant.documents)
    if documents == 1:
        return in_language(OUTLINE, language).format(document=whole.documents[0][0].record.name)
    return in_language(OVERVIEW if shown == documents else OVERVIEW_OF_SOME, language).format(shown=shown, documents=documents)


def _partly_read(share: float, language: str) -> str:
    return in_language(PARTLY_READ, language).format(share=math.ceil(100 * share))


def _stretches(keys: Sequence[ChunkKey], most: int) -> list[ChunkKey]:
    """Runs of `STRETCH` keys from all over, `most` keys or about so many."""
    runs = [keys[start : start + STRETCH] for start in range(0, len(keys), STRETCH)]
    wanted = max(1, min(len(runs), most // STRETCH))
    return [key for n in range(wanted) for key in runs[n * len(runs) // wanted]]


def _passages(whole: WholeText) -> list[Passage]:
    """What a chat model reads, in reading order: all text, the chunks of a list's entries, or how each of several documents begins."""
    if whole.listing:
        pieces = [entry.quote for entry in whole.listing.entries]
    elif len(whole.meant.documents) > 1:
        pieces = [piece for document in whole.documents for piece in _beginning(document)]
    else:
        (document,) = whole.documents
        pieces = [piece for block in document for piece in block.pieces()]
    distinct = {piece.keys: piece for piece in pieces}
    return [piece.passage(rank)[0] for rank, piece in enumerate(distinct.values(), start=1)]


def _beginning(document: Sequence[Block]) -> list[Piece]:
    line = opening_line(document)
    return [*[piece for block in document for piece in block.pieces()][:OPENING], *([line.quote] if line else [])]
