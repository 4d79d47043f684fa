"""A Ray cluster of one node on this machine. Some of Ray's ports cannot be kept to loopback, so whoever connects needs a token."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[1]
SECONDS_TO_START = 120.0
TOKEN = secrets.token_hex(32)  # of all clusters: a process that has connected to one keeps it


class LocalRay:
    """A head with so many cores, each of which runs a worker process.

    A context manager. `environment` is for who connects, too, before Ray is imported there.
    """

    def __init__(self, cores: int = 2, path: Sequence[Path] = ()) -> None:
        """`path` is put before the search path of its workers."""
        self._cores = cores
        self._path = os.pathsep.join(map(str, [*path, ROOT]))
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))  # the paths of sockets must be short
        self._port, self._client_port = _free_port(), _free_port()
        self.environment = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "2",
            "RAY_memory_monitor_refresh_ms": "0",
        }

    @property
    def address(self) -> str:
        """Where its client server answers."""
        host = re.search(r"Local node IP: (\S+)", (self._folder / "log").read_text(errors="replace"))  # Ray takes no loopback address
        assert host
        return f"ray://{host[1]}:{self._client_port}"

    @property
    def session(self) -> int:
        """That of all its processes."""
        return self._process.pid

    def __enter__(self) -> Self:
        options = {
            "port": self._port,
            "ray-client-server-port": self._client_port,
            "num-cpus": self._cores,
            "temp-dir": self._folder,
            "min-worker-port": 0,
            "max-worker-port": 0,
            "dashboard-agent-listen-port": 0,
            "include-dashboard": "false",
            "object-store-memory": 150_000_000,
            "disable-usage-stats": None,
        }
        given = [f"--{name}" if value is None else f"--{name}={value}" for name, value in options.items()]
        environment = os.environ | self.environment | {"PYTHONPATH": self._path}
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", *given],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its processes are ended together
            )
        due = time.monotonic() + SECONDS_TO_START
        while "will now block" not in (told := (self._folder / "log").read_text(errors="replace")) or not self._answers():
            if self._process.poll() is not None or time.monotonic() > due:
                self.kill()
                raise RuntimeError(f"Ray did not start: {told}")
            time.sleep(0.2)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        host, _, port = self.address.removeprefix("ray://").rpartition(":")
        with suppress(OSError):
            socket.create_connection((host, int(port)), 1).close()
            return True
        return False

    def processes(self, named: str = "") -> dict[int, str]:
        """The command lines of its processes by id, or of those that are named so."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if named in command and os.getsid(int(folder.name)) == self.session:
                    found[int(folder.name)] = command
        return found

    def kill(self) -> None:
        """End it at once."""
        for _ in range(3):  # what starts meanwhile
            for process in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
