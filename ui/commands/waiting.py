"""`--wait`: an option of every command that opens a library."""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Annotated, Any

import typer

IN_USE = 3
"""The exit status where another process holds the library: unlike 1, "nothing found", trying again later may help."""

WaitOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help=f"Wait for another command to release the library; then give up with exit status {IN_USE} [RAG_WAIT_SECONDS, default 5]",
        show_default=False,
    ),
]
_given = ContextVar[float | None]("wait", default=None)


def add_waiting(app: typer.Typer) -> None:
    """Give the commands that take a library the option `--wait`."""
    for command in app.registered_commands:
        if command.callback and "library" in inspect.signature(command.callback).parameters:
            command.callback = _waiting(command.callback)


def seconds_to_wait(default: float) -> float:
    """What `--wait` says, else the setting."""
    given = _given.get()
    return default if given is None else given


def _waiting(command: Callable[..., None]) -> Callable[..., None]:
    own = inspect.signature(command)

    @wraps(command)
    def with_option(*, wait: float | None, **given: Any) -> None:
        before = _given.set(wait)
        try:
            command(**given)
        finally:
            _given.reset(before)

    option = inspect.Parameter("wait", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=WaitOption)
    kept = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own.parameters.values()]
    with_option.__signature__ = own.replace(parameters=[*kept, option])  # type: ignore[attr-defined]
    with_option.__annotations__ = {each.name: each.annotation for each in [*kept, option]}
    return with_option
