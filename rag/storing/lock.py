"""One process a library: two writers on one Chroma folder lose vectors without an error."""

import json
import os
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import LibraryLockedError, StorageError


class LibraryLock:
    """Holds a library's folder for this process; the system lets go of it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock.

        Raises:
            LibraryLockedError: Another process, or another `Library` in this one, has it.
            StorageError: The folder cannot be written.
        """
        self._holder = folder / "holder.json"
        self._lock = FileLock(folder / "lock")
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise LibraryLockedError(f"The library {folder} is in use{self._who()}. Stop that first, or use its page.") from error
        except OSError as error:
            raise StorageError(f"The library {folder} cannot be used: {error.strerror}. Choose a folder that can be written.") from error
        with suppress(OSError):  # it only makes another process's error message better
            self._holder.write_text(
                json.dumps(
                    {
                        "pid": os.getpid(),
                        "host": socket.gethostname(),
                        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]).strip(),
                        "since": datetime.now(UTC).isoformat(timespec="seconds"),
                    }
                ),
                encoding="utf-8",
            )

    def _who(self) -> str:
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
            return f" by `{holder['command']}` (process {holder['pid']} on {holder['host']}, since {holder['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return " by another process"

    def release(self) -> None:
        """Let go of the library. Doing so twice is harmless."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()
