"""A local model run by ONNX Runtime: exported once for all libraries, in a process of its own, when it is first used.

Until then its identity rests on what is expected of the export (`expected_precision`), and nothing is loaded to tell it. Whoever asks for
`max_tokens` first has the model exported, and gets the final identity. An export that turns out otherwise is an error where an index
was opened by the identity expected; it is final in the next process. That a model cannot be exported is noted in the cache, too;
sentence-transformers runs it then, where that is allowed.
"""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from rag.embedding.bert import BertTokens, read_bert
from rag.embedding.model_files import EXTRA, model_folder, model_key, model_name
from rag.embedding.onnx_runtime import About, OnnxModel, adds_exactly, read_about
from rag.embedding.protocol import Embeddings
from rag.embedding.sentence_transformer import LoadedTokens, SentenceTransformerEmbedder, is_installed, load_model
from rag.embedding.token_reader import TokenReader
from rag.errors import EmbeddingError

log = logging.getLogger(__name__)

EXPORT_VERSION = 2  # part of an exported model's name: raise it when the same model would be exported otherwise
EXPORT_SECONDS = 900.0


class OnnxEmbedder:
    """Any local model that can be exported; with `may_fall_back`, any other too, which sentence-transformers then runs."""

    def __init__(self, model: str, cache: Path, pooling: str | None = None, *, may_fall_back: bool = False) -> None:
        """Do nothing yet; `cache` is the folder of exported models, `pooling` as for `SentenceTransformerEmbedder`."""
        self._name = model
        self._pooling = pooling
        self._cache = cache
        self._may_fall_back = may_fall_back
        self._original: SentenceTransformerEmbedder | None = None

    @cached_property
    def identity(self) -> str:
        """Precision, name, and `model_key`; that of the original, where it runs. Raises EmbeddingError where neither can."""
        return self._present_identity()

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._running.max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._running.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        return self._running.embed_documents(texts)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        return self._running.embed_query(text)

    def is_exported_other_than(self, precision: str) -> bool:
        """Whether there is an export, and in another precision, so that libraries may be indexed by it."""
        with suppress(EmbeddingError):  # of an export that is damaged
            return self._target.exists() and self._about.precision != precision
        return False

    def close(self) -> None:
        """Let go of the threads; the next use makes new ones."""
        if isinstance(running := self.__dict__.get("_running"), OnnxModel):
            running.close()

    @cached_property
    def token_reader(self) -> TokenReader:
        """See `CheckedEmbedder.token_reader`. The model it looks into is the one that was exported."""
        if isinstance(self._running, SentenceTransformerEmbedder):
            return self._running.token_reader
        folder = model_folder(self._name)
        bert = read_bert(folder) if self._pooling is None else None
        model = BertTokens(bert) if bert else LoadedTokens(lambda: load_model(folder, self._pooling))
        return TokenReader(self._running.load_tokenizer, model)

    @cached_property
    def _running(self) -> OnnxModel | SentenceTransformerEmbedder:
        """What embeds; the model is exported for it if that was not done before."""
        if not self._fallback() and not self._target.exists():
            self._export()
        if self.__dict__.get("identity", made := self._present_identity()) != made:
            raise EmbeddingError(
                f"The embedding model {self._name!r} was prepared just now, as {made.partition(':')[0]}, which was not known when the "
                "library was opened. Run the command again, or restart the server."
            )
        return self._fallback() or OnnxModel(self._target, self._about)

    def _present_identity(self) -> str:
        if original := self._fallback():
            return original.identity
        precision = self._about.precision if self._target.exists() else expected_precision()
        return f"onnx-{precision}:{model_name(self._name)}:{self._key}"

    @cached_property
    def _key(self) -> str:
        return model_key(self._name, self._pooling)

    @cached_property
    def _target(self) -> Path:
        return self._cache / f"{self._key}-{EXPORT_VERSION}"

    @property
    def _note(self) -> Path:
        """Holds the reason why the model cannot be exported."""
        return self._target.with_name(f"{self._target.name}.failed")

    def _fallback(self) -> SentenceTransformerEmbedder | None:
        """The original, where there is no export and none can be made; raises EmbeddingError where it may not run instead."""
        if self._original or self._target.exists() or not (problem := self._problem):
            return self._original
        if not self._may_fall_back or not is_installed():
            raise EmbeddingError(problem)
        log.warning("%s It runs by sentence-transformers, about three times slower.", problem)
        self._original = SentenceTransformerEmbedder(self._name, self._pooling)
        return self._original

    @property
    def _problem(self) -> str:
        """Why the model cannot be exported, as far as that is known without trying; "" where nothing speaks against it."""
        if not is_installed() and (self._pooling or read_bert(model_folder(self._name)) is None):
            return f"The embedding model {self._name!r} needs {EXTRA}"
        try:
            reason = self._note.read_text(encoding="utf-8")
        except OSError:
            there = next(folder for folder in (self._cache, *self._cache.parents) if folder.exists())
            if there.is_dir() and os.access(there, os.W_OK):
                return ""
            return f"The embedding model {self._name!r} cannot be exported to ONNX: {self._cache} cannot be written. Set RAG_MODEL_CACHE."
        return f"The embedding model {self._name!r} cannot be exported to ONNX: {reason}. Delete {self._note} to try again."

    @cached_property
    def _about(self) -> About:
        return read_about(self._target, "Delete that folder.")

    def _export(self) -> None:
        """Make the export beside its place and move it there whole, or note why it failed: another process may do the same."""
        source, target = model_folder(self._name), self._target
        log.info("exporting %s to ONNX, once", source)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as room:
                made = Path(room) / "model"
                made.mkdir()
                if reason := _run_export(source, made, *([self._pooling] if self._pooling else [])):
                    self._note.write_text(reason, encoding="utf-8")
                    return
                try:
                    made.rename(target)
                except OSError:
                    if not target.exists():  # else another process was first
                        raise
        except OSError as error:
            raise EmbeddingError(f"The embedding model in {source} cannot be exported to ONNX in {target.parent}: {error}") from error


def expected_precision() -> str:
    """What an export has on this processor, unless the model suffers from it: int8 overflows on x86 without VNNI."""
    return "uint8" if adds_exactly() is False else "int8"  # most processors do, where it is not told


def _run_export(*arguments: str | Path) -> str:
    """Export in a process of its own, so that torch never enters this one; says why it failed, or ""."""
    search_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100 - "" is the current folder
    try:
        process = subprocess.run(
            [sys.executable, "-P", "-m", "rag.embedding.onnx_export", *arguments],
            env=os.environ | {"PYTHONPATH": search_path, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
            capture_output=True,
            text=True,
            timeout=EXPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {EXPORT_SECONDS:g} seconds"
    lines = process.stderr.strip().splitlines() or [f"exit status {process.returncode}"]
    return lines[-1].rstrip(".") if process.returncode else ""
