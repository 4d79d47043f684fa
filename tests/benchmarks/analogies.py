"""How often the nearest word to "king - man + woman" is the right one: 36 plain analogies over the model's whole vocabulary.

    python -m tests.benchmarks.analogies

Prints the share right with the words' own vectors, which is what `rag arithmetic` does, and with the model's input table.
"""

import tempfile

import numpy as np

from rag import Library
from rag.embedding.protocol import Embeddings
from rag.embedding.token_reader import TokenReader
from rag.exploring import solve
from rag.exploring.vectors import unit

PAIRS = {
    "gender": "man woman king queen prince princess actor actress uncle aunt brother sister boy girl father mother husband wife",
    "capital": "france paris germany berlin italy rome spain madrid england london japan tokyo russia moscow egypt cairo greece athens",
    "plural": "car cars dog dogs city cities child children mouse mice bird birds house houses",
    "comparative": "big bigger small smaller fast faster good better strong stronger cold colder high higher",
    "past": "walk walked play played go went see saw take took",
    "people": "france french germany german spain spanish italy italian japan japanese",
}
"""Pairs of words; the first pair of a kind asks for all others: what is to `prince` as `woman` is to `man`."""


def analogies() -> list[tuple[str, str, str, str]]:
    """Four words each, of which the last is to be found."""
    found = []
    for words in map(str.split, PAIRS.values()):
        pairs = list(zip(words[::2], words[1::2], strict=True))
        found += [(*pairs[0], *pair) for pair in pairs[1:]]
    return found


def nearest(rows: Embeddings, words: list[str], first: str, second: str, third: str) -> tuple[list[str], bool]:
    """The five words nearest to `third - first + second`, and whether one of these three is nearer than all."""
    wanted = rows[words.index(third)] - rows[words.index(first)] + rows[words.index(second)]
    order = [words[row] for row in np.argsort(-(rows @ wanted))[:8]]
    return [word for word in order if word not in {first, second, third}][:5], order[0] in {first, second, third}


def static_rows(reader: TokenReader) -> tuple[list[str], Embeddings]:
    """The vocabulary, and its rows of the model's input table."""
    words = reader.vocabulary()
    ids = [next(token.id for token in reader.tokens(word).tokens if token.kind != "special") for word in words]
    return words, unit(reader.static_vectors(ids))


def main() -> None:
    """Print both shares."""
    asked = analogies()
    with tempfile.TemporaryDirectory() as folder, Library.open(folder) as library:
        solved = [solve(library, f"{third} - {first} + {second}", top_k=5) for first, second, third, _ in asked]
        own = [([neighbour.text for neighbour in found.neighbours], bool(found.echo)) for found in solved]
        assert library.embedder.token_reader
        words, rows = static_rows(library.embedder.token_reader)
        table = [nearest(rows, words, *given) for *given, _ in asked]
    for name, results in (("words as texts", own), ("input table", table)):
        first = sum(top[0] == right for (top, _), (*_, right) in zip(results, asked, strict=True))
        five = sum(right in top for (top, _), (*_, right) in zip(results, asked, strict=True))
        echo = sum(is_echo for _, is_echo in results)
        print(f"{name}: {first} of {len(asked)} right, {five} among five; {echo} where a word of the sum is nearer than all others")
        print(
            "  not first:",
            ", ".join(f"{right} ({top[0]})" for (top, _), (*_, right) in zip(results, asked, strict=True) if top[0] != right),
        )


if __name__ == "__main__":
    main()
