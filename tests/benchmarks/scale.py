"""Measures a large library: open, first answer, questions, adding, memory, disk, a snapshot, recall, and Python's lock.

    python -m tests.benchmarks.scale FOLDER [--questions 300] [--parts opening,questions,adding,storing,recall,disk]

FOLDER is a library, such as `large_library` makes; it is changed and changed back. Each part runs in a process of its own, and prints
lines of a table. Times are milliseconds, of the clock and of the processors (all threads): on a busy machine only the second holds.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag import Library, Settings
from rag.storing.hnsw import Header
from rag.storing.lexical import Entry
from tests.benchmarks.growth import clocks
from tests.benchmarks.made_library import CHUNKS_OF_DOCUMENT, Writer, questions

TICK_SECONDS = 0.001
NEAREST = 50  # chunks whose recall is measured: the pool that a question takes
STORED = 2_080  # chunks, so that Chroma writes its vector index twice
PARTS = ("opening", "questions", "adding", "storing", "recall", "disk")
_OPENING = """
import json, sys, time, resource
began = time.perf_counter()
from rag import Library, Settings
imported = time.perf_counter()
settings = Settings(read_depth=int(sys.argv[3]))
with Library.open(sys.argv[1], settings) as library:
    library.warm_up()
    opened = time.perf_counter()
    library.ask(sys.argv[2])
    answered = time.perf_counter()
    used = time.process_time()
    library.ask(sys.argv[2] + " Really?")
    again = time.perf_counter()
print(json.dumps([imported - began, opened - imported, answered - opened, used, again - answered, time.perf_counter() - again]))
"""


def percentiles(values: Sequence[float]) -> str:
    """p50, p95, p99 and the largest."""
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return f"{p50:.1f} | {p95:.1f} | {p99:.1f} | {max(values):.1f}"


def opening(folder: Path, chunks: int, _: int) -> None:
    """From a new process to the first answer: files out of the page cache, and in it."""
    question = questions(chunks, 1)[0]
    print("| opening (s) | import | open index, load model | first answer | CPU till then | second answer | close |\n" + "|---" * 7 + "|")
    for name, is_cold in (("after a crash or unsealed, cold", True), ("cold", True), ("cached", False), ("cached", False)):
        if name.startswith("after"):
            (folder / "chroma.seal.json").unlink(missing_ok=True)
        if is_cold:
            forget(folder)
        command = [sys.executable, "-c", _OPENING, str(folder), question, "0"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in json.loads(done.stdout)) + " |", flush=True)


def forget(folder: Path) -> None:
    """Ask the system to drop a folder's files from the page cache."""
    os.sync()
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def asking(folder: Path, chunks: int, count: int) -> None:
    """Questions one after the other, with and without the reader, and answers that quote; memory; waits for Python's lock."""
    asked = questions(chunks, 3 * count)
    print("| questions (ms) | p50 | p95 | p99 | most | CPU p50 | p95 | p99 | most |\n" + "|---" * 9 + "|")
    for name, settings in (("retrieval", Settings(read_depth=0)), ("retrieval, reader's say", Settings())):
        with Library.open(folder, settings) as library:
            library.warm_up()
            before = memory()
            for question in asked[:20]:
                library.ask(question)
            _show(name, library.retrieve, asked[count : 2 * count])
            if settings.read_depth:
                _show("answer, quoted", library.ask, asked[2 * count :])
                print(f"\nmemory (MB), opened: {before}; after the questions: {memory()}; most: {peak_mb():.0f}", flush=True)
                continue
            held = [longest_wait(lambda question=question: library.retrieve(question)) for question in asked[:100]]  # type: ignore[misc]
            print(f"| waits of another thread for Python's lock | {percentiles(held)} | | | | |")
            with clocks(library.embedder) as times:
                for question in asked[:count]:
                    for part in times.values():
                        part.append(0.0)
                    library.retrieve(question)
            for name, took in times.items():
                print(f"| - {name} | {percentiles(took)} | | | | |")


def _show(name: str, ask: Callable[[str], object], asked: Sequence[str]) -> None:
    took, used = [], []
    for question in asked:
        began, worked = time.perf_counter(), time.process_time()
        ask(question)
        took.append(1e3 * (time.perf_counter() - began))
        used.append(1e3 * (time.process_time() - worked))
    print(f"| {name} | {percentiles(took)} | {percentiles(used)} |", flush=True)


def longest_wait(work: Callable[[], object]) -> float:
    """The longest that a thread which only ticks had to wait beyond its tick, in milliseconds, while some work is done."""
    longest, done = 0.0, threading.Event()

    def tick() -> None:
        nonlocal longest
        while not done.is_set():
            began = time.perf_counter()
            time.sleep(TICK_SECONDS)
            longest = max(longest, 1e3 * (time.perf_counter() - began - TICK_SECONDS))

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return longest


def memory() -> str:
    """Resident memory of this process: its own, and that of mapped files."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    own, files = (int(fields[name].split()[0]) / 1e3 for name in ("RssAnon", "RssFile"))
    return f"{own:.0f} + {files:.0f} mapped"


def peak_mb() -> float:
    """The most resident memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def adding(folder: Path, _chunks: int, _count: int) -> None:
    """Add one document, several times over, and take it out again."""
    print("| one document of 40 chunks (s) | added | CPU | removed |\n|---|---|---|---|")
    with Library.open(folder) as library, tempfile.TemporaryDirectory() as scratch:
        library.warm_up()
        for number in range(5):
            file = Path(scratch) / f"new{number}.txt"
            text = "\n\n".join(chunk.text for chunk in Writer().document(10**9 + number, CHUNKS_OF_DOCUMENT))
            file.write_text(text, encoding="utf-8")
            began, worked = time.perf_counter(), time.process_time()
            library.add(file)
            added, used = time.perf_counter() - began, time.process_time() - worked
            library.remove(file.name)
            print(f"| {number + 1} | {added:.2f} | {used:.2f} | {time.perf_counter() - began - added:.2f} |", flush=True)


def storing(folder: Path, _chunks: int, _count: int) -> None:
    """Write chunks that have their vectors already, and their words, and take them out again."""
    random = np.random.default_rng(5)
    made = [Writer().document(2 * 10**9 + number, CHUNKS_OF_DOCUMENT) for number in range(STORED // CHUNKS_OF_DOCUMENT)]
    vectors = random.standard_normal((STORED, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Library.open(folder) as library:
        library.warm_up()
        store, lexical = library._index.store, library._index.lexical
        print("| storing, ms a chunk | by the clock | core |\n|---|---|---|")
        steps: dict[str, Callable[[], object]] = {
            "Chroma": lambda: store.put([chunk for each in made for chunk in each], vectors),
            "keyword index": lambda: lexical.put(Entry(*chunk.key, chunk.text, chunk.heading) for each in made for chunk in each),
            "its commit": lexical.commit,
        }
        for name, step in steps.items():
            began, worked = time.perf_counter(), time.process_time()
            step()
            took, used = time.perf_counter() - began, time.process_time() - worked
            print(f"| {name} | {1e3 * took / STORED:.2f} | {1e3 * used / STORED:.2f} |", flush=True)
        lexical.remove([each[0].document_id for each in made])
        for each in made:
            store.remove(each[0].document_id)


def recall(folder: Path, chunks: int, count: int) -> None:
    """The share of the nearest chunks, by every vector, that the vector index finds."""
    with Library.open(folder) as library:
        vectors = [library.embedder.embed_query(question) for question in questions(chunks, count)]
        store = library._index.store
        found = [np.array(sorted(store.nearest(vector, NEAREST, None).values())) for vector in vectors]
    best = np.full((count, NEAREST), -2.0, dtype=np.float32)
    for block in _blocks(folder / "chroma"):
        cosines = np.stack(vectors) @ block.T
        both = np.concatenate([best, cosines], axis=1)
        best = np.partition(both, -NEAREST, axis=1)[:, -NEAREST:]
    least = best.min(axis=1)
    shares = [float((each >= bound - 1e-5).sum()) / NEAREST for each, bound in zip(found, least, strict=True)]
    print(f"recall@{NEAREST} of the vector index, {count} questions: mean {np.mean(shares):.4f}, least {min(shares):.2f}")


def _blocks(chroma: Path) -> Iterator[Any]:
    """All vectors, some at once, from the largest index."""
    file = max(chroma.glob("*/data_level0.bin"), key=lambda each: each.stat().st_size)
    header = Header.of(file.parent)
    assert header
    data = np.memmap(file, dtype=np.uint8, mode="r")[: header.count * header.size].reshape(header.count, header.size)
    for first in range(0, header.count, 20_000):
        yield data[first : first + 20_000, header.vector_at : header.end_at].copy().view("<f4")


def disk(folder: Path, chunks: int, _count: int) -> None:
    """Bytes by part, and a snapshot of the keyword index."""
    parts = {
        "chunks and records (SQLite)": folder.glob("chroma/chroma.sqlite3*"),
        "vectors (HNSW)": folder.glob("chroma/*/*"),
        "keyword index": folder.glob("lexical/*"),
        "originals": folder.glob("originals/*"),
        "names and sources": folder.glob("about/*"),
    }
    print("| disk | MB | bytes a chunk |\n|---|---|---|")
    for name, files in parts.items():
        size = sum(file.stat().st_size for file in files if file.is_file())
        print(f"| {name} | {size / 1e6:.0f} | {size / chunks:.0f} |")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        for name, arguments in (("tar", ["-cf"]), ("tar, gzip -1", ["-I", "gzip -1", "-cf"])):
            file = Path(scratch) / "snapshot"
            began = time.perf_counter()
            subprocess.run(["tar", *arguments, str(file), "-C", str(folder), "lexical"], check=True)
            seconds, size = time.perf_counter() - began, file.stat().st_size
            print(f"| snapshot of the keyword index, {name}, {seconds:.1f} s | {size / 1e6:.0f} | {size / chunks:.0f} |", flush=True)


def main() -> None:
    """Read the command line, and run each part in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--parts", default=",".join(PARTS))
    given = parser.parse_args()
    measuring = {"opening": opening, "questions": asking, "adding": adding, "storing": storing, "recall": recall, "disk": disk}
    chunks = int(given.folder.name)
    wanted = given.parts.split(",")
    if len(wanted) == 1:
        measuring[wanted[0]](given.folder, chunks, given.questions)
        return
    for part in wanted:
        print(f"\n{part}, load {os.getloadavg()[0]:.1f}", flush=True)
        command = [sys.executable, "-m", "tests.benchmarks.scale", str(given.folder), "--questions", str(given.questions), "--parts", part]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
