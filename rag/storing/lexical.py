"""The keyword index, in tantivy: BM25 over the terms of `rag.text.terms`.

Derived from the record: whoever opens it compares `document_ids` with the record's, puts what is missing and removes what is not there.
Deleting its folder loses nothing, so it is rebuilt whatever is wrong with it.
"""

import json
import math
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import StorageError, storage_errors
from rag.storing.lexical_files import IDENTITY, is_whole, link_files, note_sound, reset_folder
from rag.text import terms as analysing
from rag.text.acronyms import definitions, spelling
from rag.text.languages import language_of
from rag.text.mentions import spelt_out
from rag.text.profiles import Profile, named_by
from rag.text.term_weights import TermWeights
from rag.text.terms import indexed_terms, query_terms, word_terms
from rag.types import ChunkKey

if TYPE_CHECKING:
    from tantivy import DocAddress, Index, IndexWriter, Query, Schema, Searcher

SCHEMA = 3  # raise it whenever the fields change: an index of another schema is rebuilt
PAIR_WEIGHT = 0.3  # weight of two words that follow each other as in the question, next to that of each. Measured: tests/benchmarks.
MOST_WORDS = 64  # words of a question that are searched for, the rarest: more make it slow and find nothing else
WRITER_BYTES = 50_000_000
"""Memory of the one writing thread. With tantivy's minimum, 15 MB, it spends most of its time merging what it wrote."""

LANGUAGE_CHUNKS = 256  # a document's language is detected from its first chunks, this many
ORDINAL_BITS = 24  # a chunk's key is its document's number in this index, then its ordinal in so many bits: one fast field identifies a hit
MOST_UNFILTERED = 500  # chunks found in all documents to pick those of some of them from
SPARE = 3  # times as many as would do if the documents were like the others
MOST_DOCUMENTS = 2_000  # documents that are compared with a question, the best
NO_LANGUAGE = "-"  # stands for "" among the stored languages: a term is never empty


@dataclass(frozen=True, slots=True)
class Entry:
    """What is indexed of a chunk: its text, and what is found as if it stood there: the document's title, headings, a table's header.

    `named`: what the document is called, its file's name and its title.
    """

    document_id: str
    ordinal: int
    text: str
    context: str
    named: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    """What is committed, as one search sees it."""

    searcher: "Searcher"
    numbers: dict[str, int]
    ids: dict[int, str]
    languages: frozenset[str]


def identity_of(fingerprint: str) -> str:
    """What an index of the chunks that `fingerprint` names says of itself; one that says anything else is of no use here."""
    return json.dumps({"schema": SCHEMA, "analysis": analysing.VERSION, "fingerprint": fingerprint})


class LexicalIndex:
    """The words of all chunks. Any number of threads may search while one writes. tantivy's errors become `StorageError`."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """Open the index of the chunks that `fingerprint` names; where it is damaged, or of another schema or analysis, begin a new one."""
        self._folder = folder
        self._writing = threading.RLock()
        self._writer: IndexWriter | None = None
        self._put: dict[str, tuple[int, str]] = {}  # not yet committed: number and language
        self._removed: set[str] = set()
        self._is_filling = False  # while a long document is put, searches go by what is committed
        self._asked: tuple[_View, str, Query | None] | None = None  # the last question: it is searched first, then scored
        identity = identity_of(fingerprint)
        with _translated("opened"):
            opened = None
            if is_whole(folder, identity):
                with suppress(StorageError), _translated("opened"):
                    opened = _opened(folder)
            if opened is None:
                reset_folder(folder)
                opened = _opened(folder)
                (folder / IDENTITY).write_text(identity, encoding="utf-8")  # last: without it the index is not whole
        self._folder = folder
        self._index, self._view = opened
        self._next = max(self._view.ids, default=0) + 1

    @property
    def languages(self) -> frozenset[str]:
        """The documents' languages: ISO codes, "" for an unknown one."""
        return self._latest().languages

    @property
    def document_ids(self) -> frozenset[str]:
        """The committed documents."""
        return frozenset(self._view.numbers)

    @property
    def count(self) -> int:
        """How many chunks are indexed."""
        count: int = self._latest().searcher.num_docs
        return count

    def put(self, entries: Iterable[Entry]) -> None:
        """Index chunks, in place of what is committed of their documents. The next search commits them; so does `close`.

        Where tantivy fails, nothing that was not committed is kept.
        """
        with self._writing, self._written():
            try:
                for document_id, group in groupby(entries, key=attrgetter("document_id")):
                    self._put_document(document_id, group)
            finally:
                self._is_filling = False

    def extend(self, entries: Iterable[Entry]) -> None:
        """As `put`, with the chunks beside those that are there of their documents."""
        with self._writing, self._written():
            for document_id, group in groupby(entries, key=attrgetter("document_id")):
                self._put_document(document_id, group, is_further=True)

    def remove(self, document_ids: Iterable[str]) -> None:
        """Remove documents; the next search no longer finds them. Unknown ids are harmless."""
        with self._writing, self._written():
            ids = set(document_ids)
            numbers = [self._view.numbers[id_] for id_ in ids - self._removed if id_ in self._view.numbers]
            numbers += [self._put.pop(id_)[0] for id_ in ids if id_ in self._put]
            self._removed |= ids & self._view.numbers.keys()
            if numbers:  # by a query: deleting by an integer term deletes nothing, as tantivy-py 0.27 takes it for a signed one
                from tantivy import Query

                self._open_writer().delete_documents_by_query(Query.term_set_query(self._index.schema, "document", numbers))

    def commit(self) -> None:
        """Make what was put and removed durable, and visible to the next search."""
        with self._writing, self._written():
            if self._writer is None or not (self._put or self._removed):
                return
            self._writer.commit()
            self._index.reload()
            kept = {id_: number for id_, number in self._view.numbers.items() if id_ not in self._removed}
            numbers = kept | {id_: number for id_, (number, _) in self._put.items()}
            languages = self._view.languages | {language for _, language in self._put.values()}
            self._view = _View(self._index.searcher(), numbers, {number: id_ for id_, number in numbers.items()}, languages)
            self._put, self._removed = {}, set()

    def freeze(self, folder: Path) -> None:
        """Have the files of what is committed in another folder on the same disk too: writing goes on without changing them."""
        with _translated("copied"):
            link_files(self._folder, folder)

    def search(self, question: str, top_k: int, document_ids: Collection[str] | None = None) -> list[tuple[ChunkKey, float]]:
        """Keys and BM25 of at most `top_k` chunks with the question's rarest words, best first. Nothing in the question is an operator."""
        view = self._latest()
        numbers = None if document_ids is None else [view.numbers[id_] for id_ in document_ids if id_ in view.numbers]
        with _translated("searched"):
            words = self._words(view, question)
            if words is None or numbers == []:
                return []
            found = _found(view.searcher, words, top_k) if numbers is None else self._found_in(view, words, top_k, numbers)
        return [((view.ids[key >> ORDINAL_BITS], key & ((1 << ORDINAL_BITS) - 1)), score) for key, score in found]

    def _found_in(self, view: _View, words: "Query", top_k: int, numbers: Sequence[int]) -> list[tuple[int, float]]:
        """As `_found`, in some documents: picked from what is found in all, or by a filter, which is slower where many are wanted."""
        most = SPARE * top_k * len(view.numbers) // len(numbers)
        if most <= MOST_UNFILTERED:
            within, found = set(numbers), _found(view.searcher, words, most)
            kept = [(key, score) for key, score in found if key >> ORDINAL_BITS in within]
            if len(kept) >= top_k or len(found) < most:
                return kept[:top_k]
        return _found(view.searcher, _within(words, self._index.schema, "document", numbers), top_k)

    def scores(self, question: str, keys: Sequence[ChunkKey]) -> list[float]:
        """BM25 of given chunks, as `search` gives it; 0.0 where no word is shared."""
        view = self._latest()
        wanted = [_key(view.numbers[id_], ordinal) if id_ in view.numbers else None for id_, ordinal in keys]
        numbers = [key for key in wanted if key is not None]
        with _translated("searched"):
            words = self._words(view, question)
            if words is None or not numbers:
                return [0.0] * len(wanted)
            found = dict(_found(view.searcher, _within(words, self._index.schema, "key", numbers), len(numbers)))
        return [found.get(key, 0.0) if key is not None else 0.0 for key in wanted]

    def documents(self, question: str) -> dict[str, float]:
        """How far what documents are, and are about, is what a question names, in nats; those of which it names nothing are left out."""
        view = self._latest()
        with _translated("searched"):
            query = _naming(view, self._index.schema, question)
            found = _found(view.searcher, query, MOST_DOCUMENTS) if query else []
        named = dict[str, float]()
        for key, score in found:  # best first; a document that OCR has read page by page has several
            named.setdefault(view.ids[key >> ORDINAL_BITS], score)
        return named

    def term_weights(self, question: str) -> TermWeights:
        """A question's words with their weights in this index."""
        return TermWeights(question, self.languages, self.idf)

    def spelt_otherwise(self, name: str) -> list[str]:
        """What an acronym stands for, or the acronym of a name, as documents explain them, the most frequent first; see `spelling`."""
        with _translated("searched"):
            found = self._latest().searcher.terms_with_prefix("acronyms", f"{name}=")
        return [term.partition("=")[2] for term, _ in found]

    def has_words(self, text: str) -> bool:
        """Whether each word of a text is in some document."""
        view = self._latest()
        with _translated("searched"):
            words = query_terms(text, view.languages)
            return all(any(view.searcher.doc_freq("text", term) for term in alternatives) for alternatives in words)

    def has_phrase(self, text: str) -> bool:
        """Whether each two neighbouring words of a text, function words left out, are neighbours in some document."""
        view = self._latest()
        with _translated("searched"):
            phrases = [indexed_terms(text, language)[1] for language in view.languages]
            return self.has_words(text) and any(all(view.searcher.doc_freq("pairs", pair) for pair in pairs) for pairs in phrases)

    def counts(self, words: Iterable[str]) -> dict[str, int]:
        """How many chunks have each word, in lower case, in any of its forms; those that none has are left out."""
        view = self._latest()
        with _translated("searched"):
            found = {word: max(view.searcher.doc_freq("text", term) for term in word_terms(word, view.languages)) for word in words}
        return {word: count for word, count in found.items() if count}

    def idf(self, terms: Iterable[str]) -> dict[str, float]:
        """Inverse document frequency over the chunks' texts: ln(1 + (N - n + 0.5) / (n + 0.5)), n of N chunks having the term."""
        searcher = self._latest().searcher
        with _translated("searched"):
            having = {term: searcher.doc_freq("text", term) for term in terms}
        total = searcher.num_docs  # removed chunks are counted in `having` until their segment is merged
        return {term: math.log(1 + (max(total - count, 0) + 0.5) / (count + 0.5)) for term, count in having.items()}

    def close(self) -> None:
        """Commit, and close the index. What the disk refuses is put again when it is next opened. Doing so twice is harmless."""
        with self._writing, self._written():
            self.commit()
            writer, self._writer = self._writer, None
            self._put, self._removed = {}, set()
            if writer is not None:
                writer.wait_merging_threads()
                note_sound(self._folder)

    def _latest(self) -> _View:
        """What a search sees; commits first."""
        if (self._put or self._removed) and not self._is_filling:
            self.commit()
        return self._view

    def _words(self, view: _View, question: str) -> "Query | None":
        asked = self._asked
        if asked is None or asked[0] is not view or asked[1] != question:
            self._asked = asked = view, question, _words(view, self._index.schema, spelt_out(question))
        return asked[2]

    def _put_document(self, document_id: str, entries: Iterator[Entry], *, is_further: bool = False) -> None:
        from tantivy import Document

        is_first = document_id not in self._put
        if is_first:
            known = self._view.numbers.get(document_id) if is_further and document_id not in self._removed else None
            if known is None:
                self.remove([document_id])
            telling = list(islice(entries, LANGUAGE_CHUNKS))
            if len(telling) == LANGUAGE_CHUNKS:  # a long one: nobody waits for it
                self.commit()
                self._is_filling = True
            self._put[document_id] = (known or self._next, language_of("\n".join(entry.text for entry in telling)))
            self._next += known is None
            entries = chain(telling, entries)
        number, language = self._put[document_id]
        writer = self._open_writer()
        profile, last = Profile(language), None
        for entry in entries:
            if last is not None:
                writer.add_document(last)
            last = Document()
            terms, pairs = indexed_terms(f"{entry.context}\n{entry.text}", language)
            last.add_text("text", " ".join(terms))
            last.add_text("pairs", " ".join(pairs))
            for acronym, name in definitions(entry.text):
                last.add_text("acronyms", f"{spelling(acronym)}={name}")
                last.add_text("acronyms", f"{spelling(name)}={acronym}")
            last.add_unsigned("document", number)
            last.add_unsigned("key", _key(number, entry.ordinal))
            if is_first:
                last.add_text("marker", f"{number} {document_id}")
                last.add_text("language", language or NO_LANGUAGE)
                is_first = False
            profile.read(entry.named, entry.text, terms)
        if last is not None:
            last.add_text("profile", " ".join(profile.terms()))
            last.add_text("vocabulary", " ".join(profile.vocabulary))
            writer.add_document(last)

    def _open_writer(self) -> "IndexWriter":
        if self._writer is None:
            self._writer = self._index.writer(WRITER_BYTES, 1)
        return self._writer

    @contextmanager
    def _written(self) -> Iterator[None]:
        """When a write fails, end the writer, which is of no use then, and go by what is on the disk."""
        try:
            with _translated("written"):
                yield
        except StorageError:
            writer, self._writer, self._put, self._removed = self._writer, None, {}, set()
            if writer is not None:
                with suppress(StorageError), _translated("closed"):
                    writer.wait_merging_threads()  # lets go of its lock, which forgetting it does not while the error's frames know it
            with suppress(StorageError), _translated("opened"):
                self._view = _seen(self._index)
            raise


def _opened(folder: Path) -> "tuple[Index, _View]":
    """Open the index in a folder, or make it in an empty one, and read it."""
    from tantivy import Index, SchemaBuilder

    builder = SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("pairs", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("acronyms", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("profile", tokenizer_name="whitespace", index_option="basic")  # on one chunk of each document, as is the next
    builder.add_text_field("vocabulary", tokenizer_name="whitespace", index_option="basic")
    builder.add_unsigned_field("document", indexed=True)
    builder.add_unsigned_field("key", indexed=True, fast=True)
    builder.add_text_field("marker", tokenizer_name="raw", index_option="basic")  # on one chunk of each document
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    index = Index(builder.build(), path=str(folder))
    index.config_reader("manual")
    return index, _seen(index)


def _seen(index: "Index") -> _View:
    """Read which documents and languages there are."""
    from tantivy import Query

    index.reload()
    searcher = index.searcher()
    living = Query.all_query()  # without it, terms of removed documents are listed too
    markers = [marker.split(" ", 1) for marker, _ in searcher.terms_with_prefix("marker", "", living)]
    languages = frozenset(language.removeprefix(NO_LANGUAGE) for language, _ in searcher.terms_with_prefix("language", "", living))
    numbers = {id_: int(number) for number, id_ in markers}
    return _View(searcher, numbers, {number: id_ for id_, number in numbers.items()}, languages)


def _words(view: _View, schema: "Schema", question: str) -> "Query | None":
    """A query for a question's words and pairs of words, or None where the index has none of them."""
    from tantivy import Occur, Query

    words = _rarest(view.searcher, "text", query_terms(question, view.languages))
    pairs = {(pair,) for language in view.languages for pair in indexed_terms(question, language)[1]} if words else ()
    clauses = []
    for field, weight, alternatives in (("text", 1.0, words), ("pairs", PAIR_WEIGHT, _rarest(view.searcher, "pairs", pairs))):
        for terms in alternatives:
            queries = [Query.term_query(schema, field, term, index_option="freq") for term in terms]
            any_of = queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries)
            clauses.append((Occur.Should, Query.boost_query(any_of, weight) if weight != 1 else any_of))
    return Query.boolean_query(clauses) if clauses else None


def _naming(view: _View, schema: "Schema", question: str) -> "Query | None":
    """A query that finds each document, by its chunk that has the profile, with the sum of the weights of what a question names of it."""
    from tantivy import Occur, Query

    clauses = []
    for terms, weight in named_by(question, view.languages, len(view.numbers), view.searcher.doc_freq):
        any_of = Query.disjunction_max_query([Query.term_query(schema, "profile", term, index_option="basic") for term in terms])
        clauses.append((Occur.Should, Query.const_score_query(any_of, weight)))
    return Query.boolean_query(clauses) if clauses else None


def _rarest(searcher: "Searcher", field: str, words: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """The `MOST_WORDS` rarest words that the index has, each with those of its alternatives that it has."""
    counted = [[(searcher.doc_freq(field, term), term) for term in alternatives] for alternatives in words]
    known = sorted((max(counts)[0], [term for count, term in counts if count]) for counts in counted if max(counts)[0])
    return [terms for _, terms in known[:MOST_WORDS]]


def _within(words: "Query", schema: "Schema", field: str, numbers: Sequence[int]) -> "Query":
    """Restrict a query to chunks with one of these numbers in a field, without changing their scores."""
    from tantivy import Occur, Query

    chunks = Query.const_score_query(Query.term_set_query(schema, field, numbers), 0.0)
    return Query.boolean_query([(Occur.Must, chunks), (Occur.Must, words)])


def _found(searcher: "Searcher", query: "Query", top_k: int) -> list[tuple[int, float]]:
    """Keys of chunks with their scores, best first."""
    limit = min(top_k, searcher.num_docs)
    if limit < 1:
        return []
    hits: list[tuple[float, DocAddress]] = searcher.search(query, limit, count=False).hits
    keys: list[Any] = searcher.fast_field_values("key", [address for _, address in hits])
    return [(key, score) for key, (score, _) in zip(keys, hits, strict=True)]


def _key(number: int, ordinal: int) -> int:
    return number << ORDINAL_BITS | ordinal


def _translated(done: str) -> AbstractContextManager[None]:
    cure = "No document is lost; see that the disk works and has room, and try again."
    return storage_errors(f"The library's keyword index could not be {done}", (ValueError, RuntimeError, OSError), cure)
