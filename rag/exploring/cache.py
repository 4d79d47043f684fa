"""Arrays that took long to compute, cached in files: whole or not at all, and recomputed where they cannot be read."""

import logging
import os
import secrets
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)


def read_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name; none if it is missing or damaged."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            return dict(stored)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return {}


def write_arrays(file: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays in one step; a failure is only logged, since everything can be computed again."""
    unfinished = file.with_name(f".{secrets.token_hex(6)}.part")  # several processes may write at once
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with unfinished.open("wb") as opened:
            np.savez(opened, **arrays)  # type: ignore[arg-type]  # its one option is a bool
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    except OSError as error:
        log.warning("%s cannot be cached: %s", file, error)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
