"""Embedding models that are known to suit a library, and the prompts that each family of models was trained with: see `catalogue.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple


class Prompts(NamedTuple):
    """What is put before a text: before one that will be searched, and before a question."""

    passage: str
    query: str


NO_PROMPTS = Prompts("", "")
ORGANISATION = "sentence-transformers/"  # on Hugging Face, of models that are named without one


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of the catalogue.

    Attributes:
        name: Its name without the organisation.
        setting: What names it to `build_embedder`.
        dimensions: Of its vectors.
        tokens: The longest text that it reads.
        languages: "English", or how many.
        licence: Of its weights.
        source: Where the facts come from.
        quality: What is known of how well it finds, and on which set; "" where nothing was found.
        is_measured: Whether `quality` was measured by this project, and not published by others.
        speed: Chunks of 200 tokens a second, relative to the built-in model on the same machine; None where it was not measured.
        parameters: In millions; None where they are not public.
        needs_code: Whether it runs by code of its own, which only a server runs.
    """

    name: str
    setting: str
    dimensions: int
    tokens: int
    languages: str
    licence: str
    source: str
    quality: str = ""
    is_measured: bool = False
    speed: float | None = None
    parameters: int | None = None
    needs_code: bool = False

    @property
    def is_multilingual(self) -> bool:
        """Whether it knows languages beside English."""
        return self.languages != "English"

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, and not behind an endpoint."""
        return not self.setting.startswith("openai:")

    @property
    def prompts(self) -> Prompts:
        """Those of its family."""
        return family_prompts(self.name)


@cache
def listed_models() -> tuple[ListedModel, ...]:
    """The catalogue, in the order in which it is shown."""
    return tuple(ListedModel(**fields) for fields in _catalogue()["model"])


def find_listed(name: str) -> ListedModel | None:
    """The model of this name or setting, in any case, also with the organisation that is left out; None where the catalogue has none."""
    wanted = {name.casefold(), name.casefold().removeprefix(ORGANISATION)}
    return next((model for model in listed_models() if wanted & {model.name.casefold(), model.setting.casefold()}), None)


def family_prompts(name: str) -> Prompts:
    """The prompts of the family that a model's name belongs to; none where it belongs to none that is known."""
    family = _family(name)
    return Prompts(family.get("passage", ""), family.get("query", ""))


def is_narrow(name: str) -> bool:
    """Whether all texts are near each other to models of this name's family: see `rag.embedding.centred`."""
    return bool(_family(name).get("is_narrow"))


def shortest_vectors(name: str) -> int | None:
    """The fewest numbers that vectors of this model may be cut to, as it was trained; None where it was not, as far as is known."""
    return next((entry["least"] for entry in _catalogue()["shortened"] if re.search(entry["pattern"], name.lower())), None)


def _family(name: str) -> dict[str, Any]:
    return next((family for family in _catalogue()["family"] if re.search(family["pattern"], name.lower())), {})


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
