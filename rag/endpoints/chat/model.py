"""The chat model: messages in, a stream of words out, from any OpenAI-compatible endpoint."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag.endpoints.addresses import without_secrets
from rag.endpoints.chat.dialect import Dialect
from rag.endpoints.chat.endpoint import open_client
from rag.endpoints.chat.errors import chat_error, not_the_protocol, server_words
from rag.endpoints.chat.listing import how_to_choose, list_models, only_chat_model
from rag.endpoints.chat.reply import ChatDelta, ReplyReader
from rag.errors import ChatConnectionError, ChatError, ChatModelNotFoundError, ChatNotConfiguredError
from rag.settings import ChatEndpoint
from rag.types import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

__all__ = ["ChatDelta", "ChatModel", "ChatStatus", "OpenAIChatModel"]

PAUSE_SECONDS = 0.5
"""Before the one further try after a dropped connection, 429 or 5xx, where the server names no other."""

LONGEST_PAUSE_SECONDS = 5.0
"""A server that wants a longer one gets no second try: a person is waiting."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChatStatus:
    """Whether an endpoint answers, and with what.

    Attributes:
        model: The model that will answer, or "" while none is chosen.
        models: Those the endpoint lists, sorted; empty where it lists none.
        message: One sentence about it.
    """

    model: str
    models: tuple[str, ...]
    message: str


class ChatModel(Protocol):
    """Writes answers."""

    @property
    def name(self) -> str:
        """The model's name, or "" until it is known."""
        ...

    async def check(self) -> ChatStatus:
        """Whether the model answers; nothing is generated.

        Raises:
            ChatError: It does not.
        """
        ...

    async def resolve(self) -> str:
        """The model's name: the one set, else the only one that the endpoint serves.

        Raises:
            ChatNotConfiguredError: None is set, and the endpoint does not list exactly one.
            ChatError: The endpoint did not answer as it should.
        """
        ...

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        """Answer, word by word. Closing the generator ends the request at once.

        Raises:
            ChatError: The endpoint did not answer as it should; words may have been sent before.
        """
        ...


class OpenAIChatModel:
    """A model behind an OpenAI-compatible endpoint. It keeps no connection, so any event loop may use it.

    Args:
        endpoint: Where it answers. A wrong address is reported when it is first used.
        max_tokens: Longest answer in tokens, or None for the endpoint's own limit.
        temperature: Randomness, or None for the endpoint's own.
        timeout_seconds: Longest wait for the next words.
    """

    def __init__(self, endpoint: ChatEndpoint, *, max_tokens: int | None, temperature: float | None, timeout_seconds: float) -> None:
        self._endpoint = endpoint
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._timeout_seconds = timeout_seconds
        self._name = endpoint.model or ""
        self._dialect = Dialect()
        self._begins_thinking = False

    @property
    def name(self) -> str:
        """The model's name, or "" until it is known."""
        return self._name

    async def check(self) -> ChatStatus:
        """Ask the endpoint, at little cost, whether it answers and which model it has; nothing is generated.

        Raises:
            ChatError: It does not answer, refuses the key, or is no such endpoint. A missing list of models is no error.
        """
        models = await list_models(self._endpoint, self._timeout_seconds)
        url = without_secrets(self._endpoint.base_url)
        if models is None:
            model = self._name
            said = f"{model}: {url} answers; its list of models is not available." if model else how_to_choose(url, None)
            return ChatStatus(model, (), said)
        # found anew each time: another model may have been loaded there
        self._name = self._endpoint.model or only_chat_model(models)
        if not self._name:
            return ChatStatus("", models, how_to_choose(url, models))
        unlisted = "" if self._name in models else ", but does not list this model"
        return ChatStatus(self._name, models, f"{self._name}: {url} answers{unlisted}.")

    async def resolve(self) -> str:
        """The model's name: the one set, else the only one that the endpoint lists.

        Raises:
            ChatNotConfiguredError: None is set, and the endpoint does not list exactly one.
            ChatError: The endpoint did not answer as it should.
        """
        if not self._name:
            models = await list_models(self._endpoint, self._timeout_seconds)
            if not models or not only_chat_model(models):
                raise ChatNotConfiguredError(how_to_choose(without_secrets(self._endpoint.base_url), models))
            self._name = only_chat_model(models)
        return self._name

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        """Answer, word by word. Closing the generator (`contextlib.aclosing`) or cancelling its task ends the request at once.

        Args:
            messages: System, user and assistant messages, the question last.

        Yields:
            Words as they come, then one delta with `finish`.

        Raises:
            ChatError: The endpoint did not answer as it should. Where only the connection broke after some words,
                `finish` is "interrupted" instead.
        """
        await self.resolve()
        async with open_client(self._endpoint, self._timeout_seconds) as client, await self._opened(client, messages) as chunks:
            reply = ReplyReader(self._begins_thinking)
            while (chunk := await self._next(chunks, reply)) is not None:
                delta = reply.read(chunk)
                if delta.text or delta.reasoning or delta.retracts:
                    yield delta
            if not reply.chunks:
                raise not_the_protocol(self._endpoint, f"no words of type {chunks.response.headers.get('content-type', 'unknown')}")
            if not (reply.finish or reply.has_words):
                raise ChatConnectionError(f"{without_secrets(self._endpoint.base_url)} ended its answer before the first word. Try again.")
            end = reply.end()
            self._begins_thinking = reply.begins_thinking
            yield end

    async def _opened(self, client: "AsyncOpenAI", messages: Sequence[Message]) -> "AsyncStream[ChatCompletionChunk]":
        """The server's stream; what it refuses is left out, what fails in passing is tried once more."""
        import openai

        may_retry = True
        while True:
            request = self._dialect.request(messages, self._max_tokens, self._temperature)
            try:
                stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(model=self._name, **request)
            except openai.OpenAIError as error:
                status = getattr(error, "status_code", 0)
                dialect = self._dialect.adapted(request, status, server_words(error))
                pause = _pause_seconds(error)
                if dialect:
                    _log.info("%s does not take all of the request; from now on: %s", without_secrets(self._endpoint.base_url), dialect)
                    self._dialect = dialect
                elif may_retry and pause is not None:
                    may_retry = False
                    await asyncio.sleep(pause)
                else:
                    raise self._translated(error) from error
            else:
                return stream

    async def _next(self, chunks: "AsyncStream[ChatCompletionChunk]", reply: "ReplyReader") -> "ChatCompletionChunk | None":
        """The next chunk, or None at the end: the server's, or a connection that broke after words."""
        import openai

        try:
            return await anext(chunks)
        except StopAsyncIteration:
            return None
        except (openai.OpenAIError, ValueError) as error:
            is_cut = isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)
            if reply.finish or (is_cut and reply.has_words):
                return None
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> ChatError:
        translated = chat_error(error, self._endpoint, self._name, self._timeout_seconds)
        if isinstance(translated, ChatModelNotFoundError):
            self._name = self._endpoint.model or ""  # a model that was found may be gone: look again
        return translated


def _pause_seconds(error: Exception) -> float | None:
    """How long to wait before a second try, or None where there is to be none."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return None
    if isinstance(error, openai.APIConnectionError):
        return PAUSE_SECONDS
    if not isinstance(error, openai.RateLimitError | openai.InternalServerError):
        return None
    asked = error.response.headers.get("retry-after")
    try:
        pause = float(asked) if asked else PAUSE_SECONDS
    except ValueError:  # a date: too far away to be worth reading
        return None
    return pause if 0 <= pause <= LONGEST_PAUSE_SECONDS else None
