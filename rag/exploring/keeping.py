"""What took long to make, kept in the library's folder: whole or not at all, and only as long as the library stays as it is."""

import logging
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[np.generic]]


def read(file: Path) -> dict[str, NDArray[np.generic]] | None:
    """The arrays of a file; None where it is not there or is damaged."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            return dict(stored)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def write(file: Path, arrays: Arrays, fingerprint: str) -> None:
    """Keep arrays, and sweep what was kept of the library as it was before. A disk that refuses is told in the log: all can be made again.

    Args:
        file: Whose name has the fingerprint in it.
        arrays: By name.
        fingerprint: Of the library as it is; other files beside `file` that lack it are deleted.
    """
    unfinished = file.with_suffix(".part")
    try:
        file.parent.mkdir(exist_ok=True, mode=0o700)
        with unfinished.open("wb") as opened:
            np.savez(opened, **dict(arrays))  # type: ignore[arg-type]
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
        for other in file.parent.glob(f"{file.name.partition('-')[0]}-*"):
            if fingerprint not in other.name:
                other.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be kept: %s", file, error)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
