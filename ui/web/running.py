"""What the gate before Gradio must know of it. The names are Gradio's own, not promised to stay: tests hold each."""

from collections.abc import Iterable
from typing import Any

import gradio as gr

from ui.http.clients import Client, client_of


class GradioRunning:
    """Gradio's queue and its sessions."""

    def __init__(self, page: gr.Blocks) -> None:
        self._page: Any = page

    def unfinished(self) -> Iterable[Client]:
        """Of each event that waits or runs, whose it is."""
        return [client_of(event.request.scope) for event in list(self._page._queue.event_ids_to_events.values())]

    def forget(self, tab: str) -> None:
        """Drop what is kept for a tab; what an event of its still says is kept."""
        holder, queue = self._page.state_holder, self._page._queue
        is_busy = any(event.session_hash == tab for event in list(queue.event_ids_to_events.values()))
        messages = () if is_busy else (queue.pending_event_ids_session, queue.pending_messages_per_session)
        for kept in (holder.session_data, holder.time_last_used, *messages):
            kept.pop(tab, None)
