"""An OpenAI-compatible request -> the question that it asks of a library, and where."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rag.retrieving.search import SearchRequest
from rag.types import Message

MODEL = "footnote"
OURS = "footnote"  # the field of a request and of an answer that only Footnote knows


class RequestError(ValueError):
    """What is asked for cannot be; `param` names the field that is wrong."""

    def __init__(self, message: str, param: str = "") -> None:
        super().__init__(message)
        self.param = param


def asked(body: Mapping[str, Any], messages: object, param: str) -> SearchRequest:
    """The last user message, and what was said before it; `footnote:NAME` or `{"footnote": {"documents": [...]}}` chooses documents."""
    said = [_message(each, param) for each in messages] if isinstance(messages, list) else []
    if not said or said[-1].role != "user":
        raise RequestError("The last message must be the user's question.", param)
    ours = body.get(OURS) or {}
    if not isinstance(ours, dict):
        raise RequestError(f"{OURS} must be an object.", OURS)
    model = body.get("model", MODEL)
    name, _, document = model.partition(":") if isinstance(model, str) else ("", "", "")
    if name != MODEL:
        raise RequestError(f"There is no model {model!r}. Use {MODEL!r}, or '{MODEL}:NAME' for one document.", "model")
    documents = [document] if document else ours.get("documents")
    top_k = ours.get("top_k")
    if not (documents is None or (isinstance(documents, list) and all(isinstance(each, str) for each in documents))):
        raise RequestError("documents must be a list of names or ids.", f"{OURS}.documents")
    if not (top_k is None or (type(top_k) is int and top_k > 0)):
        raise RequestError("top_k must be a positive number.", f"{OURS}.top_k")
    history = [message for message in said[:-1] if message.role in {"user", "assistant"}]
    return SearchRequest.checked(said[-1].content, history, top_k, documents)


def _message(given: object, param: str) -> Message:
    if not isinstance(given, dict) or not isinstance(role := given.get("role", "user"), str):
        raise RequestError("Each message must be an object with a role and a content.", param)
    content = given.get("content")
    parts = [{"text": content}] if isinstance(content, str) else content
    if parts is None:
        parts = []
    if not isinstance(parts, Sequence):
        raise RequestError("The content of a message must be text.", param)
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    if len(texts) < len(parts) or not all(isinstance(text, str) for text in texts):
        raise RequestError("The content of a message must be text; pictures and files are not read here: add them as documents.", param)
    known: Literal["system", "user", "assistant"] = "user" if role == "user" else "assistant" if role == "assistant" else "system"
    return Message(known, "\n".join(map(str, texts)))
