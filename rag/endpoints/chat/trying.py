"""How a chat endpoint behaves: whether it answers, takes the key, streams, counts tokens, and which parameters it takes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from rag.endpoints.chat.dialect import Dialect
from rag.endpoints.chat.endpoint import MODELS_NAMED, get_json, list_entries
from rag.endpoints.chat.model import OpenAIChatModel
from rag.endpoints.client import Endpoint
from rag.errors import ChatAuthenticationError, ChatConnectionError, ChatNotConfiguredError, RagError
from rag.types import Finding, Message

TRIAL_TOKENS = 256  # enough for a reasoning model to begin to answer
TRIAL = (Message("system", "You are being tested. Be brief."), Message("user", "Count from one to five, in words."))

CONTEXT_FIELDS = ("loaded_context_length", "max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
"""How servers name a context size: LM Studio, vLLM, Ollama and OpenRouter, Groq, Mistral, llama.cpp."""
CONTEXT_PATHS = ("/api/ps", "/api/v0/models", "/props")  # where Ollama, LM Studio and llama.cpp tell it, besides the list of models
CONTEXT_SECONDS = 3.0  # longest wait for it


@dataclass(frozen=True, slots=True)
class ChatTrial:
    """What a trial found.

    Attributes:
        findings: A plain sentence about each part.
        models: Those that the endpoint lists, sorted.
        model: The one that was tried, or "" while none is chosen.
        context_tokens: Its context size, where the server tells it.
    """

    findings: tuple[Finding, ...]
    models: tuple[str, ...] = ()
    model: str = ""
    context_tokens: int | None = None

    @property
    def is_ready(self) -> bool:
        """Whether questions can be answered with it."""
        return all(finding.state != "fault" for finding in self.findings)


async def tried(chat_model: OpenAIChatModel) -> ChatTrial:
    """Try a chat model, whose answer is limited in tokens. No error of the endpoint is raised: it is a finding."""
    endpoint, models = chat_model.endpoint, tuple[str, ...]()
    try:
        entries = await list_entries(endpoint)
        models = tuple(sorted(str(entry["id"]) for entry in entries or ()))
        model = await chat_model.resolve()
    except ChatNotConfiguredError as error:
        choose = Finding("Model", "warning", _choose(models, str(error)))
        return ChatTrial((_reached(endpoint), choose), models) if models else ChatTrial((Finding("Address", "fault", str(error)),))
    except RagError as error:
        return ChatTrial(_failed(endpoint, error))
    findings = [_reached(endpoint), *_model(model, entries)]
    try:
        findings += await _answered(chat_model)
    except RagError as error:
        return ChatTrial((*_failed(endpoint, error, is_reached=True), *findings[1:]), models, model)
    context = _context_in(entries or (), model) or await _context_elsewhere(endpoint, model)
    told = f"{context:,} tokens, as the server says." if context else "The server does not say."
    return ChatTrial((*findings, Finding("Context size", "ok", told)), models, model, context)


async def _answered(chat_model: OpenAIChatModel) -> list[Finding]:
    """What an answer shows of the endpoint."""
    began, first, pieces, counted = time.monotonic(), 0.0, 0, None
    async for delta in chat_model.stream(TRIAL):
        if delta.text or delta.reasoning:
            first = first or time.monotonic() - began
            pieces += 1
        counted = delta.prompt_tokens or counted
    dialect = chat_model.dialect
    key = "Accepted." if chat_model.endpoint.key else "None was sent; none is needed."
    streams = f"Words arrive one by one, the first after {first:.1f} seconds." if pieces > 1 else "The answer arrives in one piece."
    counts = "The server counts tokens." if counted else "The server does not count tokens; Footnote estimates them."
    return [
        Finding("Key", "ok", key),
        Finding("Streaming", "ok" if pieces > 1 else "warning", streams if pieces else "The answer was empty."),
        Finding("Usage", "ok" if counted else "warning", counts),
        *_taken(dialect),
    ]


def _taken(dialect: Dialect) -> list[Finding]:
    system = "Accepted." if dialect.takes_system else "Refused; Footnote puts its instructions before the question instead."
    limit = f"Accepted as {dialect.token_limit}." if dialect.token_limit else "Refused; the length of answers cannot be limited."
    return [
        Finding("System role", "ok" if dialect.takes_system else "warning", system),
        Finding("Token limit", "ok" if dialect.token_limit else "warning", limit),
        *([] if dialect.takes_temperature else [Finding("Temperature", "warning", "Refused; the model's own is used.")]),
    ]


def _reached(endpoint: Endpoint) -> Finding:
    return Finding("Address", "ok", f"{endpoint.shown} answers.")


def _failed(endpoint: Endpoint, error: RagError, *, is_reached: bool = False) -> tuple[Finding, ...]:
    """The findings of a trial that an error ended."""
    if isinstance(error, ChatAuthenticationError):
        return _reached(endpoint), Finding("Key", "fault", str(error))
    if is_reached and not isinstance(error, ChatConnectionError):
        return _reached(endpoint), Finding("Answer", "fault", str(error))
    return (Finding("Address", "fault", str(error)),)


def _model(model: str, entries: Sequence[dict[str, Any]] | None) -> list[Finding]:
    if entries is None:
        return [Finding("Model", "ok", f"{model}. The server does not list its models.")]
    is_listed = any(entry["id"] == model for entry in entries)
    return [Finding("Model", "ok" if is_listed else "warning", f"{model}." if is_listed else f"{model} is not in the server's list.")]


def _choose(models: Sequence[str], otherwise: str) -> str:
    if not models:
        return otherwise
    more = f" and {len(models) - MODELS_NAMED} more" if len(models) > MODELS_NAMED else ""
    return f"Choose one: {', '.join(models[:MODELS_NAMED])}{more}."


def _context_in(entries: Sequence[dict[str, Any]], model: str) -> int | None:
    """The context size of a model in a server's list of models; llama.cpp puts it in `meta`."""
    for entry in entries:
        if model in {entry.get("id"), entry.get("name"), entry.get("model")}:
            sizes = [place.get(name) for place in (entry, entry.get("meta")) if isinstance(place, dict) for name in CONTEXT_FIELDS]
            return next((size for size in sizes if type(size) is int and size > 0), None)
    return None


async def _context_elsewhere(endpoint: Endpoint, model: str) -> int | None:
    """The context size where a server tells it outside `/v1`."""
    parts = urlsplit(endpoint.checked_url())
    if not parts.path.endswith("/v1"):
        return None
    root = replace(
        endpoint,
        base_url=urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix("/v1"), "", "")),
        timeout_seconds=min(CONTEXT_SECONDS, endpoint.timeout_seconds),
    )
    for path in CONTEXT_PATHS:
        try:
            told = await get_json(root, path)
        except RagError:
            continue
        if not isinstance(told, dict):
            continue
        if path == "/props":  # of the one model that is loaded
            told = {"data": [{"id": model, **settings}]} if isinstance(settings := told.get("default_generation_settings"), dict) else {}
        listed = told.get("data") or told.get("models")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        if context := _context_in(entries, model):
            return context
    return None
