"""Uploads that wait to be read, on disk: a server that is killed at any moment resumes them when it starts again.

`queue/JOB.json` is what is known of a file, `queue/JOB/NAME` is the file. The record is written first and deleted first.
"""

import errno
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from rag.types import DocumentState, Outcome
from ui.chats.schema import LOCAL

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 20  # a file that was being read each time the server died, so often, is left alone until the reader asks for it
NOT_STORED = "This file could not be stored: {reason}. Free some disk space or check the library folder, then try again."
UPLOAD_GONE = "This upload has expired. Upload the file again."
UPLOAD_LOST = "The server stopped before this file was stored. Upload it again."
UNEXPECTED = "Something went wrong while this file was read; the server's log says more. Try again, or report it."
GIVEN_UP = "The server stopped {count} times while reading this file. Try again, or dismiss it."

PARTIAL = ".partial"
_OLD_JOB = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Job:
    """A file on its way into the library."""

    id: str
    path: Path  # an uploaded file has a folder of its own, deleted when the job is dismissed or has succeeded
    name: str
    keep: bool = False  # whether the file is somebody else's, as a sample is
    size: int = 0  # bytes
    submitted: float = 0.0  # seconds since 1970
    attempts: int = 0  # how often reading it was begun
    resumed: bool = False  # whether an earlier run of the server left it
    fraction: float | None = None  # how much is read, in [0, 1]; None while it is queued
    outcome: Outcome | None = None
    problem: str = ""  # why it has no outcome (the disk is full, say), or ""
    source: str = ""  # its address on the web, or the archive that it was in; "" for an upload
    restores: str = ""  # the id of the removed document that it brings back
    person: str = LOCAL  # who added it
    is_here: bool = True  # whether there is a file yet, or it is to be downloaded

    @property
    def state(self) -> DocumentState:
        """How far it is; from `keyword_ready` on, the document itself tells."""
        if self.outcome or self.problem:
            return "keyword_ready" if self.outcome and self.outcome.is_searchable else "failed"
        return "queued" if self.fraction is None or not self.is_here else "reading"

    @property
    def is_downloading(self) -> bool:
        """Whether it comes from the web at present."""
        return not self.is_here and not self.has_ended and self.fraction is not None

    @property
    def can_be_retried(self) -> bool:
        """Whether trying again may end better."""
        return bool(self.problem) or self.status == "not_downloaded"

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to do for the queue."""
        return self.state in {"keyword_ready", "failed"}

    @property
    def status(self) -> str:
        """The outcome's status; "failed" where the work itself failed."""
        return self.outcome.status if self.outcome else "failed"

    @property
    def message(self) -> str:
        """What happened and what to do."""
        return self.outcome.message if self.outcome else self.problem


class JobStore(Protocol):
    """Keeps jobs and their files."""

    def put(self, job: Job) -> Job:
        """Store a job with its file; the job as it is then, with a problem where that failed."""
        ...

    def save(self, job: Job) -> object:
        """Write what is known of a job."""
        ...

    def own_folder(self, job: Job) -> Path:
        """A folder on this machine for what belongs to a job, deleted with it."""
        ...

    def fetched(self, job: Job) -> Job:
        """The job with its file on this machine."""
        ...

    def delete(self, job: Job) -> object:
        """Forget a job, and delete its file unless it is somebody else's."""
        ...


class QueueFolder:
    """Keeps jobs in a library's folder."""

    def __init__(self, library: Path) -> None:
        self._folder = library.absolute() / "queue"
        self._uploads = library.absolute() / "uploads"

    def put(self, job: Job, *, gone: str = UPLOAD_GONE) -> Job:
        """Record a job, and move its file into the folder unless it is somebody else's; the job with the file's new place.

        Doing so twice is harmless. Where the disk failed or the file is `gone`, the job says so; the file is still where it was.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.save(job)
            return job if job.keep or not job.is_here else self._moved(job)
        except FileNotFoundError:
            return replace(job, problem=gone)
        except OSError as error:
            log.warning("%s cannot be queued: %s", job.name, error)
            return replace(job, problem=NOT_STORED.format(reason=error.strerror))

    def save(self, job: Job) -> None:
        """Write what is known of a job; where the server is killed meanwhile, or the disk fails (`OSError`), the old record stays."""
        record = self._record(job.id)
        partial = record.with_suffix(PARTIAL)
        with partial.open("w", encoding="ascii") as file:
            json.dump(asdict(replace(job, fraction=None)) | {"path": str(job.path.absolute())}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(record)

    def own_folder(self, job: Job) -> Path:
        """A folder for what belongs to a job, deleted with it; `OSError` where it cannot be made."""
        folder = self._folder / job.id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def fetched(self, job: Job) -> Job:
        """The job, whose file is on this machine."""
        return job

    def delete(self, job: Job) -> None:
        """Forget a job, and delete its file unless it is somebody else's."""
        try:
            self._record(job.id).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s stays in the queue: %s", job.name, error)
        if not job.keep:
            shutil.rmtree(self._folder / job.id, ignore_errors=True)
            with suppress(OSError):  # where it could not be moved here
                if job.is_here:
                    job.path.unlink(missing_ok=True)

    def load(self) -> list[Job]:
        """The jobs that an earlier run left, the oldest first; half-done ones are completed, and what cannot be is named."""
        jobs = {job.id: job for record in sorted(self._folder.glob("*.json")) if (job := self._read(record))}
        for folder in [*_folders(self._folder), *(old for old in _folders(self._uploads) if _OLD_JOB.fullmatch(old.name))]:
            if folder.name not in jobs and (path := next((path for path in folder.iterdir() if path.name != PARTIAL), None)):
                state = path.stat()  # a file without a record
                job = Job(folder.name, path, path.name, size=state.st_size, submitted=state.st_mtime, resumed=True)
                jobs[folder.name] = self.put(job, gone=UPLOAD_LOST)
        return sorted(jobs.values(), key=lambda job: job.submitted)

    def _record(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"

    def _target(self, job: Job) -> Path:
        return self._folder / job.id / job.path.name

    def _moved(self, job: Job) -> Job:
        target = self._target(job)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            move(job.path, target)
        return replace(job, path=target)

    def _read(self, record: Path) -> Job | None:
        """The job of a record; None where its file is there and the record is damaged."""
        try:
            job = job_of(json.loads(record.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s cannot be read: %s", record, error)
            folder = record.with_suffix("")
            is_adopted = folder.is_dir() and any(folder.iterdir())
            return None if is_adopted else Job(folder.name, folder / "?", record.name, problem=UPLOAD_LOST)
        if job.has_ended:
            return replace(job, path=job.path if job.keep else self._target(job))
        if job.attempts >= MOST_ATTEMPTS:
            job = replace(job, problem=GIVEN_UP.format(count=job.attempts))
        return self.put(replace(job, resumed=True), gone=UPLOAD_LOST)


def job_of(record: dict[str, Any]) -> Job:
    """A job that this or an earlier version wrote."""
    outcome = record["outcome"]
    return Job(**record | {"path": Path(record["path"]), "outcome": Outcome(**outcome) if outcome else None, "fraction": None})


def move(source: Path, target: Path) -> None:
    """Move a file so that `target` is whole as soon as it is there, and one of both always is."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = target.with_name(PARTIAL)
        shutil.copyfile(source, partial)
        partial.rename(target)
        source.unlink()


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
