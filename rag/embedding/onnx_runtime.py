"""Embeddings by ONNX Runtime: the same model as one graph, without torch; see `onnx_export` for how it is made."""

import json
import os
import platform
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import EmbeddingError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

GRAPH, TOKENIZER, ABOUT = "model.onnx", "tokenizer.json", "about.json"
"""The files of an exported model."""

SLOWER = ["SkipLayerNormFusion"]
_LOADED: "WeakValueDictionary[object, InferenceSession]" = WeakValueDictionary()
"""What ONNX Runtime fuses to the cost of speed: a pass of 200 tokens takes 21 ms without this, 23 ms with it."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an exported model without loading it.

    `precision` ("int8", "uint8" or "fp32") is that of the weights of its matrix products, `agreement` the mean cosine of its vectors with
    the original's; `limit` counts special tokens and the prompt, `max_tokens` does not.
    """

    precision: str
    agreement: float
    dimensions: int
    limit: int
    max_tokens: int
    document_prompt: str
    query_prompt: str


class OnnxModel:
    """An exported model.

    Each text is a pass of its own on one core, as many at a time as there are cores: no padding, no waiting for each other (two cores
    made 1.8 times the texts of passes of eight over both), and a text's vector depends on nothing but the text; in a pass with others,
    dynamic quantisation makes it depend on these too.
    """

    def __init__(self, folder: Path, about: About) -> None:
        """Load nothing yet."""
        self._folder = folder
        self._about = about
        self._lock = threading.RLock()

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._about.max_tokens

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        return self.embed([self._about.document_prompt + text for text in texts])

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        row: Embeddings = self.embed([self._about.query_prompt + text])[0]
        return row

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embed texts, prompt included: float32 `(len(texts), dimensions)`, rows of unit length."""
        rows = np.empty((len(texts), self._about.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))  # the shortest last: no core waits long for another
        embed_each = self._workers.map if len(texts) > 1 else map
        for place, row in zip(order, embed_each(self._embed_one, [texts[n] for n in order]), strict=True):
            rows[place] = row
        return rows

    def close(self) -> None:
        """Let go of the threads; the next use makes new ones."""
        if workers := self.__dict__.pop("_workers", None):
            workers.shutdown()

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return [(start, end) for start, end in self._cutter.encode(text, add_special_tokens=False).offsets if end > start]

    def load_tokenizer(self) -> "tuple[Tokenizer, int]":
        """A new tokenizer that reads any length, and how many tokens the model reads."""
        return read_tokenizer((self._folder / TOKENIZER).read_text(encoding="utf-8")), self._about.limit

    def _embed_one(self, text: str) -> Embeddings:
        with self._lock:
            session, inputs, output = self._session
        encoding = self._tokenizer.encode(text)
        columns = {"input_ids": encoding.ids, "attention_mask": encoding.attention_mask, "token_type_ids": encoding.type_ids}
        feed = {name: np.array([columns[name]], dtype=np.int64) for name in inputs}
        return np.asarray(session.run([output], feed)[0][0], dtype=np.float32)

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return a_thread_a_core("embedding")

    @cached_property
    def _session(self) -> "tuple[InferenceSession, list[str], str]":
        """The graph, the names of its inputs and of its output; called with the lock held."""
        session = self._load()
        return session, [given.name for given in session.get_inputs()], session.get_outputs()[0].name

    def _load(self) -> "InferenceSession":
        return load_graph(self._folder / GRAPH, "Delete that folder.", SLOWER)

    @cached_property
    def _cutter(self) -> "Tokenizer":
        """Reads any length."""
        return self.load_tokenizer()[0]

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        """Reads what the model takes."""
        tokenizer, limit = self.load_tokenizer()
        tokenizer.enable_truncation(limit)
        return tokenizer


def read_about(folder: Path, cure: str) -> About:
    """What is known of the model in a folder; `EmbeddingError`, with the cure, where it cannot be read."""
    try:
        return About(**json.loads((folder / ABOUT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise EmbeddingError(f"The exported model in {folder} is incomplete. {cure}") from error


def load_graph(path: Path, cure: str, disabled: Sequence[str] = (), content: bytes | None = None) -> "InferenceSession":
    """A graph whose passes take one core each, without some optimizations; `EmbeddingError`, with the cure, where it cannot be loaded.

    `content` is run in place of the file's, where it is given. What another library of this process has loaded is shared with it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        key = (path.resolve(), hash(content) if content else path.stat().st_mtime_ns, *disabled)
        if (loaded := _LOADED.get(key)) is not None:
            return loaded
        session = onnxruntime.InferenceSession(
            content or path, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(disabled)
        )
        return _LOADED.setdefault(key, session)
    except Exception as error:  # onnxruntime's errors have no common base
        raise EmbeddingError(f"The exported model in {path.parent} cannot be loaded: {error} {cure}") from error


def a_thread_a_core(name: str) -> ThreadPoolExecutor:
    """As many threads as there are cores for this process, or as OMP_NUM_THREADS says, which Ray sets for its workers."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told):
        return ThreadPoolExecutor(int(told), thread_name_prefix=name)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ThreadPoolExecutor(cores or 1, thread_name_prefix=name)


def read_tokenizer(source: str) -> "Tokenizer":
    """A tokenizer from JSON, that neither pads nor cuts."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(source)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def adds_exactly() -> bool | None:
    """Whether products of uint8 and int8 are added without overflow here (not on x86 without VNNI); None where that is not told."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return True
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return None
