"""Files that commands write."""

from pathlib import Path

from rag.errors import StorageError


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file as it is, line ends too.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        path.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
