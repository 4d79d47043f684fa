"""Pairs of a sentence and passages with what the verdict should be: gold, near misses, and gold with one fact of the sentence changed.

The sentences are those of people's and models' answers in ClapNQ and Northwind.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from rag.embedding.protocol import Embedder
from rag.formats.loader import Loader
from rag.text.sentences import sentence_spans
from rag.types import Chunk, Passage
from rag.verifying.dates import dates_in
from rag.verifying.names import names_in
from rag.verifying.numbers import numbers_in
from tests.chunked import chunk_document
from tests.loading import load

CHUNK_TOKENS = 200
"""As the library cuts by default."""

NEAREST = 2
"""Near misses a sentence: so many that are nearest to it, and so many that are nearest to its question."""

SAME = 75
"""Of 100: a passage with words so like the gold passage's nearest sentence may hold the answer too, and is no near miss."""

FEWEST_WORDS = 4
"""A shorter sentence of an answer states nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence with a passage.

    Attributes:
        kind: "gold", "near miss" or "changed".
        change: What was changed: "number", "swapped number", "date", "name" or "negation"; "" where nothing was.
        question: Of the answer; pairs of one question are on the same side of the split.
        sentence: The claim.
        passage: What it cites.
        source: "clapnq" or "northwind".
        original: The claim before it was changed.
    """

    kind: str
    change: str
    question: str
    sentence: str
    passage: Passage
    source: str
    original: str = ""

    @property
    def is_held_out(self) -> bool:
        """Whether it is in the half that is judged on."""
        return bool(crc32(self.question.encode()) % 2)


@dataclass(frozen=True, slots=True)
class _Answered:
    question: str
    sentences: tuple[str, ...]
    gold: tuple[int, ...]


def pairs(folder: Path, embedder: Embedder) -> list[Pair]:
    """Build all pairs from the sets in a folder."""
    found: list[Pair] = []
    for source, (answered, passages) in (("clapnq", _clapnq(folder / "clapnq")), ("northwind", _northwind(folder / "northwind", embedder))):
        found += _paired(source, answered, passages, embedder)
    return found + list(_changed(found))


def _paired(source: str, answered: Sequence[_Answered], passages: Sequence[Passage], embedder: Embedder) -> Iterator[Pair]:
    rows = embedder.embed_documents([passage.text[:1200] for passage in passages])
    for each in answered:
        asked = embedder.embed_query(each.question)
        for sentence in each.sentences:
            cosines = rows @ embedder.embed_query(sentence)
            gold = max(each.gold, key=lambda index: float(cosines[index]))
            yield Pair("gold", "", each.question, sentence, passages[gold], source)
            words = _nearest_words(sentence, passages[gold], embedder)
            for index in _near(cosines, rows @ asked, each.gold):
                if fuzz.partial_ratio(words, passages[index].text) < SAME:
                    yield Pair("near miss", "", each.question, sentence, passages[index], source)


def _near(to_sentence: NDArray[np.float32], to_question: NDArray[np.float32], gold: Sequence[int]) -> list[int]:
    orders = [[int(index) for index in np.argsort(-cosines)[:30] if index not in gold] for cosines in (to_sentence, to_question)]
    return list(dict.fromkeys([*orders[0][:NEAREST], *orders[1][:NEAREST]]))


def _nearest_words(sentence: str, passage: Passage, embedder: Embedder) -> str:
    texts = [passage.text[start:end] for start, end in sentence_spans(passage.text)]
    return texts[int(np.argmax(embedder.embed_documents(texts) @ embedder.embed_query(sentence)))]


def _sentences(answers: Sequence[str]) -> tuple[str, ...]:
    cut = (answer[start:end] for answer in answers for start, end in sentence_spans(answer))
    return tuple(dict.fromkeys(sentence for sentence in cut if len(sentence.split()) >= FEWEST_WORDS))


def _clapnq(folder: Path) -> tuple[list[_Answered], list[Passage]]:
    rows = _rows(folder / "passages.jsonl")
    passages = [_passage(row["text"], f"{row['title']}.txt", row["title"]) for row in rows]
    places = {row["_id"]: index for index, row in enumerate(rows)}
    twins: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        twins.setdefault(row["text"][:200], []).append(index)
    answered = []
    for row in _rows(folder / "questions.jsonl"):
        if row["answerable"]:
            gold = twins[rows[places[row["gold_passage"]]]["text"][:200]]
            answered.append(_Answered(row["question"], _sentences(row["answers"][:1]), tuple(gold)))
    return answered, passages


def _northwind(folder: Path, embedder: Embedder) -> tuple[list[_Answered], list[Passage]]:
    passages: list[Passage] = []
    pages: dict[tuple[str, int], list[int]] = {}
    with closing(Loader()) as loader:
        for path in sorted((folder / "pdfs").glob("*.pdf")):
            for chunk in chunk_document(load(loader, path, document_id="0" * 64).document, embedder, CHUNK_TOKENS):
                pages.setdefault((path.name, chunk.page), []).append(len(passages))
                passages.append(_of_chunk(chunk, path.name))
    answered = []
    for row in _rows(folder / "questions.jsonl"):
        places = {(place["doc"], place[page]) for place in row["evidence"] for page in ("page1", "best_page1")}
        gold = [index for place in sorted(places) for index in pages.get(place, [])]
        if gold:
            answered.append(_Answered(row["question"], _sentences(row["answers"]), tuple(gold)))
    return answered, passages


def _passage(text: str, document: str, heading: str) -> Passage:
    return Passage(1, 1.0, 1.0, document, "0" * 64, 1, "1", 0, len(text), text, heading, 0, text)


def _of_chunk(chunk: Chunk, name: str) -> Passage:
    return replace(_passage(chunk.text, name, chunk.heading), document_id=chunk.document_id, page=chunk.page)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _changed(gold: Sequence[Pair]) -> Iterator[Pair]:
    """Each gold sentence once for each kind of fact that it has, with one of these changed."""
    golden = [pair for pair in gold if pair.kind == "gold"]
    names = sorted({name.word for pair in golden for name in names_in(pair.sentence) if name.word.isalpha() and len(name.word) > 3})
    for pair in golden:
        for change, sentence in _changes(pair, names):
            yield replace(pair, kind="changed", change=change, sentence=sentence, original=pair.sentence)


def _changes(pair: Pair, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    text, seed = pair.sentence, crc32(pair.sentence.encode())
    passage = " ".join((pair.passage.text, pair.passage.document, pair.passage.heading)).casefold()
    dates = [date for date in dates_in(text) if date.year or date.day]
    numbers = [number for number in numbers_in(text) if not number.is_part and not number.is_word]
    numbers = [number for number in numbers if not any(date.start <= number.start < date.end for date in dates)]
    if numbers:
        number = numbers[seed % len(numbers)]
        written = text[number.start : number.end]
        yield "number", text[: number.start] + _other_digits(written, passage, seed) + text[number.end :]
        there = [each for each in re.findall(r"\d[\d,.]*\d|\d", passage) if each not in text]
        if there:
            yield "swapped number", text[: number.start] + there[seed % len(there)] + text[number.end :]
    if dates:
        date = dates[seed % len(dates)]
        yield "date", text[: date.start] + _other_digits(text[date.start : date.end], passage, seed) + text[date.end :]
    named = [name for name in names_in(text) if name.run]
    if named:
        name = named[seed % len(named)]
        other = next(
            names[(seed + step) % len(names)] for step in range(len(names)) if names[(seed + step) % len(names)].casefold() not in passage
        )
        yield "name", text[: name.start] + other + text[name.start + len(name.word) :]
    if denied := _other_negation(text):
        yield "negation", denied


def _other_digits(written: str, passage: str, seed: int) -> str:
    """The same with one number of it replaced by one as long that the passage has not."""
    found = list(re.finditer(r"\d+", written))
    match = found[seed % len(found)]
    digits = match.group()
    low, high = (10 ** (len(digits) - 1), 10 ** len(digits)) if len(digits) < 4 or digits[0] not in "12" else (1800, 2030)
    for step in range(high - low):
        other = str(low + (seed + 7 * step) % (high - low))
        if other != digits and not re.search(rf"\b{other}\b", passage):
            return written[: match.start()] + other + written[match.end() :]
    return written[: match.start()] + digits + "0" + written[match.end() :]


def _other_negation(text: str) -> str:
    """The same with its negation taken out, or one put in; "" where the rule finds no place."""
    if match := re.search(r"\b(is|are|was|were|can|may|will|must|should|do|does|did|has|have|could|would) not ", text):
        return text[: match.start()] + match[1] + " " + text[match.end() :]
    if match := re.search(r"\b(is|are|was|were|can|may|will|must|should|could|would) (?!not)", text):
        return text[: match.end()] + "not " + text[match.end() :]
    return ""
