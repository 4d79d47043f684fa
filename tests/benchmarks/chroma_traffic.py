"""What a question takes where the record is on a Chroma server: time, processors on both sides, and bytes on the wire.

    python -m tests.benchmarks.chroma_traffic LIBRARY CHROMA [--chunks 10000] [--questions 200]

CHROMA is the folder that the server serves; LIBRARY names itself in it (`library.json`). Nothing is added.
"""

import argparse
import asyncio
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from rag import Library, Settings
from tests.benchmarks.load import seconds_used
from tests.benchmarks.made_library import questions
from tests.benchmarks.scale import percentiles
from tests.chroma_server import ChromaServer

BLOCK_BYTES = 1 << 16


class CountingProxy:
    """Passes connections on to a port of this machine, and counts the bytes each way."""

    def __init__(self, target: int) -> None:
        self.port, self.sent, self.received = 0, 0, 0
        self._target = target
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True).start()
        self._ready.wait()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, to_writer, "sent"), self._pass(to_reader, writer, "received"))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        with suppress(ConnectionError):
            while block := await reader.read(BLOCK_BYTES):
                setattr(self, way, getattr(self, way) + len(block))
                writer.write(block)
                await writer.drain()
            writer.close()


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("chroma", type=Path)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=200)
    given = parser.parse_args()
    asked = questions(given.chunks, given.questions + 20)
    with ChromaServer(given.chroma) as server:
        served = int(
            subprocess.run(["pgrep", "-f", f"chroma run --path {given.chroma}"], capture_output=True, text=True, check=True).stdout
        )
        for name, depth in (("retrieval", 0), ("retrieval, reader's say", Settings().read_depth)):
            began = time.perf_counter()
            with Library.open(given.library, Settings(chroma_url=server.url, read_depth=depth)) as library:
                library.warm_up()
                library.retrieve(asked[0])
                print(f"open to the first passages: {time.perf_counter() - began:.2f} s; memory of the server {_memory(served)}")
                _measure(name, library, asked, served)
        proxy = CountingProxy(int(server.url.rpartition(":")[2]))
        settings = Settings(chroma_url=f"http://127.0.0.1:{proxy.port}", read_depth=0)
        with Library.open(given.library, settings) as library:
            library.retrieve(asked[0])
            sent, received = proxy.sent, proxy.received
            for question in asked[20:]:
                library.retrieve(question)
            count = len(asked) - 20
            print(
                f"bytes a question: {(proxy.sent - sent) / count:.0f} to the Chroma server, {(proxy.received - received) / count:.0f} back"
            )


def _measure(name: str, library: Library, asked: list[str], served: int) -> None:
    took, used, theirs = list[float](), time.process_time(), seconds_used([served])
    for question in asked[20:]:
        began = time.perf_counter()
        library.retrieve(question)
        took.append(1e3 * (time.perf_counter() - began))
    mine, served_seconds = time.process_time() - used, seconds_used([served]) - theirs
    count = len(took)
    print(
        f"| {name} | {percentiles(took)} | core ms here {1e3 * mine / count:.1f}, of the server {1e3 * served_seconds / count:.1f} |",
        flush=True,
    )


def _memory(process: int) -> str:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return next(line.split(":")[1].strip() for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
