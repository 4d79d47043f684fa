"""The built-in model, exported in a precision that a test states, whatever suits this processor."""

import subprocess
import sys
from pathlib import Path

from rag.embedding.model_files import model_folder, model_key
from rag.embedding.onnx_embedder import EXPORT_VERSION
from rag.settings import DEFAULT_EMBEDDING_MODEL

PRECISIONS = ("int8", "uint8", "fp32")


def export_as(precision: str, cache: Path) -> None:
    """Make it where a library whose `model_cache` is `cache` looks for it.

    Raises:
        ValueError: In this precision it does not agree with the original on this processor, which never uses it then.
    """
    target = cache / f"{model_key(DEFAULT_EMBEDDING_MODEL)}-{EXPORT_VERSION}"
    target.mkdir(parents=True)
    script = "import sys; from pathlib import Path; from rag.embedding.onnx_export import export; \
export(Path(sys.argv[1]), Path(sys.argv[2]), precisions=sys.argv[3:])"
    command = [sys.executable, "-c", script, str(model_folder(DEFAULT_EMBEDDING_MODEL)), str(target), precision]
    made = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)  # torch is to stay out of the process that tests
    if made.returncode:
        raise ValueError(made.stderr.strip().splitlines()[-1])
