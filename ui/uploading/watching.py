"""The folders that a server's library follows, in a thread of their own."""

import logging
import threading
from collections.abc import Callable

from rag.library import Library
from rag.watching.watcher import WatchedFolder, Watcher

log = logging.getLogger(__name__)

SECONDS_TO_END = 5


class WatchingThread:
    """Follows the folders of the library's settings; `on_change` is called after each change. Without any it does nothing."""

    def __init__(self, library: Library, on_change: Callable[[], None]) -> None:
        folders = [] if library.is_read_only else library.settings.watched_folders
        self._watcher = Watcher(library, folders, tell=log.warning, on_change=on_change)
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True) if folders else None

    @property
    def folders(self) -> list[WatchedFolder]:
        """Their states."""
        return self._watcher.folders

    def start(self) -> None:
        """Begin."""
        if self._thread:
            self._thread.start()

    def close(self) -> None:
        """End it; the file at work is finished first, if it is soon."""
        self._watcher.stop()
        if self._thread and self._thread.is_alive():
            self._thread.join(SECONDS_TO_END)

    def _run(self) -> None:
        try:
            self._watcher.run()
        except Exception:
            log.exception("The watched folders are no longer followed. Restart Footnote.")
