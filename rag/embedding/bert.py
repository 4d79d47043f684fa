"""BERT encoders (all-MiniLM-L6-v2 and its kin) as an ONNX graph written from their weights, without torch.

Layers as in Devlin et al., "BERT" (2019), section 3, each weight by the name that transformers saves it under. Where a model says something
that this module does not know (another activation, pooling, positions, a further module), `read_bert` is None, and torch exports it.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.embedding.model_files import model_name
from rag.embedding.onnx_runtime import read_tokenizer
from rag.embedding.protocol import Embeddings
from rag.errors import EmbeddingError

if TYPE_CHECKING:
    import onnx
    from onnxruntime import InferenceSession

OPSET = 17
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
EMBEDDING, TOKENS = "embedding", "tokens"
"""The graph's outputs: `(texts, dimensions)` of unit length, and the last layer's `(texts, tokens, dimensions)`."""

HIDDEN = float(np.finfo(np.float32).min)  # added to the attention that padding is paid
WEIGHTS, WORDS = "model.safetensors", "embeddings.word_embeddings.weight"
POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
TASK = "feature-extraction"
MODULES = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
KNOWN = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
"""What a configuration says, or leaves unsaid."""


@dataclass(frozen=True, slots=True)
class Bert:
    """A BERT encoder as its folder describes it; `pooling` is "mean" or "cls", `limit` the tokens it reads, special ones included."""

    folder: Path
    layers: int
    heads: int
    dimensions: int
    epsilon: float
    pooling: str
    limit: int


def read_bert(folder: Path) -> Bert | None:
    """A sentence-transformers model that is a BERT encoder; None if it is another, or says what this module does not know."""
    try:
        config, cutting = _read(folder / "config.json"), _read(folder / "sentence_bert_config.json")
        modules = [module["type"].rpartition(".")[2] for module in _read(folder / "modules.json")]
        pooling = _pooling(_read(folder / "1_Pooling" / "config.json"))
        longest = config["max_position_embeddings"]
        limit = cutting.get("max_seq_length") or min(_read(folder / "tokenizer_config.json").get("model_max_length", longest), longest)
        is_known = {**config, **{name: config.get(name, value) for name, value in KNOWN.items()}}.items() >= KNOWN.items()
        is_known = is_known and modules in MODULES and cutting.get("transformer_task", TASK) == TASK
        is_known = is_known and not cutting.get("do_lower_case") and _cases_agree(folder)
        if not is_known or not pooling or not 2 < limit <= longest or not (folder / WEIGHTS).exists():
            return None
        size = (config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"])
        return Bert(folder, *size, config.get("layer_norm_eps", 1e-12), pooling, limit)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _pooling(config: dict[str, Any]) -> str:
    """The one pooling that is named, in the words of this version of sentence-transformers or of those before; "" if it is another."""
    named = [config["pooling_mode"]] if "pooling_mode" in config else [name for name, is_on in config.items() if "_mode_" in name and is_on]
    found = [POOLINGS.get(str(name), str(name)) for name in named]
    return found[0] if len(found) == 1 and found[0] in POOLINGS.values() and config.get("include_prompt", True) else ""


def _cases_agree(folder: Path) -> bool:
    """Whether the tokenizer lowers letters as its configuration says, which transformers would follow."""
    lowers = (_read(folder / "tokenizer.json").get("normalizer") or {}).get("lowercase")
    return lowers is None or bool(_read(folder / "tokenizer_config.json").get("do_lower_case", lowers)) == lowers


class _Writer:
    """Writes nodes one after another; a method's strings are names of values."""

    def __init__(self, bert: Bert, weights: dict[str, Embeddings]) -> None:
        self._bert = bert
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Any] = {}

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: Any, kind: type = np.int64) -> str:
        self.constants[name] = np.asarray(value, dtype=kind)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self._weights[name], np.float32)

    def normed(self, value: str, name: str) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", value, scale, bias, epsilon=self._bert.epsilon, axis=-1)

    def dense(self, value: str, name: str) -> str:
        matrix = self.constant(f"{name}.weight", self._weights[f"{name}.weight"].T, np.float32)
        return self.node("Add", self.node("MatMul", value, matrix), self.weight(f"{name}.bias"))

    def embedded(self) -> str:
        length = self.node("Shape", "input_ids", start=1, end=2)
        positions = self.node("Slice", self.weight("embeddings.position_embeddings.weight"), self.constant("zero", [0]), length)
        words = self.node("Gather", self.weight(WORDS), "input_ids")
        types = self.node("Gather", self.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
        return self.normed(self.node("Add", self.node("Add", words, types), positions), "embeddings.LayerNorm")

    def layer(self, value: str, name: str, hidden: str) -> str:
        attended = self.dense(self._attention(value, f"{name}.attention.self", hidden), f"{name}.attention.output.dense")
        value = self.normed(self.node("Add", attended, value), f"{name}.attention.output.LayerNorm")
        wide = self.dense(value, f"{name}.intermediate.dense")
        half, one, root = (self.constant(name, number, np.float32) for name, number in (("half", 0.5), ("one", 1), ("root", 2**0.5)))
        error = self.node("Add", self.node("Erf", self.node("Div", wide, root)), one)  # GELU, by the error function
        narrow = self.dense(self.node("Mul", self.node("Mul", wide, error), half), f"{name}.output.dense")
        return self.normed(self.node("Add", narrow, value), f"{name}.output.LayerNorm")

    def _attention(self, value: str, name: str, hidden: str) -> str:
        split = self.constant("split", [0, 0, self._bert.heads, self._bert.dimensions // self._bert.heads])
        parts = (self.node("Reshape", self.dense(value, f"{name}.{part}"), split) for part in ("query", "key", "value"))
        query, key, read = (
            self.node("Transpose", part, perm=perm) for part, perm in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
        )
        width = self.constant("width", (self._bert.dimensions / self._bert.heads) ** 0.5, np.float32)
        scores = self.node("Add", self.node("Div", self.node("MatMul", query, key), width), hidden)
        mixed = self.node("Transpose", self.node("MatMul", self.node("Softmax", scores, axis=-1), read), perm=[0, 2, 1, 3])
        return self.node("Reshape", mixed, self.constant("join", [0, 0, self._bert.dimensions]))

    def hidden(self, mask: str) -> str:
        """What is added to the attention: nothing where the mask is 1."""
        padding = self.node("Sub", self.constant("one", 1, np.float32), mask)
        return self.node(
            "Unsqueeze", self.node("Mul", padding, self.constant("lowest", HIDDEN, np.float32)), self.constant("heads", [1, 2])
        )

    def pooled(self, value: str, mask: str) -> str:
        if self._bert.pooling == "cls":
            return self.node("Gather", value, self.constant("first", 0), axis=1)
        weights = self.node("Unsqueeze", mask, self.constant("last", [2]))
        axis = self.constant("tokens_axis", [1])
        total = self.node("ReduceSum", self.node("Mul", value, weights), axis, keepdims=0)
        return self.node("Div", total, self.node("ReduceSum", weights, axis, keepdims=0))


def bert_graph(bert: Bert) -> "onnx.ModelProto":
    """The whole graph, its weights as float32: `INPUTS`, int64 `(texts, tokens)`, -> `EMBEDDING` and `TOKENS`.

    Raises:
        EmbeddingError: The weights lack one, or cannot be read.
    """
    from onnx import TensorProto, helper, numpy_helper

    write = _Writer(bert, _weights(bert))
    try:
        mask = write.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        hidden, value = write.hidden(mask), write.embedded()
        for number in range(bert.layers):
            value = write.layer(value, f"encoder.layer.{number}", hidden)
    except KeyError as error:
        raise EmbeddingError(f"The embedding model in {bert.folder} lacks the weights {error}.") from error
    write.node("Identity", value, output=TOKENS)
    write.node("LpNormalization", write.pooled(value, mask), output=EMBEDDING, axis=-1, p=2)
    graph = helper.make_graph(
        write.nodes,
        model_name(str(bert.folder)),
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "length"]) for name in INPUTS],
        [
            helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, ["texts", bert.dimensions]),
            helper.make_tensor_value_info(TOKENS, TensorProto.FLOAT, ["texts", "length", bert.dimensions]),
        ],
        [numpy_helper.from_array(value, name) for name, value in write.constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _weights(bert: Bert) -> dict[str, Embeddings]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(bert.folder / WEIGHTS, "numpy") as file:  # bfloat16 is read by torch alone
            return {name.removeprefix("bert."): file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
    except (OSError, SafetensorError, TypeError) as error:
        raise EmbeddingError(f"The weights of the embedding model in {bert.folder} cannot be read: {error}") from error


class GraphTokens:
    """Looks into a graph that `bert_graph` wrote, or into its 8-bit export: a `TokenModel`."""

    def __init__(self, load: "Callable[[], onnx.ModelProto]", tokenizer: Path, pooling: str, limit: int) -> None:
        """Load nothing yet; `tokenizer` is its file, `limit` the tokens that the model reads."""
        self._load = load
        self._tokenizer_file = tokenizer
        self.pooling = pooling
        self._limit = limit
        self._lock = threading.RLock()

    def token_vectors(self, text: str) -> Embeddings:
        """See `TokenModel.token_vectors`."""
        return self._run(TOKENS, text)

    def sentence_vector(self, text: str) -> Embeddings:
        """See `TokenModel.sentence_vector`."""
        return self._run(EMBEDDING, text)

    def static_vectors(self, ids: Sequence[int]) -> Embeddings:
        """See `TokenModel.static_vectors`."""
        return np.asarray(self._table[list(ids)], dtype=np.float32)

    def _run(self, output: str, text: str) -> Embeddings:
        encoding = self._tokenizer.encode(text)
        columns = (encoding.ids, encoding.attention_mask, encoding.type_ids)
        feed = {name: np.array([column], dtype=np.int64) for name, column in zip(INPUTS, columns, strict=True)}
        with self._lock:
            return np.asarray(self._session.run([output], feed)[0][0], dtype=np.float32)

    @cached_property
    def _table(self) -> Embeddings:
        from onnx import numpy_helper

        return next(numpy_helper.to_array(constant) for constant in self._load().graph.initializer if constant.name == WORDS)

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = read_tokenizer(self._tokenizer_file.read_text(encoding="utf-8"))
        tokenizer.enable_truncation(self._limit)
        return tokenizer

    @cached_property
    def _session(self) -> "InferenceSession":
        """Called with the lock held."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self._load().SerializeToString(), options, providers=["CPUExecutionProvider"])


class BertTokens(GraphTokens):
    """Looks into a BERT encoder: its numbers are those of the original, not of its 8-bit export."""

    def __init__(self, bert: Bert) -> None:
        """Load nothing yet."""
        super().__init__(lambda: bert_graph(bert), bert.folder / "tokenizer.json", bert.pooling, bert.limit)
