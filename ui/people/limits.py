"""Who asks, and within which limits: `ACCOUNT` is the account of the request that is being answered, whatever door it came through."""

import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from math import ceil
from typing import Literal, get_args

from rag.answering.metering import METER, Meter
from rag.errors import LimitReachedError, RagError
from rag.library import Library
from rag.settings import Settings
from rag.types import Answer, Outcome, Usage
from ui import text
from ui.chats.schema import LOCAL
from ui.people.audit import note
from ui.people.ledger import Amounts, Ledger
from ui.people.queueing import FairQueue
from ui.people.store import People

USAGE_FILE = "usage.sqlite3"  # in the server's folder
MOST_WRITTEN = 20  # answers that a chat model writes at a time, unless `questions_at_once` says
MEGABYTE = 1_000_000
SECONDS_UNTIL_LATER = 5  # after which a question may be asked again that came while others of the person's ran

Kind = Literal[
    "questions_at_once",
    "questions_a_minute",
    "questions_a_day",
    "tokens_a_day",
    "files_a_day",
    "megabytes_a_day",
    "stored_megabytes",
]
"""What is limited: each is the setting `person_...`; 0 is no limit."""

KINDS: tuple[Kind, ...] = get_args(Kind)

log = logging.getLogger(__name__)


class Desk:
    """Counts what people ask and add, refuses what is too much, and lets questions in by turns. One for all libraries of a server.

    Where the file of counts fails, questions are answered, and the log says that they are not counted.
    """

    def __init__(self, ledger: Ledger, people: People, settings: Settings) -> None:
        self.ledger = ledger
        self._people = people
        self.settings = settings
        self._lock = threading.Lock()
        self._at_once: Counter[str] = Counter()
        self._minute: dict[str, deque[float]] = {}
        cores = max(2, os.cpu_count() or 1)
        self._quoting = FairQueue(settings.questions_at_once or cores)
        self._writing = FairQueue(settings.questions_at_once or MOST_WRITTEN)

    def counts(self, person: str) -> bool:
        """Whether it counts what somebody does: not where nobody signs in."""
        return person != LOCAL or self._people.exist()

    def limits(self, person: str) -> dict[Kind, int]:
        """A person's limits: own ones, else the most generous of the person's groups, else the settings."""
        common = self.general
        if person == LOCAL:  # a program of an administrator, who sets the limits
            return dict.fromkeys(KINDS, 0)
        special = self.ledger.limits()
        if not special:
            return common
        own, groups = special.get(person, {}), [special[each.id] for each in self._people.groups_of(person) if each.id in special]
        for kind in KINDS:
            shared = [group[kind] for group in groups if kind in group]
            if kind in own:
                common[kind] = own[kind]
            elif shared:
                common[kind] = 0 if 0 in shared else max(shared)
        return common

    @property
    def general(self) -> dict[Kind, int]:
        """The limits of everyone who has no other."""
        return {kind: getattr(self.settings, f"person_{kind}") for kind in KINDS}

    def queue(self, library: Library) -> FairQueue:
        """Where questions to a library wait: quoting takes a core, a chat model is waited for."""
        return self._quoting if library.chat_model is None else self._writing

    def begin(self, person: str, library: str) -> None:
        """Count a question, which has to `end`; raises LimitReachedError."""
        with self._lock:
            with _kept_going():
                self._check_question(person)
                self.ledger.add(person, library, Amounts(questions=1))
            self._at_once[person] += 1
            self._minute.setdefault(person, deque()).append(time.monotonic())

    def end(self, person: str) -> None:
        """A question has been answered, or was left."""
        with self._lock:
            self._at_once[person] -= 1
            self._at_once += Counter()  # drops the zeros

    def check_files(self, person: str, files: int, size: int) -> None:
        """Raise LimitReachedError where a person may not add so many files, or bytes."""
        limits, used = self.limits(person), self.ledger.used_today(person)
        if (most := limits["files_a_day"]) and used.files + files > most:
            raise _reached("files_a_day", most, _seconds_left_today())
        if (most := limits["megabytes_a_day"]) and used.bytes + size > most * MEGABYTE:
            raise _reached("megabytes_a_day", most, _seconds_left_today())
        if (most := limits["stored_megabytes"]) and self.ledger.stored_bytes().get(person, 0) + size > most * MEGABYTE:
            raise _reached("stored_megabytes", most, _seconds_left_today())

    def _check_question(self, person: str) -> None:
        limits, now = self.limits(person), time.monotonic()
        if (most := limits["questions_at_once"]) and self._at_once[person] >= most:
            raise _reached("questions_at_once", most, SECONDS_UNTIL_LATER)
        for whose, asked in [*self._minute.items()]:
            while asked and asked[0] <= now - 60:
                asked.popleft()
            if not asked:
                del self._minute[whose]
        recent = self._minute.get(person, deque())
        if (most := limits["questions_a_minute"]) and len(recent) >= most:
            raise _reached("questions_a_minute", most, recent[-most] + 60 - now)
        if limits["questions_a_day"] or limits["tokens_a_day"]:
            used = self.ledger.used_today(person)
            counts: dict[Kind, int] = {"questions_a_day": used.questions, "tokens_a_day": used.tokens}
            for kind, count in counts.items():
                if (most := limits[kind]) and count >= most:
                    raise _reached(kind, most, _seconds_left_today())


@dataclass(frozen=True, slots=True)
class Account:
    """Whose request it is, and to which library; without a desk nothing is counted. Who has not signed in queues by `address`."""

    desk: Desk | None = None
    person: str = LOCAL
    library: str = ""
    address: str = ""

    @property
    def queues_as(self) -> str:
        """Who takes turns with others."""
        return self.person or self.address

    @contextmanager
    def question(self) -> Iterator[None]:
        """A block in which a question is answered, of whatever kind; raises LimitReachedError."""
        desk = self._counting
        if desk is None:
            yield
            return
        desk.begin(self.person, self.library)
        try:
            yield
        finally:
            desk.end(self.person)

    @asynccontextmanager
    async def turn(self, library: Library) -> AsyncGenerator[None, None]:
        """A block of work that waits for the person's turn."""
        if self.desk is None:
            yield
            return
        queue = self.desk.queue(library)
        ticket = queue.join(self.queues_as)
        try:
            async for _ in queue.places(ticket):
                pass
            yield
        finally:
            queue.leave(ticket)

    @contextmanager
    def turn_in_thread(self, library: Library) -> Iterator[None]:
        """The same in a thread that nobody else waits for."""
        with self.desk.queue(library).turn(self.queues_as) if self.desk else nullcontext():
            yield

    def add_files(self, library: Library, files: int, size: int) -> None:
        """Count files that are to be added; raises LimitReachedError. Their size is 0 where it is not known yet."""
        if desk := self._counting:
            with _kept_going():
                if desk.limits(self.person)["stored_megabytes"]:
                    there = {record.id for record in library.documents()} | {each.id for each in library.removed()}
                    desk.ledger.keep_documents(self.library, there)
                desk.check_files(self.person, files, size)
                desk.ledger.add(self.person, self.library, Amounts(files=files, bytes=size))

    def note_added(self, library: Library, outcomes: Sequence[Outcome]) -> None:
        """Note whose documents are stored."""
        if self.person != LOCAL and (desk := self.desk):
            with _kept_going():
                for each in outcomes:
                    if each.status in {"added", "replaced"}:
                        desk.ledger.note_document(self.library, each.document_id, self.person, library.document(each.document_id).size)

    def spend(self, usage: Usage | None) -> None:
        """Count what an answer cost."""
        if usage and (desk := self._counting):
            counted = {name: getattr(usage, name) for name in ("requests", "prompt_tokens", "completion_tokens")}
            amounts = Amounts(**counted, unreported=usage.unreported, estimated_tokens=usage.estimated_tokens)
            with _kept_going():
                desk.ledger.add(self.person, self.library, amounts, usage.model)

    @property
    def _counting(self) -> Desk | None:
        return self.desk if self.desk and self.desk.counts(self.person) else None


NOBODYS = Account()
ACCOUNT = ContextVar("account", default=NOBODYS)
"""Of the request that is being answered."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that is not worked on yet; `place` is 1 for the one that comes next."""

    place: int


async def in_turn(library: Library, answers: AsyncGenerator[Answer, None]) -> AsyncGenerator[Answer | Waiting, None]:
    """An answer as it grows, once it is the person's turn; until then the place in the queue. Its cost is counted, also if it is left."""
    account, meter = ACCOUNT.get(), Meter()
    desk = account.desk
    async with aclosing(answers):
        if desk is None:
            async for answer in answers:
                yield answer
            return
        queue = desk.queue(library)
        ticket = queue.join(account.queues_as)
        try:
            async with aclosing(queue.places(ticket)) as places:
                async for place in places:
                    yield Waiting(place)
            counted = METER.set(meter)
            try:
                first = await anext(answers, None)
            finally:
                METER.reset(counted)
            if first:
                yield first
            async for answer in answers:
                yield answer
        finally:
            queue.leave(ticket)
            account.spend(meter.usage)


async def answered(library: Library, answers: AsyncGenerator[Answer, None]) -> AsyncGenerator[Answer, None]:
    """The same for a protocol that has no word for waiting."""
    async with aclosing(in_turn(library, answers)) as steps:
        async for step in steps:
            if isinstance(step, Answer):
                yield step


@contextmanager
def _kept_going() -> Iterator[None]:
    """A block in which counting may fail, but a limit that is reached counts."""
    try:
        yield
    except LimitReachedError:
        raise
    except RagError as error:
        log.warning("%s", error)


def _reached(kind: Kind, most: int, seconds: float) -> LimitReachedError:
    note("limit.reached", limit=kind, most=most)
    error = LimitReachedError(text.LIMIT_REACHED[kind].format(most=most, seconds=ceil(seconds)))
    error.retry_seconds = max(1, ceil(seconds))
    return error


def _seconds_left_today() -> float:
    """Until a new day begins where the server is."""
    now = time.localtime()
    return time.mktime((now.tm_year, now.tm_mon, now.tm_mday + 1, 0, 0, 0, 0, 0, -1)) - time.time()
