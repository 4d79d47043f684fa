"""What stands before a library, its queue of uploads and the people's file, and records what is done with them, whoever calls.

Questions and documents have records that say which; every other verb that changes something is recorded by its name and its plain
arguments, of the people's file also one that is new.
"""

import inspect
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from rag.endpoints.addresses import without_secrets
from rag.errors import RagError
from rag.filters import Filters
from rag.library import Library
from rag.storing.kept_settings import KeptSettings
from rag.types import Answer, DocumentRecord, Outcome, Passage, Report
from ui.people.audit import TRAIL, Fact, Trail, identify, note_of
from ui.people.file import HAS_CHANGED, PersonError
from ui.people.store import People

T = TypeVar("T")
ID_CHARACTERS = 12  # of a document's id, of which 64 say no more
SECRET = {"password", "passwords", "secret", "path", "progress", "wait", "keep"}
"""Arguments that are not recorded: secrets, and what says nothing of what was done."""

QUIET = frozenset({"begin_session", "end_session"})  # of people: signing in and out have records of their own
QUEUE_VERBS = frozenset({"submit", "submit_address", "restore", "retry", "unlock", "dismiss"})
LIBRARY_VERBS = frozenset({"reindex", "repair", "erase", "use_model", "cancel_model", "dismiss_offer", "export"})
ADDING = {
    **dict.fromkeys(("add", "add_upload", "add_text", "add_bytes", "add_source"), "document.added"),
    "restore": "document.restored",
    "import_": "library.imported",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that has been answered, for those who count.

    Attributes:
        library: The library's id.
        verb: "ask", "retrieve" or "check".
        outcome: How it ended: an answer's `finish`, or "failed".
        seconds: How long it took.
        first: Seconds until the first words were there; None where there were none.
        verdicts: Those on its sentences.
    """

    library: str
    verb: str
    outcome: str
    seconds: float
    first: float | None = None
    verdicts: Sequence[str] = ()


Tell = Callable[[Asked], None]


class Recorded:
    """Stands before an object and records its `verbs`; all else is the object's own."""

    def __init__(self, target: Any, kind: str, verbs: Collection[str] = (), trail: Callable[[], Trail | None] = TRAIL.get) -> None:
        self._target = target
        self._kind = kind
        self._verbs = verbs
        self._trail = trail

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return partial(self._recorded, name, value) if name in self._verbs else value

    def _recorded(self, name: str, verb: Callable[..., Any], *given: Any, **named: Any) -> Any:
        done = verb(*given, **named)
        self._note_call(name, verb, given, named)
        return done

    def _note_call(self, name: str, verb: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> None:
        arguments = inspect.signature(verb).bind(*given, **named).arguments
        self._note(f"{self._kind}.{name}", **{each: _plain(value) for each, value in arguments.items() if each not in SECRET})

    def _note(self, action: str, **facts: Fact) -> None:
        if trail := self._trail():
            note_of(trail, action, facts)


class _RecordedPeople(Recorded):
    """Here a verb is recorded that has changed the file, whichever it is."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return value if name.startswith("_") or name in QUIET or not callable(value) else partial(self._recorded, name, value)

    def _recorded(self, name: str, verb: Callable[..., Any], *given: Any, **named: Any) -> Any:
        before = HAS_CHANGED.set(False)
        try:
            done = verb(*given, **named)
            if HAS_CHANGED.get():
                self._note_call(name, verb, given, named)
        finally:
            HAS_CHANGED.reset(before)
        return done

    def checked(self, name: str, password: str) -> Any:
        person = self._target.checked(name, password)
        if person is None:
            self._note("sign_in.failed", user=self._known(name))
        return person

    def begin_session(self, person: Any) -> str:
        secret = str(self._target.begin_session(person))
        identify(person.id, person.name)
        self._note("sign_in")
        return secret

    def _known(self, name: str) -> str:
        """A name that somebody has; what others typed may be a password in the wrong field."""
        try:
            return str(self._target.find(name).name)
        except PersonError:
            return ""


class _RecordedLibrary(Recorded):
    def __init__(self, target: Library, trail: Callable[[], Trail | None], tell: Tell) -> None:
        super().__init__(target, "library", LIBRARY_VERBS, trail)
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return self._adding(name) if name in ADDING else super().__getattr__(name)

    def ask(self, question: str, **options: Any) -> Answer:
        asking = _Asking(self._trail(), "ask", question, options, self._tell)
        with asking:
            asking.answer = self._target.ask(question, **options)
        return asking.answer

    async def stream(self, question: str, **options: Any) -> AsyncGenerator[Answer, None]:
        with _Asking(self._trail(), "ask", question, options, self._tell) as asking:
            async with aclosing(self._target.stream(question, **options)) as answers:
                async for answer in answers:
                    asking.grow(answer)
                    yield answer

    def retrieve(self, question: str, *given: Any, **options: Any) -> list[Passage]:
        with _Asking(self._trail(), "retrieve", question, options, self._tell) as asking:
            asking.passages = self._target.retrieve(question, *given, **options)
        return asking.passages

    def check(self, text: str, **options: Any) -> Answer:
        with _Asking(self._trail(), "check", "", options, self._tell) as asking:
            asking.answer = self._target.check(text, **options)
        return asking.answer

    def remove(self, name_or_id: str, *, keep: bool = False) -> DocumentRecord:
        record: DocumentRecord = self._target.remove(name_or_id, keep=keep)
        self._note("document.removed", document=_named(record.id, record.name), keeps_file=keep or None)
        return record

    def set_metadata(self, name_or_id: str, metadata: Any) -> DocumentRecord:
        record: DocumentRecord = self._target.set_metadata(name_or_id, metadata)
        self._note("document.metadata", document=_named(record.id, record.name), fields=sorted(metadata))
        return record

    def change_settings(self, change: Callable[[KeptSettings], KeptSettings]) -> None:
        changed: list[str] = []

        def noted(before: KeptSettings) -> KeptSettings:
            after = change(before)
            names = sorted({name for name, _ in before.values.items() ^ after.values.items()})
            changed[:] = [*names, *(each for each in ("connections", "chosen") if getattr(before, each) != getattr(after, each))]
            return after

        self._target.change_settings(noted)
        self._note("settings.changed", settings=changed)

    def _adding(self, verb: str) -> Callable[..., Any]:
        def added(*given: Any, **options: Any) -> Any:
            done: Report | Outcome = getattr(self._target, verb)(*given, **options)
            outcomes = done.outcomes if isinstance(done, Report) else (done,)
            told = [f"{_named(each.document_id, each.document or without_secrets(each.path))}: {each.status}" for each in outcomes]
            self._note(ADDING[verb], count=len(told), documents=told)
            return done

        return added


class _Asking:
    """A question while it is answered; it is recorded at its end, however that comes. The program's own questions are not."""

    def __init__(self, trail: Trail | None, verb: str, question: str, options: dict[str, Any], tell: Tell) -> None:
        self.answer: Answer | None = None
        self.passages = list[Passage]()
        self._trail = trail
        self._verb = verb
        self._facts: dict[str, Fact] = {
            "question": question,
            "within": [str(each) for each in options.get("documents") or ()],
            "filtered": options.get("where") not in (None, Filters()) or None,
        }
        self._tell = tell
        self._began = time.perf_counter()
        self._first: float | None = None

    def grow(self, answer: Answer) -> None:
        """Take what is there of the answer."""
        self.answer = answer
        if self._first is None and answer.text:
            self._first = time.perf_counter() - self._began

    def __enter__(self) -> "_Asking":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._trail is None:
            return
        outcome: str = "found" if self.answer is None else self.answer.finish
        if isinstance(error, Exception):
            outcome, self._facts["error"] = "failed", kind.__name__ if kind and isinstance(error, RagError | ValueError) else "fault"
        elif outcome == "streaming" or error:
            outcome = "stopped"
        passages = self.passages if self.answer is None else [each.passage for each in self.answer.citations]
        cited = list(dict.fromkeys(_named(each.document_id, each.document) for each in passages))
        note_of(self._trail, f"question.{self._verb}", {**self._facts, "outcome": outcome, "documents": cited})
        verdicts = [each.verdict for each in self.answer.sentences] if self.answer else ()
        self._tell(Asked(self._trail.library, self._verb, outcome, time.perf_counter() - self._began, self._first, verdicts))


def recorded_people(people: People) -> People:
    """The people's file, whose changes are recorded."""
    return cast(People, _RecordedPeople(people, "people"))


def recorded_library(library: Library, tell: Tell = lambda _: None, trail: Callable[[], Trail | None] = TRAIL.get) -> Library:
    """A library whose questions and changes are recorded, and told to who counts; without a request, on `trail`."""
    return cast(Library, _RecordedLibrary(library, trail, tell))


def recorded_queue(queue: T) -> T:
    """A queue of uploads whose changes are recorded: `ui.uploading.indexer.Indexer`."""
    return cast(T, Recorded(queue, "upload", QUEUE_VERBS))


def _plain(given: Any) -> Fact:
    """An argument as a fact: a value as it is, of somebody or something the name and the id."""
    if hasattr(given, "id") and hasattr(given, "name"):
        return f"{given.name} ({given.id[:ID_CHARACTERS]})"
    if isinstance(given, str):
        return without_secrets(given) if "://" in given else given
    return given if isinstance(given, int | float) or given is None else type(given).__name__


def _named(document_id: str, name: str) -> str:
    return f"{document_id[:ID_CHARACTERS]} {name}".strip()
