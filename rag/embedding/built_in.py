"""The built-in model, all-MiniLM-L6-v2, as it is shipped: one graph with 8-bit weights, which has the same sums on every processor.

An x86 processor without VNNI adds two products of a byte and an int8 in 16 bits, where they overflow. There the weights are shifted to
uint8 when they are loaded: the same sums, at half the speed.
"""

from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.bert import BertTokens, GraphTokens, read_bert
from rag.embedding.model_files import BUILT_IN, BUILT_IN_KEY, model_folder
from rag.embedding.onnx_runtime import GRAPH, SLOWER, TOKENIZER, OnnxModel, adds_exactly, load_graph, read_about
from rag.embedding.token_reader import TokenModel, TokenReader
from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

if TYPE_CHECKING:
    import onnx
    from onnxruntime import InferenceSession

CURE = "Reinstall Footnote."
PRECISION, POOLING = "int8", "mean"


class BuiltInEmbedder(OnnxModel):
    """An `Embedder`; nothing is loaded before its first use."""

    identity = f"onnx-{PRECISION}:{DEFAULT_EMBEDDING_MODEL}:{BUILT_IN_KEY}"

    def __init__(self) -> None:
        """Read what is known of the model without loading it."""
        super().__init__(BUILT_IN, read_about(BUILT_IN, CURE))

    @cached_property
    def token_reader(self) -> TokenReader:
        """See `CheckedEmbedder.token_reader`. It looks into the original where its weights are installed, else into the 8-bit model."""
        return TokenReader(self.load_tokenizer, _original() or GraphTokens(read_graph, BUILT_IN / TOKENIZER, POOLING, self._about.limit))

    def _load(self) -> "InferenceSession":
        content = None if adds_products_exactly() else shifted(read_graph()).SerializeToString()
        return load_graph(BUILT_IN / GRAPH, CURE, SLOWER, content)


def _original() -> TokenModel | None:
    try:
        bert = read_bert(model_folder(DEFAULT_EMBEDDING_MODEL))
    except EmbeddingError:
        return None
    return BertTokens(bert) if bert else None


def read_graph() -> "onnx.ModelProto":
    """The shipped graph."""
    import onnx

    return onnx.load(BUILT_IN / GRAPH)


def shifted(graph: "onnx.ModelProto") -> "onnx.ModelProto":
    """The graph with its int8 weights and their zero points as uint8: 128 is added to both, so that no product changes."""
    from onnx import numpy_helper

    constants = {constant.name: constant for constant in graph.graph.initializer}
    for node in graph.graph.node:
        if node.op_type == "MatMulInteger":
            for name in (node.input[1], node.input[3]):
                moved = numpy_helper.to_array(constants[name]).astype(np.int16) + 128
                constants[name].CopyFrom(numpy_helper.from_array(moved.astype(np.uint8), name))
    return graph


@cache
def adds_products_exactly() -> bool:
    """Whether this processor adds products of uint8 and int8 without an overflow, as all do but x86 without VNNI."""
    told = adds_exactly()
    return largest_sum() == 255 * 127 * 64 if told is None else told


def largest_sum() -> int:
    """What this processor makes of the sum of 64 products of the largest uint8 and the largest int8."""
    import onnxruntime
    from onnx import TensorProto, helper

    kinds = {"bytes": (TensorProto.UINT8, [1, 64]), "weights": (TensorProto.INT8, [64, 16]), "sums": (TensorProto.INT32, [1, 16])}
    given = [helper.make_tensor_value_info(name, *kind) for name, kind in kinds.items()]
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["bytes", "weights"], ["sums"])], "sum", given[:2], given[2:])
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {"bytes": np.full((1, 64), 255, np.uint8), "weights": np.full((64, 16), 127, np.int8)}
    return int(session.run(None, feed)[0][0, 0])
