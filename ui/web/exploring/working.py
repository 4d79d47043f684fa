"""Work that takes a while, and how far it is."""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""Between two looks at how far it is; what is quicker shows no bar."""


class Working(Generic[T]):
    """Work in a thread of its own. Iterating yields the share that is done, in [0, 1], until it has ended."""

    def __init__(self, work: Callable[[Callable[[float], None]], T]) -> None:
        """Begin.

        Args:
            work: Given what to tell the share done.
        """
        self._share = 0.0
        self._is_left = False
        executor = ThreadPoolExecutor(1)
        self._future = executor.submit(work, self._tell)
        executor.shutdown(wait=False)

    def __iter__(self) -> Iterator[float]:
        """Yield while it lasts; who stops iterating stops the work at its next word of progress."""
        try:
            while not wait([self._future], LOOK_SECONDS).done:
                yield self._share
        finally:
            self._is_left = True

    def result(self) -> T:
        """What the work has given; or its error is raised."""
        return self._future.result()

    def _tell(self, share: float) -> None:
        if self._is_left:
            raise CancelledError
        self._share = share
