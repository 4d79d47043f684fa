"""When more questions wait than are worked on, people take turns: who asks many keeps nobody waiting for all of them."""

import asyncio
import itertools
import threading
from bisect import insort
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter

SECONDS_BETWEEN_LOOKS = 0.5  # how soon somebody who waits sees another place; the turn itself comes at once


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A question's place: of one person, each next one belongs to a later round."""

    round: int
    number: int
    person: str
    turn: "Future[None]" = field(default_factory=Future, repr=False)


class FairQueue:
    """Lets `most` in at a time; any thread and any event loop may use it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._round = 0  # of whoever came in last
        self._waiting: list[Ticket] = []
        self._inside: list[Ticket] = []

    def join(self, person: str) -> Ticket:
        """Stand in the queue; whoever joins has to `leave`."""
        with self._lock:
            own = (each.round + 1 for each in (*self._waiting, *self._inside) if each.person == person)
            ticket = Ticket(max(self._round, *own, 0), next(self._numbers), person)
            insort(self._waiting, ticket, key=attrgetter("round", "number"))
            self._let_in()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Make room, or give one's place up. Doing so twice is harmless."""
        with self._lock:
            for line in (self._waiting, self._inside):
                line[:] = [each for each in line if each is not ticket]
            self._let_in()

    def place(self, ticket: Ticket) -> int:
        """How many questions begin until this one does, itself included; 0 once it is its turn."""
        with self._lock:
            return next((place for place, each in enumerate(self._waiting, start=1) if each is ticket), 0)

    async def places(self, ticket: Ticket) -> AsyncGenerator[int, None]:
        """The place, now and whenever it is another, until it is the ticket's turn; nothing where that is now."""
        turn, shown = None, 0
        while not ticket.turn.done():
            turn = turn or asyncio.wrap_future(ticket.turn)
            if (place := self.place(ticket)) not in {0, shown}:
                shown = place
                yield place
            await asyncio.wait((turn,), timeout=SECONDS_BETWEEN_LOOKS)

    @contextmanager
    def turn(self, person: str) -> Iterator[None]:
        """A block that waits for its turn, in a thread."""
        ticket = self.join(person)
        try:
            ticket.turn.result()
            yield
        finally:
            self.leave(ticket)

    def _let_in(self) -> None:
        while self._waiting and len(self._inside) < self._most:
            ticket = self._waiting.pop(0)
            self._round = max(self._round, ticket.round)
            self._inside.append(ticket)
            ticket.turn.set_result(None)
