"""Which process of a cluster writes to a library: whoever holds the lease, a row of the database that all of them share.

standing by -> writing: the lease is renewed by a thread -> standing by again, where another process has taken it over
replica: never takes it

Whoever finds the lease given back, or not renewed for its holder's `seconds` by the database's clock, takes it with the next epoch. A
holder may be stopped at any moment and know nothing of it: by SIGSTOP, a lid that is closed, a network that is cut. So what it writes is
bound to its `Term`, which ends when another begins and never comes back:

- a transaction begins with `Term.fence`, which fails after the term's end and keeps the lease from others until the transaction is over.
  The database ends a transaction whose process sleeps: else nobody could take over.
- before what no transaction can fence, such as a request to Chroma, `Term.check` asks the database, unless it has confirmed the lease a
  moment ago. A process may still sleep between the check and the request: `rag.storing.cluster.rows` says why that does no harm.
"""

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from rag.errors import LibraryLockedError, NewerSchemaError, StorageError
from rag.storing.database import Database, Kind, sql
from rag.types import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

RENEWALS = 5  # so many times the holder renews its lease in the time in which it would expire
WRITING_BITS = 20  # a stamp is a term's epoch, then the number of a writing within it in so many bits
MOST_SECONDS_BETWEEN_LOOKS = 1.0  # how long another process waits before it looks again whether the lease is free

NOW: Mapping[Kind, str] = {
    "postgresql": "extract(epoch FROM clock_timestamp())::double precision",
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
}
"""Seconds since 1970 by the database's clock, in its dialect."""

TAKE = """
UPDATE lease SET epoch = epoch + 1, holder = :holder, host = :host, url = :url, token = :token, seconds = :seconds, renewed = {now},
released = 0 WHERE released = 1 OR renewed + seconds < {now} RETURNING epoch
"""
RENEW = "UPDATE lease SET renewed = {now}, url = :url, token = :token WHERE holder = :holder AND epoch = :epoch"
GIVE_BACK = "UPDATE lease SET released = 1 WHERE holder = :holder AND epoch = :epoch"
LOOK = "SELECT epoch, holder, host, url, token, seconds, released, {now} - renewed AS age FROM lease"
FENCES: Mapping[Kind, str] = {
    "postgresql": "SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, true) FROM lease "
    "WHERE holder = :holder AND epoch = :epoch FOR SHARE",
    "sqlite": "SELECT :milliseconds FROM lease WHERE holder = :holder AND epoch = :epoch",  # its transactions exclude each other
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Where the process that writes can be reached: its server's address, and the token that opens it to the other servers."""

    url: str
    token: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"Writer({self.url!r})"


@dataclass(frozen=True, slots=True)
class MembershipState:
    """What is known of a library's lease.

    Attributes:
        role: Of this process.
        holder: Host and address of the process that writes; "" where none does.
        epoch: Of the present term; 0 before the first.
        heartbeat_seconds: Since the lease was last renewed; None where it is not known.
        takeovers: How many times this process has taken the lease.
        problem: Why the database was of no use at the last look, or "".
    """

    role: Role
    holder: str
    epoch: int
    heartbeat_seconds: float | None
    takeovers: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """The lease at the last look: `age` in seconds since it was renewed, by the database's clock, `at` by this machine's."""

    epoch: int
    holder: str
    host: str
    url: str
    token: str
    age: float
    at: float
    is_free: bool


class Term:
    """The time in which one process holds the lease, from taking it until another does. It never begins again."""

    def __init__(self, membership: "Membership", epoch: int, confirmed: float) -> None:
        """`confirmed` is when the database was asked, by the clock of this machine."""
        self.epoch = epoch
        self.confirmed = confirmed
        self.has_ended = False
        self._membership = membership
        self._writings = count(1)

    def next_stamp(self) -> int:
        """A number that is greater than all that this term and those before have given."""
        return (self.epoch << WRITING_BITS) + next(self._writings)

    def fence(self, connection: "Connection") -> None:
        """Begin a transaction that writes: raises `LibraryLockedError` after the term's end; until it is over nobody takes the lease."""
        if (
            self.has_ended
            or not connection.execute(
                sql(FENCES[self._membership.kind]),
                {**self._membership.names(self), "milliseconds": str(round(1000 * self._membership.seconds))},
            ).all()
        ):
            self._membership.lost(self)
            raise LibraryLockedError(TAKEN_OVER)

    def check(self) -> None:
        """See, before what cannot be fenced, that the term goes on; raises `LibraryLockedError`, or StorageError where nobody knows."""
        if not self.has_ended and awake() - self.confirmed > 2 * self._membership.seconds / RENEWALS:
            self._membership.renew(self)
        if self.has_ended:
            raise LibraryLockedError(TAKEN_OVER)

    def release(self) -> None:
        """Nothing: the membership gives the lease back."""


TAKEN_OVER = "Another server of the cluster writes to this library now. Try again: it is asked then."


class Membership:
    """This process's part in one library of a cluster: the lease, its heartbeat, and who else there is. Thread-safe."""

    def __init__(self, database: Database, *, candidate: bool, url: str = "", token: str = "", seconds: float) -> None:
        """Try to take the lease, if a candidate, and go on looking after it.

        A database that is away is waited for; one of a newer program raises `NewerSchemaError`.

        Args:
            database: Has the table `lease`, of the noun "library".
            candidate: Whether this process wants to write.
            url: Address of this process's server for the other servers; `announce` tells it later.
            token: Opens that server to them.
            seconds: How long the lease lasts unless it is renewed.
        """
        self.seconds = seconds
        self.kind = database.kind
        self._database = database
        self._is_candidate = candidate
        self._address = {"url": url, "token": token}
        self._me = {"holder": secrets.token_hex(8), "host": socket.gethostname()}
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # one request at a time
        self._term: Term | None = None
        self._seen: _Seen | None = None
        self._takeovers = 0
        self._problem = ""
        self._calls: list[Callable[[bool], None]] = []
        self._told: Term | None = None
        self._settled: Term | None = None
        self._ended = threading.Event()
        self._beat()
        self._told = self._settled = self._term
        threads = {"lease": self._beat_repeatedly, "role": self._tell_repeatedly}
        self._threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in threads.items()]
        for thread in self._threads:
            thread.start()

    @property
    def term(self) -> Term | None:
        """The present term of this process; None where it does not write."""
        return self._term

    @property
    def is_writer(self) -> bool:
        """Whether this process holds the lease, as far as it knows."""
        return self._term is not None

    @property
    def is_settled(self) -> bool:
        """Whether all who are told of a promotion have done what follows from it: only then its role is that of the writer."""
        return self._term is self._settled

    @property
    def epoch(self) -> int:
        """Of the present term, whoever has it; 0 before the first."""
        return self.state().epoch

    def writer(self) -> Writer | None:
        """Where the process that writes can be reached; None where nobody writes, or not yet."""
        if self._term:
            if not self.is_settled:
                return None
            return Writer(self._address["url"], self._address["token"])
        seen = self._seen
        return Writer(seen.url, seen.token) if seen and not seen.is_free else None

    def state(self) -> MembershipState:
        """What is known at present; asks nobody."""
        term, seen = self._term, self._seen
        role: Role = "writer" if term and self.is_settled else "standby" if self._is_candidate else "replica"
        if term:
            holder, epoch, age = self._who(self._me["host"], self._address["url"]), term.epoch, awake() - term.confirmed
            return MembershipState(role, holder, epoch, age, self._takeovers, self._problem)
        if seen is None or not seen.epoch:
            return MembershipState(role, "", 0, None, self._takeovers, self._problem)
        holder = "" if seen.is_free else self._who(seen.host, seen.url)
        return MembershipState(role, holder, seen.epoch, seen.age + awake() - seen.at, self._takeovers, self._problem)

    def fence(self, connection: "Connection") -> None:
        """Begin a transaction that writes; raises `LibraryLockedError` where this process does not hold the lease any more."""
        term = self._term
        if term is None:
            raise LibraryLockedError(TAKEN_OVER)
        term.fence(connection)

    def on_change(self, call: Callable[[bool], None]) -> None:
        """Have `call` told, in a thread of its own, of each promotion (True) and demotion (False) from now on."""
        self._calls.append(call)

    def announce(self, url: str, token: str) -> None:
        """Tell the other servers where this one is, and what opens it to them."""
        self._address = {"url": url, "token": token}
        if term := self._term:
            with suppress(StorageError):  # the next heartbeat tells it
                self.renew(term)

    def close(self) -> None:
        """Give the lease back, so that another takes it without waiting. Doing so twice is harmless."""
        self._ended.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        if term := self._term:
            self._end(term)
            with suppress(StorageError):  # it expires
                self._execute(GIVE_BACK, self.names(term))

    def names(self, term: Term) -> dict[str, object]:
        """What a statement says of a term."""
        return {"holder": self._me["holder"], "epoch": term.epoch}

    def renew(self, term: Term) -> None:
        """Renew the lease, or note that the term has ended. Raises `StorageError` where the database does not say."""
        with self._turn:
            asked = awake()
            if self._execute(RENEW, {**self.names(term), **self._address}):
                term.confirmed = asked
            else:
                self.lost(term)

    def lost(self, term: Term) -> None:
        """Note that another process has begun a term after this one."""
        if not term.has_ended:
            log.warning("Another server writes to this library now; this one stands by.")
            self._end(term)

    def _end(self, term: Term) -> None:
        with self._changed:
            term.has_ended = True
            if self._term is term:
                self._term = None
            self._changed.notify_all()

    def _beat_repeatedly(self) -> None:
        began = awake()
        while not self._ended.is_set():
            with self._changed:
                term, pause = self._term, self.seconds / RENEWALS
                pause = began + (pause if term else min(pause, MOST_SECONDS_BETWEEN_LOOKS)) - awake()
                self._changed.wait_for(lambda: self._ended.is_set() or self._term is not term, max(0.0, pause))  # noqa: B023 - within the loop
            began = awake()
            if not self._ended.is_set():
                self._beat()

    def _beat(self) -> None:
        """Renew the lease; or look at it, and take it where it is free."""
        try:
            if term := self._term:
                self.renew(term)
            else:
                self._look()
            self._problem = ""
        except NewerSchemaError:
            raise
        except StorageError as error:
            if not self._problem:
                log.warning("The lease of the library cannot be seen to: %s", error)
            self._problem = str(error)

    def _look(self) -> None:
        with self._turn:
            asked = awake()
            with self._database.reading() as connection:
                row = connection.execute(sql(self._timed(LOOK))).mappings().one()
            is_free = bool(row["released"]) or row["age"] > row["seconds"]
            self._seen = _Seen(row["epoch"], row["holder"], row["host"], row["url"], row["token"], max(0.0, row["age"]), asked, is_free)
            if self._is_candidate and is_free:
                self._take(asked)

    def _take(self, asked: float) -> None:
        values = {**self._me, **self._address, "seconds": self.seconds}
        with self._database.reading() as connection:  # each statement by itself, in as few round trips as can be
            epoch = connection.execute(sql(self._timed(TAKE)), values).scalar()
        if epoch is not None:
            log.info("This server writes to the library from now on (epoch %d).", epoch)
            with self._changed:
                self._term = Term(self, epoch, asked)
                self._takeovers += 1
                self._changed.notify_all()

    def _execute(self, statement: str, values: dict[str, object]) -> int:
        """Carry out a statement; how many rows it changed."""
        with self._database.reading() as connection:
            return connection.execute(sql(self._timed(statement)), values).rowcount

    def _tell_repeatedly(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._term is not self._told or self._ended.is_set())
                if self._ended.is_set():
                    return
                now, before, self._told = self._term, self._told, self._term
            for is_promoted in [False] * bool(before) + [True] * bool(now):
                for call in list(self._calls):
                    call(is_promoted)
            self._settled = now

    def _timed(self, statement: str) -> str:
        return statement.format(now=NOW[self.kind])

    @staticmethod
    def _who(host: str, url: str) -> str:
        return f"{host} ({url})" if url else host


def awake() -> float:
    """Seconds by a clock of this machine that goes on while it is suspended."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)
