"""Downloading one embedding model at a time, in the background."""

import logging
import threading

from rag import building
from rag.errors import RagError
from rag.settings import Settings
from ui.uploading.queue_folder import UNEXPECTED

log = logging.getLogger(__name__)


class ModelDownload:
    """At most one download; the page asks it how far it is.

    Attributes:
        name: The model that is being downloaded and prepared, or "".
        share: How much of it is here, in [0, 1].
        problem: Why the last one failed, or "".
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.name, self.share, self.problem = "", 0.0, ""

    def start(self, name: str, model: str, settings: Settings) -> None:
        """Begin, unless one is going on; `model` is what RAG_EMBEDDING_MODEL would take."""
        with self._lock:
            if self.name:
                return
            self.name, self.share, self.problem = name, 0.0, ""
        threading.Thread(target=self._work, args=(model, settings), name="model download", daemon=True).start()

    def _work(self, model: str, settings: Settings) -> None:
        try:
            building.get_model(model, settings, self._show)
        except RagError as error:
            self.problem = str(error)
        except Exception:
            log.exception("downloading %s failed", model)
            self.problem = UNEXPECTED
        self.name = ""

    def _show(self, share: float) -> None:
        self.share = share
