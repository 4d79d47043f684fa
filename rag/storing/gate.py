"""Many users at a time, or one alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Lets threads use something together, or one alone once the others have left. A user may enter twice."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = 0
        self._is_shut = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be one of the users."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_shut)
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, seconds: float) -> Iterator[bool]:
        """Wait for at most `seconds` until nobody is inside, then keep others out; yields whether that succeeded."""
        with self._changed:
            is_alone = self._changed.wait_for(lambda: not (self._users or self._is_shut), seconds)
            self._is_shut |= is_alone
        try:
            yield is_alone
        finally:
            if is_alone:
                with self._changed:
                    self._is_shut = False
                    self._changed.notify_all()
