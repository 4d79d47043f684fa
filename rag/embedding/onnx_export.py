"""A sentence-transformers model -> one ONNX graph: encoder, pooling, normalisation; 8-bit weights where the vectors agree.

A BERT encoder is written from its weights; any other is traced by torch.

Runs in a process of its own, so that torch never enters the one that embeds:
`python -m rag.embedding.onnx_export MODEL_FOLDER TARGET [POOLING]`; a failure is the last line of stderr and exit status 1.
"""

import json
import shutil
import sys
import warnings
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.bert import BertTokens, bert_graph, read_bert
from rag.embedding.catalogue import Prompts
from rag.embedding.model_files import prompts_in
from rag.embedding.onnx_runtime import ABOUT, GRAPH, TOKENIZER, About, OnnxModel, read_tokenizer
from rag.embedding.protocol import Embeddings
from rag.embedding.sentence_transformer import load_model, token_limit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LEAST_AGREEMENT = {"int8": 0.99, "uint8": 0.99, "fp32": 0.999}
"""The mean cosine with the original's vectors below which an export is not used; the quickest first."""

OPSET = 17

TEXTS = (
    "?",
    "Refunds",
    "When may I return an item?",
    "An item may be returned within 30 days of delivery if it is unused and in its original packaging.",
    "The plan pays 80 % of the allowed amount after the deductible of $1,500.00 has been met; see § 12(b), table 3.",
    "Error E-17: the RJ-45/2 connector is not seated. Push it in until it clicks, then restart the unit.",
    "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)",
    "| year | revenue | costs |\n|---|---|---|\n| 2021 | 14.2 | 11.9 |\n| 2022 | 15.8 | 12.1 |",
    "Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung aller staatlichen Gewalt.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "In cell culture, the inhibitor lowered the expression of the receptor by half; no effect on growth was seen (n = 12, p < 0.01). " * 3,
    "The committee met on the second Tuesday of each month, and its minutes were read aloud, amended where needed, and signed. " * 5,
    "Water boils at a lower temperature on a mountain, since the pressure of the air falls with height. " * 10,
    "word " * 600,
)
"""What the export is tested on: short and long, several languages, code, a table, more than any limit."""


@dataclass(frozen=True, slots=True)
class Original:
    """A model to export.

    `tokenizer` is its JSON, `limits` are those of `token_limit`, `write` writes the graph with float32 weights, and `vectors` gives its own
    vectors of texts, of documents and of queries.
    """

    tokenizer: str
    dimensions: int
    limits: tuple[int, int]
    write: Callable[[Path], None]
    vectors: tuple[Callable[[list[str]], Embeddings], Callable[[list[str]], Embeddings]]


def export(source: Path, target: Path, pooling: str | None = None, precisions: Collection[str] = tuple(LEAST_AGREEMENT)) -> About:
    """Export the model in a folder to an empty one, in the first of `precisions` that agrees with the original; any error may come of it.

    int8 is the quickest, and overflows on processors that multiply bytes without VNNI.
    """
    prompts = prompts_in(source)
    original = _bert(source, prompts) if pooling is None else None
    original = original or _traced(load_model(source, pooling, attention="eager"), prompts)
    (target / TOKENIZER).write_text(original.tokenizer, encoding="utf-8")
    whole = target / "whole.onnx"
    original.write(whole)
    problems = []
    for precision in precisions:
        if precision == "fp32":
            shutil.copyfile(whole, target / GRAPH)
        else:
            _quantise(whole, target / GRAPH, precision)
        about = About(precision, 0.0, original.dimensions, *original.limits, *prompts)
        about = replace(about, agreement=_agreement(original, OnnxModel(target, about), prompts))
        if about.agreement >= LEAST_AGREEMENT[precision]:
            whole.unlink()
            (target / ABOUT).write_text(json.dumps(asdict(about), indent=1), encoding="utf-8")
            return about
        problems.append(f"the {precision} export agrees with the original by a mean cosine of {about.agreement:.3f} only")
    raise ValueError("; ".join(problems))


def _bert(source: Path, prompts: Prompts) -> Original | None:
    """A BERT encoder, without torch; None where the model is another."""
    if (bert := read_bert(source)) is None:
        return None
    tokenizer = read_tokenizer((source / "tokenizer.json").read_text(encoding="utf-8"))
    limits = bert.limit, bert.limit - len(tokenizer.encode(prompts.passage).ids)
    model = BertTokens(bert)

    def vectors(prompt: str) -> Callable[[list[str]], Embeddings]:
        return lambda texts: np.stack([model.sentence_vector(prompt + text) for text in texts])

    def write(path: Path) -> None:
        path.write_bytes(bert_graph(bert).SerializeToString())

    return Original(tokenizer.to_str(), bert.dimensions, limits, write, (vectors(prompts.passage), vectors(prompts.query)))


def _traced(model: "SentenceTransformer", prompts: Prompts) -> Original:
    """Any model that sentence-transformers runs."""

    def vectors(prompt: str, encode: Callable[..., Embeddings]) -> Callable[[list[str]], Embeddings]:
        return lambda texts: encode(texts, prompt=prompt, normalize_embeddings=True, show_progress_bar=False)

    return Original(
        model.tokenizer.backend_tokenizer.to_str(),
        model.get_embedding_dimension() or 0,
        token_limit(model, prompts),
        lambda path: _trace(model, path),
        (vectors(prompts.passage, model.encode_document), vectors(prompts.query, model.encode_query)),
    )


def _trace(model: "SentenceTransformer", path: Path) -> None:
    import torch

    given = dict(model.tokenizer(["A text of some words.", "Short"], padding=True, return_tensors="pt"))
    names = sorted(given)

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *columns: torch.Tensor) -> torch.Tensor:
            made = self.model(dict(zip(names, columns, strict=True)))
            return torch.nn.functional.normalize(made["sentence_embedding"], dim=-1)

    axes = {name: {0: "texts", 1: "tokens"} for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, about itself
        torch.onnx.export(
            Whole().eval(),
            tuple(given[name] for name in names),
            str(path),
            input_names=names,
            output_names=["embedding"],
            dynamic_axes=axes | {"embedding": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )


def _quantise(source: Path, target: Path, precision: str) -> None:
    """Weights of matrix products to 8 bits, a scale for each column: one scale for a whole matrix ruins this model (cosine 0.94)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8 if precision == "int8" else QuantType.QUInt8,
        extra_options={"MatMulConstBOnly": True},
    )


def _agreement(original: Original, made: OnnxModel, prompts: Prompts) -> float:
    """The mean cosine of an export's vectors with the original's."""
    cosines = [
        np.sum(made.embed([prompt + text for text in TEXTS]) * vectors(list(TEXTS)), axis=1)
        for prompt, vectors in zip(prompts, original.vectors, strict=True)
    ]
    return float(np.mean(cosines))


if __name__ == "__main__":
    try:
        export(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
    except Exception as error:  # noqa: BLE001  (whatever stopped it, another backend takes over)
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
