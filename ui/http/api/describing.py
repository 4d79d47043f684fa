"""What OpenAPI says of the routes, in the words of the docstrings of `Library`'s verbs, of the values and of the errors."""

import inspect
import re
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any

from rag import errors
from rag.library import Library
from rag.remote.wire import MALFORMED, PROBLEM, SECRETS
from ui.http.access import WRONG
from ui.http.api.answers import status_of

VERB = "x-verb"
_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):\n", re.MULTILINE)
_ITEM = re.compile(r"^(\w+(?:, \w+)*): (.*(?:\n .*)*)", re.MULTILINE)

PARAMETERS = {
    "name_or_id": "A document's name, its id, or the beginning of its id (8 digits or more).",
    "document_id": "A document's name or id.",
    "conversation_id": "A conversation's id, as the list has it.",
    "kind": "`md` or `html`.",
    "page": "A page's number, from 1: of a slide, sheet or chapter too.",
    "start": "Where words begin in the page's text, to be told where they stand on the page.",
    "end": "Where they end.",
    "scale": "Pixels a point (1/72 inch).",
    "keep": "Whether the file is kept for a day, so that the document can be restored.",
    "wait": "Whether to answer only when all is embedded and read by OCR.",
    "file": "The file.",
}
"""Of the routes' own parameters."""

EXAMPLES: dict[str, Any] = {
    "/paths": {"paths": ["https://example.com/handbook.pdf"]},
    "/search": {"question": "Within how many days may I return an item?", "top_k": 3},
    "/ask": {"question": "Within how many days may I return an item?"},
    "/check": {"text": "You may return an item within 90 days."},
    "/confidence": {"question": "Within how many days may I return an item?", "passages": []},
    "/conversations/{conversation_id}": {"title": "Returns"},
    "/chunks": [["0123456789abcdef", 0]],
    "/documents/{name_or_id}/metadata": {"year": 2022},
    "/export": {"path": "/backups/library.footnote"},
    "/backup": {"path": "/backups"},
    "/import": {"path": "/backups/library.footnote"},
    "/model": "multilingual-e5-small",
    "/settings": {"values": {"top_k": 8}, "connections": [{"name": "Ollama", "base_url": "http://localhost:11434/v1"}], "chosen": "Ollama"},
}
"""A body for each route that takes JSON."""

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "`urn:footnote:` and the name of the error, as in Python; else `about:blank`."},
        "title": {"type": "string", "description": "The kind of error."},
        "status": {"type": "integer", "description": "The status of the response."},
        "detail": {"type": "string", "description": "What happened, to what, and what to do."},
        "request_id": {"type": "string", "description": "The request's id, which the server's log and the audit log have too."},
    },
    "required": ["type", "title", "status", "detail"],
}


def verb(function: Callable[..., Any]) -> dict[str, str]:
    """For `openapi_extra`: what is said of the verb that a route is."""
    return {VERB: inspect.getdoc(function) or ""}


def told(words: str) -> dict[str, Any]:
    """For `responses`: an error that a route answers with."""
    return {"description": words, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def described(plain: dict[str, Any]) -> dict[str, Any]:
    """The description that FastAPI makes, with words for routes, fields and errors, and without secrets."""
    schemas: dict[str, Any] = plain["components"]["schemas"]
    for schema in schemas.values():
        _describe_value(schema)
    for path, operations in plain["paths"].items():
        for operation in operations.values():
            _describe(operation, EXAMPLES.get(path), schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    return plain


def _describe_value(schema: dict[str, Any]) -> None:
    about = _sections(schema.get("description", ""))
    schema["description"] = about[""]
    for secret in SECRETS & schema.get("properties", {}).keys():
        del schema["properties"][secret]
        if secret in schema.get("required", ()):
            schema["required"].remove(secret)
    for name, words in _items(about.get("Attributes", "")):
        if name in schema.get("properties", {}):
            schema["properties"][name].setdefault("description", words)


def _describe(operation: dict[str, Any], example: Any, schemas: dict[str, Any]) -> None:
    about = _sections(operation.pop(VERB, ""))
    own = _sections(operation.get("description", ""))[""]
    operation["description"] = "\n\n".join(filter(None, (about[""], own))) or f"{operation['summary']}."
    fields = _arguments() | {name: words for name, words in _items(about.get("Args", "")) if not words.startswith("As for")}
    for parameter in operation.get("parameters", ()):
        parameter.setdefault("description", fields.get(parameter["name"], ""))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if example is not None:
            content["example"] = example
        properties = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        for name, field in properties.items():
            field.setdefault("description", fields.get(name, ""))
    own_responses = {code: each for code, each in operation["responses"].items() if code != "422"}
    operation["responses"] = dict(sorted((_problems(about.get("Raises", "")) | own_responses).items()))


def _arguments() -> dict[str, str]:
    """The parameters that most routes share."""
    verbs = [_sections(inspect.getdoc(each) or "")["Args"] for each in (Library.add, Library.retrieve)]
    return PARAMETERS | {name: words for section in verbs for name, words in _items(section)}


def _problems(raises: str) -> dict[str, Any]:
    """Responses for the errors that a docstring names, and for those that any route has."""
    said: dict[int, list[str]] = {401: [WRONG], 422: ["The request is malformed."]}
    for name in dict.fromkeys(re.findall(r"\b[A-Z]\w*Error\b", raises)):
        kind = getattr(errors, name, None)
        if kind:
            said.setdefault(status_of(kind("")), []).append((kind.__doc__ or "").partition("\n")[0])
        elif name == "ValueError":
            said.setdefault(400, []).append(f"{MALFORMED}.")
    return {str(code): told(" ".join(words)) for code, words in said.items()}


def _sections(docstring: str) -> dict[str, str]:
    """A docstring's words, as "", and its sections."""
    words, *parts = _SECTION.split(inspect.cleandoc(docstring))
    return {"": re.sub(r"(?<!\n)\n(?!\n)", " ", words.strip()), **dict(zip(parts[::2], map(dedent, parts[1::2]), strict=True))}


def _items(section: str) -> Iterator[tuple[str, str]]:
    """The names that a section explains."""
    for names, words in _ITEM.findall(section):
        for name in names.split(", "):
            yield name, " ".join(words.split())
