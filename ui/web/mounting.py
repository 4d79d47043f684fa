"""The page inside our app, with our checks around it. It uses parts of Gradio that may change without notice: tests hold each."""

from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.route_utils import BUILD_PATH_LIB

from rag.settings import Settings
from ui.chats.conversations import OWNER
from ui.http.access import account_of, caller_of
from ui.http.events import MOST_TABS_IN_ALL, EventGate
from ui.http.gradio_routes import needed_routes_only
from ui.http.page_scripts import with_page_scripts
from ui.http.requests import seen_of
from ui.http.uploads import Uploads, with_uploads_noted
from ui.people.audit import TRAIL, note_of
from ui.people.limits import ACCOUNT
from ui.web.rights import event_rights, handler_name, is_recorded, right_of
from ui.web.theme import stylesheets, theme

QUEUE_POLL_SECONDS = 0.02
"""Between two looks of Gradio's queue for events to start. Its default of 0.001 keeps an idle server at 3 to 4 % of a core."""

MOST_RUNNING = 400
"""Events at a time, of all kinds, with questions that wait for their turn. Gradio's default of 40 would have them keep all else waiting."""

PROGRESS_POLL_SECONDS = 1.0  # the same for `gr.Progress`, which no event of ours uses


class Page(gr.Blocks):
    """Gradio keeps all that events are given and show, for links to a state of the page that we do not offer; here it forgets them."""

    async def process_api(self, block_fn: Any, *inputs: Any, **given: Any) -> dict[str, Any]:
        """As Gradio's, which calls an event after its request has ended; on behalf of who has sent that, and recorded where it is due."""
        scope, handler = given["request"].request.scope, block_fn.fn
        trail = seen_of(scope).trail if handler and right_of(handler) != "read" else None  # what shows things asks no questions of a person
        owned, trailed, accounted = OWNER.set(caller_of(scope).owner), TRAIL.set(trail), ACCOUNT.set(account_of(scope))
        try:
            return await super().process_api(block_fn, *inputs, **given)
        finally:
            ACCOUNT.reset(accounted)
            OWNER.reset(owned)
            TRAIL.reset(trailed)
            if trail and not trail.is_noted and is_recorded(handler):
                note_of(trail, "event", {"handler": handler_name(handler)})

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
    queue.max_thread_count = MOST_RUNNING  # a count of events: threads are limited elsewhere
    mounted: Any = app.routes[-1]
    sessions = mounted.app.state_holder
    sessions.capacity = MOST_TABS_IN_ALL
    uploads = Uploads()
    most_bytes = int(settings.max_upload_megabytes * 1e6)
    gate = EventGate(mounted.app, uploads, queue, sessions, event_rights(page.fns))
    limited = with_uploads_noted(gate, uploads, most_files=settings.max_upload_files, most_bytes=most_bytes)
    scripts = {script for block in page.blocks.values() if (script := getattr(block, "js_on_load", None))}
    mounted.app = needed_routes_only(with_page_scripts(limited, Path(BUILD_PATH_LIB), sorted(scripts)))
