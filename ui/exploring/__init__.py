"""The commands that look at the whole library; one file a view."""

import typer

from ui.exploring.duplicates import register as register_duplicates
from ui.exploring.related import register as register_related


def register(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: What to add them to.
    """
    register_duplicates(app)
    register_related(app)
