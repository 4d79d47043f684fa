"""Libraries that only some views need and that may not be installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import ExploringError


@contextmanager
def needs(library: str, extra: str, what: str) -> Iterator[None]:
    """Import an optional library inside: if it is not installed, an ExploringError says "`what` needs `library`" and how to get it."""
    try:
        yield
    except ImportError as error:
        raise ExploringError(f"{what} needs {library}: pip install 'footnote[{extra}]'.") from error
