"""The page inside our app, with our checks around it. It uses parts of Gradio that may change without notice: tests hold each."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.route_utils import BUILD_PATH_LIB

from rag.settings import Settings
from ui.http.clients import Client, client_of
from ui.http.events import MOST_TABS_IN_ALL, EventGate
from ui.http.gradio_routes import NeededRoutesOnly
from ui.http.page_scripts import PageScripts
from ui.http.uploads import Uploads, UploadsNoted
from ui.web.theme import stylesheets, theme

QUEUE_POLL_SECONDS = 0.02
"""Between two looks of Gradio's queue for events to start. Its default of 0.001 keeps an idle server at 3 to 4 % of a core."""

PROGRESS_POLL_SECONDS = 1.0
"""The same for `gr.Progress`, which no event of ours uses."""


class Page(gr.Blocks):
    """Gradio keeps all that events are given and show, for links to a state of the page that we do not offer; here it forgets them."""

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False) -> Any:
        """As Gradio's, without a copy of the inputs."""
        given = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        _forget(state)
        return given

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> Any:
        """As Gradio's, without a copy of the outputs."""
        shown = await super().postprocess_data(block_fn, predictions, state)
        _forget(state)
        return shown


def _forget(state: Any) -> None:
    if state is not None:
        state.config_values.clear()


class RunningEvents:
    """Gradio's queue and sessions, as the gate before it must know them."""

    def __init__(self, page: gr.Blocks) -> None:
        self._page: Any = page

    def unfinished(self) -> Iterable[Client]:
        """The client of each event that waits or runs."""
        return [client_of(event.request.scope) for event in list(self._page._queue.event_ids_to_events.values())]

    def forget(self, tab: str) -> None:
        """Drop a tab's state, but not the messages of an event that still runs."""
        holder, queue = self._page.state_holder, self._page._queue
        is_busy = any(event.session_hash == tab for event in list(queue.event_ids_to_events.values()))
        messages = () if is_busy else (queue.pending_event_ids_session, queue.pending_messages_per_session)
        for kept in (holder.session_data, holder.time_last_used, *messages):
            kept.pop(tab, None)


def mount(app: FastAPI, page: gr.Blocks, settings: Settings) -> None:
    """Mount the page at `/`, after all other routes, with our checks around it and Gradio's own switched on."""
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        css_paths=stylesheets(),
        show_error=False,
        run_history=False,
        footer_links=[],
        max_file_size=int(settings.max_file_megabytes * 1e6),
    )
    page.has_launched = True  # else Gradio takes a file from anywhere: it checks paths in apps that were launched, not mounted
    page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free = QUEUE_POLL_SECONDS, PROGRESS_POLL_SECONDS
    mounted: Any = app.routes[-1]
    mounted.app.state_holder.capacity = MOST_TABS_IN_ALL
    uploads = Uploads()
    gated = EventGate(mounted.app, uploads, RunningEvents(page))
    limited = UploadsNoted(gated, uploads, most_files=settings.max_upload_files, most_bytes=int(settings.max_upload_megabytes * 1e6))
    scripts = {script for block in page.blocks.values() if (script := getattr(block, "js_on_load", None))}
    mounted.app = NeededRoutesOnly(PageScripts(limited, Path(BUILD_PATH_LIB), sorted(scripts)))
