"""Requests about pages -> their answers, from several child processes; no document may take them all."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar

from rag.errors import TooManyRequestsError, UnreadableFileError
from rag.formats.isolation import Frame, Worker, WorkerClosedError, WorkerStoppedError
from rag.formats.protocol import FileToOpen

T = TypeVar("T")

MOST_WAITING = 200
"""Different requests, of all documents."""

MOST_WAITING_FOR_A_DOCUMENT = 20

SECONDS_GIVEN_UP = 60
"""A page that ended its child process is not tried again for so long, unless less is asked of it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is asked of a page; equal requests are answered once.

    Attributes:
        file: The document.
        page: Its number, 1-based.
        verb: "render" or "look".
        effort: How much work it is, compared with other requests about the same page.
        details: What else the child process is told.
    """

    file: FileToOpen
    page: int
    verb: str
    effort: float
    details: tuple[tuple[str, Any], ...]

    @property
    def frame(self) -> Frame:
        """For the child process."""
        return Frame({"verb": self.verb, "page": self.page, **self.file.header(), **dict(self.details)})


@dataclass(slots=True)
class _Job(Generic[T]):
    request: PageRequest
    futures: list[Future[T]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """A page that ended its process; a request with as much effort is refused until then."""

    problem: UnreadableFileError
    effort: float
    until: float


class Pool(Generic[T]):
    """Some child processes; each works on another document than the others."""

    def __init__(self, workers: Sequence[Worker], convert: Callable[[Frame], T]) -> None:
        """Start nothing yet. `convert` makes of an answer what was wanted."""
        self._convert = convert
        self._free = list(workers)
        self._workers = tuple(workers)
        self._lock = threading.Lock()
        self._waiting: dict[PageRequest, _Job[T]] = {}
        self._running: dict[PageRequest, _Job[T]] = {}
        self._last: dict[Worker, Path] = {}
        self._given_up: dict[tuple[Path, int], _GivenUp] = {}

    def ask(self, request: PageRequest) -> Future[T]:
        """Have a request answered in its turn, or refused with `TooManyRequestsError`.

        It fails with `UnreadableFileError` where the process was stopped over it, and is dropped where all who asked have cancelled.
        """
        future: Future[T] = Future()
        with self._lock:
            if problem := self._known_problem(request):
                future.set_exception(problem)
                return future
            job = self._running.get(request) or self._waiting.get(request)
            if job is None:
                self._drop_needless()
                of_document = sum(waiting.file.path == request.file.path for waiting in self._waiting)
                if len(self._waiting) >= MOST_WAITING or of_document >= MOST_WAITING_FOR_A_DOCUMENT:
                    raise TooManyRequestsError("Too many pages are waiting to be shown. Try again in a few seconds.")
                job = self._waiting[request] = _Job(request)
            job.futures.append(future)
            self._dispatch()
        return future

    def start(self) -> None:
        """Start the first process, so that it is ready when it is needed."""
        self._workers[0].start()

    def close(self) -> None:
        """End the processes at once; what waits fails."""
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
        for job in waiting:
            _fail(job, _stopped(job.request, WorkerClosedError()))
        for worker in self._workers:
            worker.close()

    def _dispatch(self) -> None:
        """Give what waits to the processes that are free: the oldest request about a document that none of them is at."""
        self._drop_needless()
        for request, job in list(self._waiting.items()):
            if not self._free:
                return
            if all(running.file.path != request.file.path for running in self._running):
                worker = next((each for each in self._free if self._last.get(each) == request.file.path), self._free[0])
                self._free.remove(worker)
                self._last[worker] = request.file.path  # it has the document open
                self._running[request] = self._waiting.pop(request)
                threading.Thread(target=self._work, args=(worker, job), name="page", daemon=True).start()

    def _drop_needless(self) -> None:
        """Drop what nobody waits for any more, and what would fail as the last one about its page did."""
        for request, job in list(self._waiting.items()):
            if problem := self._known_problem(request):
                _fail(self._waiting.pop(request), problem)
            elif all(future.cancelled() for future in job.futures):
                del self._waiting[request]

    def _work(self, worker: Worker, job: _Job[T]) -> None:
        request = job.request
        try:
            (frame,) = worker.ask(request.frame)
            answer = self._convert(frame)
        except WorkerStoppedError as error:
            problem = _stopped(request, error)
            self._release(worker, request, None if isinstance(error, WorkerClosedError) else problem)
            _fail(job, problem)
        except Exception as error:  # noqa: BLE001 - raised again where it was asked
            self._release(worker, request)
            _fail(job, error)
        else:
            self._release(worker, request)
            for future in _settled(job):
                future.set_result(answer)

    def _release(self, worker: Worker, request: PageRequest, problem: UnreadableFileError | None = None) -> None:
        with self._lock:
            if problem:
                self._given_up[request.file.path, request.page] = _GivenUp(problem, request.effort, monotonic() + SECONDS_GIVEN_UP)
            del self._running[request]
            self._free.append(worker)
            self._dispatch()

    def _known_problem(self, request: PageRequest) -> UnreadableFileError | None:
        known = self._given_up.get((request.file.path, request.page))
        return known.problem if known and monotonic() < known.until and request.effort >= known.effort else None


def _stopped(request: PageRequest, error: WorkerStoppedError) -> UnreadableFileError:
    done = "drawn" if request.verb == "render" else "shown"
    return UnreadableFileError(f"Page {request.page} of {request.file.name} could not be {done}: {error}.")


def _fail(job: _Job[T], problem: Exception) -> None:
    for future in _settled(job):
        future.set_exception(problem)


def _settled(job: _Job[T]) -> list[Future[T]]:
    """The futures that are still wanted; until they have their answer, they may be cancelled."""
    return [future for future in job.futures if future.set_running_or_notify_cancel()]
