"""Which odds of an answer go with an embedding model: those of the library's own calibration, else those that are shipped for it."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from rag.errors import storage_errors
from rag.retrieving.confidence import BUILT_IN, AnswerFeatures, Calibration, Odds, Tongue

FILE = "calibration.json"
SCHEMA = 1
PARTIAL = ".partial"  # ends the name of a file that is not whole yet


class Calibrations:
    """Those of one library, by the model's identity, in calibration.json in its folder; a file that is missing or damaged has none."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._own: dict[str, Calibration] | None = None

    def of(self, identity: str) -> Calibration:
        """The calibration for a model."""
        if self._own is None:
            self._own = _read(self._file)
        return self._own.get(identity) or _shipped(identity)

    def keep(self, identity: str, calibration: Calibration) -> None:
        """Use a calibration for a model from now on; raises `StorageError` where the disk refuses."""
        kept = {**_read(self._file), identity: calibration}
        models = {name: {tongue: [odds.constant, *odds.weights] for tongue, odds in each.items()} for name, each in kept.items()}
        unfinished = self._file.with_suffix(PARTIAL)
        with storage_errors("The calibration could not be kept"):
            unfinished.write_text(json.dumps({"schema": SCHEMA, "models": models}), encoding="utf-8")
            unfinished.replace(self._file)
        self._own = kept


def _read(file: Path) -> dict[str, Calibration]:
    try:
        models = json.loads(file.read_text(encoding="utf-8"))["models"]
        return {str(name): _calibration(fields) for name, fields in models.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


@cache
def _shipped(identity: str) -> Calibration:
    models = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return next((_calibration(fields) for name, fields in models.items() if name in identity.lower()), BUILT_IN)


def _calibration(fields: Mapping[Tongue, Sequence[float]]) -> Calibration:
    return {**BUILT_IN, **{tongue: Odds(constant, AnswerFeatures(*weights)) for tongue, (constant, *weights) in fields.items()}}
