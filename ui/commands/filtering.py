"""`--kind`, `--since` and the like: options that several commands have, given to them as one value."""

import inspect
import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from rag.filters import KINDS, Filters


def conditions_in(given: str) -> dict[str, Any]:
    """Conditions in JSON."""
    try:
        where = json.loads(given)
    except ValueError:
        where = None
    if not isinstance(where, dict):
        raise typer.BadParameter(f"""{given!r} is no object in JSON. Write '{{"year": 2022}}'.""")
    return where


_OPTIONS: dict[str, Any] = {
    "kind": Annotated[
        list[str] | None,
        typer.Option(help=f"Only this kind of file: {', '.join(KINDS)}; repeatable.", show_default=False, autocompletion=lambda: KINDS),
    ],
    "language": Annotated[
        list[str] | None, typer.Option(help="Only documents in this language, such as de; repeatable.", show_default=False)
    ],
    "folder": Annotated[str | None, typer.Option(help="Only documents from this folder.", show_default=False)],
    "since": Annotated[
        str | None, typer.Option(help="Only documents of this day, month or year or later.", metavar="DATE", show_default=False)
    ],
    "until": Annotated[str | None, typer.Option(help="... or earlier.", metavar="DATE", show_default=False)],
    "where": Annotated[
        dict[str, Any] | None,
        typer.Option(
            help="""Conditions on metadata as JSON: '{"year": {"$gte": 2021}}'.""", metavar="JSON", show_default=False, parser=conditions_in
        ),
    ],
}


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options above; it takes what they say as `filters`."""
    own = inspect.signature(command)

    @wraps(command)
    def with_options(**given: Any) -> None:
        command(**{name: given[name] for name in given if name not in _OPTIONS}, filters=_filters(given))

    options = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=each) for name, each in _OPTIONS.items()]
    kept = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, each in own.parameters.items() if name != "filters"]
    with_options.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in [*kept, *options]}
    return with_options


def _filters(given: dict[str, Any]) -> Filters:
    try:
        return Filters(
            folder=given["folder"] or "",
            kinds=tuple(given["kind"] or ()),
            languages=tuple(given["language"] or ()),
            since=given["since"] or "",
            until=given["until"] or "",
            where=given["where"] or {},
        )
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error)) from error
