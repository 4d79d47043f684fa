"""The same documents under other settings, without a change to the library they are in."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import ValidationError

from rag.errors import SettingChangeError, StorageError, UnreadableFileError
from rag.settings import Settings
from rag.types import Progress, ProgressCallback

if TYPE_CHECKING:
    from rag.library import Library

Opener = Callable[[Path, Settings], "Library"]
"""Opens the library in a folder with these settings."""

EXCLUDED = ("library", "chroma_url", "top_k")  # settings that would compare two libraries, or two k, and not two ways to retrieve
RETRIEVAL = {name for name in Settings.model_fields if name not in EXCLUDED and not name.startswith(("chat_", "openai_"))}
"""The settings that may change what is retrieved: not those of the chat model."""


def changed_settings(settings: Settings, changes: Sequence[str]) -> tuple[Settings, dict[str, object]]:
    """Apply changes such as "chunk_tokens=250"; names with or without RAG_, in any case; an empty value is the default.

    Returns:
        All the settings, and those that were changed, by name.

    Raises:
        SettingChangeError: There is no such setting, it takes no such value, or it has nothing to do with retrieval.
    """
    values: dict[str, object] = {}
    given = {name: getattr(settings, name) for name in settings.model_fields_set}  # a library's own choice wins over a default
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise SettingChangeError(f"{change!r} has no value; write SETTING=VALUE, such as chunk_tokens=250.")
        name = _setting_name(name)
        if name in values:
            raise SettingChangeError(f"{name} is given twice.")
        values[name] = value.strip() or Settings.model_fields[name].get_default(call_default_factory=True)
    try:
        changed = Settings.model_validate(given | values)
    except ValidationError as error:
        problems = (f"{'_'.join(map(str, problem['loc']))}={problem['input']}: {problem['msg']}" for problem in error.errors())
        raise SettingChangeError("; ".join(problems) + ".") from error
    return changed, changed.model_dump(mode="json", include=set(values))


@contextmanager
def open_variant(library: "Library", settings: Settings, opener: Opener, progress: ProgressCallback | None = None) -> "Iterator[Library]":
    """Open a library's documents under other settings.

    Where the settings do not change the index, this is the same folder, and `library` is closed for it. Where they do, it is a
    temporary library, filled from the first one's own copies of the files, and deleted afterwards. The folder of the first is
    never opened under settings of another index: that would leave an empty one in it.

    Args:
        library: Open.
        settings: The other ones.
        opener: Opens libraries.
        progress: Called as documents are indexed.

    Raises:
        UnreadableFileError: A document could not be indexed.
        StorageError: The disk or the database refused.
        EmbeddingError: The embedding model cannot be used.
    """
    if "embedding_model" not in settings.model_fields_set:
        settings = settings.model_copy(update={"embedding_model": library.embedding_model})
    with TemporaryDirectory(prefix="rag-eval-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        with opener(scratch / "library", settings.model_copy(update={"chroma_url": None})) as variant:
            if variant.index_identity != library.index_identity:
                _index_documents(variant, library, scratch / "file", progress)
                yield variant
                return
    library.close()
    with opener(library.folder, settings) as variant:
        yield variant


def _index_documents(variant: "Library", library: "Library", folder: Path, progress: ProgressCallback | None) -> None:
    """Index the originals. Each is copied under its own name into a folder of its own, since two documents may share a name."""
    records = library.documents()
    for number, record in enumerate(records, start=1):
        copy = folder / str(number) / Path(record.name).name
        try:
            copy.parent.mkdir(parents=True)
            shutil.copyfile(library.pages.original(record.id), copy)
        except OSError as error:
            raise StorageError(f"{record.name} could not be copied for indexing: {error.strerror}. Free some disk space.") from error

        def show(step: Progress, number: int = number) -> None:
            if progress:
                progress(replace(step, file=number, files=len(records)))

        (outcome,) = variant.add(copy, passwords=[record.password] if record.password else (), progress=show).outcomes
        if not outcome.is_searchable:
            raise UnreadableFileError(f"{record.name} could not be indexed with the other settings: {outcome.message}")
        copy.unlink()


def _setting_name(given: str) -> str:
    name = given.strip().lower().replace("-", "_").removeprefix("rag_")
    if name in RETRIEVAL:
        return name
    if name in Settings.model_fields:
        reason = "use -k, which sets it for both" if name == "top_k" else "it does not affect what is retrieved from this library"
        raise SettingChangeError(f"{name} cannot be compared: {reason}.")
    near = get_close_matches(name, sorted(RETRIEVAL), n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(sorted(RETRIEVAL))}."
    raise SettingChangeError(f"There is no setting {given.strip()!r}. {hint}")
