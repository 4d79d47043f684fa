"""The API's description for people: one page of HTML that needs no script and no network."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ui.rendering.html import render

STANDS_FOR = {
    "name_or_id": "handbook.pdf",
    "document_id": "handbook.pdf",
    "page": "1",
    "conversation_id": "CONVERSATION",
    "kind": "md",
}
"""In the addresses of examples."""

TITLES = {"documents": "Documents", "questions": "Questions and answers", "conversations": "Conversations", "library": "The library"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a field of a body or of a value; `types` are words, and names of values that the page explains."""

    name: str
    types: tuple[tuple[str, bool], ...]
    about: str
    default: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A route."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    example: str
    fields: tuple[Field, ...]
    gives: tuple[tuple[str, bool], ...]
    problems: tuple[tuple[str, str], ...]


def documentation(described: Mapping[str, Any], server: str) -> str:
    """The page for a description, with examples for a server at this address, `/api` included."""
    schemas = described["components"]["schemas"]
    groups: dict[str, list[Operation]] = {title: [] for title in TITLES.values()}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            title = TITLES[operation.get("tags", ["library"])[0]]
            groups[title].append(_operation(method.upper(), path, operation, schemas, server))
    bodies = {name for operation in _bodies(described) if (name := _named(operation))}
    shared = bodies - set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schemas)))  # a value may also be in others
    values = [
        (name, schema.get("description", ""), tuple(_fields(schema))) for name, schema in sorted(schemas.items()) if name not in shared
    ]
    return render("api.html", server=server, groups=groups, values=values)


def _operation(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], server: str) -> Operation:
    body = next(iter(operation.get("requestBody", {}).get("content", {}).items()), None)
    fields = [_field(each["name"], each["schema"] | each, each.get("required", False)) for each in operation.get("parameters", ())]
    if body:
        schema = body[1]["schema"]
        fields += _fields(schemas.get(_named(schema), schema)) or [_field("body", schema, is_needed=True)]
    given: tuple[str, Any] = next(iter(operation["responses"]["200"].get("content", {}).items()), ("", {}))
    return Operation(
        re.sub(r"\W+", "-", f"{method.lower()}{path}").strip("-"),
        method,
        path,
        operation["summary"],
        operation["description"],
        _curl(method, server + path, body),
        tuple(fields),
        tuple(_types(given[1]["schema"])) if given[1].get("schema") else (),
        tuple((code, each["description"]) for code, each in operation["responses"].items() if code != "200"),
    )


def _bodies(described: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of bodies, whose fields stand with the routes that take them."""
    for operations in described["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield content["schema"]


def _curl(method: str, url: str, body: tuple[str, Mapping[str, Any]] | None) -> str:
    """The request on a command line."""
    for name, value in STANDS_FOR.items():
        url = url.replace(f"{{{name}}}", value)
    parts = ["curl"]
    if method not in {"GET", "POST"} or (method == "POST" and not body):
        parts += ["-X", method]
    if body and body[0] == "application/json":
        parts += ["--json", shlex.quote(json.dumps(body[1].get("example"), ensure_ascii=False))]
    elif body and body[0] == "multipart/form-data":
        parts += ["-F", "file=@handbook.pdf"]
    elif body:
        parts += ["-H", shlex.quote(f"Content-Type: {body[0]}"), "--data-binary", "@questions.jsonl"]
    return " ".join([*parts, url])


def _fields(schema: Mapping[str, Any]) -> list[Field]:
    needed = schema.get("required", ())
    return [_field(name, each, name in needed) for name, each in schema.get("properties", {}).items()]


def _field(name: str, schema: Mapping[str, Any], is_needed: bool) -> Field:
    default = schema.get("default")
    shown = "" if is_needed or default in (None, "", [], {}) else json.dumps(default, ensure_ascii=False)
    return Field(name, tuple(_types(schema.get("schema", schema))), schema.get("description", ""), shown, is_needed)


def _types(schema: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """A type in words; whether each is the name of a value."""
    if name := _named(schema):
        yield name, True
    elif among := schema.get("anyOf"):
        for index, each in enumerate(among):
            yield " or " if index else "", False
            yield from _types(each)
    elif "enum" in schema:
        yield " or ".join(json.dumps(each) for each in schema["enum"]), False
    elif schema.get("type") == "array" and "prefixItems" not in schema:
        yield "list of ", False
        yield from _types(schema.get("items", {}))
    elif parts := schema.get("prefixItems"):
        for index, each in enumerate(parts):
            yield " and " if index else "", False
            yield from _types(each)
    else:
        yield str(schema.get("format") or schema.get("type", "any value")), False


def _named(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
