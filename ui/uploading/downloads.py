"""Downloads run beside the reading of files: a slow server keeps nothing else waiting."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from rag.errors import DocumentError, RagError
from rag.library import Library
from rag.types import Outcome, Progress
from ui.uploading.queue_folder import UNEXPECTED, Job, JobStore

log = logging.getLogger(__name__)

MOST_AT_ONCE = 4

Tell = Callable[[Job], None]


class _ClosingError(Exception):
    """The server is shutting down; the download is begun anew at the next start."""


class Downloads:
    """Downloads what jobs name, each in a thread; `show`, `arrived` and `failed` hear of a job as it is then."""

    def __init__(self, library: Library, folder: JobStore, *, show: Tell, arrived: Tell, failed: Tell) -> None:
        self._library = library
        self._folder = folder
        self._show = show
        self._arrived = arrived
        self._failed = failed
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.running: set[str] = set()  # the ids of jobs
        self._closing = False

    def begin(self, job: Job) -> None:
        """Download a job's file, unless it is here, is being downloaded, or the job has ended."""
        if not job.is_here and not job.has_ended and job.id not in self.running:
            self.running.add(job.id)
            threading.Thread(target=self._download, args=(job,), name="download", daemon=True).start()

    def close(self) -> None:
        """End what is being downloaded as soon as something of it comes."""
        self._closing = True

    def _download(self, job: Job) -> None:
        def show(step: Progress) -> None:
            if self._closing:
                raise _ClosingError
            self._show(replace(job, fraction=step.fraction))

        tell = self._failed
        with self._places:
            self._show(replace(job, fraction=0.0))
            try:
                found = self._library.download(job.source, self._folder.own_folder(job), progress=show)
                size = found.path.stat().st_size
                job = replace(job, path=found.path, name=found.name, source=found.origins[0], is_here=True, size=size)
                tell = self._arrived
            except _ClosingError:
                return
            except DocumentError as error:
                job = replace(job, outcome=Outcome(job.source, job.name, "", error.status, 0, 0, str(error)))
            except (RagError, OSError) as error:
                job = replace(job, problem=str(error))
            except Exception:
                log.exception("downloading %s failed", job.name)
                job = replace(job, problem=UNEXPECTED)
        try:
            tell(job)  # which stores what arrived; until then it is not to be begun again
        finally:
            self.running.discard(job.id)
