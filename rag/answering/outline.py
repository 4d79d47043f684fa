"""An overview without a chat model: a document's own titles, each with its key sentence, cited; of several documents a sentence each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.answering.key_sentences import key_sentences
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.answering.sections import Block, Piece, Section, merged, sections
from rag.embedding.protocol import Embeddings
from rag.text.sentences import sentence_spans
from rag.types import Answer, CheckedSentence, ChunkKey, Citation, Passage

MOST_LINES = 12  # of an outline
MOST_INNER = 6  # titles shown below a section's own
LINES_WITHOUT_TITLES = 7  # of an outline of a document without titles
FEWEST_TITLES = 3  # with fewer, a document counts as one without titles
SAME_AS_CHOSEN = 0.5  # weight of a part's likeness to those already chosen, next to that to the whole document

VectorsOf = Callable[[Sequence[Block]], Mapping[ChunkKey, Embeddings]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an answer: a label or "", the words quoted, and the titles that stand below the label."""

    label: str
    quote: Piece
    inner: tuple[str, ...] = ()


def document_lines(document: Sequence[Block], vectors_of: VectorsOf) -> list[Line]:
    """The outline of one document: by its titles, or by sentences from all over it where it has none.

    `vectors_of` reads those of its chunks that there are.
    """
    found = merged(sections(document), MOST_LINES)
    if sum(bool(section.title) for section in found) < FEWEST_TITLES:
        found = [replace(section, title="", inner=()) for section in _spread(document, vectors_of(document))]
    chosen = zip(found, key_sentences(found), strict=True)
    return [Line(section.title, sentence.quote, _shown(section)) for section, sentence in chosen if sentence]


def opening_line(document: Sequence[Block]) -> Line | None:
    """A document's name with the first of its key sentences; None where it has no sentence."""
    found = merged(sections(document), MOST_LINES)
    sentence = next(filter(None, key_sentences(found)), None)
    return Line(document[0].record.name, sentence.quote) if sentence else None


def quoted_lines(question: RetrievedQuestion, intro: str, lines: Sequence[Line], notice: str) -> Answer:
    """The answer that has these lines, each quoted word for word with its footnote."""
    text = f"{intro}\n"
    numbers: dict[tuple[ChunkKey, ...], int] = {}
    passages, citations, checked = list[Passage](), list[Citation](), list[CheckedSentence]()
    for line in lines:
        passage, first = line.quote.passage(len(passages) + 1)
        number = numbers.setdefault(line.quote.keys, len(passages) + 1)
        if number > len(passages):
            passages.append(passage)
        text += f"\n- **{_plain(line.label)}**: " if line.label else "\n- "
        start, words = len(text), shown_words(line.quote.text)
        text += f"“{words}” "
        citation = Citation.of_words(number, passages[number - 1], first, first + len(line.quote.text), position=len(text))
        citations.append(replace(citation, verdict="supported", sentence=words))
        text += f"[{number}]"
        checked.append(CheckedSentence(start, len(text), "supported", (len(citations) - 1,)))
        if line.inner:
            text += f"  \n  *{' · '.join(map(_plain, line.inner))}*"
    answer = replace(question, passages=tuple(passages)).answer(text, citations, EXTRACTIVE, "complete", notice)
    return replace(answer, sentences=tuple(checked))


def shown_words(text: str) -> str:
    """A quotation on one line; a row's cells with dots between them, as bars would make a table of the answer."""
    words = " ".join(text.split())
    return " · ".join(cell.strip() for cell in words.strip("| ").split("|")) if words.count("|") > 1 else words


def _plain(title: str) -> str:
    """A title that is no Markdown."""
    return title.translate(str.maketrans("", "", "*`[]|<>#\\")).strip()


def _shown(section: Section) -> tuple[str, ...]:
    """The first of the titles below a section's own, each once."""
    titles = {title.casefold(): title for title in reversed(section.inner) if title.casefold() != section.title.casefold()}
    inner = list(reversed(titles.values()))
    return (*inner[:MOST_INNER], "…") if len(inner) > MOST_INNER else tuple(inner)


def _spread(document: Sequence[Block], vectors: Mapping[ChunkKey, Embeddings]) -> list[Section]:
    """Parts from all over a document: of many chunks, in each stretch the one most like the whole and least like those before."""
    parts = [piece for block in document for piece in block.pieces()]
    if len(parts) < LINES_WITHOUT_TITLES:
        spans = [(part, span) for part in parts for span in sentence_spans(part.text)]
        sentences = [Piece(part.block, part.start + first, part.start + last) for part, (first, last) in spans]
        return [Section("", 1, tuple(stretch)) for stretch in _stretches(sentences)]
    centre = np.mean(list(vectors.values()), axis=0) if vectors else None
    chosen: list[Piece] = []
    for stretch in _stretches(parts):
        before = [piece.keys[0] for piece in chosen]
        chosen.append(max(stretch, key=lambda piece: _worth(piece.keys[0], before, vectors, centre)))
    return [Section("", 1, (piece,)) for piece in chosen]


def _stretches(pieces: Sequence[Piece]) -> list[Sequence[Piece]]:
    """Pieces in `LINES_WITHOUT_TITLES` stretches, or fewer, none of them empty."""
    count = min(LINES_WITHOUT_TITLES, len(pieces))
    return [pieces[n * len(pieces) // count : (n + 1) * len(pieces) // count] for n in range(count)]


def _worth(key: ChunkKey, chosen: Sequence[ChunkKey], vectors: Mapping[ChunkKey, Embeddings], centre: Embeddings | None) -> float:
    if centre is None or key not in vectors:
        return 0.0
    likeness = max((float(vectors[key] @ vectors[other]) for other in chosen if other in vectors), default=0.0)
    return float(vectors[key] @ centre) - SAME_AS_CHOSEN * likeness
