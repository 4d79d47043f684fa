"""Guesses at passwords are held back: after some that failed, each next one has to wait twice as long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

FREE_TRIES = {"name": 5, "address": 20}  # before the first wait; many people may share an address
MOST_SECONDS = 900.0
SECONDS_KEPT = 3600.0
MOST_KEYS = 20_000


class Throttle:
    """Counts tries by account and by address, in memory; any thread may use it. An account that does not exist is counted alike."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def begin(self, name: str, address: str) -> float:
        """Count a try as failed until `succeed` says otherwise, and return 0; else the seconds until one is allowed."""
        keys, now = (("name", name), ("address", address)), self._clock()
        with self._lock:
            wait = max(self._wait(key, now) for key in keys)
            if wait <= 0:
                for key in keys:
                    self._tries[key] = (self._count(key, now) + 1, now)
                    self._tries.move_to_end(key)
                while len(self._tries) > MOST_KEYS:
                    self._tries.popitem(last=False)
            return max(wait, 0.0)

    def succeed(self, name: str, address: str) -> None:
        """Forget the account's failures, but of the address only this try: others may guess from there."""
        with self._lock:
            self._tries.pop(("name", name), None)
            count, when = self._tries.get(("address", address), (1, 0.0))
            self._tries["address", address] = (count - 1, when)

    def _count(self, key: tuple[str, str], now: float) -> int:
        count, when = self._tries.get(key, (0, 0.0))
        return count if now - when < SECONDS_KEPT else 0

    def _wait(self, key: tuple[str, str], now: float) -> float:
        beyond = self._count(key, now) - FREE_TRIES[key[0]]
        if beyond < 0:
            return 0.0
        return self._tries[key][1] + min(2.0 ** min(beyond, 20), MOST_SECONDS) - now
