"""A trained reader -> the ONNX graph that the program ships: `python -m tools.reader.export TRAINED.pt rag/reading/reader.onnx`.

Weights of matrix products have 8 bits and a scale for each column, those of the token table 8 bits and a scale for each row.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from tools.reader.train import Reader


class Shipped(torch.nn.Module):
    """The reader for one text, with its token table in 8 bits."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader
        rows = reader.table().detach()
        scale = rows.abs().amax(1, keepdim=True) / 127
        self.register_buffer("scale", scale)
        self.register_buffer("rows", (rows / scale).round().to(torch.int8))

    def forward(self, ids: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits `(1, tokens, 2)` and `(1,)`."""
        embedded = self.rows[ids].float() * self.scale[ids]
        return self.reader.logits(embedded, torch.ones_like(ids), types)


def export(trained: Path, target: Path) -> None:
    """Trace and quantise."""
    reader = Reader(attention="eager")
    reader.load_state_dict(torch.load(trained))
    shipped = Shipped(reader).eval()
    ids = torch.tensor([[101, 2054, 102, 2023, 2003, 102]])
    types = torch.tensor([[0, 0, 0, 1, 1, 1]])
    axes = {"ids": {1: "tokens"}, "types": {1: "tokens"}, "tokens": {1: "tokens"}}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, about itself
        traced = Path(folder) / "traced.onnx"
        torch.onnx.export(
            shipped,
            (ids, types),
            str(traced),
            input_names=["ids", "types"],
            output_names=["tokens", "whole"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            traced,
            target,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("trained", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    export(options.trained, options.target)
