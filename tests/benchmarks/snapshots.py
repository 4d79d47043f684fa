"""Size and time of snapshots of the keyword index, of made-up text: `python -m tests.benchmarks.snapshots 10000 100000`."""

import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from rag.storing.cluster.bucket import Bucket, open_bucket
from rag.storing.cluster.snapshots import Snapshots
from rag.storing.lexical import Entry, LexicalIndex, identity_of
from tests.benchmarks.made_library import CHUNKS_OF_DOCUMENT, Writer
from tests.s3_server import S3Server


def measure(chunks: int, folder: Path, buckets: dict[str, Bucket]) -> None:
    """Print what it costs to make, store and fetch an index."""
    made = Writer()
    with closing(LexicalIndex(folder / "lexical", "made")) as index:
        began = time.monotonic()
        for number in range(chunks // CHUNKS_OF_DOCUMENT):
            _put(index, made, number, is_last=number + 1 == chunks // CHUNKS_OF_DOCUMENT)
        print(f"{chunks:,} chunks: made in {time.monotonic() - began:.1f} s")
        for name, bucket in buckets.items():
            snapshots = Snapshots(bucket.within(str(chunks)), folder / "lexical", identity_of("made"))
            began = time.monotonic()
            size = snapshots.store(index, 1)
            stored = time.monotonic() - began
            _put(index, made, chunks)
            began = time.monotonic()
            again = snapshots.store(index, 2)
            stored_again = time.monotonic() - began
            replica = Snapshots(bucket.within(str(chunks)), folder / f"fetched-{name}", identity_of("made"))
            began = time.monotonic()
            assert replica.fetch() == 2
            fetched = time.monotonic() - began
            began = time.monotonic()
            LexicalIndex(folder / f"fetched-{name}", "made").close()
            opened = time.monotonic() - began
            print(
                f"  {name}: {size / 1e6:.1f} MB stored in {stored:.2f} s; one more document: {again / 1e6:.2f} MB in {stored_again:.2f} s; "
                f"fetched and checked in {fetched:.2f} s, opened in {opened:.2f} s"
            )


def _put(index: LexicalIndex, made: Writer, number: int, *, is_last: bool = True) -> None:
    index.put(Entry(chunk.document_id, chunk.ordinal, chunk.text, chunk.heading) for chunk in made.document(number, CHUNKS_OF_DOCUMENT))
    if is_last:
        index.commit()


def main() -> None:
    """Measure for each number of chunks given."""
    with S3Server() as server, tempfile.TemporaryDirectory() as scratch:
        os.environ.update(server.environment)
        for chunks in map(int, sys.argv[1:] or ["10000"]):
            folder = Path(scratch, str(chunks))
            (folder / "shared").mkdir(parents=True)
            measure(chunks, folder, {"folder": open_bucket((folder / "shared").as_uri()), "s3 (moto)": open_bucket(server.url)})


if __name__ == "__main__":
    main()
