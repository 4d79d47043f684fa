"""Makes a library of a million chunks, two processes at once: one writes the record, one the keyword index.

    python -m tests.benchmarks.large_library FOLDER [--stages 300000,1000000]

Text and documents are those of `made_library`, with a file for each document. Vectors are made from the model's vectors of 25,000 made
texts: a chunk's is its document's, moved towards that of another document drawn at random, so that it stays among vectors that the model
gives. Each stage is a library of its own in FOLDER; the next one begins with a copy of it. What was stopped goes on where it was.
"""

import argparse
import hashlib
import multiprocessing
import shutil
import sys
import time
from collections.abc import Container, Iterator
from pathlib import Path

import numpy as np

from rag import Chunk, DocumentRecord, Library, Settings
from rag.building import checked_embedder
from rag.embedding.protocol import Embeddings
from rag.storing import chroma
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import connect
from rag.storing.entries import entries
from rag.storing.lexical import LexicalIndex
from rag.storing.originals import Originals
from rag.storing.protocol import IndexName
from tests.benchmarks.made_library import CHUNKS_OF_DOCUMENT, SEED, Writer

DOCUMENTS_AT_ONCE = 125
WRITE_BATCH = 5_000
"""Chunks in one write: nobody waits for Python's lock here."""

SYNC_EVERY = 50_000
"""Chunks after which Chroma writes its vector index. By its default, 1,000, it writes the names of all chunks a thousand times."""

SYNC_EVERY_DEFAULT = 1_000
POOL = 4_000  # documents towards whose vectors chunks are moved
WORDS_EMBEDDED = 60  # of a document
AWAY = 0.7  # of the way towards the other document's vector
NOISE = 0.25  # length of what is added besides, in all directions


def record_of(chunks: list[Chunk], size: int) -> DocumentRecord:
    """The record of a made document, whose file has so many bytes."""
    id_, pages = chunks[0].document_id, chunks[-1].page
    labels = tuple(str(page) for page in range(1, pages + 1))
    name = f"{id_[:8]}.txt"
    return DocumentRecord(id_, name, "", "text/plain", (f"/made/{name}",), pages, len(chunks), (), labels, "2000-01-01T00:00:00Z", size, "")


def batches(first: int, last: int, known: Container[str] = ()) -> Iterator[tuple[range, list[list[Chunk]]]]:
    """Made documents, some at once; those of which the last one is known are left out."""
    writer = Writer()
    for begin in range(first, last, DOCUMENTS_AT_ONCE):
        numbers = range(begin, min(begin + DOCUMENTS_AT_ONCE, last))
        if writer.document(numbers[-1], 1)[0].document_id not in known:
            yield numbers, [writer.document(number, CHUNKS_OF_DOCUMENT) for number in numbers]


class Vectors:
    """Makes up vectors; the same documents get the same."""

    def __init__(self) -> None:
        self._embedder = checked_embedder(Settings())
        writer = Writer()
        centres = [self._centres([writer.document(number, 1) for number in range(at, at + 100)]) for at in range(0, POOL, 100)]
        self._pool = np.concatenate(centres)
        self._mean = self._pool.mean(axis=0)

    def of(self, first: int, documents: list[list[Chunk]]) -> Embeddings:
        """The vectors of all chunks of documents that follow each other; the number of the first one."""
        made = []
        for number, (chunks, centre) in enumerate(zip(documents, self._centres(documents), strict=True), start=first):
            random = np.random.default_rng([SEED, number, 1])
            others = self._pool[random.integers(POOL, size=len(chunks))] - self._mean
            noise = random.standard_normal(others.shape) * NOISE / np.sqrt(others.shape[1])
            made.append(centre + AWAY * others + noise)
        vectors = np.concatenate(made)
        unit: Embeddings = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _centres(self, documents: list[list[Chunk]]) -> Embeddings:
        return self._embedder.embed_documents([" ".join(chunks[0].text.split()[:WORDS_EMBEDDED]) for chunks in documents])


def write_record(folder: Path, index: IndexName, first: int, last: int) -> None:
    """Write the chunks, vectors and records of documents, and their files."""
    setattr(chroma, "WRITE_BATCH", WRITE_BATCH)  # noqa: B010 - larger writes than a server's
    store = ChromaStore(connect(folder / "chroma", None), index)
    _sync_every(store, SYNC_EVERY)
    originals, vectors, began = Originals(folder / "originals"), Vectors(), time.monotonic()
    (folder / "originals").mkdir(exist_ok=True)
    for numbers, documents in batches(first, last, store.records):
        records = []
        for chunks in documents:
            text = "\n\n".join(chunk.text for chunk in chunks).encode()
            record = record_of(chunks, len(text))
            originals.path(record.id, record.media_type).write_bytes(text)
            records.append(record)
        store.put([chunk for chunks in documents for chunk in chunks], vectors.of(numbers[0], documents))
        store.commit(records)
        originals.describe(records)
        _say("record", numbers[-1] + 1, first, began)
    _sync_every(store, SYNC_EVERY_DEFAULT)
    store.close()


def _sync_every(store: ChromaStore, chunks: int) -> None:
    store._chunks.modify(configuration={"hnsw": {"sync_threshold": chunks}})


def write_words(folder: Path, fingerprint: str, first: int, last: int) -> None:
    """Write the keyword index of documents."""
    lexical, began = LexicalIndex(folder / "lexical", fingerprint), time.monotonic()
    for numbers, documents in batches(first, last, lexical.document_ids):
        for chunks in documents:
            found = {chunk.key: chunk for chunk in chunks}
            lexical.put(entries(record_of(chunks, 1), lambda keys, found=found: found))  # type: ignore[misc]
        if not numbers[0] // DOCUMENTS_AT_ONCE % 8:
            lexical.commit()
        _say("words", numbers[-1] + 1, first, began)
    lexical.close()


def _say(what: str, documents: int, first: int, began: float) -> None:
    if not documents % (20 * DOCUMENTS_AT_ONCE):
        seconds = time.monotonic() - began
        rate = (documents - first) * CHUNKS_OF_DOCUMENT / seconds
        print(f"{what}: {documents * CHUNKS_OF_DOCUMENT:,} chunks, {seconds:.0f} s, {rate:.0f}/s", file=sys.stderr, flush=True)


def make_stage(folder: Path, first: int, last: int) -> None:
    """Add documents to a library, from the number `first` to before `last`."""
    with Library.open(folder) as library:
        identity = library.index_identity
    fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=write_record, args=(folder, IndexName("", fingerprint, identity), first, last)),
        spawn.Process(target=write_words, args=(folder, fingerprint, first, last)),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        if writer.exitcode:
            raise SystemExit(writer.exitcode)
    with Library.open(folder) as library:  # Chroma writes the vectors of what it has only logged, and the folder is sealed
        library.warm_up()


def main() -> None:
    """Read the command line, and make one library after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stages", default="300000,1000000", help="chunks")
    given = parser.parse_args()
    before, first = None, 0
    for size in map(int, given.stages.split(",")):
        folder, last = given.folder / str(size), size // CHUNKS_OF_DOCUMENT
        if not (folder / "made").exists():
            if before and not folder.exists():
                shutil.copytree(before, folder, ignore=shutil.ignore_patterns("made"))
            make_stage(folder, first, last)
            (folder / "made").touch()
        before, first = folder, last


if __name__ == "__main__":
    main()
