"""The settings tab: the chat models, how answers are to be, the embedding models, and the library's health."""

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from rag.endpoints.addresses import without_secrets
from rag.endpoints.chat.model import ChatModel
from rag.errors import RagError, SettingsError
from rag.library import Library
from rag.settings import Settings
from rag.types import Finding
from ui import text
from ui.diagnosis import diagnose, mend
from ui.rendering.html import render
from ui.uploading.indexer import Indexer
from ui.web.answer_settings import build_answer_settings
from ui.web.connections import ChatModelPlaces, build_connections
from ui.web.contract import PRIVATE
from ui.web.models import build_models


def build_settings(page: gr.Blocks, places: ChatModelPlaces, library: Library, indexer: Indexer, *, may_connect: bool) -> None:
    """Lay the tab out and wire it; `may_connect`: whether chat models may be connected on the page."""
    handlers, head = SettingsHandlers(library), places.head
    checked: dict[str, Any] = {"fn": handlers.check, "inputs": places.preferred, **PRIVATE}
    table = gr.HTML(elem_id="settings", render=False)
    with gr.Column(elem_id="chat-models"):
        build_connections(page, places, library, may_connect, lambda event: event.then(**checked, outputs=[head, table]))
    build_answer_settings(page, library)
    table.render()  # type: ignore[no-untyped-call]
    check = gr.Button(text.CHECK_CONNECTION, size="sm", elem_id="check")
    build_models(page, library, indexer)
    findings = gr.HTML(elem_id="findings")
    with gr.Row(elem_id="doctor"):
        examine = gr.Button(text.EXAMINE, size="sm")
        repair = gr.Button(text.REPAIR, size="sm", visible=False)
    gr.Markdown(text.HOW_TO_CONNECT, elem_id="connect")
    page.load(**checked, outputs=[head, table])
    check.click(**checked, outputs=[head, table])
    one_at_a_time: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "doctor", **PRIVATE}
    examine.click(handlers.examine, None, [findings, repair], **one_at_a_time)
    repair.click(handlers.repair, None, [findings, repair], **one_at_a_time)


class SettingsHandlers:
    """The events of the tab and of the page's head."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def check(self, preferred: str | None = None) -> tuple[str, str]:
        """The head's line about the chat model, and the table; `preferred` is the connection that was chosen in the tab."""
        try:
            settings, chat_model = self._library.answering(preferred)
        except SettingsError:  # it is gone
            settings, chat_model = self._library.answering()
        line, state, is_ready = await self._state(settings, chat_model)
        return render("head.html", line=line, state=state, is_ready=is_ready), self._table(settings, chat_model, state)

    def examine(self) -> Iterator[tuple[Any, Any]]:
        """The findings, and the button that repairs, if anything needs it."""
        yield from self._findings(text.EXAMINING, diagnose)

    def repair(self) -> Iterator[tuple[Any, Any]]:
        """Repair, and check again."""
        yield from self._findings(text.REPAIRING, mend)

    def _findings(self, words: str, check: Callable[[Library], list[Finding]]) -> Iterator[tuple[Any, Any]]:
        yield f'<p class="fn-soft" role="status">{words}</p>', gr.Button(visible=False)
        findings = check(self._library)
        yield render("findings.html", findings=findings), gr.Button(visible=any(finding.state != "ok" for finding in findings))

    async def _state(self, settings: Settings, chat_model: ChatModel | None) -> tuple[str, str, bool]:
        """The head's line, the chat model's state in a sentence, and whether all is well."""
        if chat_model is None or settings.chat_endpoint is None:
            is_incomplete = settings.chat_model is not None or settings.chat_api_key is not None
            return text.NO_MODEL, text.NO_ADDRESS if is_incomplete else text.NO_MODEL, not is_incomplete
        host = without_secrets(settings.chat_endpoint.base_url).partition("://")[2].partition("/")[0]
        try:
            status = await chat_model.check()
        except RagError as error:
            return text.NOT_READY.format(host=host), str(error), False
        if not status.model:
            return text.NOT_READY.format(host=host), status.message, False
        return text.READY.format(model=status.model, host=host), status.message, True

    def _table(self, settings: Settings, chat_model: ChatModel | None, state: str) -> str:
        endpoint = settings.chat_endpoint
        values = (
            (chat_model.name if chat_model else "") or "–",
            without_secrets(endpoint.base_url) if endpoint else "–",
            state,
            f"{settings.chat_context_tokens:,} tokens",
            f"up to {settings.chunk_tokens} tokens; {settings.top_k} passages per question",
            str(self._library.folder),
            f"{settings.max_file_megabytes:g} MB",
        )
        return render("settings.html", rows=dict(zip(text.SETTINGS_ROWS, values, strict=True)))
