"""Models exported by tests: in a precision that they state, or in their own process, where torch is loaded already."""

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from rag.embedding.model_files import model_folder, model_key
from rag.embedding.onnx_embedder import EXPORT_VERSION
from rag.embedding.onnx_export import LEAST_AGREEMENT, export
from rag.settings import DEFAULT_EMBEDDING_MODEL

PRECISIONS = tuple(LEAST_AGREEMENT)


def export_as(precision: str, cache: Path) -> None:
    """Export the built-in model in a precision, whatever suits this processor.

    Args:
        precision: One of `PRECISIONS`.
        cache: The `model_cache` of libraries that are to find it.

    Raises:
        ValueError: In this precision it does not agree with the original on this processor, which never uses it then.
    """
    script = "import sys; from pathlib import Path; from rag.embedding.onnx_export import export; \
export(Path(sys.argv[1]), Path(sys.argv[2]), precisions=sys.argv[3:])"
    command = [
        sys.executable,
        "-c",
        script,
        str(model_folder(DEFAULT_EMBEDDING_MODEL)),
        str(_place(DEFAULT_EMBEDDING_MODEL, cache)),
        precision,
    ]
    made = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)  # torch is to stay out of the process that tests
    if made.returncode:
        raise ValueError(made.stderr.strip().splitlines()[-1])


def export_here(model: str, cache: Path, pooling: str | None = None, precisions: Collection[str] = PRECISIONS) -> None:
    """Export a model as a library would, without the seconds that a process takes to load torch."""
    export(model_folder(model), _place(model, cache, pooling), pooling, precisions)


def _place(model: str, cache: Path, pooling: str | None = None) -> Path:
    target = cache / f"{model_key(model, pooling)}-{EXPORT_VERSION}"
    target.mkdir(parents=True)
    return target
