"""Requests of one frame each -> their answers, from several child processes; no document may take them all."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from rag.errors import TooManyRequestsError
from rag.loading.frames import Frame
from rag.loading.isolation import Worker, WorkerClosedError, WorkerStoppedError

MOST_WAITING = 200
"""Different requests that wait for a child process."""

MOST_WAITING_FOR_A_DOCUMENT = 20

SECONDS_GIVEN_UP = 60
"""A page that ended its child process is not tried again for so long, unless less is asked of it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is asked of a page; equal requests are answered once.

    Attributes:
        path: The document.
        page: Its number, 1-based.
        effort: How much work it is, compared with other requests about the same page.
        details: All else that the frame says.
    """

    path: str
    page: int
    effort: float
    details: tuple[tuple[str, Any], ...]

    @property
    def frame(self) -> Frame:
        """For the child process."""
        return Frame({"path": self.path, "page": self.page, **dict(self.details)})


@dataclass(slots=True)
class _Job:
    request: PageRequest
    futures: list[Future[Frame]] = field(default_factory=list)


class Pool:
    """Some child processes; each works on another document than the others."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        """Start nothing yet."""
        self._free = list(workers)
        self._workers = tuple(workers)
        self._lock = threading.Lock()
        self._waiting: dict[PageRequest, _Job] = {}
        self._running: dict[PageRequest, _Job] = {}
        self._last: dict[Worker, str] = {}
        self._given_up: dict[tuple[str, int], tuple[float, float, str]] = {}

    def ask(self, request: PageRequest) -> Future[Frame]:
        """Have a request answered, in its turn.

        Returns:
            Its answer, or `WorkerStoppedError`. Where all who asked for it have cancelled theirs before its turn, it is dropped.

        Raises:
            TooManyRequestsError: Too much waits already.
        """
        future: Future[Frame] = Future()
        with self._lock:
            if problem := self._known_problem(request):
                future.set_exception(WorkerStoppedError(problem))
                return future
            job = self._running.get(request) or self._waiting.get(request)
            if job is None:
                self._drop_vain()
                of_document = sum(waiting.path == request.path for waiting in self._waiting)
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
            _settle(job, WorkerClosedError())
        for worker in self._workers:
            worker.close()

    def _dispatch(self) -> None:
        """Give what waits to the processes that are free: the oldest request about a document that none of them is at."""
        self._drop_vain()
        for request, job in list(self._waiting.items()):
            if not self._free:
                return
            if all(running.path != request.path for running in self._running):
                worker = next((each for each in self._free if self._last.get(each) == request.path), self._free[0])
                self._free.remove(worker)
                self._last[worker] = request.path  # it has the document open
                self._running[request] = self._waiting.pop(request)
                threading.Thread(target=self._work, args=(worker, job), name="page", daemon=True).start()

    def _drop_vain(self) -> None:
        """Drop what nobody waits for any more, and what would fail as the last one about its page did."""
        for request, job in list(self._waiting.items()):
            problem = self._known_problem(request)
            if problem or all(future.cancelled() for future in job.futures):
                _settle(self._waiting.pop(request), WorkerStoppedError(problem))

    def _work(self, worker: Worker, job: _Job) -> None:
        request = job.request
        answer: Frame | Exception
        try:
            (answer,) = worker.ask(request.frame)
        except Exception as error:  # noqa: BLE001 - raised again where it was asked
            answer = error
        with self._lock:
            if isinstance(answer, WorkerStoppedError) and not isinstance(answer, WorkerClosedError):
                self._given_up[request.path, request.page] = (request.effort, monotonic() + SECONDS_GIVEN_UP, str(answer))
            del self._running[request]
            self._free.append(worker)
            self._dispatch()
        _settle(job, answer)

    def _known_problem(self, request: PageRequest) -> str:
        effort, until, problem = self._given_up.get((request.path, request.page), (0.0, 0.0, ""))
        return problem if monotonic() < until and request.effort >= effort else ""


def _settle(job: _Job, answer: Frame | Exception) -> None:
    for future in job.futures:
        if future.set_running_or_notify_cancel():  # not before: until it has its answer, it may be cancelled
            if isinstance(answer, Frame):
                future.set_result(answer)
            else:
                future.set_exception(answer)
