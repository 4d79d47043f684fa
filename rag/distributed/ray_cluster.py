"""A Ray cluster, reached by Ray's client (`ray://HOST:PORT`).

The other ways to reach one make this process a part of the cluster: it needs Ray's own processes on this machine, and Ray ends it when
they or the head are gone. The client's connection breaks instead, which is an error like any other.
"""

import logging
import os
import re
import socket
import threading
from concurrent.futures import Future
from importlib.util import find_spec
from typing import Any
from weakref import WeakValueDictionary

from rag.distributed.order import Order
from rag.errors import SettingsError

SECONDS_TO_ANSWER = 5.0
STARTS = 3  # tries to have the cluster start what serves this client, for which Ray gives it half a minute each time
TRIES = 3  # of a task again whose worker died
_ADDRESS = re.compile(r"ray://(\[[0-9A-Fa-f:.]+\]|[\w.-]+):(\d{1,5})")
_SHARED: "WeakValueDictionary[str, RayCluster]" = WeakValueDictionary()


class RayCluster:
    """Runs the functions of `rag.distributed.tasks`. Thread-safe. Ray has one connection a process: libraries share it by `shared`."""

    def __init__(self, address: str) -> None:
        """Connect to nothing yet; `SettingsError` where the address is malformed, or Ray not installed."""
        if not (found := _ADDRESS.fullmatch(address.strip())):
            raise SettingsError(
                f"RAG_RAY_ADDRESS: {address!r} is not the address of a Ray cluster. Write ray://HOST:10001, its Ray client's."
            )
        if not find_spec("ray"):
            raise SettingsError('RAG_RAY_ADDRESS is set, but Ray is not installed: run pip install "footnote[ray]".')
        self._address = address.strip()
        self._place = found[1].strip("[]"), int(found[2])
        self._lock = threading.Lock()
        self._users = 0
        self._context: Any = None
        self._task: Any = None
        self.cores = 0

    @classmethod
    def shared(cls, address: str) -> "RayCluster":
        """The one that others in this process use too; each user closes it."""
        cluster = _SHARED.setdefault(address, cls(address))
        cluster._users += 1
        return cluster

    def connect(self) -> None:
        """Connect, unless that is done. `SettingsError` where nothing answers; where a connection broke, a new one is tried."""
        with self._lock:
            if self._context is not None:
                if _is_connected():
                    return
                self._disconnect()
            try:
                socket.create_connection(self._place, SECONDS_TO_ANSWER).close()  # Ray itself tries for half a minute
                self._connect()
            except Exception as error:  # Ray's errors have no common base
                self._disconnect()
                cure = "Start the cluster, correct the address, or unset RAG_RAY_ADDRESS to work on this machine alone."
                raise SettingsError(f"The Ray cluster at {self._address} cannot be used: {last_line(error)}. {cure}") from error

    def submit(self, task: str, order: Order, content: Any, *args: Any) -> Future[Any]:
        """Begin a task; its content is stored in the cluster. Raises, or its future does, whatever Ray raises."""
        import ray

        with self._lock:
            return self._task.remote(task, order, ray.put(content), *args).future()  # type: ignore[no-any-return]

    def put(self, content: Any) -> Any:
        """Store what several tasks need: it is given to `submit` in the place of the content."""
        import ray

        return ray.put(content)

    def close(self) -> None:
        """Disconnect, when all that share it have."""
        with self._lock:
            self._users -= 1
            if self._users <= 0:
                self._disconnect()

    def _connect(self) -> None:
        os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # read when Ray is imported: else it starts a cluster of its own once this one is gone
        import ray

        for left in reversed(range(STARTS)):
            try:
                self._context = ray.init(self._address, log_to_driver=False, logging_level=logging.ERROR, namespace="footnote")
                break
            except ConnectionAbortedError:  # it was too busy
                if not left:
                    raise
        logging.getLogger("ray.util.client.logsclient").setLevel(logging.ERROR)  # that it reconnects is told by what comes of it
        self._task = ray.remote(num_cpus=1, max_retries=TRIES)(_carry_out)
        self.cores = int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]

    def _disconnect(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            context.disconnect()


def last_line(error: BaseException) -> str:
    """What an error of Ray's says, which may begin with the tracebacks of other machines."""
    if isinstance(error, TimeoutError):
        return "it has not answered in time"
    lines = [line.strip() for line in (getattr(error, "strerror", None) or str(error)).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")


def _is_connected() -> bool:
    import ray

    return bool(ray.util.client.ray.is_connected())  # type: ignore[no-untyped-call]


def _carry_out(task: str, order: Order, content: Any, *args: Any) -> Any:
    """Runs on a worker."""
    from rag.distributed.tasks import carry_out

    return carry_out(task, order, content, *args)
