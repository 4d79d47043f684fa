"""Uploads are read one after another in the background, and their vectors made between; the page asks how far they are."""

import logging
import queue
import secrets
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import RagError
from rag.library import Library
from rag.types import Outcome, Progress

log = logging.getLogger(__name__)

SECONDS_TO_END = 5
"""A shutdown waits this long for the work to end; it may be loading the model, and what it leaves half-done is swept at the next start."""

SECONDS_TO_RETRY = 5
"""After the vectors could not be made, the disk being full, say."""

UNEXPECTED = "Something went wrong while this file was read; the server's log says more. Try again, or report it."


class _ClosingError(Exception):
    """The page is being shut down; the file at work is given up whole."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file on its way into the library.

    Attributes:
        id: Names the job.
        path: The file; one that was uploaded has a folder of its own, deleted when the job is dismissed or has succeeded.
        name: What the file is called.
        keep: Whether the file is somebody else's, as a sample is.
        fraction: How much is done, in [0, 1].
        outcome: What became of it, once that is known.
        problem: Why it has no outcome (the disk is full, say), or "".
    """

    id: str
    path: Path
    name: str
    keep: bool = False
    fraction: float = 0.0
    outcome: Outcome | None = None
    problem: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether there is still work to do."""
        return self.outcome is None and not self.problem

    @property
    def status(self) -> str:
        """The outcome's status; "failed" where the work itself failed."""
        return self.outcome.status if self.outcome else "failed"

    @property
    def message(self) -> str:
        """What happened and what to do."""
        return self.outcome.message if self.outcome else self.problem


class Indexer:
    """One thread that adds files; the rest of the page asks it for `jobs`."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._queue: queue.Queue[tuple[str, tuple[str, ...]] | None] = queue.Queue()
        self._closing = False
        self._last: Job | None = None
        self._indexing = False
        self._problem = ""
        self._thread = threading.Thread(target=self._work, name="indexer", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier run left half-done; what was queued before is not lost."""
        self._indexing = True
        self._thread.start()

    @property
    def jobs(self) -> list[Job]:
        """The jobs that wait, run, or ended in a way the reader should see; oldest first."""
        with self._lock:
            return list(self._jobs.values())

    @property
    def last(self) -> Job | None:
        """The job that ended last, for those who do not see the list."""
        return self._last

    @property
    def problem(self) -> str:
        """Why vectors cannot be made at present, or ""; it is tried again."""
        return self._problem

    @property
    def is_busy(self) -> bool:
        """Whether any file still waits, is being read, or has not all its vectors."""
        return self._indexing or any(job.is_waiting for job in self.jobs)

    def submit(self, path: Path, name: str, *, keep: bool = False) -> None:
        """Queue a file; one that is not kept is moved away, so that the same file may be uploaded again meanwhile."""
        job_id = secrets.token_hex(8)
        if not keep:
            staged = self._library.folder / "uploads" / job_id / path.name
            staged.parent.mkdir(parents=True)
            path = Path(shutil.move(path, staged))
        job = Job(job_id, path, name, keep)
        with self._lock:
            self._jobs[job.id] = job
        self._queue.put((job.id, ()))

    def unlock(self, job_id: str, password: str) -> None:
        """Try an encrypted file again with a password."""
        with self._lock:
            if job_id not in self._jobs:
                return
            self._jobs[job_id] = replace(self._jobs[job_id], fraction=0.0, outcome=None, problem="")
        self._queue.put((job_id, (password,)))

    def dismiss(self, job_id: str) -> None:
        """Forget a job that has ended."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.is_waiting:
                return
            del self._jobs[job_id]
        _delete(job)

    def close(self) -> None:
        """End the thread; the file at work is given up."""
        self._closing = True
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(SECONDS_TO_END)

    def _work(self) -> None:
        try:
            self._library.warm_up()
        except RagError as error:  # told again, to the reader, when a file is added or a question asked
            log.warning("%s", error)
        while not self._closing:
            try:
                item = self._queue.get(block=bool(self._problem) or not self._indexing, timeout=SECONDS_TO_RETRY if self._problem else None)
            except queue.Empty:
                self._index_next()
                continue
            job = self._jobs.get(item[0]) if item else None
            if item and job:
                self._indexing = True
                self._add(job, item[1])

    def _index_next(self) -> None:
        try:
            self._indexing = self._library.index_next()
        except RagError as error:
            self._problem = str(error)
        except Exception:
            log.exception("making vectors failed")
            self._problem = UNEXPECTED
        else:
            self._problem = ""

    def _add(self, job: Job, passwords: Sequence[str]) -> None:
        def show(step: Progress) -> None:
            if self._closing and step.outcome is None:
                raise _ClosingError
            self._update(replace(job, fraction=step.fraction))

        try:
            if job.keep:
                outcome = self._library.add(job.path, progress=show, wait=False).outcomes[0]
            else:
                outcome = self._library.add_upload(job.path, job.name, passwords=passwords, progress=show, wait=False)
        except _ClosingError:
            return
        except RagError as error:
            self._update(replace(job, problem=str(error)))
        except Exception:
            log.exception("adding %s failed", job.name)
            self._update(replace(job, problem=UNEXPECTED))
        else:
            self._update(replace(job, fraction=1.0, outcome=outcome))
            if outcome.status == "added":
                self.dismiss(job.id)  # the document's own row says it

    def _update(self, job: Job) -> None:
        with self._lock:
            if not job.is_waiting:
                self._last = job
            if job.id in self._jobs:
                self._jobs[job.id] = job


def _delete(job: Job) -> None:
    if not job.keep:
        shutil.rmtree(job.path.parent, ignore_errors=True)
