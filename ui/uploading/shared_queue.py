"""The queue of a cluster: a row a job in the database, a file a job in the place where the cluster keeps files.

A file is stored before its row, and deleted after it: what is in the table can be read by any server. Three rules keep servers from doing
each other's work again:

- A row has the epoch of the last writer that changed it; a writer of an earlier one, which slept and knows nothing, changes it no more.
- Other servers change a row only as they have seen it last: to try it again, or to dismiss it.
- A row that is gone stays as an empty one for some thousand changes, so that all servers hear of it.
"""

import json
import logging
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rag.errors import StorageError
from rag.storing.cluster.bucket import Bucket
from rag.storing.database import Database, sql
from ui.uploading.queue_folder import NOT_STORED, UPLOAD_GONE, UPLOAD_LOST, Job, job_of, move

log = logging.getLogger(__name__)

FOLDER = "queue"
MOST_TOLD = 10_000  # changes; who has missed more reads all jobs again
SECONDS_OF_AN_ORPHAN = 86_400.0  # after which a file without a row was left by a server that died

COUNTED = "UPDATE work SET version = version + 1 RETURNING version"
ADDED = """
INSERT INTO jobs (id, place, version, epoch, record) VALUES (:id, :version, :version, :epoch, :record)
ON CONFLICT (id) DO UPDATE SET place = excluded.place, version = excluded.version, epoch = excluded.epoch, record = excluded.record
WHERE jobs.record IS NULL
"""
CHANGED = """
UPDATE jobs SET version = :version, epoch = CASE WHEN epoch < :epoch THEN :epoch ELSE epoch END, record = :record
WHERE id = :id AND record IS NOT NULL AND """
AS_WRITER, AS_SEEN = "epoch <= :epoch", "version = :seen"
FOUND = "SELECT id, place, version, record FROM jobs WHERE version > :seen ORDER BY version"


class SharedQueue:
    """Jobs of all servers. Each verb raises StorageError; `look` is for one thread.

    Attributes:
        epoch: That of this server's term while it writes; None while it does not.
    """

    def __init__(self, database: Database, bucket: Bucket, library: Path) -> None:
        """`library` is the folder in which files lie while this server works on them."""
        self.epoch: int | None = None
        self._database = database
        self._bucket = bucket.within(FOLDER)
        self._folder = library.absolute() / FOLDER
        self._lock = threading.Lock()
        self._versions: dict[str, int] = {}  # of the jobs that are there, as they were seen or written last
        self._places: dict[str, int] = {}
        self._seen = -1
        self._is_anew = True

    def put(self, job: Job) -> Job:
        """Store a job with its file: a new one, or one that is there, changed; the job as it is then.

        Where its file or row cannot be stored, it has a problem that says so, and the file is still where it was.
        """
        stored = job
        try:
            stored = self._stored(job)
            if job.id not in self._versions or not self.save(stored):
                self._write(ADDED, stored)
        except FileNotFoundError:
            return replace(job, problem=UPLOAD_GONE)
        except (OSError, StorageError) as error:
            log.warning("%s cannot be queued: %s", job.name, error)
            return replace(stored, problem=NOT_STORED.format(reason=getattr(error, "strerror", None) or str(error).rstrip(".")))
        else:
            return stored

    def save(self, job: Job) -> bool:
        """Write what is known of a job; False where another server has changed it meanwhile, and nothing was written."""
        return self._write(CHANGED + (AS_SEEN if self.epoch is None else AS_WRITER), job)

    def delete(self, job: Job) -> bool:
        """Forget a job, and delete its file; False where another server has changed it meanwhile."""
        is_gone = job.id not in self._versions or self._write(CHANGED + AS_SEEN, job, record=None)
        if is_gone:
            self._delete_files(job)
        return is_gone

    def own_folder(self, job: Job) -> Path:
        """A folder on this machine for what belongs to a job."""
        folder = self._folder / job.id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def fetched(self, job: Job) -> Job:
        """The job with its file on this machine."""
        if not job.is_here or job.restores:
            return job
        path = self.own_folder(job) / job.path.name
        if not path.exists() and not self._bucket.get_file(_key(job), path):
            raise StorageError(UPLOAD_LOST)
        return replace(job, path=path)

    def look(self) -> tuple[dict[str, Job | None], Mapping[str, Any]]:
        """The jobs that changed since the last look, None for those that are gone, and what the writer does."""
        is_anew, self._is_anew = self._is_anew, False
        with self._database.reading() as connection:
            version, state = connection.execute(sql("SELECT version, state FROM work")).one()
            is_new = is_anew or version - self._seen > MOST_TOLD
            rows = connection.execute(sql(FOUND), {"seen": -1 if is_new else self._seen}).all() if version != self._seen or is_new else []
        changed: dict[str, Job | None] = {}
        with self._lock:
            if is_new:
                changed = dict.fromkeys(self._versions)
            for id_, place, changed_with, record in rows:
                if changed_with < self._versions.get(id_, 0):  # this server has written it since
                    changed.pop(id_, None)
                    continue
                changed[id_] = self._read(id_, record)
                self._versions[id_], self._places[id_] = changed_with, place
            for id_ in [id_ for id_, job in changed.items() if job is None]:
                self._versions.pop(id_, None)
                self._places.pop(id_, None)
                shutil.rmtree(self._folder / id_, ignore_errors=True)
            self._seen = max([version, *(row[2] for row in rows)])
        return changed, json.loads(state)

    def look_anew(self) -> None:
        """Have the next look tell of all jobs."""
        self._is_anew = True

    def place(self, job_id: str) -> int:
        """Where a job stands among the others; those that are not in the table come last."""
        return self._places.get(job_id, 1 << 62)

    def tell(self, state: Mapping[str, Any]) -> None:
        """Tell the others what this server, the writer, is doing."""
        with self._database.writing() as connection:
            connection.execute(sql("UPDATE work SET state = :state"), {"state": json.dumps(state)})

    def sweep(self) -> None:
        """Delete what nobody needs any more: files without a row, and rows of jobs that all know to be gone."""
        with self._database.writing() as connection:
            (version,) = connection.execute(sql("SELECT version FROM work")).one()
            connection.execute(sql("DELETE FROM jobs WHERE record IS NULL AND version < :version"), {"version": version - MOST_TOLD})
            known = set(connection.execute(sql("SELECT id FROM jobs WHERE record IS NOT NULL")).scalars())
        old = time.time() - SECONDS_OF_AN_ORPHAN
        orphans = [file.name for file in self._bucket.list("") if file.changed < old and file.name.partition("/")[0] not in known]
        self._bucket.delete(*orphans)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _stored(self, job: Job) -> Job:
        """The job with its file in the bucket, and in this machine's folder, where it may be wanted next."""
        if job.restores or not job.is_here:
            return job
        if not job.path.exists():
            if self._bucket.find(_key(job)) is None:
                raise FileNotFoundError(job.path)
            return job
        self._bucket.put_file(job.path, _key(job))
        if not job.keep:
            target = self.own_folder(job) / job.path.name
            if target != job.path:
                move(job.path, target)
            return replace(job, path=target)
        return replace(job, keep=False)  # a path of one machine says nothing on another

    def _write(self, statement: str, job: Job, **others: Any) -> bool:
        record = json.dumps(asdict(replace(job, fraction=None)) | {"path": job.path.name})
        with self._lock, self._database.writing() as connection:
            version: int = connection.execute(sql(COUNTED)).scalar_one()  # all others wait until this change is committed
            values = {"id": job.id, "version": version, "epoch": self.epoch or 0, "seen": self._versions.get(job.id), "record": record}
            is_written = connection.execute(sql(statement), values | others).rowcount > 0
            if is_written:
                self._versions[job.id] = version
                self._places.setdefault(job.id, version)
            return is_written

    def _read(self, job_id: str, record: str | None) -> Job | None:
        if record is None:
            return None
        job = job_of(json.loads(record))
        return replace(job, path=self._folder / job_id / job.path.name)

    def _delete_files(self, job: Job) -> None:
        shutil.rmtree(self._folder / job.id, ignore_errors=True)
        if job.restores or not job.is_here:
            return
        try:
            self._bucket.delete(_key(job))
        except StorageError as error:  # it is swept by the next writer
            log.warning("%s stays among the files of the queue: %s", job.name, error)


def _key(job: Job) -> str:
    """The name of its file in the bucket, whatever its own name holds."""
    return f"{job.id}/content"
