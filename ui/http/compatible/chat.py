"""`POST /v1/chat/completions`."""

import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from rag.library import Library
from rag.retrieving.search import SearchRequest
from rag.types import Answer
from ui.http.compatible.conversation import OURS
from ui.http.compatible.growth import Growth, annotations, tokens, whole
from ui.people.limits import answered


class Completion:
    """One answer in this protocol."""

    def __init__(self, library: Library, model: str, server: str) -> None:
        self._library = library
        self._server = server
        self._about = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}

    async def completed(self, request: SearchRequest) -> dict[str, Any]:
        """The whole answer."""
        async with aclosing(answers_of(self._library, request)) as answers:
            async for answer in answers:
                last = answer
        cited = [_nested(each) for each in annotations(last, self._server)]
        message = {"role": "assistant", "content": last.text, "refusal": None, "annotations": cited}
        choice = {"index": 0, "message": message, "finish_reason": _reason(last), "logprobs": None}
        return {**self._about, "object": "chat.completion", "choices": [choice], "usage": _usage(last), OURS: whole(last)}

    async def streamed(self, request: SearchRequest, *, with_usage: bool) -> AsyncIterator[bytes]:
        """The answer as it grows."""
        growth = Growth()
        yield self._chunk({"role": "assistant", "content": ""})
        async with aclosing(answers_of(self._library, request)) as answers:
            async for answer in answers:
                if new := growth.take(answer):
                    yield self._chunk({"content": new})
        cited = [_nested(each) for each in growth.annotations(answer, self._server)]
        yield self._chunk({"annotations": cited}, _reason(answer), **{OURS: whole(answer)})
        if with_usage:
            yield data({**self._about, "object": "chat.completion.chunk", "choices": [], "usage": _usage(answer)})
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return data({**self._about, "object": "chat.completion.chunk", "choices": [choice], **more})


async def answers_of(library: Library, request: SearchRequest) -> AsyncGenerator[Answer, None]:
    """The answer to a request, as it grows."""
    stream = library.stream(request.question, history=request.history, top_k=request.top_k, documents=request.documents)
    async with aclosing(answered(library, stream)) as answers:
        async for answer in answers:
            yield answer


def _nested(annotation: dict[str, Any]) -> dict[str, Any]:
    return {"type": annotation["type"], annotation["type"]: {name: value for name, value in annotation.items() if name != "type"}}


def _reason(answer: Answer) -> str:
    return "length" if answer.finish == "length" else "stop"


def _usage(answer: Answer) -> dict[str, int]:
    read, written = tokens(answer)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def data(plain: dict[str, Any]) -> bytes:
    """A server-sent event without a name."""
    return f"data: {json.dumps(plain, ensure_ascii=False)}\n\n".encode("utf-8", "replace")
