"""A plain function as a chat model: messages in, words out, at once or piece by piece."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from rag import arguments
from rag.endpoints.chat.model import ChatDelta, ChatModel, ChatStatus
from rag.errors import ChatError, ChatFunctionError
from rag.types import Message

Words = str | Iterable[str] | Awaitable[str] | AsyncIterable[str]
ChatFunction = Callable[[list[dict[str, str]]], Words]
"""Takes messages as OpenAI's protocol has them, `{"role": ..., "content": ...}`; returns the answer or yields its pieces; may be async."""

_END = object()


def chat_model_of(given: "ChatModel | ChatFunction | None") -> ChatModel | None:
    """A chat model as a caller gives it; `TypeError` where it is none."""
    if given is None or hasattr(given, "stream"):
        arguments.part("chat_model", given, ("name", "check", "resolve", "stream"), "a ChatModel or a function")
        return given  # type: ignore[return-value]
    if isinstance(given, type) or not callable(given):
        shown = given.__name__ if isinstance(given, type) else type(given).__name__
        raise TypeError(f"chat_model must be a function such as `lambda messages: ...`, or a ChatModel, not {shown}.")
    return FunctionChatModel(given)


class FunctionChatModel:
    """A function in a chat model's place. One that is not async is called in a thread of its own."""

    def __init__(self, function: ChatFunction) -> None:
        self._function = function
        self.name = getattr(function, "__name__", type(function).__name__).strip("<>")

    async def check(self) -> ChatStatus:
        """See `ChatModel.check`."""
        return ChatStatus(self.name, (self.name,), f"{self.name}: answers are written by this function.")

    async def resolve(self) -> str:
        """See `ChatModel.resolve`."""
        return self.name

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[ChatDelta, None]:
        """See `ChatModel.stream`; whatever the function raises becomes a `ChatFunctionError`, unless it is a `ChatError`."""
        plain = [{"role": message.role, "content": message.content} for message in messages]
        pieces = self._pieces(plain)
        try:
            async for piece in pieces:
                yield ChatDelta(self._words(piece), "")
        except ChatError:
            raise
        except Exception as error:  # whatever a caller's own code raises
            raise ChatFunctionError(f"The chat function {self.name} failed: {type(error).__name__}: {error}") from error
        finally:
            await pieces.aclose()
        yield ChatDelta("", "", "stop")

    def _words(self, piece: Any) -> str:
        if not isinstance(piece, str):
            raise ChatFunctionError(f"The chat function {self.name} gave a {type(piece).__name__}. {_WANTED}")
        return arguments.valid(piece)

    async def _pieces(self, messages: list[dict[str, str]]) -> AsyncGenerator[Any, None]:
        is_async = inspect.iscoroutinefunction(self._function) or inspect.isasyncgenfunction(self._function)
        given: Any = self._function(messages) if is_async else await asyncio.to_thread(self._function, messages)
        if inspect.isawaitable(given):
            given = await given
        if isinstance(given, AsyncIterable):
            async for piece in given:
                yield piece
        elif isinstance(given, Iterable) and not isinstance(given, str | bytes | dict):
            async for piece in _in_threads(iter(given)):
                yield piece
        else:
            yield given


async def _in_threads(pieces: Iterator[Any]) -> AsyncGenerator[Any, None]:
    """What an iterator gives, each piece waited for in a thread; it is closed where it is left early."""
    try:
        while (piece := await asyncio.to_thread(next, pieces, _END)) is not _END:
            yield piece
    finally:
        with suppress(AttributeError, ValueError):  # no generator; or one that is still running in its thread
            pieces.close()  # type: ignore[attr-defined]


_WANTED = "It takes a list of messages, and returns the answer as a str or yields its pieces."
