"""A question as a person asks it -> the passages of a library that answer it, and how sure that is."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple, Self

from rag import arguments
from rag.embedding.checked import CheckedEmbedder
from rag.errors import EmptyQuestionError, QuestionTooLongError
from rag.reading.reader import Reader, ReadUnit
from rag.reading.weighing import weighed
from rag.retrieving.calibrations import Calibrations
from rag.retrieving.comparing_words import COMPARE, LINK, WEIGH
from rag.retrieving.confidence import AnswerFeatures, Calibration, Tongue, answer_features, confidence, odds_for, tongue_of
from rag.retrieving.follow_up import StandaloneQuestion
from rag.retrieving.naming import NamedDocuments
from rag.retrieving.narrowing import Narrowed, narrowed
from rag.retrieving.parts import merged, passages_for_each
from rag.retrieving.polarity import agreement, chooses
from rag.retrieving.retriever import Query, Retriever, Scope
from rag.retrieving.rewriting import searched_by_rule
from rag.settings import Settings
from rag.storing.index import Index
from rag.text.languages import likely_language
from rag.tracing import carried, traced
from rag.types import ChunkKey, Message, Passage, QuestionPart, Wording

RAW_WEIGHT = 0.35  # weight of a follow-up as it was asked, next to its rewrite: a bad rewrite must not hide what the question itself finds
POLARITY = 3.0  # added where a unit denies what the question does, taken off where one of them does. Not fitted: few questions turn on it
MOST_QUESTION_CHARACTERS = 4_000  # two pages of prose. A model that reads 4,096 tokens has no room for more beside the passages.
MOST_HISTORY_MESSAGES = 100
MOST_HISTORY_CHARACTERS = 100_000  # of the earlier questions and answers that are looked at, all together; the newest count


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question, and where to look for its answer.

    Attributes:
        question: Valid UTF-8 without white space around it; 1 to `MOST_QUESTION_CHARACTERS` characters.
        history: Earlier messages, oldest first, within the limits above.
        top_k: The most passages, at least 1; None for the library's own number.
        documents: Names or ids of the documents to search; None for all.
        chunks: Keys of the chunks to search; None for all.
        reads_question: Whether words of the question may limit the search further.
    """

    question: str
    history: tuple[Message, ...] = ()
    top_k: int | None = None
    documents: tuple[str, ...] | None = None
    chunks: tuple[ChunkKey, ...] | None = None
    reads_question: bool = True

    @classmethod
    def checked(
        cls,
        question: str,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        chunks: Sequence[ChunkKey] | None = None,
    ) -> Self:
        """A request as a caller makes it; `EmptyQuestionError`, `QuestionTooLongError` or `ValueError` where it cannot be searched."""
        if top_k is not None:
            arguments.count("top_k", top_k)
        names = None if documents is None else arguments.texts("documents", documents)
        keys = None if chunks is None else arguments.keys(chunks)
        return cls(checked_question(question), _newest(arguments.messages(history)), top_k, names, keys)


@dataclass(frozen=True, slots=True)
class AnswerSample:
    """What the probability that passages answer is computed from; `language` is the question's, "" where it is not known."""

    features: AnswerFeatures
    tongue: Tongue
    language: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The units of passages as the reader scores them, and the probability that they answer; `sample` is None without passages."""

    units: tuple[ReadUnit, ...]
    confidence: float
    sample: AnswerSample | None = None


class SearchedPassages(NamedTuple):
    """Passages, best first; the parts of the question with theirs, and what was searched for in the library's own words."""

    passages: list[Passage]
    parts: tuple[QuestionPart, ...] = ()
    wordings: tuple[Wording, ...] = ()


class Search:
    """Searches a library, and reads what it finds."""

    def __init__(self, retriever: Retriever, index: Index, embedder: CheckedEmbedder, reader: Reader, settings: Settings) -> None:
        self._retriever = retriever
        self._index = index
        self._embedder = embedder
        self._reader = reader
        self._settings = settings
        self._calibrations = Calibrations(index.folder)
        self._named: tuple[object, NamedDocuments | None] = (None, None)  # all documents, as long as they are the same

    def by_rule(self, request: SearchRequest) -> StandaloneQuestion:
        """The question as it is searched without a chat model: a follow-up completed, one about several things in parts."""
        return searched_by_rule(request.question, request.history, self.divisible(request))

    def divisible(self, request: SearchRequest) -> NamedDocuments | None:
        """The documents that a question may compare; None where questions are searched whole."""
        if not self._settings.split_questions:
            return None

        def naming(name: str) -> dict[str, float]:
            with self._index.guarded():
                return self._index.lexical.documents(name)

        if request.documents is not None:
            return NamedDocuments(self._index.documents(request.documents), naming)
        records, (known, named) = self._index.records, self._named
        if known is not records or named is None:
            named = NamedDocuments(self._index.documents(None), naming)
            self._named = records, named
        return named

    def retrieve(self, request: SearchRequest) -> list[Passage]:
        """Passages for a question, best first: of the documents that it says to look in, where they answer it; else of all."""
        searched = self.by_rule(request)
        if only := self.only(request, searched):
            passages = self.passages(replace(request, documents=only.documents), searched).passages
            if self.read(searched.text, passages, request.question).confidence >= self._settings.min_confidence:
                return passages
        return self.passages(request, searched).passages

    def only(self, request: SearchRequest, searched: StandaloneQuestion) -> Narrowed | None:
        """The documents that the question says to look in, among those that are searched; None where it says nothing plainly."""
        if not self._settings.question_filters or not request.reads_question or request.chunks is not None or searched.parts:
            return None
        return narrowed(searched.text, self._index.documents(request.documents))

    @traced("retrieve")
    def passages(self, request: SearchRequest, searched: StandaloneQuestion, *, looks_twice: bool = True) -> SearchedPassages:
        """Passages for a question, its rewrite and its parts; errors as for `Library.retrieve`.

        `looks_twice` is as for `Retriever.retrieve`.
        """
        ids = None if request.documents is None else [record.id for record in self._index.documents(request.documents)]
        chunks = request.chunks
        if ids is not None and chunks is not None:
            chunks = tuple(key for key in chunks if key[0] in ids)
        queries = [Query(request.question)]
        if searched.text != request.question:
            queries = [Query(searched.text, 1 - RAW_WEIGHT), Query(request.question, RAW_WEIGHT)]
        self._embedder.prepare()
        with self._index.guarded():
            if not self._index.records:
                return SearchedPassages([])
            top_k = request.top_k or self._settings.top_k
            queries = self._retriever.worded(queries)
            whole = self._retriever.retrieve(queries, top_k, Scope(ids, chunks), looks_twice=looks_twice and not searched.parts)
            if not searched.parts:
                return SearchedPassages(whole, (), _wordings(queries))
            each = passages_for_each(top_k, len(searched.parts))
            of_parts = [self._retriever.worded([Query(part.searched)]) for part in searched.parts]

            def of_part(part: QuestionPart, asked: Sequence[Query]) -> list[Passage]:
                mine = chunks and tuple(key for key in chunks if not part.documents or key[0] in part.documents)
                return self._retriever.retrieve(asked, each, Scope(part.documents or ids, mine))

            with ThreadPoolExecutor(len(searched.parts)) as threads:
                found = list(threads.map(carried(of_part), searched.parts, of_parts))
            return SearchedPassages(*merged(whole, found, searched.parts), _wordings(chain(queries, *of_parts)))

    @property
    def calibration(self) -> Calibration:
        """How confidence follows from what was found, with the present embedding model: the library's own, else the shipped one."""
        return self._calibrations.of(self._embedder.identity)

    def keep_calibration(self, calibration: Calibration) -> None:
        """Use a calibration whenever the library uses its present embedding model; raises `StorageError` where the disk refuses."""
        self._calibrations.keep(self._embedder.identity, calibration)

    @traced("read")
    def read(self, question: str, passages: Sequence[Passage], asked: str = "") -> Reading:
        """Read passages, best first, for a question; `asked` is how it was asked, where it is a follow-up that was rewritten."""
        if not passages:
            return Reading((), 0.0)
        units = self._reader.read(question, passages)
        with self._index.guarded():
            records = self._index.records
            known = [records.get(passage.document_id) for passage in passages]
            weights, *own_weights = [self._index.lexical.term_weights(text) for text in dict.fromkeys((question, asked or question))]
        titles = [record.title if record else "" for record in known]
        language = likely_language(question)
        tongue = tongue_of(language, known[0].language if known[0] else "")
        lists = any(words.search(question) for words in (COMPARE, WEIGH, LINK))
        units = weighed(units, passages, (weights, *own_weights), lists=lists)
        if chooses(question):
            units = [_weighed_by_polarity(each, question, passages, language or "en") for each in units]
        features = answer_features(question, passages, titles, units, weights, self._embedder)
        odds = odds_for(self.calibration, tongue, language)
        sure = confidence(features, odds, has_codes=weights.has_codes(passages[0].chunk_text))
        return Reading(tuple(units), sure, AnswerSample(features, tongue, language))


def _wordings(queries: Iterable[Query]) -> tuple[Wording, ...]:
    """Those of all queries, each once."""
    return tuple({(each.asked, each.searched): each for query in queries for each in query.wordings}.values())


def _weighed_by_polarity(unit: ReadUnit, question: str, passages: Sequence[Passage], language: str) -> ReadUnit:
    words = passages[unit.index].headed_text[unit.unit.start : unit.unit.end]
    added = POLARITY * agreement(question, words, language)
    return replace(unit, value=unit.value + added, answer=unit.answer + added) if added else unit


def checked_question(question: str) -> str:
    """The question as it is searched; `EmptyQuestionError` or `QuestionTooLongError` where it cannot be."""
    stripped = arguments.text("question", question).strip()
    if not stripped:
        raise EmptyQuestionError("The question is empty. Ask something about your documents.")
    if len(stripped) > MOST_QUESTION_CHARACTERS:
        raise QuestionTooLongError(
            f"The question has {len(stripped):,} characters; the limit is {MOST_QUESTION_CHARACTERS:,}. Ask more briefly, "
            "or add a long text as a document and ask about it."
        )
    return arguments.valid(stripped)


def _newest(history: Sequence[Message]) -> tuple[Message, ...]:
    room, newest = MOST_HISTORY_CHARACTERS, list[Message]()
    for message in reversed(history[-MOST_HISTORY_MESSAGES:]):
        room -= len(message.content)
        if room < 0:
            break
        newest.append(replace(message, content=arguments.valid(message.content)))
    return tuple(reversed(newest))
