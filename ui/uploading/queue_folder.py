"""The files that wait to be read, on disk: a server that is killed at any moment goes on with them when it starts again.

`queue/JOB.json` says what is known of a file, `queue/JOB/NAME` is the file. The record is written first and deleted first.
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
from typing import Any

from rag.types import Outcome
from ui import text

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 20
"""A file that was being read each time the server died so often is left alone until the reader asks for it."""

PARTIAL = ".partial"
_OLD_JOB = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Job:
    """A file on its way into the library.

    Attributes:
        id: Names the job.
        path: The file; one that was uploaded has a folder of its own, deleted when the job is dismissed or has succeeded.
        name: What the file is called.
        keep: Whether the file is somebody else's, as a sample is.
        size: In bytes.
        submitted: When it came, in seconds since 1970.
        attempts: How often reading it was begun.
        resumed: Whether an earlier run of the server left it.
        fraction: How much is done, in [0, 1].
        outcome: What became of it, once that is known.
        problem: Why it has no outcome (the disk is full, say), or "".
    """

    id: str
    path: Path
    name: str
    keep: bool = False
    size: int = 0
    submitted: float = 0.0
    attempts: int = 0
    resumed: bool = False
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


class QueueFolder:
    """Keeps jobs in a library's folder."""

    def __init__(self, library: Path) -> None:
        self._folder = library.absolute() / "queue"
        self._uploads = library.absolute() / "uploads"

    def put(self, job: Job) -> Job:
        """Record a job, and move its file into the folder unless it is somebody else's. Doing so twice is harmless.

        Returns:
            The job, with the place where its file is now.

        Raises:
            OSError: The disk refused, or the file is gone; it is still where it was.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.save(job)
        return job if job.keep else self._moved(job)

    def save(self, job: Job) -> None:
        """Write what is known of a job; of a server that is killed meanwhile, the old record stays.

        Raises:
            OSError: The disk refused.
        """
        record = self._record(job.id)
        partial = record.with_suffix(PARTIAL)
        with partial.open("w", encoding="ascii") as file:
            json.dump(asdict(replace(job, fraction=0.0)) | {"path": str(job.path.absolute())}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(record)

    def delete(self, job: Job) -> None:
        """Forget a job, and delete its file unless it is somebody else's."""
        try:
            self._record(job.id).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s stays in the queue: %s", job.name, error)
        if not job.keep:
            shutil.rmtree(self._target(job).parent, ignore_errors=True)
            with suppress(OSError):  # where it could not be moved here
                job.path.unlink(missing_ok=True)

    def load(self) -> list[Job]:
        """The jobs that an earlier run left, the oldest first; half-done ones are completed, and what cannot be is named."""
        jobs = {job.id: job for record in sorted(self._folder.glob("*.json")) if (job := self._read(record))}
        for folder in [*_folders(self._folder), *(old for old in _folders(self._uploads) if _OLD_JOB.fullmatch(old.name))]:
            if folder.name not in jobs and (path := next((path for path in folder.iterdir() if path.name != PARTIAL), None)):
                jobs[folder.name] = self._adopted(folder.name, path)
        return sorted(jobs.values(), key=lambda job: job.submitted)

    def _record(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"

    def _target(self, job: Job) -> Path:
        return self._folder / job.id / job.path.name

    def _moved(self, job: Job) -> Job:
        target = self._target(job)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            _move(job.path, target)
        return replace(job, path=target)

    def _read(self, record: Path) -> Job | None:
        """The job of a record; None where its file speaks for itself."""
        try:
            job = _job(json.loads(record.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s cannot be read: %s", record, error)
            folder = record.with_suffix("")
            is_adopted = folder.is_dir() and any(folder.iterdir())
            return None if is_adopted else Job(folder.name, folder / "?", record.name, problem=text.UPLOAD_LOST)
        if not job.is_waiting:
            return replace(job, path=job.path if job.keep else self._target(job))
        if job.attempts >= MOST_ATTEMPTS:
            job = replace(job, problem=text.GIVEN_UP.format(count=job.attempts))
        return self._completed(replace(job, resumed=True))

    def _adopted(self, job_id: str, path: Path) -> Job:
        """A job for a file without a record."""
        state = path.stat()
        return self._completed(Job(job_id, path, path.name, size=state.st_size, submitted=state.st_mtime, resumed=True))

    def _completed(self, job: Job) -> Job:
        try:
            return self.put(job)
        except FileNotFoundError:
            return replace(job, problem=text.UPLOAD_LOST)
        except OSError as error:
            return replace(job, problem=text.NOT_STORED.format(reason=error.strerror))


def _job(record: dict[str, Any]) -> Job:
    outcome = record["outcome"]
    return Job(**record | {"path": Path(record["path"]), "outcome": Outcome(**outcome) if outcome else None})


def _move(source: Path, target: Path) -> None:
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
