"""The settings tab's list of embedding models: download one, change to one while the old index answers."""

from typing import Any

import gradio as gr

from rag.embedding.catalogue import find_listed
from rag.library import Library
from ui.models import model_rows, shown_name, use_listed
from ui.rendering.html import render
from ui.uploading.indexer import Indexer
from ui.uploading.model_download import ModelDownload
from ui.web.contract import AT_ONCE, PRIVATE, Warned, id_of, on
from ui.web.scripts import script

POLL_SECONDS = 1.0


def build_models(page: gr.Blocks, library: Library, indexer: Indexer) -> None:
    """Lay the list out and wire it."""
    listing = gr.HTML(elem_id="models", js_on_load=script("models.js"))
    timer = gr.Timer(POLL_SECONDS, active=False)
    handlers, shown = ModelsHandlers(library, indexer), [listing, timer]
    page.load(handlers.show, None, shown, **AT_ONCE)
    timer.tick(handlers.show, None, shown, **AT_ONCE)
    on(listing, "get_model")(handlers.get, None, shown, **PRIVATE)
    on(listing, "use_model")(handlers.use, None, shown, **PRIVATE)
    on(listing, "cancel_model")(handlers.cancel, None, shown, **PRIVATE)


class ModelsHandlers:
    """The events of the list."""

    def __init__(self, library: Library, indexer: Indexer) -> None:
        self._library = library
        self._indexer = indexer
        self._download = ModelDownload()

    def show(self) -> tuple[str, Any]:
        """The list as it is now, and whether to look again soon."""
        switch, downloading = self._library.model_switch, self._download.name
        used, following = self._library.embedding_model, switch.model if switch else ""
        listing = render(
            "models.html",
            rows=model_rows(used, following),
            used=shown_name(used),
            following=shown_name(following),
            switch=switch,
            fixed=self._library.is_model_fixed,
            downloading=downloading,
            share=self._download.share,
            problem=self._download.problem or (self._indexer.problem if switch else ""),
        )
        return listing, gr.Timer(POLL_SECONDS, active=bool(switch or downloading))

    def get(self, event: gr.EventData) -> tuple[str, Any]:
        """Begin to download a model."""
        if listed := find_listed(id_of(event)):
            self._download.start(listed.name, listed.setting, self._library.settings)
        return self.show()

    def use(self, event: gr.EventData) -> tuple[str, Any]:
        """Begin to re-index with a model."""
        with Warned():
            use_listed(self._library, id_of(event))
            self._indexer.wake()
        return self.show()

    def cancel(self) -> tuple[str, Any]:
        """Keep the present model."""
        with Warned():
            self._library.cancel_model()
            self._indexer.wake()
        return self.show()
