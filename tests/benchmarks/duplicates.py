"""How long it takes to find what is nearly the same among many passages.

python -m tests.benchmarks.duplicates [COUNT ...]

The vectors are made: 384 numbers around one centre for each 50 passages, so that about as many pairs are near as in a library on few
subjects; every hundredth passage is a copy with some words changed. Each count runs in turn; figures are of this machine.
"""

import argparse
import random
import time

import numpy as np
from numpy.typing import NDArray

from rag.exploring.duplicates import ALIKE, THRESHOLD
from rag.exploring.pairing import Texts, WordNumbers, Words, candidates, counterparts, groups_of, similar_pairs

DIMENSIONS = 384
PASSAGES_A_CENTRE = 50
PASSAGES_A_DOCUMENT = 100
WORDS_A_PASSAGE = 130
SPREAD = 0.026
"""Of each number of a vector around its centre: cosines within a group are 0.8, some more, some less."""


def made(count: int) -> tuple[NDArray[np.float32], list[Words]]:
    """Vectors and words; of each copy both are near its original's."""
    rng, chance = np.random.default_rng(0), random.Random(0)
    centres = rng.normal(size=(count // PASSAGES_A_CENTRE + 1, DIMENSIONS)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rows = centres[rng.integers(0, len(centres), count)] + rng.normal(size=(count, DIMENSIONS), scale=SPREAD).astype(np.float32)
    numbers = WordNumbers()
    texts = [[f"w{chance.randrange(20_000)}" for _ in range(WORDS_A_PASSAGE)] for _ in range(count)]
    for place in range(100, count, 100):
        rows[place] = rows[place - 1] + rng.normal(size=DIMENSIONS, scale=SPREAD / 10)
        texts[place] = [*texts[place - 1][:-6], *["six", "other", "words", "stand", "here", "now"]]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), [numbers.words(" ".join(text)) for text in texts]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    print("passages   pairs   groups  vectors s  words s  documents s")
    for count in parser.parse_args().counts:
        rows, words = made(count)
        moments = [time.perf_counter()]
        texts = Texts(words, np.arange(count) // PASSAGES_A_DOCUMENT)
        pairs = similar_pairs(rows[texts.distinct], ALIKE)
        moments.append(time.perf_counter())
        groups = groups_of(texts, pairs, THRESHOLD)
        moments.append(time.perf_counter())
        candidates(counterparts(texts, pairs, count // PASSAGES_A_DOCUMENT + 1), texts, 0.5)
        moments.append(time.perf_counter())
        vectors, compared, documents = np.diff(moments)
        print(f"{count:8,} {len(pairs):7,} {len(groups):8,} {vectors:10.1f} {compared:8.1f} {documents:12.1f}", flush=True)


if __name__ == "__main__":
    main()
