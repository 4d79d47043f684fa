"""Uploads are read one after another in the background, and embedded in between; the page asks how far they are."""

import hashlib
import logging
import secrets
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.errors import RagError
from rag.ingesting.gathering import uploaded
from rag.ingesting.staging import Source
from rag.ingesting.unpacking import is_archive
from rag.library import Library
from rag.origins import UPLOAD
from rag.types import Outcome, Progress, ProgressCallback, RemovedDocument
from rag.watching.watcher import WatchedFolder
from ui.people.limits import ACCOUNT, NOBODYS, Account
from ui.uploading.downloads import Downloads
from ui.uploading.queue_folder import UNEXPECTED, Job, JobStore, QueueFolder
from ui.uploading.watching import WatchingThread

log = logging.getLogger(__name__)

SECONDS_TO_END = 5
"""How long a shutdown waits for the work to end; it may be loading the model, and what it leaves half-done is swept at the next start."""

SECONDS_TO_RETRY = 5  # until embedding is tried again after it failed
MOST_PASSED_OVER = 4  # the smallest file is read first; after so many that came later, it is the oldest one's turn


class _ClosingError(Exception):
    """The server is shutting down; the file at work is given up whole."""


class Indexer:
    """One thread that adds files; the rest of the page asks it for `jobs`. A stop or a kill leaves what is queued for the next start.

    Attributes:
        last: The job that ended last, for those who do not see the list.
        problem: Why embedding fails at present, or ""; it is tried again.
    """

    def __init__(self, library: Library, account: Account = NOBODYS) -> None:
        """`account` notes whose documents are stored."""
        self._library = library
        self._account = account
        self._changed = threading.Condition()
        self._folder, self._jobs = self._opened()
        self._passwords: dict[str, str] = {}
        self._passed_over = 0
        self._closing = False
        self._works = True  # whether files are read here
        self.last: Job | None = None
        self._embedding = False
        self.problem = ""
        self._thread = threading.Thread(target=self._work, name="indexer", daemon=True)
        self._downloads, self._watching = self._helpers()

    def _opened(self) -> tuple[JobStore, dict[str, Job]]:
        folder = QueueFolder(self._library.scratch)
        return folder, {job.id: job for job in folder.load()}

    def _helpers(self) -> tuple[Downloads, WatchingThread]:
        downloads = Downloads(self._library, self._folder, show=self._update, arrived=self._put, failed=self._end)
        return downloads, WatchingThread(self._library, self.wake)

    def start(self) -> None:
        """Begin, with what an earlier run left half-done."""
        self._thread.start()
        self._begin()

    def _begin(self) -> None:
        """Begin what is done beside the thread."""
        self._embedding = True
        self._watching.start()
        self._download()

    def _download(self) -> None:
        """Begin the downloads that wait."""
        for job in self.jobs if self._works else ():
            self._downloads.begin(job)

    @property
    def watched(self) -> list[WatchedFolder]:
        """The folders that the library follows."""
        return self._watching.folders

    @property
    def jobs(self) -> list[Job]:
        """The jobs that are queued, being read, or ended in a way the reader should see; oldest first."""
        with self._changed:
            return list(self._jobs.values())

    @property
    def is_busy(self) -> bool:
        """Whether any file is not ready yet, and has not failed."""
        return self._embedding or not all(job.has_ended for job in self.jobs)

    def submit(self, path: Path, name: str, *, keep: bool = False) -> None:
        """Queue a file; one that is not kept is moved away, so that the same file may be uploaded again meanwhile.

        It is on disk when this returns, or its job says why not; the file stays where it was then.
        """
        size = path.stat().st_size if path.exists() else 0
        self._put(Job(secrets.token_hex(8), path, name, keep, size, time.time(), person=ACCOUNT.get().person))

    def submit_address(self, address: str) -> None:
        """Queue what is at an address on the web. It is downloaded beside the work of the thread: a slow server keeps no file waiting."""
        person = ACCOUNT.get().person
        job = Job(secrets.token_hex(8), Path(), address, source=address, is_here=False, submitted=time.time(), person=person)
        self._put(job)
        self._download()

    def restore(self, removed: RemovedDocument) -> None:
        """Queue a document that was removed less than a day ago; its file is the library's."""
        self._put(Job(secrets.token_hex(8), Path(), removed.name, keep=True, submitted=time.time(), restores=removed.id))

    def unlock(self, job_id: str, password: str) -> None:
        """Try an encrypted file again with a password, which is not written anywhere."""
        with self._changed:
            if job := self._ended(job_id):
                self._passwords[job_id] = password
                self._jobs[job_id] = replace(job, fraction=None, outcome=None, problem="")
                self._changed.notify_all()

    def retry(self, job_id: str) -> None:
        """Try a file again that could not be stored or read."""
        with self._changed:
            if job := self._ended(job_id):
                self._put(replace(job, fraction=None, outcome=None, problem="", attempts=0))
                self._download()

    def dismiss(self, job_id: str) -> None:
        """Forget a job that has ended."""
        with self._changed:
            if job := self._ended(job_id):
                del self._jobs[job_id]
        if job:
            self._folder.delete(job)

    def wake(self) -> None:
        """See whether there is anything to do in the background, as after a removal."""
        with self._changed:
            self._embedding = True
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread; the file at work is begun anew at the next start."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._downloads.close()
        self._watching.close()
        if self._thread.is_alive():
            self._thread.join(SECONDS_TO_END)

    def _ended(self, job_id: str) -> Job | None:
        job = self._jobs.get(job_id)
        return job if job and job.has_ended else None

    def _put(self, job: Job) -> None:
        job = self._folder.put(job)
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            self._library.warm_up()
        except RagError as error:  # reported again, to the reader, when a file is added or a question asked
            log.warning("%s", error)
        while not self._closing:
            if job := self._next():
                self._embedding = True
                self.add_job(job, self._passwords.pop(job.id, None))
            elif self._embedding and self._works and not self._closing:
                self._embed()

    def _next(self) -> Job | None:
        """The file to read next; None where there is embedding to do, or after a wait for something to do."""
        with self._changed:
            queued = self._queued()
            if not queued and not self._closing and (self.problem or not self._embedding or not self._works):
                self._changed.wait(SECONDS_TO_RETRY if self.problem else None)
                queued = self._queued()
            if not queued or self._closing:
                return None
        oldest = queued[0]
        smallest = min(queued, key=lambda job: (job.attempts, job.size))
        chosen = oldest if self._passed_over == MOST_PASSED_OVER else smallest
        self._passed_over = 0 if chosen is oldest else self._passed_over + 1
        return chosen

    def _queued(self) -> list[Job]:
        """The files that may be read now, the oldest first. Of several with one name, only the first: that one keeps the name."""
        by_name: dict[str, Job] = {}
        for job in self._jobs.values() if self._works else ():
            if not job.has_ended and job.is_here:
                by_name.setdefault(job.name, job)
        return list(by_name.values())

    def _embed(self) -> None:
        try:
            self._embedding = self._library.index_next()
        except RagError as error:
            self.problem = str(error)
        except Exception:
            log.exception("embedding failed")
            self.problem = UNEXPECTED
        else:
            self.problem = ""

    def add_job(self, job: Job, password: str | None) -> None:
        """Read the file of a job; the thread calls it."""

        def show(step: Progress) -> None:
            if (self._closing or not self._works) and step.outcome is None:
                raise _ClosingError
            self._update(replace(job, fraction=step.fraction))

        before = job
        if password is None:
            job = replace(job, attempts=job.attempts + 1)
            if not self._save(job):
                return
        self._update(replace(job, fraction=0.0))
        try:
            job = self._folder.fetched(job)
            outcome = self._unpacked(job) or self._added(job, password, show)
        except _ClosingError:
            if password is None:
                self._save(before)
            self._update(before)
        except RagError as error:
            self._fail(before, job, error)
        except Exception:
            log.exception("adding %s failed", job.name)
            self._end(replace(job, problem=UNEXPECTED))
        else:
            replace(self._account, person=job.person).note_added(self._library, (outcome,))
            self._end(replace(job, outcome=outcome))

    def _fail(self, before: Job, job: Job, error: RagError) -> None:  # noqa: ARG002 # the job as it was queued, for who shares the queue
        self._end(replace(job, problem=str(error)))

    def _added(self, job: Job, password: str | None, show: ProgressCallback) -> Outcome:
        if job.restores:
            return self._library.restore(job.restores, progress=show, wait=False)
        if job.keep:
            return self._library.add(job.path, progress=show, wait=False).outcomes[-1]
        passwords = () if password is None else (password,)
        if not job.source:
            return self._library.add_upload(job.path, job.name, passwords=passwords, progress=show, wait=False)
        return self._library.add_source(source_of(job), passwords=passwords, progress=show, wait=False)

    def _unpacked(self, job: Job) -> Outcome | None:
        """Queue the files of an archive; the archive's own outcome, or None where it is none."""
        if job.keep or not is_archive(source := source_of(job)):
            return None
        *files, archive = self._library.unpack(source, self._folder.own_folder(job))
        for file in files:
            # Its id is that of the archive and its place in it: after an interruption it is queued anew, not twice.
            job_id = hashlib.sha256(f"{job.id} {file.given}".encode(errors="replace")).hexdigest()[:16]
            size = file.path.stat().st_size
            known: dict[str, Any] = {"submitted": time.time(), "resumed": job.resumed, "person": job.person}
            self._put(Job(job_id, file.path, file.name, source=file.origins[0], size=size, **known))
        return archive.outcome

    def _end(self, job: Job) -> None:
        is_under_its_name = job.status == "added" and job.outcome is not None and job.outcome.document == job.name
        is_told_elsewhere = is_under_its_name or (job.resumed and job.status == "unchanged")  # added by a server that was killed then
        if not is_told_elsewhere:
            self._save(job)
        self._update(job)
        self.last = job
        if is_told_elsewhere:
            self.dismiss(job.id)  # the document's own row says it

    def _save(self, job: Job) -> bool:
        """Write what is known of a job; whether it is still this server's to work on."""
        try:
            self._folder.save(job)
        except OSError as error:  # what was written of it before stays
            log.warning("the state of %s cannot be written: %s", job.name, error)
        return True

    def _update(self, job: Job) -> None:
        with self._changed:
            if job.id in self._jobs:
                self._jobs[job.id] = job


def source_of(job: Job) -> Source:
    """The file of a job as the library adds it: what came from an address takes the place of what came from there before."""
    if not job.source:
        return uploaded(job.path, job.name)
    return Source(job.path, job.name, (job.source,), not job.source.startswith(UPLOAD), given=job.source)
