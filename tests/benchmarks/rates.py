"""Measures what adding takes of one core, by step: reading, cutting, embedding, storing, the keyword index; and the bytes of each page.

    python -m tests.benchmarks.rates FILE ...

Each step is done by itself for all files. Seconds are those of the processors, all threads and the reading process, so that a busy
machine changes little.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from rag import Chunk, Settings
from rag.building import checked_embedder
from rag.embedding.protocol import text_to_embed
from rag.formats.loader import Loader
from rag.ingesting.chunking import Chunker
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import connect
from rag.storing.entries import entries
from rag.storing.lexical import LexicalIndex
from rag.storing.protocol import IndexName
from rag.types import Heading, Page
from tests.benchmarks.large_library import record_of

EMBEDDED_AT_ONCE = 32
Done = TypeVar("Done")


def used(work: Callable[[], Done]) -> tuple[Done, float]:
    """What some work gives, and the seconds of the processors it took; a child process counts once it has ended."""
    before = sum(os.times()[:4])
    done = work()
    return done, sum(os.times()[:4]) - before


def main() -> None:
    """Measure the files of the command line."""
    files = [Path(name) for name in sys.argv[1:]]
    embedder = checked_embedder(Settings())
    embedder.embed_query("ready?")
    read, reading = used(lambda: _pages(files))
    pages = sum(map(len, read))
    chunked, cutting = used(lambda: [_cut(pages, Chunker(_id(file), embedder, 200)) for file, pages in zip(files, read, strict=True)])
    chunks = [chunk for each in chunked for chunk in each]
    began = time.perf_counter()
    vectors, embedding = used(lambda: embedder.embed_documents([text_to_embed(chunk, embedder) for chunk in chunks]))
    seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        store = ChromaStore(connect(Path(folder) / "chroma", None), IndexName("", "x", "x"))
        _, storing = used(lambda: store.put(chunks, vectors))
        lexical = LexicalIndex(Path(folder) / "lexical", "x")
        _, indexing = used(lambda: _index_all(lexical, chunked))
        lexical.close()
        store.close()
    print(f"{len(files)} files, {pages} pages, {len(chunks)} chunks; {len(chunks) / pages:.2f} chunks a page")
    print(f"bytes a page: originals {sum(file.stat().st_size for file in files) / pages:.0f}, text {_bytes(chunks) / pages:.0f}")
    print("| step | core milliseconds a page | a chunk | pages a second of one core |\n|---|---|---|---|")
    steps = {"read": reading, "cut": cutting, "embed": embedding, "store": storing, "keyword index": indexing}
    for name, each in {**steps, "all": sum(steps.values())}.items():
        print(f"| {name} | {1e3 * each / pages:.1f} | {1e3 * each / len(chunks):.2f} | {pages / each:.1f} |")
    print(f"embedding by the clock: {len(chunks) / seconds:.0f} chunks a second; load {os.getloadavg()[0]:.1f}")


def _pages(files: Sequence[Path]) -> list[list[tuple[Page, tuple[Heading, ...]]]]:
    loader = Loader(max_bytes=10**9, has_ocr=False)
    read = []
    try:
        for file in files:
            found = list[tuple[Page, tuple[Heading, ...]]]()
            loader.read(file, name=file.name, on_page=lambda page, headings, _, found=found: found.append((page, tuple(headings))))  # type: ignore[misc]
            read.append(found)
    finally:
        loader.close()
    return read


def _cut(pages: list[tuple[Page, tuple[Heading, ...]]], chunker: Chunker) -> list[Chunk]:
    return [chunk for page, headings in pages for chunk in chunker.cut(page, headings)]


def _id(file: Path) -> str:
    return file.name.encode().hex()[:64].ljust(64, "0")


def _index_all(lexical: LexicalIndex, chunked: Sequence[list[Chunk]]) -> None:
    for each in chunked:
        _index(lexical, each)
    lexical.commit()


def _index(lexical: LexicalIndex, chunks: list[Chunk]) -> None:
    found = {chunk.key: chunk for chunk in chunks}
    lexical.put(entries(record_of(chunks, 1), lambda _: found))


def _bytes(chunks: list[Chunk]) -> int:
    return sum(len(chunk.text.encode()) for chunk in chunks)


if __name__ == "__main__":
    main()
