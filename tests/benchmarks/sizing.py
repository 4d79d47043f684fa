"""Calculates the tables of sizes and costs in docs/scaling.md from what was measured, and from prices that are assumed.

python -m tests.benchmarks.sizing
"""

from dataclasses import dataclass
from math import ceil

CHUNKS_A_PAGE = 2.8
CHUNKS_A_DOCUMENT = 40
GIB = 2**30

# Measured in a library of a million chunks: bytes a chunk.
SQLITE = 12_580
VECTORS_DISK = 1_870
VECTORS_MEMORY = 2_400
KEYWORDS = 1_620

# Bytes a document in the memory of each server (measured: 1,100, with short names), and in PostgreSQL (assumed).
RECORD_MEMORY = 2_500
RECORD_ROW = 1_200

SERVER_MEMORY = 0.6 * GIB  # measured: models, page, one library; more is assumed for those who ask at once
ORIGINAL_PAGE = 100_000  # assumed: bytes of a page, between 8 KB of text (measured) and 300 KB of a scan

# Measured: core seconds of a question that is quoted, by part. What grows to a million chunks is taken to grow so beyond them.
READING = 0.22
RETRIEVING = 0.02
KEYWORDS_A_MILLION = 0.007
CHROMA = 0.009
CHROMA_A_MILLION = 0.016

QUESTIONS_A_SECOND = 10  # assumed, at the peak
BUSY = 0.6  # of a core, at the peak
CELL = 10_000_000  # chunks of one library: see docs/scaling.md

# Assumed prices a month: of a kind, on demand, in dollars.
CORE = 20.0
MEMORY_GIB = 3.0
SSD_GIB = 0.10
OBJECTS_GIB = 0.023


@dataclass(frozen=True, slots=True)
class Part:
    """Machines of one kind: how many, cores and GiB of memory and of disk each."""

    name: str
    count: int
    cores: int
    memory: int
    disk: int

    @property
    def cost(self) -> float:
        """Dollars a month."""
        return self.count * (self.cores * CORE + self.memory * MEMORY_GIB + self.disk * SSD_GIB)

    def __str__(self) -> str:
        return f"{self.count} x {self.cores} cores, {self.memory} GiB, {self.disk} GiB SSD"


def even(value: float, *, least: int = 2) -> int:
    """The next size that machines come in."""
    return max(least, 2 * ceil(value / 2))


def parts(chunks: int) -> list[Part]:
    """The machines for a number of chunks, in libraries of at most `CELL`; all questions are spread evenly over them."""
    cells = ceil(chunks / CELL)
    each = chunks / cells
    millions, documents = each / 1e6, each / CHUNKS_A_DOCUMENT
    cores = QUESTIONS_A_SECOND / cells * (READING + RETRIEVING + KEYWORDS_A_MILLION * millions) / BUSY
    replicas = max(2, ceil(cores / 8))
    memory = even((SERVER_MEMORY + RECORD_MEMORY * documents + KEYWORDS * each) / GIB + 1, least=4)
    disk = ceil(10 + 2 * KEYWORDS * each / GIB + 20)
    server = Part("replicas", cells * replicas, even(cores / replicas), memory, disk)
    writer = Part("writer", cells, 2, memory, disk)
    chroma_cores = even(QUESTIONS_A_SECOND / cells * (CHROMA + CHROMA_A_MILLION * millions) / BUSY + 1)
    chroma_memory = even((VECTORS_MEMORY + 0.1 * SQLITE) * each / GIB + 1, least=4)
    chroma = Part("Chroma", cells, chroma_cores, chroma_memory, ceil(1.3 * (SQLITE + VECTORS_DISK) * each / GIB) + 5)
    rows = chunks / CHUNKS_A_DOCUMENT * RECORD_ROW / GIB
    return [writer, server, chroma, Part("PostgreSQL", 1, 2 if cells < 10 else 4, 4 if cells < 10 else 16, ceil(10 + 3 * rows))]


def objects(chunks: int) -> float:
    """GiB of originals and of snapshots of the keyword index."""
    return (chunks / CHUNKS_A_PAGE * ORIGINAL_PAGE + 2 * KEYWORDS * chunks) / GIB


def main() -> None:
    """Print the tables."""
    sizes = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000]
    print("| | " + " | ".join(f"{size // 10**6:,} million" for size in sizes) + " |\n" + "|---" * 5 + "|")
    print("| pages, about | " + " | ".join(f"{size / CHUNKS_A_PAGE / 1e6:,.1f} million" for size in sizes) + " |")
    for rows in zip(*map(parts, sizes), strict=True):
        print(f"| {rows[0].name} | " + " | ".join(map(str, rows)) + " |")
    print("| object storage | " + " | ".join(f"{objects(size):,.0f} GiB" for size in sizes) + " |")
    costs = [sum(part.cost for part in parts(size)) + objects(size) * OBJECTS_GIB for size in sizes]
    print("| dollars a month | " + " | ".join(f"{cost:,.0f}" for cost in costs) + " |")
    print("| of these, object storage | " + " | ".join(f"{objects(size) * OBJECTS_GIB:,.0f}" for size in sizes) + " |")
    more = 10 * (READING + RETRIEVING) / BUSY
    print(f"\neach further 10 questions a second: {more:.1f} cores, {more * (CORE + 2 * MEMORY_GIB):.0f} dollars")


if __name__ == "__main__":
    main()
