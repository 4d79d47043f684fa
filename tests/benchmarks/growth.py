"""Measure libraries of several sizes: open, ask, add one document, disk, memory; and where the time of a question goes.

    python -m tests.benchmarks.growth [--sizes 1000,10000,100000,300000] [--keep FOLDER] [--questions 200] [--rounds 5] [--write]

With --keep, the libraries are kept there and not made again. --write keeps the figures in docs.
"""

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag import Library
from rag.embedding.protocol import Embedder
from rag.retrieving import retriever as retrieving
from rag.retrieving import search as searching
from rag.storing.chroma import ChromaStore
from rag.storing.lexical import LexicalIndex
from tests.benchmarks import report
from tests.benchmarks.made_library import CHUNKS_OF_DOCUMENT, Writer, make, questions

TICK_SECONDS = 0.0005

Times = dict[str, list[float]]
"""Milliseconds of each question, by part."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one library. Times are milliseconds.

    Attributes:
        rounds: One for each time that all questions were asked. "whole" is without the parts' clocks, "CPU" that of all threads.
        opened: To an open index and a loaded model.
        first: To the first answer after that.
        added: To add one document of `CHUNKS_OF_DOCUMENT` chunks, vectors and all, each time another.
        held: The longest that another thread waited for Python's global lock, in each question.
        rebuilt: To open and to answer where the words are to be made anew.
        disk_mb: Of the record, and of the words.
        memory_mb: Most memory of the process that asked, the model's included: before the library was opened, and in the end.
    """

    rounds: list[Times]
    opened: float
    first: float
    added: list[float]
    held: list[float]
    rebuilt: float
    disk_mb: tuple[float, float]
    memory_mb: tuple[float, float]


def measure(folder: Path, asked: Sequence[str], rounds: int) -> Figures:
    """Ask every question, some times over; add some documents."""
    with Library.open(folder) as library:
        embedder = library.embedder
    embedder.embed_query("ready?")
    memory_before = _peak_mb()
    with Library.open(folder, embedder=embedder) as library:
        opened = _took(library.warm_up)
        first = _took(lambda: library.retrieve(asked[0]))
        _round(library, asked)
        measured = []
        for _ in range(rounds):
            whole, used = _round(library, asked)
            with clocks(embedder) as times:
                timed, _ = _round(library, asked, times)
            rest = [total - sum(parts) for total, *parts in zip(timed, *times.values(), strict=True)]
            unembedded = [total - embedding for total, embedding in zip(timed, times["embedding"], strict=True)]
            measured.append({"whole": whole, "CPU": used, "all but embedding": unembedded, **times, "rest": rest})
        held = [_held(lambda question=question: library.retrieve(question)) for question in asked]  # type: ignore[misc]
        added = [_added(library, number) for number in range(rounds)]
    disk_mb = _size_mb(folder / "chroma"), _size_mb(folder / "lexical")
    memory_mb = memory_before, _peak_mb()
    shutil.rmtree(folder / "lexical")
    with Library.open(folder, embedder=embedder) as library:
        rebuilt = _took(lambda: library.retrieve(asked[0]))
    return Figures(measured, opened, first, added, held, rebuilt, disk_mb, memory_mb)


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - began)


def _added(library: Library, number: int) -> float:
    """Add one document, and take it out again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "new.txt"
        file.write_text("\n\n".join(chunk.text for chunk in Writer().document(10**9 + number, CHUNKS_OF_DOCUMENT)), encoding="utf-8")
        took = _took(lambda: library.add(file))
    library.remove("new.txt")
    return took


def _held(work: Callable[[], object]) -> float:
    """The longest that another thread, which wants to do next to nothing, waits while some work is done."""
    longest, done = 0.0, threading.Event()

    def tick() -> None:
        nonlocal longest
        while not done.is_set():
            longest = max(longest, _took(lambda: time.sleep(TICK_SECONDS)) - 1e3 * TICK_SECONDS)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return longest


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
def clocks(embedder: Embedder) -> Iterator[Times]:
    """Time what a question passes through; what it calls again counts once."""
    parts: dict[str, list[tuple[Any, str]]] = {
        "embedding": [(type(embedder), "embed_query")],
        "dense": [(ChromaStore, "nearest")],
        "cosines": [(ChromaStore, "cosines")],
        "lexical": [(LexicalIndex, "search")],
        "scores": [(LexicalIndex, "scores")],
        "chunks": [(ChromaStore, "chunks")],
        "choosing": [(retrieving, name) for name in ("distinct", "joined")],
        "trimming": [(LexicalIndex, "term_weights"), (retrieving, "sentences"), (retrieving, "trimmed")],
        "naming documents": [(LexicalIndex, "documents")],
        "other wordings": [(retrieving, "other_wordings")],
        "limits in the question": [(searching, "narrowed")],
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
        lines.append(f"| {part} | " + " | ".join(_cell(column) for each in figures.values() for column in _percentiles(each, part)) + " |")
    lines += ["", "| | " + " | ".join(f"{size:,} chunks" for size in figures) + " |", "|---" * (1 + len(figures)) + "|"]
    rows: dict[str, Callable[[Figures], str]] = {
        "open, model and index (s)": lambda each: f"{each.opened / 1e3:.2f}",
        "first question after that (ms)": lambda each: f"{each.first:.0f}",
        f"add one document of {CHUNKS_OF_DOCUMENT} chunks (s)": lambda each: _cell(np.array(each.added) / 1e3),
        "longest wait of another thread for Python's lock, p50 and p95 of the questions (ms)": lambda each: "{:.1f} and {:.1f}".format(
            *np.percentile(each.held, (50, 95))
        ),
        "open and first question, the words made anew (s)": lambda each: f"{each.rebuilt / 1e3:.1f}",
        "disk, record + words (MB)": lambda each: "{:.0f} + {:.0f}".format(*each.disk_mb),
        "peak memory, before and in the end (MB)": lambda each: "{:.0f}, {:.0f}".format(*each.memory_mb),
    }
    return lines + [f"| {name} | {' | '.join(map(say, figures.values()))} |" for name, say in rows.items()]


def _cell(values: Any) -> str:
    return f"{np.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _percentiles(figures: Figures, part: str) -> Any:
    """Of a part's times, float64 `(2, rounds)`: p50 and p95."""
    return np.array([np.percentile(times[part], (50, 95)) for times in figures.rounds]).T


def points(figures: dict[int, Figures]) -> list[dict[str, float]]:
    """What is drawn of each library."""
    drawn = []
    for size, each in figures.items():
        p50, p95 = (float(np.median(column)) for column in _percentiles(each, "whole"))
        times = {
            "question p50, ms": p50,
            "question p95, ms": p95,
            "open, ms": each.opened,
            "add a document, ms": float(np.median(each.added)),
        }
        drawn.append({"chunks": float(size), **times, "disk, MB": sum(each.disk_mb), "memory, MB": each.memory_mb[1]})
    return drawn


def main() -> None:
    """Read the command line and measure, each library in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,300000", help="chunks")
    parser.add_argument("--keep", type=Path, help="keep the libraries here")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the figures in docs")
    given = parser.parse_args()
    figures = {}
    with (
        tempfile.TemporaryDirectory() as temporary,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes,
    ):
        for size in map(int, given.sizes.split(",")):
            folder = (given.keep or Path(temporary)) / str(size)
            print(f"{size} chunks made in {processes.submit(make, folder, size).result():.0f} s", file=sys.stderr, flush=True)
            figures[size] = processes.submit(measure, folder, questions(size, given.questions), given.rounds).result()
            print("\n".join(table({size: figures[size]})), end="\n\n", file=sys.stderr, flush=True)
            if not given.keep:
                shutil.rmtree(folder)
    versions = {"Footnote": report.versions(Path(sys.executable), report.PACKAGES)}
    report.show("growth", {"table": table(figures), "points": points(figures), "versions": versions}, is_kept=given.write)


if __name__ == "__main__":
    main()
