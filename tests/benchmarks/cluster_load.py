"""Questions a second of one server, and of a writer with two replicas on the same machine, asked in turn by the caller.

    python -m tests.benchmarks.cluster_load FOLDER [--documents 250] [--callers 1,8,50] [--seconds 60] [--only single|cluster]

Both get the same made documents, 250 of which are about 10,000 chunks, by HTTP. The cluster has a Chroma server, PostgreSQL and a shared
folder beside it, all on this machine; FOLDER keeps nothing.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from rag import Settings
from tests.benchmarks.load import ask, seconds_used, with_children
from tests.benchmarks.made_library import CHUNKS_OF_DOCUMENT, Writer, questions
from tests.chroma_server import ChromaServer
from tests.cluster.harness import Cluster, Member
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server

DOCUMENTS_AT_ONCE = 25
PLAIN = {"RAG_EMBEDDING_MODEL": Settings.model_fields["embedding_model"].default, "OMP_NUM_THREADS": str(os.cpu_count())}


def documents(folder: Path, count: int) -> list[Path]:
    """Made documents, as text."""
    files, writer = [], Writer()
    for number in range(count):
        files.append(folder / f"made{number:05}.txt")
        text = "\n\n".join(chunk.text for chunk in writer.document(number, CHUNKS_OF_DOCUMENT))
        files[-1].write_text(text, encoding="utf-8")
    return files


def fill(server: Member, files: Sequence[Path]) -> None:
    """Add documents through a server, and wait until they are ready."""
    server.ready()
    began = time.monotonic()
    with httpx.Client(base_url=server.url, timeout=600) as client:
        for first in range(0, len(files), DOCUMENTS_AT_ONCE):
            for file in files[first : first + DOCUMENTS_AT_ONCE]:
                with file.open("rb") as opened:
                    client.post("/api/documents", files={"file": (file.name, opened)}, data={"wait": "false"}).raise_for_status()
        while any(each["indexed"] < 1 for each in client.get("/api/documents").json()):
            time.sleep(1)
        chunks = sum(each["chunks"] for each in client.get("/api/documents").json())
    print(f"{len(files)} documents, {chunks} chunks added in {time.monotonic() - began:.0f} s", flush=True)


def measure(name: str, servers: Sequence[Member], given: argparse.Namespace) -> None:
    """A row for each number of callers."""
    asked = itertools.cycle(questions(given.documents * CHUNKS_OF_DOCUMENT, 4_000))
    asyncio.run(ask([server.url for server in servers], asked, 2 * len(servers), 8))  # models load
    for callers in map(int, given.callers.split(",")):
        processes = with_children(os.getpid())[1:]
        before = seconds_used(processes)
        took, failed, seconds = asyncio.run(ask([server.url for server in servers], asked, callers, given.seconds))
        used = 1e3 * (seconds_used(processes) - before) / max(1, len(took))
        times = " | ".join(f"{each:.0f}" for each in np.percentile(took or [0.0], (50, 95, 99)))
        errors = ", ".join(f"{count} {kind}" for kind, count in failed.items()) or "0"
        row = f"| {name} | {callers} | {len(took) / seconds:.2f} | {times} | {errors} | {used:.0f} | {os.getloadavg()[0]:.1f} |"
        print(row, flush=True)
    memory = ", ".join(f"{_memory_mb(server._process.pid):.0f}" for server in servers)
    print(f"{name}: resident MB of each server: {memory}", flush=True)


def _memory_mb(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def cluster_of_three(folder: Path) -> Iterator[list[Member]]:
    """A writer and two replicas."""
    with (
        PostgresServer() as postgres,
        S3Server() as s3,
        ChromaServer(folder / "chroma") as chroma,
        Cluster(folder / "cluster", postgres, s3, chroma) as cluster,
    ):
        shared = folder / "originals"
        shared.mkdir()
        settings = PLAIN | {
            "RAG_CHROMA_URL": chroma.url,
            "RAG_DATABASE_URL": cluster.database_url,
            "RAG_ORIGINALS_URL": f"file://{shared}",
        }
        servers = [cluster.start("writer", **settings).ready()]
        servers += [cluster.start(f"replica-{number}", replica=True, **settings).ready() for number in (1, 2)]
        yield servers


def main() -> None:
    """Read the command line, and measure the one, then the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=250)
    parser.add_argument("--callers", default="1,8,50")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", choices=("single", "cluster"))
    given = parser.parse_args()
    header = "| servers | callers | questions a second | p50 (ms) | p95 | p99 | errors | core ms a question, all processes | load |"
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        files = documents(Path(scratch), given.documents)
        print(header + "\n" + "|---" * 9 + "|", flush=True)
        if given.only != "cluster":
            with Member("single", Path(scratch) / "single", **PLAIN) as server:
                fill(server, files)
                measure("one", [server], given)
        if given.only != "single":
            with cluster_of_three(Path(scratch)) as servers:
                fill(servers[0], files)
                time.sleep(5)  # the replicas have followed
                measure("writer, two replicas", servers, given)
                measure("writer alone, of them", servers[:1], given)


if __name__ == "__main__":
    main()
