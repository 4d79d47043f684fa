"""Measure how long a question takes, and where the time goes, in made-up libraries of several sizes.

    python -m tests.benchmarks.latency [--sizes 1000,10000,100000] [--keep FOLDER] [--questions 200] [--rounds 5]

The text is made of the model's own words, as frequent as in a language, each document with words it prefers. The vectors lie around those
that the model gives their documents, so that their questions find them. With --keep, the libraries are kept there and not made again.
"""

import argparse
import hashlib
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag import Chunk, DocumentRecord, Library, retrieving
from rag.embedding.model_files import model_folder
from rag.embedding.protocol import Embedder, Embeddings
from rag.settings import DEFAULT_EMBEDDING_MODEL
from rag.storing.chunks import ChunkStore
from rag.storing.index import Index
from rag.storing.lexical import LexicalIndex
from rag.storing.originals import Originals

CHUNKS_OF_DOCUMENT = 40
CHUNKS_OF_PAGE = 3
WORDS_OF_CHUNK = 185
"""Each word is one token, and so is each full stop."""

PREFERRED_WORDS = 300
PREFERRED_SHARE = 0.3
"""Of a document's words, so many are those it prefers."""

NOISE = 1.0
"""Length of what is added to a document's vector for each chunk: neighbours have a cosine of about 0.5."""

DOCUMENTS_AT_ONCE = 32
SEED = 7

Times = dict[str, list[float]]
"""Milliseconds of each question, by part."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one library.

    Attributes:
        rounds: One for each time that all questions were asked. "whole" is without the parts' clocks, "CPU" that of all threads.
        open_ms: To an open index, the model being loaded; then to the first answer; to both where the words are to be made anew.
        disk_mb: Of the record, and of the words.
        memory_mb: Most memory of the process that asked, the model's included: before the library was opened, and in the end.
    """

    rounds: list[Times]
    open_ms: tuple[float, float, float]
    disk_mb: tuple[float, float]
    memory_mb: tuple[float, float]


class Writer:
    """Makes up documents; the same number is the same document."""

    def __init__(self) -> None:
        lines = (model_folder(DEFAULT_EMBEDDING_MODEL) / "vocab.txt").read_text(encoding="utf-8").split()
        self._vocabulary = np.array([word for word in lines if word.isascii() and word.isalpha() and (len(word) > 1 or word == "a")])
        self._general = _zipf(len(self._vocabulary))
        self._preferred = _zipf(PREFERRED_WORDS)

    def document(self, number: int, chunks: int) -> list[Chunk]:
        """Cut as the library cuts: pages of some chunks that follow each other."""
        id_ = hashlib.sha256(f"{SEED} {number}".encode()).hexdigest()
        random = np.random.default_rng([SEED, number])
        size = (chunks, WORDS_OF_CHUNK)
        own = random.choice(len(self._vocabulary), PREFERRED_WORDS, replace=False)
        preferred = own[random.choice(PREFERRED_WORDS, size, p=self._preferred)]
        general = random.choice(len(self._vocabulary), size, p=self._general)
        words = np.where(random.random(size) < PREFERRED_SHARE, preferred, general)
        made: list[Chunk] = []
        for ordinal, row in enumerate(self._vocabulary[words]):
            page, place = divmod(ordinal, CHUNKS_OF_PAGE)
            text = _sentences(row.tolist(), random)
            start = made[-1].end + 1 if place else 0
            made.append(Chunk(id_, ordinal, page + 1, start, start + len(text), text, f"Part {page}", " " if place else ""))
        return made


def _sentences(words: list[str], random: np.random.Generator) -> str:
    written = []
    while words:
        length = int(random.integers(8, 30))
        written.append(" ".join(words[:length]).capitalize() + ".")
        words = words[length:]
    return " ".join(written)


def _zipf(size: int) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = 1 / (np.arange(size) + 2.7)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def make(folder: Path, chunks: int) -> float:
    """Make a library where it is not there with the present model; returns the seconds it took."""
    began = time.monotonic()
    with Library.open(folder) as library:
        identity, embedder = library.index_identity, library._embedder
    made = folder / "made"
    if made.exists() and made.read_text(encoding="utf-8") == identity:
        return 0.0
    shutil.rmtree(folder)
    folder.mkdir()
    index = Index(folder, None, Originals(folder / "originals"), lambda: identity)
    writer, random = Writer(), np.random.default_rng(SEED)
    sizes = [min(CHUNKS_OF_DOCUMENT, chunks - first) for first in range(0, chunks, CHUNKS_OF_DOCUMENT)]
    for first in range(0, len(sizes), DOCUMENTS_AT_ONCE):
        documents = [writer.document(first + number, size) for number, size in enumerate(sizes[first : first + DOCUMENTS_AT_ONCE])]
        for chunked, centre in zip(documents, embedder.embed_documents([each[0].text for each in documents]), strict=True):
            noise = random.standard_normal((len(chunked), len(centre)))
            index.store.put(chunked, _unit(centre + NOISE * noise / np.sqrt(len(centre))))
            index.commit(_record(chunked), centre, chunked)
    index.close()
    made.write_text(identity, encoding="utf-8")
    return time.monotonic() - began


def _unit(vectors: NDArray[Any]) -> Embeddings:
    unit: Embeddings = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _record(chunks: Sequence[Chunk]) -> DocumentRecord:
    id_, pages = chunks[0].document_id, chunks[-1].page
    labels = tuple(str(page) for page in range(1, pages + 1))
    name = f"{id_[:8]}.txt"
    return DocumentRecord(id_, name, "", "text/plain", (f"/made/{name}",), pages, len(chunks), (), labels, "2000-01-01T00:00:00Z", 1, "")


def questions(chunks: int, count: int) -> list[str]:
    """Some words in a row, each time of another document as far as there are so many."""
    writer, random = Writer(), np.random.default_rng(SEED)
    asked = []
    for number in np.resize(random.permutation(max(1, chunks // CHUNKS_OF_DOCUMENT)), count).tolist():
        words = writer.document(number, CHUNKS_OF_DOCUMENT)[random.integers(CHUNKS_OF_DOCUMENT)].text.split()
        first = int(random.integers(len(words) // 2))
        asked.append(" ".join(words[first : first + int(random.integers(5, 14))]).rstrip(".") + "?")
    return asked


def measure(folder: Path, asked: Sequence[str], rounds: int) -> Figures:
    """Ask every question, some times over."""
    with Library.open(folder) as library:
        embedder = library._embedder
    embedder.embed_query("ready?")
    memory_before = _peak_mb()
    with Library.open(folder, embedder=embedder) as library:
        began = time.perf_counter()
        library.warm_up()
        opened = time.perf_counter()
        library.retrieve(asked[0])
        first = time.perf_counter()
        _round(library, asked)
        measured = []
        for _ in range(rounds):
            whole, used = _round(library, asked)
            with _clocks(embedder) as times:
                timed, _ = _round(library, asked, times)
            rest = [total - sum(parts) for total, *parts in zip(timed, *times.values(), strict=True)]
            unembedded = [total - embedding for total, embedding in zip(timed, times["embedding"], strict=True)]
            measured.append({"whole": whole, "CPU": used, "all but embedding": unembedded, **times, "rest": rest})
    disk_mb = _size_mb(folder / "chroma"), _size_mb(folder / "lexical")
    memory_mb = memory_before, _peak_mb()
    shutil.rmtree(folder / "lexical")
    rebuilding = time.perf_counter()
    with Library.open(folder, embedder=embedder) as library:
        library.retrieve(asked[0])
        rebuilt = time.perf_counter()
    return Figures(measured, (1e3 * (opened - began), 1e3 * (first - opened), 1e3 * (rebuilt - rebuilding)), disk_mb, memory_mb)


def _round(library: Library, asked: Sequence[str], times: Times | None = None) -> tuple[list[float], list[float]]:
    """Milliseconds of each question, and of the processors; where the parts have clocks, each question is a new row of them."""
    took, used = [], []
    for question in asked:
        for part in times.values() if times is not None else ():
            part.append(0.0)
        began, worked = time.perf_counter(), time.process_time()
        library.retrieve(question)
        took.append(1e3 * (time.perf_counter() - began))
        used.append(1e3 * (time.process_time() - worked))
    return took, used


@contextmanager
def _clocks(embedder: Embedder) -> Iterator[Times]:
    """Time what a question passes through; what it calls again counts once."""
    parts: dict[str, list[tuple[Any, str]]] = {
        "embedding": [(type(embedder), "embed_query")],
        "dense": [(ChunkStore, "nearest")],
        "cosines": [(ChunkStore, "cosines")],
        "lexical": [(LexicalIndex, "search")],
        "scores": [(LexicalIndex, "scores")],
        "chunks": [(ChunkStore, "chunks")],
        "choosing": [(retrieving, name) for name in ("distinct", "joined")],
        "trimming": [(LexicalIndex, "wording"), (retrieving, "sentences"), (retrieving, "trimmed")],
    }
    times: Times = {part: [] for part in parts}
    with ExitStack() as shipped:
        for part, owners in parts.items():
            for owner, name in owners:
                function = getattr(owner, name)
                shipped.callback(setattr, owner, name, function)
                setattr(owner, name, _timed(function, times[part]))
        yield times


def _timed(function: Callable[..., Any], took: list[float]) -> Callable[..., Any]:
    """Add what each call takes to the last of `took`."""

    def timed(*given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            took[-1] += 1e3 * (time.perf_counter() - began)

    return timed


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def table(figures: dict[int, Figures]) -> list[str]:
    """Percentiles in each round: the median of the rounds, and their least and most."""
    lines = ["| milliseconds | " + " | ".join(f"{size:,} p50 | p95" for size in figures) + " |", "|---" * (1 + 2 * len(figures)) + "|"]
    for part in next(iter(figures.values())).rounds[0]:
        cells = []
        for each in figures.values():
            percentiles = np.array([np.percentile(times[part], (50, 95)) for times in each.rounds])
            cells += [f"{np.median(column):.2f} ({column.min():.2f}-{column.max():.2f})" for column in percentiles.T]
        lines.append(f"| {part} | " + " | ".join(cells) + " |")
    rows = {
        "open": [f"{each.open_ms[0]:.0f}" for each in figures.values()],
        "first question": [f"{each.open_ms[1]:.0f}" for each in figures.values()],
        "open and first question, the words made anew": [f"{each.open_ms[2]:.0f}" for each in figures.values()],
        "disk, record + words (MB)": ["{:.0f} + {:.0f}".format(*each.disk_mb) for each in figures.values()],
        "peak memory, before and in the end (MB)": ["{:.0f}, {:.0f}".format(*each.memory_mb) for each in figures.values()],
    }
    return lines + [f"| {name} | {' | | '.join(cells)} | |" for name, cells in rows.items()]


def main() -> None:
    """Read the command line and measure, each library in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="chunks")
    parser.add_argument("--keep", type=Path, help="keep the libraries here")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    figures = {}
    with (
        tempfile.TemporaryDirectory() as temporary,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes,
    ):
        for size in map(int, given.sizes.split(",")):
            folder = (given.keep or Path(temporary)) / str(size)
            print(f"{size} chunks made in {processes.submit(make, folder, size).result():.0f} s", flush=True)
            figures[size] = processes.submit(measure, folder, questions(size, given.questions), given.rounds).result()
            print("\n".join(table({size: figures[size]})), end="\n\n", flush=True)
    print("\n".join(table(figures)))


if __name__ == "__main__":
    main()
