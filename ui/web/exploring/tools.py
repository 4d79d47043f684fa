"""What views are given, and what their events have in common."""

from dataclasses import dataclass
from typing import Any

from rag.library import Library
from ui.web.exploring.figures import Figures

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class Tools:
    """What views work with."""

    library: Library
    figures: Figures
