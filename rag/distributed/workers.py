"""Tasks for workers, and what becomes of them: done there, or to be done here because the cluster failed at it."""

import logging
import threading
import time
from concurrent.futures import Future, wait
from typing import Any, Protocol

from rag.distributed.order import Order
from rag.distributed.ray_cluster import last_line
from rag.errors import LibraryClosedError, RagError, SettingsError

log = logging.getLogger(__name__)

SECONDS_TO_GREET = 300.0  # until a worker answers at the start: it may have to be started
SECONDS_BETWEEN_TRIES = 60.0  # to reach a cluster that went away; all is done here meanwhile
SECONDS_UNTIL_TOLD = 60.0  # that a task waits, for want of free workers
SECONDS_A_LOOK = 0.5  # how long closing waits for who waits for a task
LEAST_AT_ONCE, MOST_AT_ONCE = 4, 64


class Cluster(Protocol):
    """Where tasks run: see `RayCluster`."""

    cores: int

    def connect(self) -> None:
        """Connect, unless that is done; `SettingsError` where nothing answers."""

    def submit(self, task: str, order: Order, content: Any, *args: Any) -> Future[Any]:
        """Begin a task."""

    def close(self) -> None:
        """Disconnect."""


class Workers:
    """The workers of a cluster, for one library. Thread-safe.

    A cluster that does not answer at first is an error: the address is wrong, or it is not running. One that goes away later is not: what
    it had is done here, and what follows, until it is there again. A document that waited for it would keep its uploader waiting for as
    long; read here, it is only slower.
    """

    def __init__(self, cluster: Cluster) -> None:
        """Connect to nothing yet."""
        self._cluster = cluster
        self._has_worked = self._is_closed = False
        self._away_until = 0.0
        self._lock = threading.Lock()

    @property
    def at_once(self) -> int:
        """How many tasks are worth beginning before one of them is needed: twice as many as can run."""
        return min(max(2 * self._cluster.cores, LEAST_AT_ONCE), MOST_AT_ONCE)

    def connect(self, order: Order) -> None:
        """Connect, the first time, and see that workers have what an order needs.

        Raises `SettingsError` where the cluster cannot be used, `EmbeddingError` where a worker has another version or model.
        """
        with self._lock:
            if self._has_worked:
                return
            self._cluster.connect()
            try:
                self._cluster.submit("greet", order, "Footnote").result(SECONDS_TO_GREET)
            except RagError:
                raise
            except Exception as error:  # Ray's errors have no common base
                raise SettingsError(
                    f"The workers of the Ray cluster cannot run Footnote: {last_line(error)}. Install it on each."
                ) from error
            self._has_worked = True

    def begin(self, task: str, order: Order, content: Any, *args: Any) -> Future[Any] | None:
        """Begin a task of `rag.distributed.tasks`; None where the cluster is away. Errors as of `connect`, before it was ever reached."""
        if time.monotonic() < self._away_until:
            return None
        if not self._has_worked:
            self.connect(order)
        try:
            self._cluster.connect()
            return self._cluster.submit(task, order, content, *args)
        except Exception as error:  # Ray's errors have no common base # noqa: BLE001
            self._is_away(error)
            return None

    def result(self, future: Future[Any], what: str) -> Any:
        """What became of a task; None where the cluster failed at it, which is logged. Raises the `RagError` that it is."""
        begun, is_told = time.monotonic(), False
        while not wait([future], SECONDS_A_LOOK).done:
            if self._is_closed:
                future.cancel()
                raise LibraryClosedError("The library is closed. Open it again.")
            if not is_told and time.monotonic() > begun + SECONDS_UNTIL_TOLD:
                is_told = True
                log.warning("%s has waited for %g s for a Ray worker. Are there enough?", what, SECONDS_UNTIL_TOLD)
        if error := future.exception():
            if isinstance(error, RagError):
                raise error
            if isinstance(error, ConnectionError):
                self._is_away(error)
            else:
                log.warning("%s is done here: its Ray workers failed (%s).", what, last_line(error))
            return None
        return future.result()

    def close(self) -> None:
        """Disconnect; who waits for a task gets a `LibraryClosedError`."""
        self._is_closed = True
        self._cluster.close()

    def _is_away(self, error: BaseException) -> None:
        """Say so once."""
        with self._lock:
            if time.monotonic() >= self._away_until:
                log.warning(
                    "The Ray cluster is away (%s). This machine works alone, and tries again after %g s.",
                    last_line(error),
                    SECONDS_BETWEEN_TRIES,
                )
            self._away_until = time.monotonic() + SECONDS_BETWEEN_TRIES
