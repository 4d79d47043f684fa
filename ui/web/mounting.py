"""The page inside our app, with our checks around it. It uses parts of Gradio that may change without notice: tests hold each."""

from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.route_utils import BUILD_PATH_LIB

from rag.settings import Settings
from ui.chats.conversations import OWNER
from ui.http.access import caller_of
from ui.http.events import MOST_TABS_IN_ALL, EventGate
from ui.http.gradio_routes import needed_routes_only
from ui.http.page_scripts import with_page_scripts
from ui.http.uploads import Uploads, with_uploads_noted
from ui.web.rights import event_rights
from ui.web.theme import stylesheets, theme

QUEUE_POLL_SECONDS = 0.02
"""Between two looks of Gradio's queue for events to start. Its default of 0.001 keeps an idle server at 3 to 4 % of a core."""

PROGRESS_POLL_SECONDS = 1.0  # the same for `gr.Progress`, which no event of ours uses


class Page(gr.Blocks):
    """Gradio keeps all that events are given and show, for links to a state of the page that we do not offer; here it forgets them."""

    async def process_api(self, *inputs: Any, **given: Any) -> dict[str, Any]:
        """As Gradio's, which calls an event after its request has ended; on behalf of who has sent that."""
        owned = OWNER.set(caller_of(given["request"].request.scope).owner)
        try:
            return await super().process_api(*inputs, **given)
        finally:
            OWNER.reset(owned)

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
    queue = page._queue
    queue.sleep_when_free, queue.progress_update_sleep_when_free = QUEUE_POLL_SECONDS, PROGRESS_POLL_SECONDS
    mounted: Any = app.routes[-1]
    sessions = mounted.app.state_holder
    sessions.capacity = MOST_TABS_IN_ALL
    uploads = Uploads()
    most_bytes = int(settings.max_upload_megabytes * 1e6)
    gate = EventGate(mounted.app, uploads, queue, sessions, event_rights(page.fns))
    limited = with_uploads_noted(gate, uploads, most_files=settings.max_upload_files, most_bytes=most_bytes)
    scripts = {script for block in page.blocks.values() if (script := getattr(block, "js_on_load", None))}
    mounted.app = needed_routes_only(with_page_scripts(limited, Path(BUILD_PATH_LIB), sorted(scripts)))
