"""`rag serve` in a process of its own, as a reader starts it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

SECONDS_TO_START = 120
"""On a machine that is busy with other things."""


class RagServer:
    """The process; a context manager. It starts at once, `url` waits for it.

    Args:
        folder: For its library and its log.
        samples: Indexed at the start, if any.
        port: The port it listens on; any if 0.
        settings: Environment variables such as RAG_CHAT_BASE_URL.
    """

    def __init__(self, folder: Path, samples: Path | None = None, *, port: int = 0, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log.txt"
        self._url = ""
        arguments = ["serve", "--port", str(port), "--library", str(folder / "library")]
        arguments += ["--samples", str(samples)] if samples else []
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from ui.commands.cli import main; main()", *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"OMP_NUM_THREADS": "1"} | settings,  # two servers start side by side
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def end(self, how: signal.Signals) -> None:
        """Send it a signal that ends it."""
        self._process.send_signal(how)
        self._process.wait(20)

    def send(self, how: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(how)

    def ended(self) -> int:
        """Wait until it has ended; how."""
        return self._process.wait(60)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        """Its address, once it listens."""
        until = time.monotonic() + SECONDS_TO_START
        while not self._url:
            assert self._process.poll() is None, f"rag serve ended by itself:\n{self.log}"
            assert time.monotonic() < until, f"rag serve does not come up:\n{self.log}"
            if found := re.search(r"is at (https?://[\d.]+:\d+)", self.log):
                self._url = found[1]
            else:
                time.sleep(0.05)
        return self._url

    @property
    def documents(self) -> int:
        """How many documents it has, as it says itself."""
        health = httpx2.get(f"{self.url}/health", timeout=60).json()
        assert health["status"] == "ok"
        return int(health["documents"])

    def wait_for(self, documents: int) -> None:
        """Wait until it has so many documents."""
        until = time.monotonic() + SECONDS_TO_START
        while self.documents < documents:
            assert time.monotonic() < until, f"{self.documents} of {documents} documents are indexed:\n{self.log}"
            time.sleep(0.1)
