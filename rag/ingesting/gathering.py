"""What a caller names -> the files to add: paths, what is in folders and archives, downloads."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from rag.errors import DocumentError, DocumentNotFoundError, storage_errors
from rag.fetching.addresses import is_address
from rag.fetching.fetcher import Fetcher
from rag.files import find_files, hash_file, shown_name, uploaded_name
from rag.ingesting.staging import Source
from rag.ingesting.unpacking import is_archive, unpack
from rag.origins import UPLOAD, is_lost, origin_of
from rag.storing.index import LEAST_ID_DIGITS
from rag.text.printable import composed_name, printable_line
from rag.types import MetadataValue, Outcome, Progress, ProgressCallback, RemovedDocument


class Gatherer:
    """Finds files; downloads and unpacks into a folder of its own, which is empty again when they have been added."""

    def __init__(self, fetcher: Fetcher, folder: Path, max_bytes: int) -> None:
        """Delete what an earlier process left in the folder. No file of more than `max_bytes` is unpacked whole."""
        self._fetcher = fetcher
        self._max_bytes = max_bytes
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def gathered(self, given: Sequence[str | Path], progress: ProgressCallback | None) -> Iterator[list[Source]]:
        """The files, in the order they were given, for as long as the block lasts. `ValueError` where a path is empty."""
        with ExitStack() as stack:
            sources: list[Source] = []
            for each in given:
                if isinstance(each, str) and is_address(each):
                    sources.append(self._downloaded(each.strip(), stack.enter_context(self.new_folder()), progress))
                else:
                    sources += files_to_add([each])
            yield stack.enter_context(self.opened(sources))

    @contextmanager
    def opened(self, sources: Sequence[Source]) -> Iterator[list[Source]]:
        """The same with the files of each archive before it, for as long as the block lasts."""
        with ExitStack() as stack:
            opened: list[Source] = []
            for source in sources:
                opened += self.unpack(source, stack.enter_context(self.new_folder())) if is_archive(source) else [source]
            yield opened

    @contextmanager
    def in_memory(self, data: bytes, name: str, suffix: str, metadata: Mapping[str, MetadataValue] | None) -> Iterator[list[Source]]:
        """As `opened`, of content that a program has: it takes the place of what had its name, folders included, before."""
        called = "/".join(part for part in re.split(r"[/\\]", printable_line(name)) if part.strip() not in {"", ".", ".."})
        with self.new_folder() as folder:
            path = folder / f"content{suffix}"
            with storage_errors(f"{called} could not be stored"):
                path.write_bytes(data)
            source = Source(path, uploaded_name(name), (f"{UPLOAD}{called}",), given=called, metadata=metadata)
            with self.opened([source]) as sources:
                yield sources

    def unpack(self, archive: Source, folder: Path) -> list[Source]:
        """The files of an archive, unpacked into a folder, and last the archive with its outcome."""
        return unpack(archive, folder, self._max_bytes)

    def download(self, address: str, folder: Path, progress: ProgressCallback | None) -> Source:
        """Download one file into a folder; it takes the place of what came from its address before. Raises as `Fetcher.fetch` does."""

        def show(fraction: float) -> None:
            if progress:
                progress(Progress(address, fraction, 1, 1, None, "queued"))

        found = self._fetcher.fetch(address, folder, show)
        return Source(found.path, found.name, (found.address,), given=found.address)

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """An empty folder, for as long as the block lasts."""
        with storage_errors(f"The folder {self._folder} cannot be used"):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            folder = Path(mkdtemp(dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _downloaded(self, address: str, folder: Path, progress: ProgressCallback | None) -> Source:
        try:
            return self.download(address, folder, progress)
        except DocumentError as error:
            return Source(Path(address), address, (), error=error, given=address)


def files_to_add(given: Sequence[str | Path]) -> list[Source]:
    """The files at these paths and in these folders; `ValueError` where a path is empty."""
    entries = [entry if isinstance(entry, tuple) else (entry, None) for entry in find_files(given)]
    return [Source(path, shown_name(path), () if error else (origin_of(path),), error=error) for path, error in entries]


def uploaded(path: Path, name: str, *, replaces: bool = False, metadata: Mapping[str, MetadataValue] | None = None) -> Source:
    """A file that was uploaded under a name; `ValueError` where that has no file name in it."""
    name = uploaded_name(name)
    return Source(path, name, (f"{UPLOAD}{name}",), replaces, metadata=metadata)


def named(removed: Sequence[RemovedDocument], name_or_id: str) -> RemovedDocument:
    """The one of these documents; `DocumentNotFoundError` where there is none, or several."""
    found = [each for each in removed if name_or_id == each.id or composed_name(name_or_id) == composed_name(each.name)]
    if not found and len(name_or_id) >= LEAST_ID_DIGITS:
        found = [each for each in removed if each.id.startswith(name_or_id)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise DocumentNotFoundError(f"No document {name_or_id!r} can be restored. `rag restore` shows what can be; it is kept for a day.")
    ids = ", ".join(each.id[:12] for each in found)
    raise DocumentNotFoundError(f"{len(found)} removed documents are called {name_or_id!r}. Give the id instead: {ids}.")


def restored(removed: RemovedDocument, path: Path) -> Source:
    """The file of a removed document, whose sources are those that are still there; without any it is the library's own."""
    origins = tuple(origin for origin in removed.sources if not is_lost(origin))
    origins = origins or (f"{UPLOAD}{removed.name}",)
    return Source(path, removed.name, origins, False, password=removed.password, given=removed.name, metadata=removed.metadata)


def without_removed(sources: Sequence[Source], removed: Sequence[RemovedDocument]) -> list[Source]:
    """The same, where a source with the bytes of one of these documents is not to be read."""
    ids = {each.id for each in removed}
    return [_left_out(source) if _id_of(source) in ids else source for source in sources]


def _id_of(source: Source) -> str:
    with suppress(DocumentError):  # its reading says why
        return "" if source.error or source.outcome else hash_file(source.path)
    return ""


def _left_out(source: Source) -> Source:
    cure = "To have it back, upload it, or add it by `rag add`."
    message = f"{source.name} is left out until it changes, because you removed it. {cure}"
    return replace(source, outcome=Outcome(source.shown, source.name, "", "left_out", 0, 0, message))


def folders_of(given: Sequence[str | Path]) -> list[Path]:
    """The folders among these paths, resolved."""
    folders = []
    for path in map(Path, given):
        try:
            folder = path.expanduser().resolve()
            folders += [folder] if folder.is_dir() else []
        except (OSError, RuntimeError, ValueError):  # it has an outcome as a file that cannot be read
            continue
    return folders
