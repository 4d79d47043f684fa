"""The settings tab: which model and endpoint answer, and whether they do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.endpoints.addresses import without_secrets
from rag.errors import RagError
from rag.library import Library
from rag.types import Finding
from ui.commands.doctor import diagnose, mend
from ui.web import text
from ui.web.html import render


@dataclass(frozen=True, slots=True)
class SettingsPanel:
    """The tab's components."""

    table: gr.HTML
    check: gr.Button
    findings: gr.HTML
    examine: gr.Button
    repair: gr.Button


def build_settings() -> SettingsPanel:
    """Lay the tab out."""
    table = gr.HTML(elem_id="settings")
    check = gr.Button(text.CHECK_AGAIN, size="sm", elem_id="check")
    findings = gr.HTML(elem_id="findings")
    with gr.Row(elem_id="doctor"):
        examine = gr.Button(text.EXAMINE, size="sm")
        repair = gr.Button(text.REPAIR, size="sm", visible=False)
    gr.Markdown(text.HOW_TO_CONNECT, elem_id="connect")
    return SettingsPanel(table, check, findings, examine, repair)


class SettingsHandlers:
    """What happens in the tab, and in the head of the page."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def check(self) -> tuple[str, str]:
        """The head's line about the chat model, and the table."""
        line, state, is_ready = await self._state()
        return render("head.html", line=line, state=state, is_ready=is_ready), self._table(state)

    def examine(self) -> Iterator[tuple[Any, Any]]:
        """What was found of each part of the library, and the button that repairs where something is to be repaired."""
        yield from self._found(text.EXAMINING, diagnose)

    def repair(self) -> Iterator[tuple[Any, Any]]:
        """Repair, and look again."""
        yield from self._found(text.REPAIRING, mend)

    def _found(self, words: str, look: Callable[[Library], list[Finding]]) -> Iterator[tuple[Any, Any]]:
        yield f'<p class="fn-soft" role="status">{words}</p>', gr.Button(visible=False)
        findings = look(self._library)
        yield render("findings.html", findings=findings), gr.Button(visible=any(finding.state != "ok" for finding in findings))

    async def _state(self) -> tuple[str, str, bool]:
        settings, chat_model = self._library.settings, self._library.chat_model
        if chat_model is None or settings.chat_endpoint is None:
            has_parts = settings.chat_model is not None or settings.chat_api_key is not None
            return text.NO_MODEL, text.NO_ADDRESS if has_parts else text.NO_MODEL, not has_parts
        host = without_secrets(settings.chat_endpoint.base_url).partition("://")[2].partition("/")[0]
        try:
            status = await chat_model.check()
        except RagError as error:
            return text.NOT_READY.format(host=host), str(error), False
        if not status.model:
            return text.NOT_READY.format(host=host), status.message, False
        return text.READY.format(model=status.model, host=host), status.message, True

    def _table(self, state: str) -> str:
        settings, names = self._library.settings, text.SETTING_NAMES
        endpoint, chat_model = settings.chat_endpoint, self._library.chat_model
        rows = {
            names["chat"]: (chat_model.name if chat_model else "") or "–",
            names["endpoint"]: without_secrets(endpoint.base_url) if endpoint else "–",
            names["state"]: state,
            names["context"]: f"{settings.chat_context_tokens:,} tokens",
            names["embedding"]: settings.embedding_model,
            names["chunk"]: f"{settings.chunk_tokens} tokens at most; {settings.top_k} passages a question",
            names["library"]: str(self._library.folder),
            names["limit"]: f"{settings.max_file_megabytes:g} MB",
        }
        return render("settings.html", rows=rows)
