"""Brings a library in line with folders: new, changed, renamed and deleted files follow within seconds.

Each look compares a folder with what was done before, so nothing depends on events that may be lost. Files are added once they have
settled, and before anything is removed: a renamed file is known by its bytes, and its document stays. What is deleted leaves the library,
which keeps it for a day; what a person removes while its file stays is left out until the file changes. A folder that is not there, or
empty, removes nothing: it may be a drive that is not mounted.
"""

import shlex
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rag.errors import DocumentNotFoundError, RagError
from rag.library import Library
from rag.origins import IN_ARCHIVE, is_in_place, is_lost, is_within, path_of
from rag.text.printable import printable_line
from rag.types import DocumentRecord, Outcome
from rag.watching.events import Events
from rag.watching.snapshot import Settling, Snapshot, Stamp, take

SETTLING_SECONDS = 1.0
SECONDS_BETWEEN_LOOKS = 5.0  # at least; where nothing tells of changes, as on a network drive
SHARE_OF_LOOKING = 0.02  # of the time, at most, where a look takes long
SECONDS_AFTER_FAILURE = 30.0
MOST_PENDING_SECONDS = 10.0  # how long a deletion waits for files that do not settle: one may be the deleted one under a new name
FILES_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """The state of a watched folder.

    Attributes:
        folder: Its path.
        files: How many files are in it.
        waiting: How many of them are still to be added.
        unread: The outcomes of those that could not be read, by path.
        changed: When something changed last, in local time; None before the first change.
        problem: Why it is not followed at present, or "".
        left_out: The names of documents that a person removed while their files are there.
    """

    folder: Path
    files: int = 0
    waiting: int = 0
    unread: tuple[tuple[str, str], ...] = ()
    changed: datetime | None = None
    problem: str = ""
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _State:
    """What is known of a folder between looks."""

    shown: WatchedFolder
    adding: Settling = field(default_factory=Settling)
    removing: Settling = field(default_factory=Settling)
    done: dict[Path, Stamp] = field(default_factory=dict)  # what was added, or could not be read, as it was then
    unread: dict[str, str] = field(default_factory=dict)  # why, by path
    is_compared: bool = False  # whether documents whose file was gone when this began have been looked for

    def forget(self, path: Path) -> None:
        """Forget why a file, or what is in an archive, could not be read."""
        inside = f"{path}{IN_ARCHIVE}"
        for each in [each for each in self.unread if each == str(path) or each.startswith(inside)]:
            del self.unread[each]


class Watcher:
    """Follows folders for a library.

    Args:
        library: The library; it must be writable.
        folders: Watched with all folders in them; one that is not there is waited for.
        tell: Hears a sentence about each removal and each problem.
        on_outcome: Hears the outcome of each file that is added.
        on_change: Called after the library has changed, as embedding is left to others.
        settling_seconds: How long a file must stay as it is before it is read.
    """

    def __init__(
        self,
        library: Library,
        folders: Sequence[Path],
        *,
        tell: Callable[[str], None] = lambda _: None,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_change: Callable[[], None] = lambda: None,
        settling_seconds: float = SETTLING_SECONDS,
    ) -> None:
        self._library = library
        self._own = library.folder.resolve()
        self._tell = tell
        self._on_outcome = on_outcome
        self._on_change = on_change
        self._stop = threading.Event()
        paths = dict.fromkeys(folder.expanduser().resolve() for folder in folders)
        self._states = [_State(WatchedFolder(path)) for path in paths]
        self._settling_seconds = settling_seconds

    @property
    def folders(self) -> list[WatchedFolder]:
        """The state of each folder."""
        return [state.shown for state in self._states]

    def run(self, between: Callable[[], bool] = lambda: False) -> None:
        """Follow the folders until `stop`. `between` does a bit of other work, and says whether there is more."""
        events = Events([state.shown.folder for state in self._states], self._own)
        try:
            while not self._stop.is_set():
                due = time.monotonic() + self.look()
                while not self._stop.is_set() and time.monotonic() < due and between():
                    pass
                events.wait(due - time.monotonic(), self._stop)
        finally:
            events.close()

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._stop.set()

    def look(self) -> float:
        """Bring the library in line with the folders, as far as their files have settled; returns the seconds until the next look."""
        seconds = SECONDS_BETWEEN_LOOKS
        for state in self._states:
            if self._stop.is_set():
                break
            began = time.monotonic()
            snapshot = take(state.shown.folder, self._is_own)
            took = time.monotonic() - began
            try:
                is_waiting = self._follow(state, snapshot)
            except RagError as error:  # a full disk, say
                self._show_problem(state, str(error))
                seconds = max(seconds, SECONDS_AFTER_FAILURE)
            else:
                seconds = min(seconds, self._settling_seconds) if is_waiting else max(seconds, took / SHARE_OF_LOOKING)
        return seconds

    def _follow(self, state: _State, snapshot: Snapshot | None) -> bool:
        """Do what can be done now; returns whether something has not settled yet."""
        folder = state.shown.folder
        if snapshot is None:
            self._show_problem(state, f"{folder} is not there. Its documents are kept until it is back.")
            return False
        if not snapshot.files and self._documents_in(folder):
            self._show_problem(state, f"{folder} is empty, or its drive is not mounted. Its documents are kept; remove them one by one.")
            return False
        now = time.monotonic()
        pending = {path: stamp for path, stamp in snapshot.files.items() if state.done.get(path) != stamp}
        ready = state.adding.settled(pending, now, self._settling_seconds)
        state.shown = replace(state.shown, files=len(snapshot.files), waiting=len(pending), problem="")
        for first in range(0, len(ready), FILES_AT_ONCE):
            if self._stop.is_set():
                return False
            batch = ready[first : first + FILES_AT_ONCE]
            self._add(state, batch)
            state.done.update((path, pending.pop(path)) for path in batch)
            state.shown = replace(state.shown, waiting=len(pending))
        is_waiting = self._remove(state, snapshot, has_pending=bool(pending)) or bool(pending)
        unread = {str(path): str(error) for path, error in snapshot.problems.items()} | state.unread
        shown = tuple(sorted((printable_line(path), why) for path, why in unread.items()))
        state.shown = replace(state.shown, unread=shown, left_out=self._left_out(folder))
        return is_waiting

    def _add(self, state: _State, batch: Sequence[Path]) -> None:
        for path in batch:
            state.forget(path)
        is_changed = False
        for outcome in self._library.add(batch, wait=False, leave_out_removed=True).outcomes:
            if outcome.status == "left_out":
                continue
            if outcome.status == "missing":  # from an archive
                self._remove_document(state, outcome.document_id)
                continue
            is_changed |= outcome.is_searchable and outcome.status not in {"unchanged", "opened"}
            if not outcome.is_searchable:
                state.unread[outcome.path] = outcome.message
            self._on_outcome(outcome)
        if is_changed:
            self._note_change(state)

    def _remove(self, state: _State, snapshot: Snapshot, *, has_pending: bool) -> bool:
        """Remove the documents whose files are gone; returns whether some still wait, for a file that may be theirs under another name."""
        gone = state.done.keys() - snapshot.files.keys()
        if not gone and state.is_compared:
            return False
        lost = {record.id: None for record in self._documents_in(state.shown.folder) if self._is_lost(record)}
        seconds = MOST_PENDING_SECONDS if has_pending else self._settling_seconds
        for document_id in state.removing.settled(lost, time.monotonic(), seconds):
            self._remove_document(state, document_id)
            del lost[document_id]
        if lost:
            return True
        state.is_compared = True
        for path in gone:
            del state.done[path]
            state.forget(path)
        return False

    def _is_lost(self, record: DocumentRecord) -> bool:
        """Whether all its files are gone. One that has others left follows them, in its name too."""
        left = [origin for origin in record.sources if not is_lost(origin)]
        paths = [path for origin in left if (path := path_of(origin))]
        if paths and len(left) < len(record.sources):
            self._library.add(paths[0], wait=False)
        return not left

    def _remove_document(self, state: _State, document_id: str) -> None:
        with suppress(DocumentNotFoundError):  # removed by someone else
            record = self._library.remove(document_id, keep=True)
            self._tell(
                f"{record.name} was removed: its file is gone. To bring it back within a day: rag restore {shlex.quote(record.name)}"
            )
            self._note_change(state)

    def _documents_in(self, folder: Path) -> list[DocumentRecord]:
        return [record for record in self._library.documents() if any(is_within(origin, [folder]) for origin in record.sources)]

    def _left_out(self, folder: Path) -> tuple[str, ...]:
        """The names of documents that are left out, and whose files have not changed since."""
        removed = [each for each in self._library.left_out() if any(is_within(origin, [folder]) for origin in each.sources)]
        taken = {origin for record in self._library.documents() for origin in record.sources} if removed else set()
        return tuple(sorted(each.name for each in removed if any(map(is_in_place, set(each.sources) - taken))))

    def _note_change(self, state: _State) -> None:
        state.shown = replace(state.shown, changed=datetime.now().astimezone())
        self._on_change()

    def _show_problem(self, state: _State, problem: str) -> None:
        if problem != state.shown.problem:
            self._tell(problem)
        state.shown = replace(state.shown, problem=problem)

    def _is_own(self, path: Path) -> bool:
        return path.is_relative_to(self._own)
