"""A real PostgreSQL server in a temporary folder, which can be killed and started again at the same address."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

USER = "footnote"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "shared_memory_type": "mmap",
}
STARTS_WITHIN = 60  # seconds, on a machine that does much else


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`; None where PostgreSQL's server is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    if told := shutil.which("pg_config"):
        folders.append(Path(subprocess.run([told, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()))
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class PostgresServer:
    """Runs while it is entered.

    Attributes:
        url: The address of the database `postgres`, with the password.
    """

    def __init__(self) -> None:
        found = programs()
        assert found, "PostgreSQL is not installed"
        self._programs = found
        self._databases = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()
        self._password = secrets.token_urlsafe(12)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = self._url("postgres")

    def database(self) -> str:
        """Make a fresh, empty database, and return its address."""
        name = f"test_{next(self._databases)}"
        self.execute(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the superuser; its rows, if it has any."""
        import psycopg

        with psycopg.connect(self._url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def read_only(self, url: str) -> Iterator[None]:
        """The database at `url` can be read, but not written, also by those who are connected by now: they are cut off."""
        name = url.rpartition("/")[2]
        self.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        self.cut_off(name)
        try:
            yield
        finally:
            self.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            self.cut_off(name)

    def cut_off(self, name: str) -> None:
        """End all connections to this database."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import psycopg

        options = [part for name, value in {**SETTINGS, "port": str(self.port)}.items() for part in ("-c", f"{name}={value}")]
        log = self._stack.enter_context((self._folder / "log").open("ab"))
        self._process = self._popen("postgres", "-D", str(self._folder / "data"), *options, log=log)
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._folder / "log").read_text(errors="replace")) from error
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it at once, as a crash would: nothing is written on the way. Doing so twice is harmless."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it in good order: transactions that run are rolled back. Doing so twice is harmless."""
        self._end(signal.SIGINT)

    def pause(self) -> None:
        """Let it accept connections, but answer nobody, until `resume`."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._stack.callback(self.kill)
        with self._stack:
            password = self._folder / "password"
            password.write_text(self._password, encoding="utf-8")
            if user := _user():
                for path in (self._folder, password):
                    shutil.chown(path, user)
            command = ["initdb", "-D", str(self._folder / "data"), "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}"]
            with (self._folder / "log").open("wb") as log:
                ended = self._popen(*command, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions", log=log).wait()
            assert ended == 0, (self._folder / "log").read_text(errors="replace")
            self.start()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def _popen(self, program: str, *arguments: str, log: Any) -> "subprocess.Popen[bytes]":
        """A program of PostgreSQL, which refuses to run as root."""
        user = _user()
        who: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
        return subprocess.Popen(
            [self._programs / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self._folder,
            env=environment,
            start_new_session=True,
            **who,
        )

    def _end(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self.resume()
            self._process.send_signal(number)
            self._process.wait(STARTS_WITHIN)

    def _signal_all(self, number: signal.Signals) -> None:
        """To the server and the processes it made, each a session of its own."""
        assert self._process
        parent = self._process.pid
        children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout.split()
        for pid in [parent, *map(int, children)]:
            with suppress(ProcessLookupError):  # it has ended since
                os.kill(pid, number)


def _user() -> str | None:
    """As whom it runs; None if as whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
