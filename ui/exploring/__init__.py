"""The commands that look at the whole library; one file a view."""

import typer

from ui.exploring import arithmetic, classify, compare, map_commands, tokens


def register(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: What to add them to.
    """
    compare.register(app)
    classify.register(app)
    tokens.register(app)
    arithmetic.register(app)
    map_commands.register(app)
