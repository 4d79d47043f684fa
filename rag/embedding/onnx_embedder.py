"""The embedder that runs an exported model, and the export in a process of its own."""

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.model_files import model_folder, model_key, model_name
from rag.embedding.onnx_runtime import TOKENIZER, About, OnnxModel, read_about
from rag.embedding.protocol import Embeddings
from rag.embedding.sentence_transformer import load_model
from rag.embedding.token_reader import TokenReader
from rag.errors import EmbeddingError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

EXPORT_VERSION = 2
"""Part of an exported model's name: raise it when the same model would be exported otherwise."""

EXPORT_SECONDS = 900.0

# As for the process that reads PDFs (`rag.formats.isolation`).
_BOOTSTRAP = """
import json, sys, types
folder, sys.path[:], *sys.argv[1:] = json.loads(sys.argv[1])
sys.modules["rag"] = types.ModuleType("rag")
sys.modules["rag"].__path__ = [folder]
from rag.embedding.onnx_export import main
main()
"""


class OnnxEmbedder:
    """Any local model that can be exported; exported once for all libraries, loaded at first use."""

    def __init__(self, model: str, cache: Path, pooling: str | None = None) -> None:
        """Do nothing yet.

        Args:
            model: The built-in one's name, a folder, or a name in the local Hugging Face cache.
            cache: The folder of exported models.
            pooling: As for `SentenceTransformerEmbedder`.
        """
        self._name = model
        self._pooling = pooling
        self._cache = cache

    @cached_property
    def identity(self) -> str:
        """Precision, name, and `model_key`. Exports the model if that was not done before.

        Raises:
            EmbeddingError: The model is not on this machine, is not what it should be, or cannot be exported.
        """
        _, about = self._exported
        return f"onnx-{about.precision}:{model_name(self._name)}:{self._key}"

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._exported[1].max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._model.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        prompt = self._exported[1].document_prompt
        return self._model.embed([prompt + text for text in texts])

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        row: Embeddings = self._model.embed([self._exported[1].query_prompt + text])[0]
        return row

    @cached_property
    def token_reader(self) -> TokenReader:
        """See `HasTokens.token_reader`. The model it looks into is the one that was exported."""

        def load_tokenizer() -> "tuple[Tokenizer, int]":
            from tokenizers import Tokenizer

            folder, about = self._exported
            return Tokenizer.from_file(str(folder / TOKENIZER)), about.limit

        return TokenReader(load_tokenizer, lambda: load_model(model_folder(self._name), self._pooling))

    @cached_property
    def _key(self) -> str:
        return model_key(self._name, self._pooling)

    @cached_property
    def _exported(self) -> tuple[Path, About]:
        target = self._cache / f"{self._key}-{EXPORT_VERSION}"
        if not target.exists():
            _export(model_folder(self._name), target, self._pooling)
        try:
            return target, read_about(target)
        except (OSError, ValueError, TypeError) as error:
            raise EmbeddingError(f"The exported model in {target} is not whole. Delete that folder.") from error

    @cached_property
    def _model(self) -> OnnxModel:
        return OnnxModel(*self._exported)


def _export(source: Path, target: Path, pooling: str | None) -> None:
    """Make the export beside its place and move it there whole: another process may do the same."""
    log.info("exporting %s to ONNX, once", source)
    search_path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the current folder
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as room:
            made = Path(room) / "model"
            made.mkdir()
            given = [str(source), str(made)] + ([pooling] if pooling else [])
            arguments = json.dumps([str(Path(__file__).resolve().parents[1]), search_path, *given])
            process = subprocess.run(
                [sys.executable, "-P", "-c", _BOOTSTRAP, arguments],
                env=os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
                capture_output=True,
                text=True,
                timeout=EXPORT_SECONDS,
                check=False,
            )
            if process.returncode:
                reason = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
                raise EmbeddingError(f"The embedding model in {source} cannot be exported to ONNX: {reason}")
            with suppress(FileExistsError):  # another process was first
                made.rename(target)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddingError(f"The embedding model in {source} cannot be exported to ONNX in {target.parent}: {error}") from error
