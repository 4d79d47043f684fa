"""The embedding models that are known, and where a library stands with each: for `rag models` and the page."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.embedding.catalogue import ListedModel, find_listed, listed_models
from rag.embedding.downloading import is_here
from rag.errors import EmbeddingError
from rag.settings import Settings
from rag.storing.model_choice import ModelChoice
from ui import text

if TYPE_CHECKING:
    from rag.library import Library

MOST_LANGUAGES = 5  # that an offer names

ModelState = Literal["in use", "indexing", "on this machine", "not downloaded", "endpoint"]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model of the catalogue, and what a library has of it."""

    model: ListedModel
    state: ModelState

    @property
    def quality(self) -> str:
        """What is known of its quality, and who measured it; "" where nothing is."""
        who = "measured here" if self.model.is_measured else "published"
        return f"{self.model.quality} ({who})" if self.model.quality else ""


def model_rows(used: str, following: str = "") -> list[ModelRow]:
    """The catalogue, for a library that uses one model and is being re-indexed with `following`, if that is given."""
    return [ModelRow(model, _state(model, used, following)) for model in listed_models()]


def setting_of(name: str) -> str:
    """What names a model to the library, of one that was named as a person does: by the catalogue's name, or as RAG_EMBEDDING_MODEL."""
    listed = find_listed(name)
    return listed.setting if listed else name


def shown_name(setting: str) -> str:
    """What to call a model that RAG_EMBEDDING_MODEL names so."""
    listed = find_listed(setting)
    return listed.name if listed else setting


def models_of(folder: Path, settings: Settings) -> tuple[str, str]:
    """The model that the library in a folder uses, and the one that it is being re-indexed with, or ""; the library is not opened."""
    choice = ModelChoice(folder).now
    if "embedding_model" in settings.model_fields_set:
        return settings.embedding_model, ""
    return choice.model or settings.embedding_model, choice.next


def use_listed(library: "Library", name: str) -> None:
    """Choose a model for whoever can reach the page: one of the catalogue only, since a name can stand for a folder, or for code.

    Raises `EmbeddingError` as `Library.use_model` does, and where the catalogue has no such model.
    """
    if not (listed := find_listed(name)):
        raise EmbeddingError(f"The page changes to models of its list only. To use {name!r}, stop the page and run `rag models use`.")
    library.use_model(listed.setting)


def offer_in_words(library: "Library") -> str:
    """The offer of a model that knows the documents' languages; "" where there is none."""
    if not (offer := library.model_offer()):
        return ""
    return text.OFFER.format(
        documents=offer.documents,
        looked_at=offer.looked_at,
        languages=", ".join(text.LANGUAGES.get(language, language) for language in offer.languages[:MOST_LANGUAGES]),
        present=library.embedding_model,
        model=offer.model,
    )


def _state(model: ListedModel, used: str, following: str) -> ModelState:
    if find_listed(used) == model:
        return "in use"
    if following and find_listed(following) == model:
        return "indexing"
    if not model.is_local:
        return "endpoint"
    return "on this machine" if is_here(model.setting) else "not downloaded"
