"""The chat model: messages in, a stream of words out, from any OpenAI-compatible endpoint."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag.endpoints.chat.dialect import Dialect
from rag.endpoints.chat.endpoint import CHAT, how_to_choose, list_models, only_chat_model, open_client
from rag.endpoints.chat.reply import ChatDelta, ReplyReader
from rag.endpoints.client import Endpoint, Service
from rag.endpoints.errors import all_words, not_the_protocol, translate
from rag.errors import ChatConnectionError, ChatModelNotFoundError, ChatNotConfiguredError, RagError
from rag.settings import ChatEndpoint
from rag.types import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

__all__ = ["ChatDelta", "ChatModel", "ChatStatus", "OpenAIChatModel", "whole_reply"]

PAUSE_SECONDS = 0.5  # before the one retry after a dropped connection, 429 or 5xx, where the server names no other
LONGEST_PAUSE_SECONDS = 5.0  # a server that asks for a longer one gets no retry: a person is waiting

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

    async def check(self) -> ChatStatus:
        """Ask, at little cost, whether the endpoint answers and which model it has; nothing is generated.

        Raises:
            ChatError: It does not answer as it should.
        """

    async def resolve(self) -> str:
        """The model's name: the one set, else the only one that the endpoint serves.

        Raises:
            ChatNotConfiguredError: None is set, and the endpoint does not list exactly one.
            ChatError: The endpoint did not answer as it should.
        """

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        """Answer, word by word. Closing the generator ends the request at once.

        Raises:
            ChatError: The endpoint did not answer as it should; words may have been sent before.
        """


async def whole_reply(chat_model: ChatModel, messages: Sequence[Message], most_characters: int) -> str:
    """A short reply, without reasoning; "" where it was cut off or rambles. Errors as for `ChatModel.stream`."""
    text, finish = "", None
    async with aclosing(chat_model.stream(messages)) as deltas:
        async for delta in deltas:
            text = delta.text if delta.retracts else text + delta.text
            finish = delta.finish or finish
            if len(text) > most_characters:
                return ""
    return "" if finish in {None, "length", "interrupted"} else text


class OpenAIChatModel:
    """A model behind an OpenAI-compatible endpoint. It keeps no connection, so any event loop may use it."""

    def __init__(
        self,
        endpoint: ChatEndpoint,
        *,
        max_tokens: int | None,
        temperature: float | None,
        timeout_seconds: float,
        service: Service = CHAT,
    ) -> None:
        """Ask nothing yet; None leaves `max_tokens` and `temperature` to the endpoint, `timeout_seconds` is the wait for the next words."""
        self._endpoint = Endpoint(service, endpoint.base_url, endpoint.api_key, endpoint.model or "", timeout_seconds)
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._name = self._endpoint.model
        self._dialect = Dialect()
        self._begins_thinking = False

    @property
    def name(self) -> str:
        """See `ChatModel.name`."""
        return self._name

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        return self._endpoint

    @property
    def dialect(self) -> Dialect:
        """What its server takes, as far as it has refused something."""
        return self._dialect

    async def check(self) -> ChatStatus:
        """See `ChatModel.check`. A missing list of models is no error."""
        models, url = await list_models(self._endpoint), self._endpoint.shown
        if models is None:
            model = self._name
            message = f"{model}: {url} answers; its list of models is not available." if model else how_to_choose(self._endpoint, None)
            return ChatStatus(model, (), message)
        # found anew each time: another model may have been loaded there
        self._name = self._endpoint.model or only_chat_model(models)
        if not self._name:
            return ChatStatus("", models, how_to_choose(self._endpoint, models))
        unlisted = "" if self._name in models else ", but does not list this model"
        return ChatStatus(self._name, models, f"{self._name}: {url} answers{unlisted}.")

    async def resolve(self) -> str:
        """See `ChatModel.resolve`."""
        if not self._name:
            models = await list_models(self._endpoint)
            self._name = only_chat_model(models or ())
            if not self._name:
                raise ChatNotConfiguredError(how_to_choose(self._endpoint, models))
        return self._name

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        """See `ChatModel.stream`. Where only the connection broke after some words, the last delta's `finish` is "interrupted"."""
        await self.resolve()
        async with open_client(self._endpoint) as client, await self._open_stream(client, messages) as chunks:
            reply = ReplyReader(self._begins_thinking)
            while (chunk := await self._next_chunk(chunks, reply)) is not None:
                delta = reply.read(chunk)
                if delta.text or delta.reasoning or delta.retracts:
                    yield delta
            if not reply.chunks:
                content_type = chunks.response.headers.get("content-type", "unknown")
                raise not_the_protocol(f"no stream of words, but type {content_type}", self._endpoint)
            if not (reply.finish or reply.has_words):
                raise ChatConnectionError(f"{self._endpoint.shown} ended its answer before the first word. Try again.")
            end = reply.end()
            self._begins_thinking = reply.splitter.begins_inside
            yield end

    async def _open_stream(self, client: "AsyncOpenAI", messages: Sequence[Message]) -> "AsyncStream[ChatCompletionChunk]":
        """The server's stream; parameters it refuses are left out, and a transient failure is retried once."""
        import openai

        may_retry = True
        while True:
            request = self._dialect.request(messages, self._max_tokens, self._temperature)
            try:
                stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(model=self._name, **request)
            except openai.OpenAIError as error:
                status, words = getattr(error, "status_code", 0), all_words(getattr(error, "body", None))
                dialect = self._dialect.adapted(request, status, words)
                pause = _pause_seconds(error)
                if dialect:
                    _log.info("%s does not take all of the request; from now on: %s", self._endpoint.shown, dialect)
                    self._dialect = dialect
                elif may_retry and pause is not None:
                    may_retry = False
                    await asyncio.sleep(pause)
                else:
                    raise self._translated(error) from error
            else:
                return stream

    async def _next_chunk(self, chunks: "AsyncStream[ChatCompletionChunk]", reply: ReplyReader) -> "ChatCompletionChunk | None":
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

    def _translated(self, error: Exception) -> RagError:
        translated = translate(error, self._endpoint, self._name)
        if isinstance(translated, ChatModelNotFoundError):
            self._name = self._endpoint.model  # a model that was found may be gone: look again
        return translated


def _pause_seconds(error: Exception) -> float | None:
    """How long to wait before the second try, or None where there is to be none."""
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
