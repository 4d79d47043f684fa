"""What changes a library: documents added, removed, restored, re-indexed. `Library` has the verbs, and says what each may raise."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag.building import Parts
from rag.errors import StorageError
from rag.ingesting.gathering import named, restored
from rag.ingesting.staging import Source
from rag.ingesting.unpacking import members
from rag.origins import is_in_place
from rag.storing.backups import keep_library
from rag.storing.lock import ReadOnlyCopy
from rag.types import BackupPart, DocumentRecord, MetadataValue, Outcome, ProgressCallback, RemovedDocument, Report


def check_writable(parts: Parts) -> None:
    """Raise as `check_kept` does; and `LibraryLockedError` where another process of a cluster writes."""
    check_kept(parts)
    if parts.cluster:
        parts.cluster.check_writer()


def check_kept(parts: Parts) -> None:
    """Raise `StorageError` where the library's folder is read-only, `LibraryClosedError` where it is closed."""
    parts.index.check_open()
    if isinstance(parts.lock, ReadOnlyCopy):
        raise StorageError(f"The library {parts.folder} cannot be changed: its folder is read-only.")


def connect_workers(parts: Parts) -> None:
    """Connect to the Ray cluster, where one is set; SettingsError where it cannot be used, unless it went away since."""
    if parts.workers:
        parts.embedder.prepare()
        parts.workers.connect(parts.order())


def add_sources(
    parts: Parts,
    sources: Sequence[Source],
    passwords: Sequence[str] = (),
    progress: ProgressCallback | None = None,
    *,
    wait: bool = True,
    folders: Sequence[Path] = (),
) -> Report:
    """Add files; those of documents that are gone from these folders have an outcome too."""
    check_writable(parts)
    if not parts.workers and not all(source.error for source in sources):
        parts.loader.start(source.name for source in sources)  # while the index is opened
    parts.embedder.prepare()
    connect_workers(parts)
    with parts.index.guarded():
        outcomes = parts.adder.add(sources, passwords, progress, wait=wait)
        with parts.writing:  # not between a removal's note and the removal
            parts.removed.tidy(parts.index.records)
        return Report((*outcomes, *parts.adder.missing(folders, members(sources), progress, len(sources))))


def remove(parts: Parts, name_or_id: str, *, keep: bool) -> DocumentRecord:
    """Remove a document; with `keep`, its file is kept for a day."""
    check_writable(parts)
    with parts.writing, parts.index.guarded():
        record = parts.index.find(name_or_id)
        if keep and not parts.originals.problem(record):
            parts.removed.keep(parts.originals, record)
        elif not keep and any(map(is_in_place, record.sources)):
            parts.removed.leave_out(record)
        parts.index.remove(record.id)
    return record


def back_up(parts: Parts, folder: Path) -> list[BackupPart]:
    """Keep the parts of the library's folder as of one moment in a folder of backups."""
    parts.index.check_open()
    return keep_library(parts.folder, folder, _unchanged(parts))


@contextmanager
def _unchanged(parts: Parts) -> Iterator[None]:
    """Nothing is written to the library within."""
    with parts.writing, parts.index.guarded():
        yield


def removed(parts: Parts) -> list[RemovedDocument]:
    """What can be brought back, the last removed first."""
    with parts.writing:
        parts.removed.tidy(parts.index.records)
    return parts.removed.documents(parts.index.records)


def restore(parts: Parts, name_or_id: str, progress: ProgressCallback | None, *, wait: bool) -> Outcome:
    """Bring back a document that was kept."""
    check_writable(parts)
    found = named(removed(parts), name_or_id)
    return add_sources(parts, [restored(found, parts.removed.path(found.id))], (), progress, wait=wait).outcomes[0]


def reindex(parts: Parts, progress: ProgressCallback | None) -> Report:
    """Re-index what was indexed with another model or setting; then delete the old index."""
    check_writable(parts)
    path = parts.originals.path
    sources = [Source.of_record(each, path(each.id, each.media_type)) for each in parts.index.left_behind()]
    report = add_sources(parts, sources, (), progress)
    while parts.describer.step():
        pass
    if report.all_searchable and not parts.switcher.state:
        parts.index.drop_other_indexes()
    return report


def add_bytes(  # noqa: PLR0913 - what may be said of it
    parts: Parts,
    data: bytes,
    name: str,
    *,
    suffix: str = "",
    metadata: Mapping[str, MetadataValue] | None,
    progress: ProgressCallback | None,
    wait: bool,
) -> Outcome:
    """Add content that is in memory; `suffix` tells its format where its name does not."""
    check_writable(parts)
    with parts.gatherer.in_memory(data, name, suffix, metadata) as sources:
        return add_sources(parts, sources, (), progress, wait=wait).outcomes[-1]


def set_metadata(parts: Parts, name_or_id: str, metadata: Mapping[str, MetadataValue]) -> DocumentRecord:
    """Replace a document's metadata."""
    check_writable(parts)
    with parts.writing, parts.index.guarded():
        record = replace(parts.index.find(name_or_id), metadata=metadata)
        parts.index.update(record)
    return record
