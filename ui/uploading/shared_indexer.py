"""The queue of uploads on a server of a cluster: any of them takes files, the one that writes to the library reads them, all show them.

A thread looks each second at what others changed and whether this server writes. When it begins to, it goes on with what is queued, follows
the folders, and downloads; when another one has taken over, it gives up what it is at, which the other one begins anew.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from rag.errors import LibraryLockedError, RagError, ServerError, StorageError
from rag.fetching.addresses import is_address
from rag.library import Library
from rag.storing.cluster.cluster import Cluster
from rag.types import Outcome
from rag.watching.watcher import WatchedFolder
from ui.people.limits import NOBODYS, Account
from ui.uploading.indexer import SECONDS_TO_END, Indexer
from ui.uploading.queue_folder import GIVEN_UP, MOST_ATTEMPTS, UNEXPECTED, Job, JobStore, job_of
from ui.uploading.shared_queue import SharedQueue

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0
LOOKS_A_BEAT = 5  # of which one tells of the writer's work, though nothing has changed, and looks for what is not embedded
MOST_SILENT_LOOKS = 3 * LOOKS_A_BEAT  # at a writer that tells nothing new of its work, before it counts as gone

NOBODY_READS = "No server of the cluster reads files at present. They wait until one does."

Epoch = Callable[[], int | None]
"""The epoch of this server's term; None while it does not write."""


def indexer_of(library: Library, account: Account = NOBODYS) -> Indexer:
    """The queue of a library, shared with other servers where the library is."""
    if (cluster := library.cluster) is None:
        return Indexer(library, account)
    queue = SharedQueue(cluster.places.database("queue"), cluster.bucket, library.scratch)
    return SharedIndexer(library, account, queue, lambda: _epoch(cluster))


def _epoch(cluster: Cluster) -> int | None:
    membership = cluster.membership
    term = membership.term if membership.is_settled else None  # before that it passes on what is to be added, to nobody
    return None if term is None else term.epoch


class SharedIndexer(Indexer):
    """An `Indexer` whose jobs are a cluster's."""

    def __init__(self, library: Library, account: Account, queue: SharedQueue, epoch: Epoch) -> None:
        """`epoch` is asked each second."""
        self._queue = queue
        self._epoch = epoch
        self._at_work: set[str] = set()  # the ids of jobs that are read here, or were given a password here
        self._unsaved: dict[str, Callable[[], object]] = {}  # by ids of jobs: what the database refused
        self._beats, self._told = 0, dict[str, Any]()
        self._silent = (0, -1)  # for how many looks the writer has told nothing new, and what it told last
        self._ended_following = threading.Event()
        self._look_now = threading.Event()
        super().__init__(library, account)
        self._works = False
        self._problem = ""
        self._look_safely(self._look)
        self._follower = threading.Thread(target=self._follow, name="queue", daemon=True)

    def start(self) -> None:
        """Begin to take files; to read them as well, while this server writes."""
        self._thread.start()
        self._follower.start()

    @property
    def watched(self) -> list[WatchedFolder]:
        """The folders that this server follows while it writes."""
        return self._watching.folders if self._works else []

    def submit(self, path: Path, name: str, *, keep: bool = False) -> None:
        """As in `Indexer`; a file that is kept, a sample, is the same job whichever server queues it."""
        if not keep:
            super().submit(path, name)
            return
        job_id = hashlib.sha256(f"kept {name}".encode(errors="replace")).hexdigest()[:16]
        self._put(Job(job_id, path, name, keep=True, size=path.stat().st_size if path.exists() else 0))

    def unlock(self, job_id: str, password: str) -> None:
        """Try an encrypted file again: here, or on the server that writes, which is sent the file and the password, written nowhere."""
        with self._changed:
            job = self._ended(job_id)
            if job is None or job_id in self._at_work:
                return
            self._at_work.add(job_id)
        if self._works:
            super().unlock(job_id, password)
        else:
            self._update(replace(job, fraction=0.0, outcome=None, problem=""))
            threading.Thread(target=self._pass_on, args=(job, password), name="unlock", daemon=True).start()

    def retry(self, job_id: str) -> None:
        """As in `Indexer`; the server that writes does it."""
        with self._changed:
            job = self._ended(job_id)
        if job:
            self._put(replace(job, fraction=None, outcome=None, problem="", attempts=0))
            self._download()

    def dismiss(self, job_id: str) -> None:
        """As in `Indexer`, for all servers."""
        with self._changed:
            job = self._ended(job_id)
        if job:
            self._forget(job)

    def close(self) -> None:
        """As in `Indexer`; another server goes on."""
        self._ended_following.set()
        self._look_now.set()
        if self._follower.is_alive():
            self._follower.join(SECONDS_TO_END)
        super().close()
        self._queue.close()

    def _opened(self) -> tuple[JobStore, dict[str, Job]]:
        return self._queue, {}

    def _follow(self) -> None:
        while not self._ended_following.is_set():
            self._look_safely(self._follow_once)
            self._look_now.wait(SECONDS_BETWEEN_LOOKS)
            self._look_now.clear()

    def _follow_once(self) -> None:
        self._take_turns()
        self._look()
        if self._works:
            self._save_again()
            self._download()
            self._go_on_embedding()
            self._tell()

    def _look_safely(self, look: Callable[[], None]) -> None:
        try:
            look()
            self._problem = ""
        except StorageError as error:  # the database may come back
            if not self._problem:
                log.warning("the queue of uploads cannot be followed: %s", error)
            self._problem = str(error)
        except Exception:
            log.exception("the queue of uploads cannot be followed")

    def _take_turns(self) -> None:
        """Begin or end to work, where this server has begun or ended to write."""
        if (epoch := self._epoch()) == self._queue.epoch:
            return
        if self._queue.epoch is not None:
            self._stop_working()
        if epoch is not None and not self._closing:
            self._queue.look_anew()  # whatever the writer before was at is queued
            self._look()
            self.problem = ""
            self._queue.epoch, self._works = epoch, True
            self._begin()
            self.wake()
            threading.Thread(target=self._sweep, name="queue sweep", daemon=True).start()

    def _go_on_embedding(self) -> None:
        """Embed what the writer before had not, which is read again after this server has taken over."""
        if self._embedding or self._beats % LOOKS_A_BEAT:
            return
        with suppress(RagError):
            if self._library.keyword_ready():
                self.wake()

    def _stop_working(self) -> None:
        with self._changed:
            self._works = self._embedding = False
            self._queue.epoch, self.problem = None, ""
            self._passwords.clear()
            self._unsaved.clear()
            self._at_work.clear()
        self._downloads.close()
        self._watching.close()
        self._downloads, self._watching = self._helpers()
        self._queue.look_anew()

    def _sweep(self) -> None:
        try:
            self._queue.sweep()
        except StorageError as error:
            log.warning("the queue cannot be swept: %s", error)

    def _look(self) -> None:
        changed, state = self._queue.look()
        busy = self._at_work | self._downloads.running
        with self._changed:
            for id_, job in changed.items():
                if job is None:
                    self._jobs.pop(id_, None)
                elif id_ not in busy:
                    self._jobs[id_] = job
            if changed:
                self._jobs = dict(sorted(self._jobs.items(), key=lambda each: self._queue.place(each[0])))
                self._changed.notify_all()
            if not self._works:
                self._show(state)

    def _show(self, state: Any) -> None:
        """Show what the writer is doing, unless it has told nothing new for a while."""
        count, beat = self._silent
        self._silent = (count + 1, beat) if state.get("beat") == beat else (0, state.get("beat", -1))
        is_heard = self._silent[0] < MOST_SILENT_LOOKS
        fractions = state.get("fractions", {}) if is_heard else {}
        self._jobs = {
            id_: job if job.has_ended or id_ in self._at_work else replace(job, fraction=fractions.get(id_))
            for id_, job in self._jobs.items()
        }
        self._embedding = bool(is_heard and state.get("is_embedding"))
        waits = any(not job.has_ended and job.id not in self._at_work for job in self._jobs.values())
        self.problem = state.get("problem", "") if is_heard else NOBODY_READS if waits else ""
        if last := state.get("last"):
            self.last = job_of(last)

    def _tell(self) -> None:
        """Tell the other servers what this one is doing."""
        with self._changed:
            fractions = {job.id: job.fraction for job in self._jobs.values() if job.fraction is not None and not job.has_ended}
            last = asdict(replace(self.last, fraction=None)) | {"path": self.last.path.name} if self.last else None
            told = {"fractions": fractions, "is_embedding": self._embedding, "problem": self.problem, "last": last}
        self._beats += 1
        if told != self._told or self._beats % LOOKS_A_BEAT == 0:
            self._queue.tell({"beat": f"{self._queue.epoch} {self._beats}", **told})
            self._told = told

    def add_job(self, job: Job, password: str | None) -> None:
        """See `Indexer`."""
        if job.attempts >= MOST_ATTEMPTS and password is None:
            self._end(replace(job, problem=GIVEN_UP.format(count=job.attempts)))
            return
        self._at_work.add(job.id)
        try:
            super().add_job(replace(job, resumed=True) if job.attempts else job, password)  # begun by a writer that died
        finally:
            self._at_work.discard(job.id)
            if not self._works:
                self._queue.look_anew()

    def _fail(self, before: Job, job: Job, error: RagError) -> None:
        # Another server writes by now, though this one may not have looked yet, or this one is not ready to.
        if isinstance(error, LibraryLockedError | ServerError) or self._epoch() != self._queue.epoch:
            self._queue_again(before, SECONDS_BETWEEN_LOOKS)
        elif isinstance(error, StorageError) and error.__cause__ and job.attempts < MOST_ATTEMPTS:
            self.problem = str(error)  # a server that is away may come back
            self._queue_again(job, SECONDS_BETWEEN_LOOKS * job.attempts)
        else:
            super()._fail(before, job, error)

    def _queue_again(self, job: Job, pause: float) -> None:
        self._save(job)
        self._update(replace(job, fraction=None))
        self._ended_following.wait(pause)

    def _save(self, job: Job) -> bool:
        try:
            if self._queue.save(job) or job.has_ended:
                return True
        except StorageError as error:
            log.warning("the state of %s cannot be written: %s", job.name, error)
            if job.has_ended:
                self._unsaved[job.id] = partial(self._queue.save, job)
                return True
        self._ended_following.wait(SECONDS_BETWEEN_LOOKS)  # by then it is known whether another server writes
        return False

    def _save_again(self) -> None:
        for id_, save in list(self._unsaved.items()):
            save()
            del self._unsaved[id_]

    def _forget(self, job: Job) -> None:
        try:
            if self._queue.delete(job):
                with self._changed:
                    self._jobs.pop(job.id, None)
        except StorageError as error:  # it stays in the list
            log.warning("%s stays in the queue: %s", job.name, error)
            if self._works:
                self._unsaved[job.id] = partial(self._queue.delete, job)

    def _pass_on(self, job: Job, password: str) -> None:
        """Have the server that writes add a file that this one has a password for."""
        try:
            outcome = self._sent(self._queue.fetched(job), password)
            replace(self._account, person=job.person).note_added(self._library, (outcome,))
            done = replace(job, outcome=outcome, problem="")
        except RagError as error:
            done = replace(job, outcome=None, problem=str(error))
        except Exception:
            log.exception("adding %s failed", job.name)
            done = replace(job, outcome=None, problem=UNEXPECTED)
        self._end(done)
        self._at_work.discard(job.id)

    def _sent(self, job: Job, password: str) -> Outcome:
        if is_address(job.source):
            return self._library.add(job.source, passwords=(password,), wait=False).outcomes[-1]
        return self._library.add_upload(job.path, job.name, passwords=(password,), wait=False)
