"""Which parameters a chat server accepts: learned from what it refuses. A quirk of a server is one more field of `Dialect`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.types import Message

NO_SYSTEM = re.compile(
    r"(system|developer) (role|message|prompt|instruction)s?\b[^.]{0,40}\b(not|n't|un)\s?(supported|enabled|allowed)"
    r"|roles must alternate|only user and assistant roles",
    re.IGNORECASE,
)
"""How chat templates without a system role (Gemma, older Mistral) say so."""

USAGE = re.compile(r"stream_?options|include_?usage", re.IGNORECASE)  # how a server names the parameters that ask it to count tokens


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server accepts."""

    token_limit: str | None = "max_tokens"  # the parameter that limits the answer's tokens, or None where there is none
    takes_temperature: bool = True
    takes_system: bool = True  # otherwise its text goes before the first user message
    takes_usage: bool = True  # whether it can be asked how many tokens it counted

    def request(self, messages: Sequence[Message], max_tokens: int | None, temperature: float | None) -> dict[str, Any]:
        """The request's body besides the model's name: as little as the server needs."""
        body: dict[str, Any] = {"messages": _turns(messages, self.takes_system), "stream": True}
        if max_tokens is not None and self.token_limit:
            body[self.token_limit] = max_tokens
        if temperature is not None and self.takes_temperature:
            body["temperature"] = temperature
        if self.takes_usage:
            body["stream_options"] = {"include_usage": True}
        return body

    def adapted(self, request: Mapping[str, Any], status: int, complaint: str) -> "Dialect | None":
        """The dialect to try next, or None if the server's complaint about a request names nothing that can be left out."""
        # llama.cpp and others answer 500 where the chat template itself raises
        if NO_SYSTEM.search(complaint) and any(message["role"] == "system" for message in request["messages"]):
            return replace(self, takes_system=False)
        if status not in {400, 422}:
            return None
        if self.token_limit and self.token_limit in request and self.token_limit in complaint:
            is_renamed = self.token_limit == "max_tokens" and "max_completion_tokens" in complaint
            return replace(self, token_limit="max_completion_tokens" if is_renamed else None)
        if "stream_options" in request and USAGE.search(complaint):
            return replace(self, takes_usage=False)
        if "temperature" in request and "temperature" in complaint:
            return replace(self, takes_temperature=False)
        return None


def _turns(messages: Sequence[Message], takes_system: bool) -> list[dict[str, str]]:
    """One system message at most and first, then user and assistant strictly in turn, beginning with the user."""
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    turns: list[Message] = []
    for message in messages:
        if message.role == "system" or not message.content.strip():
            continue
        if turns and turns[-1].role == message.role:
            turns[-1] = Message(message.role, f"{turns[-1].content}\n\n{message.content}")
        elif turns or message.role == "user":
            turns.append(message)
    if system and takes_system:
        turns.insert(0, Message("system", system))
    elif system and turns:
        turns[0] = Message("user", f"{system}\n\n{turns[0].content}")
    # a lone surrogate, as a shell may pass one, cannot be sent
    return [{"role": turn.role, "content": turn.content.encode("utf-8", "replace").decode()} for turn in turns]
