"""Which embedding model a library uses, as it was chosen for it, and which one it is being re-indexed with: model.json in its folder."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag.errors import storage_errors

FILE = "model.json"
SCHEMA = 1
PARTIAL = ".partial"  # ends the name of a file that is not whole yet


@dataclass(frozen=True, slots=True)
class Choice:
    """What is kept.

    Attributes:
        model: As RAG_EMBEDDING_MODEL names one; "" for the setting's own.
        next: The model that an index is being made with beside the one that answers; "" for none.
        has_old: Whether the index of the model before is still to be deleted.
        is_dismissed: Whether the offer of a multilingual model was dismissed.
    """

    model: str = ""
    next: str = ""
    has_old: bool = False
    is_dismissed: bool = False


class ModelChoice:
    """The choice of one library; a file that is missing or damaged is none."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._choice = _read(self._file)

    @property
    def now(self) -> Choice:
        """The choice as it is kept."""
        return self._choice

    def change(self, **changes: str | bool) -> None:
        """Keep it with some fields changed, whole or not at all; raises `StorageError` where the disk refuses."""
        changed = replace(self._choice, **changes)  # type: ignore[arg-type]
        unfinished = self._file.with_suffix(PARTIAL)
        with storage_errors("The choice of embedding model could not be kept"):
            unfinished.write_text(json.dumps({"schema": SCHEMA, **asdict(changed)}), encoding="utf-8")
            unfinished.replace(self._file)
        self._choice = changed


def _read(file: Path) -> Choice:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return Choice(
            model=str(known.get("model", "")),
            next=str(known.get("next", "")),
            has_old=bool(known.get("has_old")),
            is_dismissed=bool(known.get("is_dismissed")),
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return Choice()
