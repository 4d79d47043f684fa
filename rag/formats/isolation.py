"""The parent's half of a child process that opens files: started when needed, watched, ended when it hangs.

A request is pickled. The answer comes from a process that a hostile file may have taken over, so it is nothing but data: frames, each a
line of JSON and as many raw bytes as it announces. `rag.formats.worker` is the other half.
"""

import contextlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from rag.errors import DocumentError
from rag.formats.protocol import Request

_START_SECONDS = 60.0  # a cold disk may take long to load the libraries
_CLOSE_SECONDS = 2.0

# Run by -c and not by multiprocessing, which would run the user's script a second time. With -P and the parent's own
# search path, which need not have this package by way of the current folder. `rag` is a bare package there: the whole
# library behind its __init__ would cost half a second and, with numpy, much of the memory limit.
_BOOTSTRAP = """
import json, sys, types
folder, sys.path[:], *settings = json.loads(sys.argv[1])
sys.modules["rag"] = types.ModuleType("rag")
sys.modules["rag"].__path__ = [folder]
from rag.formats.worker import main
main(*settings)
"""

_BY_STATUS = {kind.status: kind for kind in DocumentError.__subclasses__()}


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of an answer: what JSON can hold, and bytes that travel as they are, such as a picture."""

    header: dict[str, Any] = field(repr=False)  # may tell the password that fits
    payload: bytes = field(default=b"", repr=False)


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Send one at once."""
    line = json.dumps([frame.header, len(frame.payload)]).encode("ascii")  # escapes what is not ASCII, lone surrogates too
    stream.write(line + b"\n" + frame.payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """Wait for one; None where the other side is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    header, size = json.loads(line)
    payload = stream.read(size)
    return Frame(header, payload) if len(payload) == size else None


class WorkerStoppedError(Exception):
    """The child process ended before its answer did. The message says why, as a clause."""


class WorkerClosedError(WorkerStoppedError):
    """It was ended from here."""

    def __init__(self) -> None:
        super().__init__("the program is being closed")


class _Watchdog:
    """Ends a process when an answer is late. One thread for all answers: to start one for each takes longer than to read a small file."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._changed = threading.Condition()
        self._due = self._wakes = math.inf  # when the answer is late, and when the thread looks next: an earlier answer need not wake it
        self._is_closed = False
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Generator[Callable[[], bool]]:
        """End the process unless the block ends in time; yields what says whether that has happened."""
        with self._changed:
            due = self._due = time.monotonic() + seconds
            if due < self._wakes:
                self._changed.notify()
        try:
            yield lambda: time.monotonic() >= due
        finally:
            with self._changed:
                self._due = math.inf

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._is_closed:
                if self._due <= time.monotonic():
                    self._process.kill()
                    self._due = math.inf
                self._wakes = self._due
                self._changed.wait(None if self._wakes == math.inf else max(self._wakes - time.monotonic(), 0))


class Worker:
    """One child process; it serves one request at a time, and threads wait for each other."""

    def __init__(self, *, seconds: float, megabytes: int) -> None:
        """Start nothing yet. The limits: seconds without a frame of an answer, and the memory of the process."""
        self._seconds = seconds
        self._megabytes = megabytes
        self._lock = threading.Lock()
        self._closings = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: _Watchdog | None = None
        self._stop: Callable[[], object] = lambda: None

    def ask(self, request: Request) -> Generator[Frame]:
        """Send a request and yield the frames of its answer, or raise the `DocumentError` that it is.

        An answer not taken to its end ends the process. `WorkerStoppedError` where it hung, ran out of memory, crashed or was closed; the
        next request starts it anew.
        """
        closings = self._closings
        with self._lock:
            finished = False
            try:
                self._check_open_since(closings)
                process = self._started()
                self._check_open_since(closings)  # `close` may have come before there was a process to end
                with contextlib.suppress(BrokenPipeError):  # the read that follows tells why
                    pickle.dump(request, _pipe(process.stdin))
                    _pipe(process.stdin).flush()
                self._next_frame(process, max(self._seconds, _START_SECONDS))  # it runs and has the parser
                while (end := (frame := self._next_frame(process, self._seconds)).header.get("end")) is None:
                    yield frame
                finished = True
                if end:
                    raise _BY_STATUS[end](frame.header["message"])
            except WorkerStoppedError:
                self._check_open_since(closings)
                raise
            finally:
                if not finished:
                    self._end()

    def close(self) -> None:
        """End the process at once; the request it is at, and those that wait, fail."""
        self._closings += 1
        if process := self._process:
            process.kill()
        with self._lock:
            self._end()

    def start(self, readers: Sequence[str] = ()) -> None:
        """Start the process, if it does not run, without waiting until it has these readers; where it cannot be, `ask` says so."""
        with self._lock, contextlib.suppress(WorkerStoppedError):
            self._started(readers)

    def _check_open_since(self, closings: int) -> None:
        if closings != self._closings:
            raise WorkerClosedError

    def _started(self, readers: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        if self._process is None:
            folder = str(Path(__file__).resolve().parents[1])
            path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the current folder
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _BOOTSTRAP, json.dumps([folder, path, self._megabytes, [*readers]])],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,  # pdfium prints; what matters comes as a frame
                )
            except OSError as error:  # too many processes, no memory
                raise WorkerStoppedError(f"the process that opens files cannot be started ({error.strerror})") from error
            self._watchdog = _Watchdog(self._process)
            self._stop = weakref.finalize(self, _stop, self._process, self._watchdog)
        return self._process

    def _next_frame(self, process: "subprocess.Popen[bytes]", seconds: float) -> Frame:
        assert self._watchdog is not None
        # Killing the process ends the read, on every system; waiting on a pipe with a time limit is not so portable.
        with self._watchdog.limit(seconds) as is_late:
            frame = read_frame(_pipe(process.stdout))
        if frame and frame.header.get("end") == "memory":
            raise WorkerStoppedError(f"it takes more than {self._megabytes} MB of memory")
        if frame:
            return frame
        if is_late():
            raise WorkerStoppedError(f"it took longer than {seconds:g} s")
        if (status := process.wait()) >= 0:
            raise WorkerStoppedError(f"the process that had it open ended with status {status}")
        # pdfium aborts when it gets no memory; somebody else may have killed it.
        cause = f"crashed ({signal.Signals(-status).name}), perhaps for lack of memory (limit {self._megabytes} MB)"
        raise WorkerStoppedError(f"the process that had it open {cause}")

    def _end(self) -> None:
        self._stop()
        self._process = None


def _pipe(stream: object) -> BinaryIO:
    return cast(BinaryIO, stream)


def _stop(process: "subprocess.Popen[bytes]", watchdog: _Watchdog) -> None:
    """End a process that may be busy, hang or be dead; it holds nothing that could be lost."""
    watchdog.close()
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_CLOSE_SECONDS)
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # unsent bytes of a dead process
            _pipe(stream).close()
