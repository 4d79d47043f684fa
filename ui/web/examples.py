"""Questions to begin with, made of the headings of the library's own documents, and answered by them."""

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from rag.errors import RagError
from rag.library import Library
from rag.types import Chunk, DocumentRecord
from ui import text

MOST_EXAMPLES = 4
MOST_DOCUMENTS = 8  # whose headings are looked at, those added last
MOST_CHUNKS = 60  # of a document
MOST_TRIED = 10  # questions for which an answer is looked for: each takes some tenths of a second
LEAST_BYTES = 24  # of a heading that is a question, some eight characters of Chinese: a shorter one says too little by itself
LONGEST = 90  # characters of a heading that is asked about
_NUMBER = re.compile(r"^(?:[\dIVX]+[.)]|\d[\d.]*|§+\s*\d+\w*)\s*(?=\S)")
_QUESTION = re.compile(r"[?？؟]\s*$")
_PLAIN = re.compile(r"[^\W\d_]{2,}.*[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")


class Examples:
    """Finds the questions, once for each set of documents. Any thread may use it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._documents: tuple[str, ...] = ()
        self.known: tuple[str, ...] = ()

    def find(self) -> tuple[str, ...]:
        """The questions for the documents that there are; nothing where they cannot be read."""
        with self._lock:
            try:
                records = self._library.documents()
                documents = tuple(record.id for record in records)
                if documents != self._documents:
                    self.known = tuple(self._answered(records))
                    self._documents = documents
            except RagError:  # the list of documents says why
                self.known = ()
            return self.known

    def _answered(self, records: Sequence[DocumentRecord]) -> Iterator[str]:
        """The first questions that are answered, one of each document before the second of any."""
        tried = [list(self._questions(record)) for record in records[: -MOST_DOCUMENTS - 1 : -1]]
        found = 0
        in_turn = (each for turn in zip_longest(*tried) for each in turn if each)
        for record, question in islice(in_turn, MOST_TRIED):
            if found == MOST_EXAMPLES:
                return
            if self._is_answered(question, record):
                found += 1
                yield question

    def _questions(self, record: DocumentRecord) -> Iterator[tuple[DocumentRecord, str]]:
        """Those of a document: first the headings that are questions themselves, then questions about others, from its whole length."""
        keys = [(record.id, ordinal) for ordinal in range(min(record.chunks, MOST_CHUNKS))]
        chunks = self._library.chunks(keys)
        titles = list(dict.fromkeys(title for key in keys if key in chunks for title in titles_of(chunks[key])))
        asked = [title for title in titles if _QUESTION.search(title) and len(title.encode()) >= LEAST_BYTES]
        pattern = text.EXAMPLE_QUESTIONS.get(record.language or "en", "")
        others = [pattern.format(heading=title) for title in titles if pattern and not _QUESTION.search(title) and title != record.title]
        found = asked or others
        step = max(1, len(found) // MOST_EXAMPLES)
        for question in dict.fromkeys([*found[step // 2 :: step], *found]):
            yield record, question

    def _is_answered(self, question: str, record: DocumentRecord) -> bool:
        """Whether a document answers a question: where answers are quotations, with more than the heading that was asked about."""
        if self._library.chat_model is None:
            answer = self._library.ask(question)
            quotes = [" ".join(each.quote.split()) for each in answer.citations[:1] if each.passage.document_id == record.id]
            return answer.finish == "complete" and any(quote.casefold() not in question.casefold() for quote in quotes)
        passages = self._library.retrieve(question)
        is_there = any(passage.document_id == record.id for passage in passages)
        return is_there and self._library.confidence(question, passages) >= self._library.min_confidence


def titles_of(chunk: Chunk) -> list[str]:
    """The innermost headings over a chunk that can be asked about, without their numbers."""
    paths = [chunk.heading, *(path for _, path in chunk.sections)]
    titles = (_NUMBER.sub("", path.rpartition(" > ")[2].strip(), count=1).strip(" .:") for path in paths)
    return [title for title in titles if len(title) <= LONGEST and _PLAIN.search(title)]
