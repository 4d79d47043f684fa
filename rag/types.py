"""The values that flow through the library: frozen, and compared by content."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Self

OutcomeStatus = Literal[
    "added",
    "unchanged",
    "replaced",
    "duplicate",
    "no_text",
    "needs_password",
    "unreadable",
    "too_large",
    "unsupported",
]
"""What became of one file. The first four leave its content searchable."""

DocumentState = Literal["queued", "reading", "keyword_ready", "ready", "failed"]
"""How far a document is; `rag.ingesting` draws the states and what leads from one to the next."""

Finish = Literal["streaming", "complete", "length", "interrupted", "not_found"]
"""How an answer ended: `streaming` while it still grows, `complete`, `length` when the token limit
cut it, `interrupted` when the endpoint stopped half-way, `not_found` when the documents do not say."""

TrainedKind = Literal["word2vec", "fasttext", "doc2vec"]
"""A model that is trained on a library's own texts: vectors of words, of words and their parts, of whole texts."""

Verdict = Literal["supported", "related", "unsupported"]
"""What a sentence's source does for it: `supported`, its words say the same; `related`, they are about the same, and do not say it;
`unsupported`, they are about something else, or the sentence has a number, a date or a name that they have not."""


@dataclass(frozen=True, slots=True)
class Page:
    r"""One page of a document.

    Attributes:
        number: Physical page, 1-based.
        label: The number printed on it, such as "iv"; the physical number where none is defined.
        text: Its cleaned text; valid UTF-8, "\n" line ends. May be empty.
    """

    number: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a section begins.

    Attributes:
        level: 1 for the outermost.
        title: Its words.
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
        pages: At least one; those of a text file are its parts, one where it is not long.
        headings: In reading order: those marked in a text file, those of a PDF's outline.
    """

    id: str
    name: str
    title: str
    media_type: str
    pages: tuple[Page, ...]
    headings: tuple[Heading, ...] = ()


LEAST_SEEN = 0.45
"""Of the tokens estimated, from three bytes each, the share that a server must have counted: no tokenizer makes 6.7 bytes a token."""

ChunkKey = tuple[str, int]
"""What names a chunk: its document's id and its ordinal."""


Section = tuple[int, str]
"""Where a heading begins, as an offset in its page's text, and the headings from there on, outermost first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one page, small enough for the embedder: `page.text[start:end] == text`.

    Attributes:
        document_id: The document it is cut from.
        ordinal: Its place among the document's chunks, 0-based.
        page: Physical page number, 1-based.
        start: Offset of the first character in the page's text.
        end: Offset after the last character.
        text: The characters between them.
        heading: The headings its beginning stands under, outermost first, as "Leave > Carrying over"; "" where none is known.
        sections: The headings that begin after its beginning, in order.
        gap: The white space between it and the chunk before it on the page; "" where it is the first, or they cannot be joined.
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

    @property
    def key(self) -> ChunkKey:
        """What names it."""
        return self.document_id, self.ordinal


@dataclass(frozen=True, slots=True)
class Passage:
    """What a question found: the sentences that matter of a chunk, or of neighbouring chunks of one page.

    Attributes:
        rank: 1 for the best.
        score: What it was ranked by; higher is better. 0 to about 1.7, and comparable within one question only.
        cosine: Similarity of question and chunk, in [-1, 1].
        document: The file's name.
        document_id: SHA-256 of the file.
        page: Physical page number, 1-based.
        page_label: The number printed on the page.
        start: Offset of `text` in the page's text.
        end: Offset after it.
        text: The words.
        heading: The headings that `text` begins under, outermost first, as "Leave > Carrying over"; "" where none is known.
        chunk_start: Offset in the page's text of `chunk_text`.
        chunk_text: All that was found, before it was trimmed to `text`.
        sections: The headings that begin within `text`, after its beginning, in order.
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


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: a `[number]` in the answer's text stands for `passage`, and for these words of it.

    Attributes:
        number: As shown; several citations have the same one where they rest on the same passage.
        passage: What it stands for.
        quote: The words the sentence rests on; the whole passage where that is all that is known.
        quote_start: Offset of `quote` in the page's text.
        quote_end: Offset after it.
        verdict: What these words do for `sentence`; "related" where that was not checked.
        sentence: The answer's sentence that rests on them, without its markers; "" while the answer grows.
        position: Offset of its `[number]` in the answer's text.
    """

    number: int
    passage: Passage
    quote: str
    quote_start: int
    quote_end: int
    verdict: Verdict = "related"
    sentence: str = ""
    position: int = 0

    @property
    def heading(self) -> str:
        """The headings its words begin under, outermost first; "" where none is known."""
        begun = [path for start, path in self.passage.sections if start <= self.quote_start]
        return begun[-1] if begun else self.passage.heading

    @classmethod
    def of_words(cls, number: int, passage: Passage, start: int = 0, end: int | None = None, *, position: int = 0) -> Self:
        """Cite `passage.text[start:end]`, by default all of it."""
        quote = passage.text[start:end]
        return cls(number, passage, quote, passage.start + start, passage.start + start + len(quote), position=position)


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of a finished answer, compared with what it cites.

    Attributes:
        start: Offset in the answer's text.
        end: Offset after it and after its markers.
        verdict: That of all that it cites together; "unsupported" where it cites nothing and nothing that was found supports it.
        citations: Indexes in the answer's `citations`.
    """

    start: int
    end: int
    verdict: Verdict
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a chat model was sent for an answer, and what its server said of it.

    Attributes:
        messages: All of them: instructions, history, and the question with its passages.
        tokens: Their size, estimated from above.
        room: Tokens that there were for them.
        dropped_messages: Messages of the history that had no room, the oldest.
        dropped_passages: Passages that were found and had no room, the worst.
        prompt_tokens: What the server counted in the messages; None where it does not say.
        seconds_to_first_word: From the question on; None while there is none.
        finish_reason: The server's own word for how the answer ended, such as "stop"; "" where it gave none.
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
        """Whether the server saw clearly fewer tokens than were sent, as where its own limit is lower and it cuts without a word."""
        return self.prompt_tokens is not None and self.prompt_tokens < LEAST_SEEN * self.tokens


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or as much of it as has arrived.

    Attributes:
        question: What was asked.
        text: Markdown with footnote numbers such as `[1]`; every number is in `citations`.
        citations: Numbered by first appearance, without holes.
        passages: What was retrieved and shown to the model, best first.
        model: The chat model that wrote it, or "extractive" for quoted sentences.
        finish: How it ended.
        notice: A sentence about the answer itself (cut, interrupted, no model connected), or "".
        seconds: From the question to this state of the answer.
        searched: What was searched for: the question, or the whole question that a follow-up stands for.
        sentences: Its sentences with what the check found, in order; none while it grows, nor where nothing was to check.
        reasoning: What a thinking model thought before it; never cited, never sent back.
        sent: What the model was sent; None for quoted answers.
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


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What the library keeps about a document.

    Attributes:
        id: SHA-256 of the file's bytes.
        name: The file's name.
        title: The title the file gives itself, or "".
        media_type: Of its format, such as "application/pdf".
        sources: Where it came from: absolute paths, or "upload:NAME"; several where several files have the same bytes.
        pages: How many pages it has.
        chunks: How many chunks are stored.
        empty_pages: Physical numbers of pages without text: blank or scanned.
        labels: The printed label of each page.
        added: When, ISO 8601 in UTC.
        size: Bytes.
        password: What opened the file, or "".
        indexed: Share of its chunks that have their vectors, in [0, 1]; what has none yet is found by its words alone.
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
    password: str = field(repr=False)
    indexed: float = 1.0

    @property
    def state(self) -> DocumentState:
        """`ready` once all its chunks have their vectors, `keyword_ready` before."""
        return "ready" if self.indexed >= 1 else "keyword_ready"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part of a library.

    Attributes:
        part: Its name, such as "record" or "files".
        state: "ok"; "warning" where something is left to do; "fault" where something is damaged, missing or does not work.
        message: One sentence or two.
        cure: What to do; "" where there is nothing.
    """

    part: str
    state: Literal["ok", "warning", "fault"]
    message: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        path: The file as it was given.
        document: Its name.
        document_id: SHA-256 of its bytes, or "" where it could not be read.
        status: See `OutcomeStatus`.
        pages: Pages read.
        chunks: Chunks stored.
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
        return self.status in {"added", "unchanged", "replaced", "duplicate"}


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of one `Library.add`, one for each file, in the order they were given."""

    outcomes: tuple[Outcome, ...]

    @property
    def all_searchable(self) -> bool:
        """Whether every file's content can be found in the library now."""
        return all(outcome.is_searchable for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of `Library.add`.

    Attributes:
        path: The file at work. All files are read first; then, from its first moment of "indexing" on, a file is found by its words.
        fraction: How much of it is done, in [0, 1].
        file: Its number among the files, 1-based.
        files: How many there are.
        outcome: Set once, when the file is finished.
        stage: "reading" until its words are found, "indexing" while its vectors are made.
    """

    path: str
    fraction: float
    file: int
    files: int
    outcome: Outcome | None
    stage: Literal["reading", "indexing"] = "reading"


ProgressCallback = Callable[[Progress], None]
