"""A page of a file -> its picture, its words, and where they stand: made in child processes, of which no document may take all."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar, cast

from rag.errors import TooManyRequestsError, UnreadableFileError
from rag.formats.isolation import Frame, Worker, WorkerClosedError, WorkerStoppedError
from rag.formats.pdf import PDF
from rag.formats.protocol import FileToOpen, PageView, Request

T = TypeVar("T")

MOST_WAITING = 200  # different requests, of all documents
MOST_WAITING_FOR_A_DOCUMENT = 20

SECONDS_GIVEN_UP = 60  # a page that ended its child process is not tried again for so long, unless less is asked of it


class Viewer:
    """Draws and looks at pages. Its child processes are not the one that reads files: a page is shown while a file is read."""

    def __init__(self, *, draw_seconds: float = 10, look_seconds: float = 20, memory_megabytes: int = 2048) -> None:
        """Start nothing yet. `memory_megabytes`, at least 256, is for each child process.

        A page that takes longer to draw, or whose words take longer to find, is given up; of a long text, all of it is decoded first.
        """
        drawers = [Worker(seconds=draw_seconds, megabytes=memory_megabytes) for _ in range(2)]  # while one is slow, the other draws
        self._drawing = _Pool(drawers, lambda frame: frame.payload)
        self._looking = _Pool([Worker(seconds=look_seconds, megabytes=memory_megabytes)], _view)

    def start(self) -> None:
        """Start the processes now that the first page needs."""
        self._drawing.start([PDF.reader])  # nearly every library has some
        self._looking.start([PDF.reader])

    def close(self) -> None:
        """End the processes at once; what they are at fails. What is asked afterwards starts them anew."""
        self._drawing.close()
        self._looking.close()

    def render(self, file: FileToOpen, page: int, *, scale: float = 2.0) -> Future[bytes]:
        """Draw a page, 1-based, as a PNG of `scale` pixels a point (1/72 inch), less where it would pass 16 megapixels.

        The answer may be cancelled; it may be a `DocumentError`. `TooManyRequestsError` where too many pages wait to be drawn.
        """
        if not scale > 0:
            raise ValueError(f"scale must be above 0, not {scale}")
        return self._drawing.ask(Request("draw", file, page, scale=scale))

    def look(self, file: FileToOpen, page: int, start: int = 0, end: int = 0, *, whole: bool = False) -> Future[PageView]:
        """A page's text, and where `text[start:end]` stands in its picture: nothing where `end` is not above `start`.

        `whole` where the file was read as one page, as long texts once were. Fails as `render` does.
        """
        return self._looking.ask(Request("look", file, page, start=start, end=end, whole=whole))


class _Pool(Generic[T]):
    """Some child processes; each works on another document than the others."""

    def __init__(self, workers: Sequence[Worker], convert: Callable[[Frame], T]) -> None:
        """Start nothing yet. `convert` makes of an answer what was wanted."""
        self._convert = convert
        self._free = list(workers)
        self._workers = tuple(workers)
        self._lock = threading.Lock()
        self._waiting: dict[Request, list[Future[T]]] = {}
        self._running: dict[Request, list[Future[T]]] = {}
        self._last: dict[Worker, Path] = {}
        # Pages that ended their process: why, and the scale from which on a picture is refused, until when.
        self._given_up: dict[tuple[Path, int], tuple[UnreadableFileError, float, float]] = {}

    def ask(self, request: Request) -> Future[T]:
        """Have a request answered in its turn, or refused with `TooManyRequestsError`.

        It fails with `UnreadableFileError` where the process was stopped over it, and is dropped where all who asked have cancelled.
        """
        future: Future[T] = Future()
        with self._lock:
            if problem := self._known_problem(request):
                future.set_exception(problem)
                return future
            futures = self._running.get(request) or self._waiting.get(request)
            if futures is None:
                self._drop_needless()
                of_document = sum(waiting.file.path == request.file.path for waiting in self._waiting)
                if len(self._waiting) >= MOST_WAITING or of_document >= MOST_WAITING_FOR_A_DOCUMENT:
                    raise TooManyRequestsError("Too many pages are waiting to be shown. Try again in a few seconds.")
                futures = self._waiting[request] = []
            futures.append(future)
            self._dispatch()
        return future

    def start(self, readers: Sequence[str]) -> None:
        """Start the first process, so that it is ready and has these readers when it is needed."""
        self._workers[0].start(readers)

    def close(self) -> None:
        """End the processes at once; what waits fails."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for request, futures in waiting.items():
            _settle(futures, error=_stopped(request, WorkerClosedError()))
        for worker in self._workers:
            worker.close()

    def _dispatch(self) -> None:
        """Give what waits to the processes that are free: the oldest request about a document that none of them is at."""
        self._drop_needless()
        for request in list(self._waiting):
            if not self._free:
                return
            if all(running.file.path != request.file.path for running in self._running):
                worker = next((each for each in self._free if self._last.get(each) == request.file.path), self._free[0])
                self._free.remove(worker)
                self._last[worker] = request.file.path  # it has the document open
                self._running[request] = self._waiting.pop(request)
                threading.Thread(target=self._work, args=(worker, request), name="page", daemon=True).start()

    def _drop_needless(self) -> None:
        """Drop what nobody waits for any more, and what would fail as the last one about its page did."""
        for request, futures in list(self._waiting.items()):
            if problem := self._known_problem(request):
                _settle(self._waiting.pop(request), error=problem)
            elif all(future.cancelled() for future in futures):
                del self._waiting[request]

    def _work(self, worker: Worker, request: Request) -> None:
        answer: T | None = None
        error: Exception | None = None
        try:
            (frame,) = worker.ask(request)
            answer = self._convert(frame)
        except WorkerStoppedError as stopped:
            error = problem = _stopped(request, stopped)
            if not isinstance(stopped, WorkerClosedError):
                self._given_up[request.file.path, request.page] = problem, request.scale, monotonic() + SECONDS_GIVEN_UP
        except Exception as raised:  # noqa: BLE001 - raised again where it was asked
            error = raised
        with self._lock:
            futures = self._running.pop(request)
            self._free.append(worker)
            self._dispatch()
        _settle(futures, answer, error=error)

    def _known_problem(self, request: Request) -> UnreadableFileError | None:
        problem, scale, until = self._given_up.get((request.file.path, request.page), (None, 0.0, 0.0))
        return problem if monotonic() < until and request.scale >= scale else None


def _stopped(request: Request, error: WorkerStoppedError) -> UnreadableFileError:
    done = "drawn" if request.verb == "draw" else "shown"
    return UnreadableFileError(f"Page {request.page} of {request.file.name} could not be {done}: {error}.")


def _settle(futures: Iterable[Future[T]], answer: T | None = None, *, error: Exception | None = None) -> None:
    """Answer those who have not cancelled: until now they may."""
    for future in futures:
        if not future.set_running_or_notify_cancel():
            continue
        if error:
            future.set_exception(error)
        else:
            future.set_result(cast(T, answer))


def _view(frame: Frame) -> PageView:
    size = frame.header["size"]
    marks = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in frame.header["marks"])
    headings = tuple((level, title, start) for level, title, start in frame.header["headings"])
    return PageView((size[0], size[1]) if size else None, frame.header["text"], marks, headings)
