"""Keeps what was measured in docs/benchmarks.json, and writes docs/benchmarks.md and docs/benchmarks.svg from it.

python -m tests.benchmarks.report        # writes both again
"""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.plot import plot

DOCS = Path(__file__).parents[2] / "docs"
Figures = Mapping[str, Any]

PACKAGES = ("numpy", "onnxruntime", "tokenizers", "pypdfium2", "pypdf", "tantivy", "chromadb")
"""What Footnote's figures depend on most."""

BESIDE = "beside "
"""Begins the name of each comparison; the files' name follows."""

HEAD = """# Benchmarks

Written by `make bench` (`tests/benchmarks`). Seconds are the median of the rounds, with the least and the most; a ratio is that of the two
runs of a round, LlamaIndex's figure by Footnote's, so that above 1 Footnote is ahead.

![The same figures as bars and lines](benchmarks.svg)
"""

FAIRNESS = """Each run is a process of its own, the two in turn, after one run of each that is not timed: Footnote's first run ever exports
its model, which is not in these figures. Both cut chunks of at most 200 tokens by the model's tokenizer, without overlap, embed with
all-MiniLM-L6-v2 on the processor and store in Chroma on disk; neither uses a language model or the network. LlamaIndex runs as its
documentation shows, with its defaults but for what is to its advantage: metadata is not embedded, and the faster of two batch sizes is
used. Footnote's vectors are made in int8, LlamaIndex's in fp32, each as it comes. Footnote loads its tokenizer and Chroma, and indexes the
words, in the phase in which LlamaIndex only reads and cuts. Peak memory is that of the process and, added to it, of the largest that it
started: of both together, at the most."""


def show(section: str, figures: Figures, *, is_kept: bool) -> None:
    """Print a section's tables; where it is to be kept, keep it in place of the one of that name, and write the documents."""
    figures = {**figures, "date": datetime.now(UTC).date().isoformat(), "machine": machine()}
    print("\n".join(_section(section, figures)))
    if is_kept:
        kept = _kept() | {section: figures}
        (DOCS / "benchmarks.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        write(kept)


def write(kept: Mapping[str, Figures]) -> None:
    """Write the table and the plot."""
    sections = sorted(kept, key=lambda name: (not name.startswith(BESIDE), name))
    text = "\n".join([HEAD, *(line for name in sections for line in _section(name, kept[name]))])
    (DOCS / "benchmarks.md").write_text(text.rstrip() + "\n", encoding="utf-8")
    (DOCS / "benchmarks.svg").write_text(plot(kept), encoding="utf-8")


def machine() -> str:
    """Processor, cores, memory, system."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor() or "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def versions(python: Path, packages: Sequence[str]) -> dict[str, str]:
    """Of Python and of packages, in the environment of an interpreter."""
    tell = "import sys, platform, importlib.metadata as m; print(platform.python_version(), *map(m.version, sys.argv[1:]))"
    said = subprocess.run([str(python), "-c", tell, *packages], capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(("Python", *packages), said, strict=True))


def slower(figures: Figures) -> list[str]:
    """The names of the phases in which Footnote is behind, by the median of the rounds' ratios."""
    return [row["name"] for row in figures["rows"] if row["ratios"] and statistics.median(row["ratios"]) < 1]


def _kept() -> dict[str, Figures]:
    file = DOCS / "benchmarks.json"
    kept: dict[str, Figures] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


def _section(name: str, figures: Figures) -> list[str]:
    if name.startswith(BESIDE):
        lines = _beside(name, figures)
    elif name == "memory":
        lines = ["## Memory while documents are added", "", *_memory(figures["rows"])]
    else:
        lines = ["## As the library grows", "", *figures["table"]]
    versions = "; ".join(
        f"{who}: {', '.join(f'{package} {version}' for package, version in each.items())}" for who, each in figures["versions"].items()
    )
    return [*lines, "", f"{figures['date']}; {figures['machine']}. {versions}.", ""]


def _beside(name: str, figures: Figures) -> list[str]:
    behind = slower(figures)
    tried = ", ".join(f"{size}: {seconds:.1f} s" for size, seconds in figures["batches_tried"].items())
    return [
        f"## Beside LlamaIndex: {name.removeprefix(BESIDE)}",
        "",
        f"{figures['pages']:,} pages, {figures['characters']:,} characters; {figures['rounds']} rounds.",
        "",
        "| phase | Footnote | LlamaIndex | ratio |",
        "|---|---|---|---|",
        *(
            f"| {row['name']} | {_cell(row['ours'], row['unit'])} | {_cell(row['theirs'], row['unit'])} | {_ratio(row)} |"
            for row in figures["rows"]
        ),
        "",
        f"LlamaIndex is ahead in: {'; '.join(behind)}." if behind else "LlamaIndex is ahead in no phase.",
        "",
        f"The machine's float32 matrix peak: {figures['matrix_peak'] / 1e9:.0f} GFLOP/s, the best of all rounds.",
        "",
        "| embedding | chunks | tokens a chunk | chunks/s | tokens/s | GFLOP/s | of the fp32 peak |",
        "|---|---|---|---|---|---|---|",
        *(_embedding(row, figures["matrix_peak"]) for row in figures["embedding"]),
        "",
        f"LlamaIndex's embedding by batch size: {tried}; used: {figures['batch_size']}.",
        "",
        FAIRNESS,
    ]


def _embedding(row: Figures, peak: float) -> str:
    speed = row["flops_a_second"]
    work = f"{row['chunks']:,} | {row['tokens_of_chunk']:.0f} | {row['chunks_a_second']:.1f} | {row['tokens_a_second']:,.0f}"
    return f"| {row['name']} | {work} | {speed / 1e9:.0f} | {speed / peak:.0%} |"


def _memory(rows: Sequence[Figures]) -> list[str]:
    lines = ["| | pages | chunks | peak, process + largest child (MB) | whole process (s) |", "|---|---|---|---|---|"]
    for row in rows:
        if "stopped" in row:
            lines.append(f"| {row['name']} | {row['pages']:,} | | | stopped after {row['stopped']} |")
        else:
            own, child = row["memory_mb"]
            lines.append(f"| {row['name']} | {row['pages']:,} | {row['chunks']:,} | {own:.0f} + {child:.0f} | {row['whole']:.0f} |")
    return lines


def _cell(values: Sequence[float], unit: str) -> str:
    if not values:
        return ""
    middle, least, most = statistics.median(values), min(values), max(values)
    digits = 0 if unit == "MB" else 3 if middle < 0.1 else 2 if middle < 10 else 1
    return f"{middle:.{digits}f} {unit} ({least:.{digits}f}-{most:.{digits}f})"


def _ratio(row: Figures) -> str:
    if not row["ratios"]:
        return ""
    return f"{statistics.median(row['ratios']):.1f} ({min(row['ratios']):.1f}-{max(row['ratios']):.1f})"


if __name__ == "__main__":
    write(_kept())
