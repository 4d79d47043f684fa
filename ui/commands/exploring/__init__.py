"""The commands that look at the whole library; one file a view."""

import typer

from ui.commands.exploring import arithmetic, classify, compare, duplicates, related, tokens
from ui.commands.exploring import map as map_commands


def register(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: What to add them to.
    """
    for commands in (map_commands, duplicates, related, compare, classify, tokens, arithmetic):
        commands.register(app)
