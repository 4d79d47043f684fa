"""Makes the built-in embedding model's files from its public weights, which come with the extra `torch`.

    python -m tools.built_in_model [FOLDER]

Writes model.onnx, tokenizer.json and about.json to FOLDER, rag/embedding/all-MiniLM-L6-v2 by default; the same bytes at every run. It has
to run on a processor that adds products of bytes exactly: ARM, or x86 with VNNI.
"""

import sys
from pathlib import Path

from rag.embedding.built_in import PRECISION
from rag.embedding.model_files import BUILT_IN, BUILT_IN_KEY, folder_key, model_folder
from rag.embedding.onnx_export import export
from rag.settings import DEFAULT_EMBEDDING_MODEL


def make(folder: Path) -> None:
    """Write the files to a folder."""
    source = model_folder(DEFAULT_EMBEDDING_MODEL)
    if folder_key(source) != BUILT_IN_KEY:
        raise ValueError(f"The files in {source} are not the published ones.")
    print(export(source, folder, precisions=[PRECISION]))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT_IN)
