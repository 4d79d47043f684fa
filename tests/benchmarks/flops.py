"""How much arithmetic a vector takes, and how much the machine can do.

A text of n tokens, [CLS] and [SEP] counted, takes `2 * parameters * n + 4 * layers * width * n**2` floating-point operations: each number
of a layer's matrices is multiplied and added once a token, and attention compares all tokens with all (queries with keys, then weights
with values, 2 * width * n**2 each). Embedding tables, biases, normalisation and softmax are left out: under 2 %. Source: Hoffmann et al.,
Training Compute-Optimal Large Language Models (arXiv:2203.15556), appendix F, the forward pass of one sequence.
"""

import time
from collections.abc import Iterable

import numpy as np

LAYERS, WIDTH, INNER_WIDTH = 6, 384, 1536
"""Of all-MiniLM-L6-v2, in its config.json."""

MATRIX_PARAMETERS = LAYERS * (4 * WIDTH**2 + 2 * WIDTH * INNER_WIDTH)
"""Query, key, value and output, and the two of the feed-forward part."""

SIZE = 2048


def flops(tokens: Iterable[int]) -> float:
    """To embed texts of so many tokens each."""
    return sum(2.0 * MATRIX_PARAMETERS * n + 4.0 * LAYERS * WIDTH * n**2 for n in tokens)


def matrix_peak(seconds: float = 3.0) -> float:
    """The most float32 operations a second that a product of two matrices reached here, on all cores."""
    left, right = np.random.default_rng(1).random((2, SIZE, SIZE), dtype=np.float32)
    best, end = float("inf"), time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        left @ right
        best = min(best, time.perf_counter() - began)
    return 2 * SIZE**3 / best


if __name__ == "__main__":
    print(matrix_peak())
