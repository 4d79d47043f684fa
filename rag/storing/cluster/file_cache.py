"""What a server of a cluster keeps on its own disk of documents' files: those that were not used for longest give way."""

import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 10_000_000_000
SHARE_OF_DISK = 0.1  # at most, where that is less
SHARE_LEFT = 0.9  # of what is allowed, after room was made
SECONDS_IN_USE = 600  # what was asked for so long ago may still be read, and stays


class FileCache:
    """Folders of files `ID.suffix` and of folders `ID`, which can be fetched again. Thread-safe."""

    def __init__(self, *folders: Path, most_bytes: int | None = None) -> None:
        """Look at nothing yet. `most_bytes` is how much may lie there, `MOST_BYTES` or a share of the disk if None."""
        self._folders = folders
        self._most_bytes = most_bytes
        self._bytes: int | None = None  # as far as known; None before the first look
        self._lock = threading.Lock()

    def use(self, file: Path) -> bool:
        """Note that a file is wanted now; whether it is there."""
        with suppress(FileNotFoundError):
            status = file.stat()
            os.utime(file, ns=(time.time_ns(), status.st_mtime_ns))
            return True
        return False

    def added(self, size: int) -> None:
        """Make room where a file of this size is one too many."""
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, _, size, _ in self._files())
            else:
                self._bytes += size
            if self._bytes > (most := self._most()):
                self._bytes = self._made_room(int(SHARE_LEFT * most))

    def drop(self, document_id: str) -> None:
        """Delete what there is of a document."""
        for folder in self._folders:
            for path in folder.glob(f"{document_id}*"):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def _most(self) -> int:
        if self._most_bytes is not None:
            return self._most_bytes
        return min(MOST_BYTES, int(SHARE_OF_DISK * shutil.disk_usage(self._folders[0].parent).total))

    def _made_room(self, most: int) -> int:
        """Delete what was not used for longest; how many bytes are left."""
        sizes, used, files = defaultdict[str, int](int), defaultdict[str, float](float), defaultdict[str, list[Path]](list)
        for file, document_id, size, when in self._files():
            sizes[document_id] += size
            used[document_id] = max(used[document_id], when)
            files[document_id].append(file)
        left, in_use = sum(sizes.values()), time.time() - SECONDS_IN_USE
        for document_id in sorted(sizes, key=used.__getitem__):
            if left <= most or used[document_id] > in_use:
                break
            for file in files[document_id]:
                file.unlink(missing_ok=True)
            left -= sizes[document_id]
        return left

    def _files(self) -> Iterator[tuple[Path, str, int, float]]:
        """Each file, its document's id, its bytes, and when it was last used."""
        for folder in self._folders:
            for root, _, names in os.walk(folder):
                for file in (Path(root, name) for name in names):
                    with suppress(FileNotFoundError):
                        status = file.stat()
                        document_id = file.relative_to(folder).parts[0].partition(".")[0]
                        yield file, document_id, status.st_size, max(status.st_atime, status.st_mtime)
