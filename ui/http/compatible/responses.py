"""`POST /v1/responses`."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from rag.library import Library
from rag.remote.wire import event
from rag.retrieving.search import SearchRequest
from rag.types import Answer
from ui.http.compatible.chat import answers_of
from ui.http.compatible.conversation import OURS
from ui.http.compatible.growth import Growth, annotations, tokens, whole


class Response:
    """One answer in this protocol: one message with one part of text."""

    def __init__(self, library: Library, model: str, server: str) -> None:
        self._library = library
        self._server = server
        self._id = f"msg_{secrets.token_hex(12)}"
        self._about = {
            "id": f"resp_{secrets.token_hex(12)}",
            "object": "response",
            "created_at": int(time.time()),
            "model": model,
            "tools": [],
            "tool_choice": "none",
            "parallel_tool_calls": False,
        }

    async def completed(self, request: SearchRequest) -> dict[str, Any]:
        """The whole answer."""
        async with aclosing(answers_of(self._library, request)) as answers:
            async for answer in answers:
                last = answer
        return self._whole(last, last.text, annotations(last, self._server))

    async def streamed(self, request: SearchRequest) -> AsyncIterator[bytes]:
        """The answer as it grows."""
        number, growth = 0, Growth()
        where = {"item_id": self._id, "output_index": 0, "content_index": 0}

        def told(kind: str, **more: Any) -> bytes:
            nonlocal number
            number += 1
            return event(kind, {"type": kind, "sequence_number": number - 1, **more})

        begun = {**self._about, "status": "in_progress", "output": []}
        yield told("response.created", response=begun)
        yield told("response.in_progress", response=begun)
        yield told("response.output_item.added", output_index=0, item=self._message("", [], "in_progress"))
        yield told("response.content_part.added", **where, part=_part("", []))
        async with aclosing(answers_of(self._library, request)) as answers:
            async for answer in answers:
                if new := growth.take(answer):
                    yield told("response.output_text.delta", **where, delta=new, logprobs=[])
        cited = growth.annotations(answer, self._server)
        for index, each in enumerate(cited):
            yield told("response.output_text.annotation.added", **where, annotation_index=index, annotation=each)
        yield told("response.output_text.done", **where, text=growth.text, logprobs=[])
        yield told("response.content_part.done", **where, part=_part(growth.text, cited))
        yield told("response.output_item.done", output_index=0, item=self._message(growth.text, cited))
        yield told("response.completed", response=self._whole(answer, growth.text, cited))

    def _whole(self, answer: Answer, text: str, cited: list[dict[str, Any]]) -> dict[str, Any]:
        read, written = tokens(answer)
        usage = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }
        return {**self._about, "status": "completed", "output": [self._message(text, cited)], "usage": usage, OURS: whole(answer)}

    def _message(self, text: str, cited: list[dict[str, Any]], status: str = "completed") -> dict[str, Any]:
        content = [_part(text, cited)] if status == "completed" else []
        return {"type": "message", "id": self._id, "role": "assistant", "status": status, "content": content}


def _part(text: str, cited: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": cited, "logprobs": []}
