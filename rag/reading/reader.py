"""Question and passages -> how likely each sentence, row, pair or item of them answers, by a small cross-encoder in ONNX Runtime."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.built_in_tokens import built_in_tokenizer
from rag.embedding.onnx_runtime import a_thread_a_core, load_graph
from rag.reading.tokens import Tokens, tokenize
from rag.text.units import Unit, units
from rag.types import Passage

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

GRAPH = Path(__file__).parent / "reader.onnx"
MOST_QUESTION_TOKENS = 48
MOST_LEAD_TOKENS = 32  # of the document's name and the headings above a passage, which stand before it
WINDOW_TOKENS = 200  # of a passage, read at once; the reader was trained on as many
MOST_HEADER_TOKENS = 64  # of what the first unit of a window must be read with, such as the header of its table, which stands before it
MOST_WINDOWS = 12  # of all passages, those that share most words with the question: a person waits
REMEMBERED = 64  # windows: those of chunks that were read to order them are read again in their passages
_CLS, _SEP = 101, 102


@dataclass(frozen=True, slots=True)
class ReadUnit:
    """A unit of the passage `passages[index]`, with offsets in its `headed_text`; it is none of the header.

    Attributes:
        score: The logit that it answers the question.
        answer: The greatest logit of a token of it to be a part of the answer itself: the number, the name.
        window: The logit that the text around it answers at all.
        value: How well it answers beside other units of its question, all things weighed; see `weighing`.
    """

    index: int
    unit: Unit
    score: float
    answer: float
    window: float
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class _Window:
    index: int
    ids: list[int]
    units: list[Unit]
    members: list[int]
    """Of each token, the place of its unit in `units`; -1 where it is read for its context alone."""


class Reader:
    """Reads passages for a question; each window of a passage is a pass of its own on one core."""

    def __init__(self, graph: Path = GRAPH) -> None:
        """Load nothing yet."""
        self._graph = graph
        self._lock = threading.Lock()
        self._logits = lru_cache(REMEMBERED)(self._read_window)

    def read(self, question: str, passages: Sequence[Passage], most_windows: int = MOST_WINDOWS) -> list[ReadUnit]:
        """The units of passages, best passages first, in reading order; those of windows beyond `most_windows` are left out.

        `EmbeddingError` is raised where the model cannot be loaded.
        """
        tokenizer = built_in_tokenizer()
        asked = tokenize(question, tokenizer).ids[:MOST_QUESTION_TOKENS]
        windows = list[tuple[list[int], _Window]]()
        for index, passage in enumerate(passages):
            lead = tokenize(lead_of(passage), tokenizer).ids[:MOST_LEAD_TOKENS]
            windows += [(lead, window) for window in _windows(index, passage, tokenize(passage.headed_text, tokenizer))]
        if len(windows) > most_windows:
            shared = [len(set(asked).intersection(window.ids)) for _, window in windows]
            best = sorted(range(len(windows)), key=lambda place: (-shared[place], place))[:most_windows]
            windows = [windows[place] for place in sorted(best)]
        with self._lock:
            _ = self._session  # loaded once, not by each of the threads
        logits = self._workers.map(lambda pair: self._logits(tuple(asked), tuple(pair[0]), tuple(pair[1].ids)), windows)
        return [unit for (_, window), (tokens, whole) in zip(windows, logits, strict=True) for unit in _scored(window, tokens, whole)]

    def close(self) -> None:
        """Let go of the threads; the next use makes new ones."""
        if workers := self.__dict__.pop("_workers", None):
            workers.shutdown()

    def _read_window(self, asked: tuple[int, ...], lead: tuple[int, ...], window: tuple[int, ...]) -> tuple[np.ndarray, float]:
        """For each token of a window two logits, `(tokens, 2)`, and one for the whole."""
        before = [_CLS, *asked, _SEP, *lead]
        ids = [*before, *window, _SEP]
        types = [0] * (len(asked) + 2) + [1] * (len(ids) - len(asked) - 2)
        feed = {"ids": np.array([ids], dtype=np.int64), "types": np.array([types], dtype=np.int64)}
        tokens, whole = self._session.run(None, feed)
        return tokens[0][len(before) : -1], float(whole[0])

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return a_thread_a_core("reading")

    @cached_property
    def _session(self) -> "InferenceSession":
        return load_graph(self._graph, "Install Footnote again.")


def lead_of(passage: Passage) -> str:
    """What stands before a passage when it is read."""
    return f"{Path(passage.document).stem}: {passage.heading}"


def _windows(index: int, passage: Passage, tokens: Tokens) -> Iterator[_Window]:
    """Cut a passage into windows between units; a unit longer than a window is read as far as it fits."""
    ids, members, held = list[int](), list[int](), list[Unit]()
    starts = [start for start, _ in tokens.spans]

    def ids_of(start: int, end: int, most: int) -> list[int]:
        return tokens.ids[bisect_left(starts, start) : bisect_left(starts, end)][:most]

    for unit in units(passage.headed_text):
        if unit.end <= len(passage.header):
            continue
        mine = ids_of(unit.start, unit.end, WINDOW_TOKENS)
        if held and len(members) + len(mine) > WINDOW_TOKENS + members.count(-1):
            yield _Window(index, ids, held, members)
            ids, members, held = [], [], []
        if not held:
            context = [each for span in (unit.lead, unit.group) if span for each in ids_of(*span, MOST_HEADER_TOKENS)]
            ids, members = context[:MOST_HEADER_TOKENS], [-1] * len(context[:MOST_HEADER_TOKENS])
        ids += mine
        members += [len(held)] * len(mine)
        held.append(unit)
    if held:
        yield _Window(index, ids, held, members)


def _scored(window: _Window, logits: np.ndarray, whole: float) -> Iterator[ReadUnit]:
    members = np.array(window.members)
    for place, unit in enumerate(window.units):
        mine = logits[members == place]
        if len(mine):
            yield ReadUnit(window.index, unit, float(mine[:, 0].mean()), float(mine[:, 1].max()), whole)
