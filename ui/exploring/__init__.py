"""The commands that look at the whole library; one file a view."""

import typer

from ui.exploring import map as map_commands


def register(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: What to add them to.
    """
    map_commands.register(app)
