"""What the views share: their tools, their messages, and work behind a progress bar."""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

from rag.errors import RagError
from rag.library import Library
from ui.rendering.html import render
from ui.web.exploring.figures import Figures

P = ParamSpec("P")
T = TypeVar("T")


POLL_SECONDS = 0.2
"""Between two looks at running work; what is quicker shows no bar."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the views work with."""

    library: Library
    figures: Figures


def explanation(text: str) -> str:
    """What a view shows and how to read it."""
    return render("explore_message.html", kind="fn-explain", role="", text=text)


def note(text: str) -> str:
    """A remark, which screen readers announce."""
    return render("explore_message.html", kind="fn-soft", role="status", text=text)


def problem(error: RagError | str) -> str:
    """What went wrong and what to do."""
    return render("explore_message.html", kind="fn-trouble", role="alert", text=str(error))


def progress_bar(text: str, share: float) -> str:
    """A progress bar at a share in [0, 1], with a line that says what is being done."""
    return render("explore_bar.html", text=text, share=share)


def shows_problems(handler: Callable[P, Iterator[str]]) -> Callable[P, Iterator[str]]:
    """Have a handler show its errors in place of its result."""

    @wraps(handler)
    def shown(*args: P.args, **kwargs: P.kwargs) -> Iterator[str]:
        try:
            yield from handler(*args, **kwargs)
        except RagError as error:
            yield problem(error)

    return shown


class BackgroundWork(Generic[T]):
    """Work in a thread of its own. Iterating yields the share done, in [0, 1], until the work ends."""

    def __init__(self, work: Callable[[Callable[[float], None]], T]) -> None:
        """Start; `work` is given a function to report its progress to."""
        self._share = 0.0
        self._is_abandoned = False
        executor = ThreadPoolExecutor(1)
        self._future = executor.submit(work, self._report)
        executor.shutdown(wait=False)

    def __iter__(self) -> Iterator[float]:
        """Yield while it runs; to stop iterating stops the work at its next report."""
        try:
            while not wait([self._future], POLL_SECONDS).done:
                yield self._share
        finally:
            self._is_abandoned = True

    def result(self) -> T:
        """Return what the work returned, or raise its error."""
        return self._future.result()

    def _report(self, share: float) -> None:
        if self._is_abandoned:
            raise CancelledError
        self._share = share
