"""What the views share: their tools, their messages, and work behind a progress bar."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from rag.errors import RagError
from rag.exploring.vectors import Progress
from rag.library import Library
from ui.rendering.html import render
from ui.web.exploring.figures import Figures

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")

POLL_SECONDS = 0.2  # between two looks at running work; what is quicker shows no bar


@dataclass(frozen=True, slots=True)
class Tools:
    """What the views work with."""

    library: Library
    figures: Figures


class Handlers:
    """The events of a view."""

    def __init__(self, tools: Tools) -> None:
        self._library = tools.library
        self._figures = tools.figures


def explanation(text: str, title: str = "") -> str:
    """What a view, or a titled part of it, shows and how to read it."""
    return render("explore_explanation.html", text=text, title=title)


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


def in_background(work: Callable[[Progress], T], show: Callable[[float], S]) -> Generator[S, None, T]:
    """Work in a thread, and return the result; until then, yield what `show` makes of the share done, in [0, 1].

    To stop iterating stops the work at its next report of progress.
    """
    share, is_abandoned = 0.0, False

    def report(done: float) -> None:
        nonlocal share
        if is_abandoned:
            raise CancelledError
        share = done

    executor = ThreadPoolExecutor(1)
    future = executor.submit(work, report)
    executor.shutdown(wait=False)
    try:
        while not wait([future], POLL_SECONDS).done:
            yield show(share)
    finally:
        is_abandoned = True
    return future.result()
