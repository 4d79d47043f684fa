"""The values that flow through the library: frozen, and compared by content."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, get_args

SearchableStatus = Literal["added", "unchanged", "replaced", "renamed", "duplicate", "missing", "opened"]
OutcomeStatus = Literal[
    SearchableStatus, "no_text", "needs_password", "unreadable", "too_large", "unsupported", "not_downloaded", "left_out"
]
"""What became of one file."""

DocumentState = Literal["queued", "reading", "keyword_ready", "ready", "failed"]
"""How far a document is; `rag.ingesting` draws the states and the steps between them."""

FileKind = Literal["pdf", "word", "sheets", "slides", "mail", "web", "code", "text", "pictures"]
"""The family of a file's format."""

DateSource = Literal["", "document", "file", "unknown"]
"""Who says a document's date: `document` itself, `file` for when its file was last modified; "" where that was not looked at yet."""

MetadataValue = str | int | float | bool | list[str] | list[int] | list[float] | list[bool]
"""What Chroma can hold: a value, or several of one kind."""

Finish = Literal["streaming", "complete", "length", "interrupted", "not_found"]
"""How an answer ended: `streaming` while it still grows, `complete`, `length` if the token limit cut it, `interrupted` if the endpoint
stopped half-way, `not_found` if the documents do not answer the question."""

TrainedKind = Literal["word2vec", "fasttext", "doc2vec"]
"""A model trained on a library's own texts: word vectors, subword vectors, document vectors."""

Way = Literal["mark", "regenerate", "soften", "drop"]
"""What becomes of an answer's unsupported sentences."""

Role = Literal["writer", "standby", "replica"]
"""Of a process in a cluster: it writes, would take the writer's place, or never writes."""

Verdict = Literal["supported", "related", "unsupported"]
"""Whether a sentence's source supports it: `supported`, it says the same; `related`, it is about the same but does not say it;
`unsupported`, it is about something else, or lacks a number, a date or a name of the sentence."""


@dataclass(frozen=True, slots=True)
class Page:
    r"""One page of a document.

    Attributes:
        number: Physical page, 1-based.
        label: The number printed on it, such as "iv"; the physical number if there is none.
        text: Its cleaned text; valid UTF-8, "\n" line ends. May be empty.
        is_ocr: Whether its words, or some of them, were read by OCR.
    """

    number: int
    label: str
    text: str
    is_ocr: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a section.

    Attributes:
        level: 1 for the outermost.
        title: Its text.
        page: Physical page, 1-based.
        start: Offset in the page's text.
    """

    level: int
    title: str
    page: int
    start: int


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content.

    Attributes:
        id: SHA-256 of the file's bytes, 64 hexadecimal digits.
        name: The file's name, without folders.
        title: The title the file gives itself, or "".
        media_type: Of its format, such as "application/pdf".
        pages: At least one; a long text file is split into parts.
        headings: In reading order, from a text file's markup or a PDF's outline.
    """

    id: str
    name: str
    title: str
    media_type: str
    pages: tuple[Page, ...]
    headings: tuple[Heading, ...] = ()


LEAST_SEEN = 0.45
"""The share of the estimated tokens (three bytes each) that a server must have counted: no tokenizer averages 6.7 bytes a token."""

ChunkKey = tuple[str, int]
"""Identifies a chunk: its document's id and its ordinal."""


Section = tuple[int, str]
"""Where a heading begins, as an offset in its page's text, and the headings from there on, outermost first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of one page, small enough for the embedder: `page.text[start:end] == text`.

    Attributes:
        document_id: The document it is cut from.
        ordinal: Its position among the document's chunks, 0-based.
        page: Physical page number, 1-based.
        start: Offset of the first character in the page's text.
        end: Offset after the last character.
        text: The characters between them.
        heading: The headings above its start, outermost first, as "Leave > Carrying over"; "" if none is known.
        gap: The white space between it and the chunk before it on the page; "" if it is the first, or the two cannot be joined.
        sections: The headings that begin within it, in order.
        header: If it begins within a table, the lines that name the columns and the group of rows, each with its line end, then the
            empty cells before its first word: `header + text` reads as a table of its own. Else "".
    """

    document_id: str
    ordinal: int
    page: int
    start: int
    end: int
    text: str
    heading: str = ""
    gap: str = ""
    sections: tuple[Section, ...] = ()
    header: str = ""

    @property
    def key(self) -> ChunkKey:
        """Its key."""
        return self.document_id, self.ordinal


@dataclass(frozen=True, slots=True)
class Passage:
    """A search result: the relevant sentences of a chunk, or of neighbouring chunks of one page.

    Attributes:
        rank: 1 for the best.
        score: Ranking score, 0 to about 1.7; higher is better. Comparable within one question only.
        cosine: Similarity of question and chunk, in [-1, 1].
        document: The file's name.
        document_id: SHA-256 of the file.
        page: Physical page number, 1-based.
        page_label: The number printed on the page.
        start: Offset of `text` in the page's text.
        end: Offset after it.
        text: The relevant sentences.
        heading: The headings above the start of `text`, outermost first, as "Leave > Carrying over"; "" if none is known.
        chunk_start: Offset of `chunk_text` in the page's text.
        chunk_text: The whole chunks, before they were trimmed to `text`.
        sections: The headings that begin within `text`, in order.
        header: If `chunk_text` begins within a table, its header; see `Chunk`.
    """

    rank: int
    score: float
    cosine: float
    document: str
    document_id: str
    page: int
    page_label: str
    start: int
    end: int
    text: str
    heading: str = ""
    chunk_start: int = 0
    chunk_text: str = ""
    sections: tuple[Section, ...] = ()
    header: str = ""

    @property
    def headed_text(self) -> str:
        """The whole chunks, below the header of the table that they begin in."""
        return self.header + self.chunk_text


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: a `[number]` in the answer's text refers to `passage`, and to these words of it.

    Attributes:
        number: As shown; citations of the same passage share a number.
        passage: The passage cited.
        quote: The words that support the sentence; the whole passage if no more is known.
        quote_start: Offset of `quote` in the page's text.
        quote_end: Offset after it.
        verdict: Whether these words support `sentence`; "related" if that was not checked.
        sentence: The answer's sentence without its markers; "" while the answer grows.
        position: Offset of its `[number]` in the answer's text.
        is_moved: Whether the model cited another passage here, which does not support the sentence.
    """

    number: int
    passage: Passage
    quote: str
    quote_start: int
    quote_end: int
    verdict: Verdict = "related"
    sentence: str = ""
    position: int = 0
    is_moved: bool = False

    @property
    def heading(self) -> str:
        """The headings above the quote, outermost first; "" if none is known."""
        begun = [path for start, path in self.passage.sections if start <= self.quote_start]
        return begun[-1] if begun else self.passage.heading

    @classmethod
    def of_words(cls, number: int, passage: Passage, start: int = 0, end: int | None = None, *, position: int = 0) -> Self:
        """Cite `passage.text[start:end]`, by default all of it."""
        quote = passage.text[start:end]
        return cls(number, passage, quote, passage.start + start, passage.start + start + len(quote), position=position)


GapKind = Literal["number", "date", "name", "negation", "quantity", "order", "plan", "condition", "report", "opposite", "role", "words"]
"""What a source does not say of a sentence: a figure, a date, a name; "not"; how many ("all"); when ("before"); that it is done, not
planned; under which condition; that it holds, not that somebody claims it; a word whose opposite it has; who did what; other words."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Words of a sentence that its source does not support.

    Attributes:
        start: Offset in the text of the sentence that was checked; in a `CheckedSentence`, in the answer's text.
        end: Offset after them.
        kind: What is missing.
        is_contradicted: Whether the source says something else; otherwise it does not say this.
        stated: What the source says there, where that is known, such as a condition.
    """

    start: int
    end: int
    kind: GapKind
    is_contradicted: bool = False
    stated: str = ""


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of a finished answer, checked against what it cites.

    Attributes:
        start: Offset in the answer's text.
        end: Offset after it and its markers.
        verdict: For all its citations together; "unsupported" if it cites nothing and no passage supports it.
        citations: Indexes in the answer's `citations`.
        gaps: What of a sentence that is not supported its sources do not say, in order.
    """

    start: int
    end: int
    verdict: Verdict
    citations: tuple[int, ...]
    gaps: tuple[Gap, ...] = ()


ChangeKind = Literal["regenerated", "softened", "dropped"]
"""The model wrote it anew from a passage; a passage's own words stand in its place; nothing does."""


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence that a chat model wrote and no passage supports, and what became of it; see the setting `unsupported`.

    Attributes:
        kind: What was done.
        original: The sentence as the model first wrote it, without footnotes and Markdown.
        words: What stands in its place, the same way; "" where it was dropped.
    """

    kind: ChangeKind
    original: str
    words: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a chat model was sent for an answer, and what its server reported.

    Attributes:
        messages: All messages: instructions, history, and the question with its passages.
        tokens: Their size, an upper estimate.
        room: Tokens available for them.
        dropped_messages: Messages of the history that did not fit, the oldest.
        dropped_passages: Passages found that did not fit, the worst.
        prompt_tokens: Tokens of the messages as the server counted them; None if it does not say.
        seconds_to_first_word: Since the question; None until then.
        finish_reason: The server's own word for how the answer ended, such as "stop"; "" if it gave none.
    """

    messages: tuple[Message, ...]
    tokens: int
    room: int
    dropped_messages: int
    dropped_passages: tuple[Passage, ...]
    prompt_tokens: int | None = None
    seconds_to_first_word: float | None = None
    finish_reason: str = ""

    @property
    def was_cut(self) -> bool:
        """Whether the server saw clearly fewer tokens than were sent: its own limit is lower, and it cut silently."""
        return self.prompt_tokens is not None and self.prompt_tokens < LEAST_SEEN * self.tokens


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost at the chat model's endpoint: its own request and those before it, as for a follow-up's query.

    Attributes:
        model: The chat model.
        requests: How many were made.
        prompt_tokens: Tokens that the server counted in what it was sent.
        completion_tokens: Tokens that it counted in what it wrote.
        unreported: Requests of which the server did not say what they cost, such as those that were stopped.
        estimated_tokens: An estimate of the tokens of those, sent and written; they are in no other count.
    """

    model: str
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unreported: int = 0
    estimated_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Wording:
    """Words of a question in the library's own words: another name of the same, an acronym spelt out, a typing error corrected.

    Attributes:
        start: Offset of `asked` in the query.
        asked: What stands in the query.
        searched: What was searched for beside it; several names are parted by commas.
    """

    start: int
    asked: str
    searched: str


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """One of the documents, things or times that a question asks about, and what was found for it.

    Attributes:
        name: What it is about, in the question's words, such as "Plus" or "2021".
        searched: Its query.
        documents: Ids of the documents that its name means, to which its search is limited; none if it is not.
        passages: Indexes in the answer's `passages`; none where nothing is about it.
        confidence: The probability that these answer it, in [0, 1].
    """

    name: str
    searched: str
    documents: tuple[str, ...] = ()
    passages: tuple[int, ...] = ()
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or as much of it as has arrived.

    Attributes:
        question: The question as asked.
        text: Markdown with footnote numbers such as `[1]`; every number is in `citations`.
        citations: Numbered by first appearance, without gaps.
        passages: The passages retrieved and shown to the model, best first.
        model: The chat model that wrote it, or "extractive" for quoted sentences.
        finish: How it ended.
        notice: A note about the answer itself (cut, interrupted, no model connected), or "".
        seconds: Since the question.
        searched: The query: the question, or the standalone question that a follow-up was rewritten to.
        sentences: Its sentences as checked, in order; none while it grows, or if there was nothing to check.
        reasoning: A thinking model's reasoning; never cited, never sent back.
        sent: What the model was sent; None for quoted answers.
        only: The documents that the question's own words limited the search to, such as "report-2022.pdf"; "" if it was not limited.
        parts: What was searched for each of several documents, things or times; none if the question is about one.
        wordings: What was also searched for, in the library's own words.
        changes: The sentences of the model's that were replaced or dropped because no passage supports them, in order.
        usage: What it cost so far; None where no chat model was asked.
        support: The share of its `sentences` that are supported, in [0, 1]; None if none was checked.
    """

    question: str
    text: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    model: str
    finish: Finish
    notice: str
    seconds: float
    searched: str = ""
    sentences: tuple[CheckedSentence, ...] = ()
    reasoning: str = ""
    sent: Sent | None = None
    only: str = ""
    parts: tuple[QuestionPart, ...] = ()
    wordings: tuple[Wording, ...] = ()
    changes: tuple[Change, ...] = ()
    usage: Usage | None = None
    support: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        supported = sum(sentence.verdict == "supported" for sentence in self.sentences)
        object.__setattr__(self, "support", supported / len(self.sentences) if self.sentences else None)

    def __repr__(self) -> str:
        from rag.showing import answer_line

        return answer_line(self)

    def _repr_markdown_(self) -> str:
        from rag.showing import answer_markdown

        return answer_markdown(self)


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What the library knows about a document.

    Attributes:
        id: SHA-256 of the file's bytes.
        name: The file's name.
        title: The title the file gives itself, or "".
        media_type: Of its format, such as "application/pdf".
        sources: Where it came from: absolute paths, addresses on the web, or "upload:NAME", each with "!/" and the path in it where that
            is an archive; several if several files have the same bytes.
        pages: Number of pages.
        chunks: Number of chunks.
        empty_pages: Physical numbers of pages without text: blank, or scanned and not read by OCR.
        labels: The printed label of each page.
        added: When it was added, ISO 8601 in UTC.
        size: Bytes.
        password: The password that opened the file, or "".
        ocr_pages: Physical numbers of pages whose words, or some of them, were read by OCR.
        ocr_waiting: Those of pages that OCR has still to look at. Their words are added as it reads them; see `Library.index_next`.
        ocr_failed: Those of pages that OCR could not read.
        ocr_total: How many pages OCR was to look at.
        indexed: Share of its chunks that are embedded, in [0, 1]; keyword search finds the others too.
        language: ISO 639-1 code of its text's language, or "".
        author: Whom the file names as its author or sender, or "".
        date: "2022-03-05", or "" if it is not known.
        date_source: Who says so.
        metadata: What was given when it was added; it counts before what the file says of itself.
    """

    id: str
    name: str
    title: str
    media_type: str
    sources: tuple[str, ...]
    pages: int
    chunks: int
    empty_pages: tuple[int, ...]
    labels: tuple[str, ...]
    added: str
    size: int
    password: str = field(default="", repr=False)
    ocr_pages: tuple[int, ...] = ()
    ocr_waiting: tuple[int, ...] = ()
    ocr_failed: tuple[int, ...] = ()
    ocr_total: int = 0
    indexed: float = 1.0
    language: str = ""
    author: str = ""
    date: str = ""
    date_source: DateSource = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict, hash=False)

    @property
    def state(self) -> DocumentState:
        """`ready` once all its chunks are embedded, `keyword_ready` before."""
        return "ready" if self.indexed >= 1 else "keyword_ready"

    @property
    def ocr_share(self) -> float:
        """How much OCR has done of what it has to do, in [0, 1]."""
        return 1 - len(self.ocr_waiting) / max(self.ocr_total, len(self.ocr_waiting), 1)


@dataclass(frozen=True, slots=True)
class RemovedDocument:
    """A document that was removed and can be restored for a day.

    Attributes:
        id: SHA-256 of the file's bytes.
        name: The name it had.
        sources: Where it came from; see `DocumentRecord`.
        removed: When, in seconds since 1970.
        password: The password that opened the file, or "".
        metadata: What was given when it was added.
    """

    id: str
    name: str
    sources: tuple[str, ...]
    removed: float
    password: str = field(default="", repr=False)
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one part of a library.

    Attributes:
        part: Its name, such as "record" or "files".
        state: "ok"; "warning" if something is left to do; "fault" if something is damaged, missing or does not work.
        message: One or two sentences.
        cure: What to do, or "".
    """

    part: str
    state: Literal["ok", "warning", "fault"]
    message: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class ModelSwitch:
    """How far a library is in changing its embedding model; until it is complete, the old index answers.

    Attributes:
        model: The new model, as RAG_EMBEDDING_MODEL names it.
        share: How much of the new index is there, in [0, 1].
        problem: Why it cannot be completed, or "".
    """

    model: str
    share: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """An embedding model for documents that the present one knows little of.

    Attributes:
        documents: How many of those that were looked at are in other languages than English.
        looked_at: How many were looked at.
        languages: Theirs, ISO 639-1 codes, the most frequent first.
        model: A model that knows them, by its name in the catalogue.
    """

    documents: int
    looked_at: int
    languages: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        path: The file as it was given.
        document: The document's name in the library.
        document_id: SHA-256 of its bytes, or "" if it could not be read.
        status: See `OutcomeStatus`.
        pages: Number of pages.
        chunks: Number of chunks.
        message: One sentence: what happened and, on failure, what to do.
    """

    path: str
    document: str
    document_id: str
    status: OutcomeStatus
    pages: int
    chunks: int
    message: str

    @property
    def is_searchable(self) -> bool:
        """Whether the file's content can be found in the library now."""
        return self.status in get_args(SearchableStatus)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of one `Library.add`, one for each file, in the order they were given."""

    outcomes: tuple[Outcome, ...]

    @property
    def all_searchable(self) -> bool:
        """Whether every file's content can be found in the library now."""
        return all(outcome.is_searchable for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class BackupPart:
    """A file in a backup.

    Attributes:
        path: Where it lies in the folder, with slashes.
        sha256: Of its bytes, which the backup holds under this name.
        size: Bytes.
        mode: Who may read and write it, as in `Path.chmod`.
        changed: When it was changed, in nanoseconds since 1970.
    """

    path: str
    sha256: str
    size: int
    mode: int
    changed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far `Library.add` is with one file. All files are read first; then they are embedded.

    Attributes:
        path: The file.
        fraction: How much of it is done, in [0, 1].
        file: Its number, 1-based, in the order of reading.
        files: The number of files.
        outcome: Set once, when the file is finished.
        state: How far the document is.
        is_ocr: Whether it is being read by OCR.
    """

    path: str
    fraction: float
    file: int
    files: int
    outcome: Outcome | None
    state: DocumentState = "reading"
    is_ocr: bool = False


ProgressCallback = Callable[[Progress], None]
