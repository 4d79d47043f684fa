"""A cluster on this machine: a Chroma server, PostgreSQL, S3 as moto plays it, and servers of Footnote, each a process.

Chroma and PostgreSQL are reached through proxies, which can be slow or gone at any time.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx2

from rag import RemoteLibrary, connect
from rag.errors import RagError
from tests.browser.serving import RagServer
from tests.chroma_server import ChromaServer
from tests.cluster.proxy import Proxy
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server

T = TypeVar("T")

LEASE_SECONDS = 3
EMBEDDING_MODEL = "plugin:tests.fakes:NamedWords?slow"
"""A batch of it takes 0.05 s, so that there is a middle of adding."""

PATIENCE = 120
"""Seconds for what takes a few on a machine that does nothing else."""


def until(found: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """What `found` gives once that is true of it, asked many times a second; what it raises of ours counts as not yet."""
    end = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < end:
        try:
            if result := found():
                return result
            last = result
        except (RagError, httpx2.HTTPError, AssertionError) as error:
            last = error
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds} s; last seen {last!r}")


class Member(RagServer):
    """A server of the cluster, as a process; a context manager."""

    def __init__(self, name: str, folder: Path, *, port: int = 0, **settings: str) -> None:
        self.name = name
        self.folder = folder / "library"
        self.settings = settings
        self.port = port or free_port()
        super().__init__(folder, None, port=self.port, **settings | {"RAG_SERVER_URL": f"http://127.0.0.1:{self.port}"})

    @cached_property
    def library(self) -> RemoteLibrary:
        """The library through this server."""
        self.ready()
        return connect(self.url)

    @cached_property
    def http(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=PATIENCE)

    @property
    def standing(self) -> dict[str, object]:
        """What it says of itself, ready or not."""
        return dict(self.http.get("/readyz").json())

    @property
    def role(self) -> str:
        """What it is by now: writer, standby or replica."""
        return str(self.standing.get("role", ""))

    def ready(self, seconds: float = 2 * PATIENCE) -> Self:
        """Wait until it can answer questions."""

        def is_ready() -> bool:
            if not self.is_running:
                raise RuntimeError(f"{self.name} ended:\n{self.log}")
            return self.http.get("/readyz").status_code == 200

        try:
            until(is_ready, f"{self.name} becomes ready", seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.log}") from error
        return self

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def pause(self) -> None:
        """As a machine does that sleeps: it holds what it has, and does nothing, until `resume`."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once. Doing so twice is harmless."""
        if self.is_running:
            self.end(signal.SIGKILL)
        self._let_go()

    def stop(self) -> None:
        """Tell it to stop, and wait until it has. Doing so twice is harmless."""
        if self.is_running:
            self.end(signal.SIGTERM)
        self._let_go()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.is_running:
            self.resume()
        super().__exit__(kind, error, trace)
        self._let_go()

    def _let_go(self) -> None:
        for name in ("library", "http"):
            if opened := self.__dict__.pop(name, None):
                opened.close()


class Cluster:
    """What the servers share, and the servers; a context manager. Any number of clusters may use one PostgreSQL server and one S3 server.

    Attributes:
        members: Those that were started and not yet removed, by name.
        chroma_proxy: Before Chroma.
        database_proxy: Before PostgreSQL.
        database_url: Past the proxy.
        s3: Where the originals are.
    """

    def __init__(self, folder: Path, postgres: PostgresServer, s3: S3Server, chroma: ChromaServer, *, bucket: str = "") -> None:
        self.folder = folder
        self.postgres = postgres
        self.s3 = s3
        self.chroma = chroma
        self.originals_url = f"s3://{bucket or s3.bucket}/{folder.name}"
        self.members: dict[str, Member] = {}
        self.database_url = postgres.database()
        self.chroma_proxy = Proxy(urlsplit(chroma.url).port or 0)
        self.database_proxy = Proxy(postgres.port)
        self._stack = ExitStack()

    @property
    def settings(self) -> dict[str, str]:
        """What every server of it is told, and every command."""
        return {
            "RAG_DATABASE_URL": self.database_url.replace(f":{self.postgres.port}/", f":{self.database_proxy.port}/"),
            "RAG_CHROMA_URL": f"http://127.0.0.1:{self.chroma_proxy.port}",
            "RAG_ORIGINALS_URL": self.originals_url,
            "RAG_LEASE_SECONDS": str(LEASE_SECONDS),
            "RAG_EMBEDDING_MODEL": EMBEDDING_MODEL,
            **self.s3.environment,
        }

    def start(self, name: str, *, replica: bool = False, fresh: bool = False, **settings: str) -> Member:
        """Start a server in the folder of its name, which may be there from before, unless it is to be `fresh`. It need not be ready."""
        if gone := self.members.pop(name, None):
            gone.kill()
        if fresh:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        asked = {"RAG_REPLICA": "true"} if replica else {}
        port = gone.port if gone else 0
        self.members[name] = self._stack.enter_context(Member(name, self.folder / name, port=port, **self.settings | asked | settings))
        return self.members[name]

    def running(self) -> list[Member]:
        return [member for member in self.members.values() if member.is_running]

    def writer(self, *, besides: Member | None = None, seconds: float = PATIENCE) -> Member:
        """The one that writes, as soon as there is one, `besides` one that is not asked."""

        def found() -> Member | None:
            return next((member for member in self.running() if member is not besides and member.role == "writer"), None)

        return until(found, "there is a writer", seconds)

    def rag(self, *arguments: object, name: str = "commands") -> str:
        """Run a command on one more machine of the cluster, in the folder of its `name`; what it prints."""
        ended = subprocess.run(
            [sys.executable, "-c", "from ui.commands.cli import main; main()", *map(str, arguments)],
            env=os.environ | self.settings | {"RAG_LIBRARY": str(self.folder / name / "library")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def on_each(self, check: Callable[[Member], object], what: str, seconds: float = PATIENCE) -> None:
        """Wait until something is true of each server that runs."""
        for member in self.running():
            until(partial(check, member), f"{member.name}: {what}", seconds)

    def drop(self, name: str) -> None:
        """End a server and forget it."""
        self.members.pop(name).kill()

    @contextmanager
    def slow(self, seconds: float = 2) -> Iterator[None]:
        """Chroma and PostgreSQL answer each request so much later."""
        proxies = (self.chroma_proxy, self.database_proxy)
        for proxy in proxies:
            proxy.delay_seconds = seconds
        try:
            yield
        finally:
            for proxy in proxies:
                proxy.delay_seconds = 0.0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        for proxy in (self.chroma_proxy, self.database_proxy):
            self._stack.enter_context(proxy)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for member in self.running():
            os.kill(member._process.pid, signal.SIGCONT)
            os.kill(member._process.pid, signal.SIGTERM)  # all at once: they end side by side
        self._stack.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
