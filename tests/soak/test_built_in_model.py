"""The built-in model's files are those that the tool makes from the public weights."""

from pathlib import Path

import pytest

from rag.embedding.built_in import adds_products_exactly
from rag.embedding.model_files import BUILT_IN
from rag.embedding.onnx_runtime import GRAPH, TOKENIZER
from tools.built_in_model import make


@pytest.mark.skipif(not adds_products_exactly(), reason="the tool wants a processor that adds products of bytes exactly")
def test_the_tool_makes_the_files_that_are_shipped(tmp_path: Path) -> None:
    make(tmp_path)
    for name in (GRAPH, TOKENIZER):
        assert (tmp_path / name).read_bytes() == (BUILT_IN / name).read_bytes(), name
