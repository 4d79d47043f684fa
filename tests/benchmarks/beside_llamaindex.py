"""Time Footnote beside LlamaIndex on the same files: each run a process of its own, the two in turn.

    python -m tests.benchmarks.beside_llamaindex [--files PATH ...] [--rounds 3] [--memory 500,5000] [--write]

`make bench` installs LlamaIndex in an environment of its own first. Without --files, a report of 160 pages is made. --memory adds made
reports of so many pages instead, and looks at the memory alone. --write keeps the figures in docs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import report
from tests.benchmarks.flops import flops

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEER_PYTHON = ROOT / ".venv-llamaindex" / "bin" / "python"
PAGES = 160
QUESTION = "What did the committee on safety say about the lease agreement?"
CHUNK_TOKENS = 200
BATCH_SIZES = (10, 32)
"""Of LlamaIndex's embedding: its default, and that of sentence-transformers. The faster one is used."""

PEER_SECONDS = 240
"""After so long, LlamaIndex is stopped where only memory is looked at."""

PEER_PACKAGES = (
    *("llama-index-core", "llama-index-embeddings-huggingface", "llama-index-readers-file", "llama-index-vector-stores-chroma"),
    *("sentence-transformers", "transformers", "torch", "pypdf", "chromadb"),
)

Measured = dict[str, Any]
"""What a run printed, and the seconds of its whole process."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what of a run is compared with what. None where one of them has no such phase."""

    name: str
    unit: str
    ours: Callable[[Measured], float] | None
    theirs: Callable[[Measured], float] | None


def phases(*names: str) -> Callable[[Measured], float]:
    """The seconds of some phases together."""
    return lambda run: float(sum(run["phases"][name] for name in names))


def memory(run: Measured) -> float:
    """Of the process and of the largest that it started, each at its most: at least as much as both took at any time."""
    return float(sum(run["memory_mb"]))


def whole(run: Measured) -> float:
    """The seconds from the start of a process to its end."""
    return float(run["whole"])


ROWS = (
    Row("import, open", "s", phases("import", "open"), phases("import", "open")),
    Row("read, cut (Footnote: words indexed too)", "s", phases("read"), phases("load", "split")),
    Row("- load", "s", None, phases("load")),
    Row("- split", "s", None, phases("split")),
    Row("embed, store", "s", phases("index"), phases("embed", "store")),
    Row("- embed", "s", None, phases("embed")),
    Row("- store", "s", None, phases("store")),
    Row("first query", "s", phases("first query"), phases("first query")),
    Row("close", "s", phases("close"), None),
    Row("**whole process**", "s", whole, whole),
    Row("**from adding to what its words find**", "s", lambda run: float(run["words"]), phases("load", "split", "embed", "store")),
    Row("**peak memory**", "MB", memory, memory),
)


class Bench:
    """Runs both on the same files."""

    def __init__(self, files: Sequence[Path], room: Path, question: str) -> None:
        self._files = [str(file) for file in files]
        self._room = room
        self._question = question

    def ours(self, mode: str = "run") -> Measured:
        """Footnote."""
        return self._run([sys.executable, str(HERE / "footnote_run.py")], mode, str(CHUNK_TOKENS))

    def theirs(self, batch_size: int, mode: str = "run", seconds: float | None = None) -> Measured:
        """LlamaIndex."""
        command = [str(PEER_PYTHON), str(HERE / "peer" / "llamaindex_run.py")]
        return self._run(command, mode, str(CHUNK_TOKENS), str(batch_size), seconds=seconds)

    def round(self, batch_size: int) -> tuple[Measured, Measured]:
        """One run of each; ours once more, to the moment that a question finds the files by their words."""
        ours = self.ours()
        return ours | {"words": self.ours("words")["phases"]["words"]}, self.theirs(batch_size)

    def _run(self, command: Sequence[str], mode: str, *settings: str, seconds: float | None = None) -> Measured:
        with tempfile.TemporaryDirectory(dir=self._room) as folder:
            began = time.perf_counter()
            whole_command = [*command, mode, f"{folder}/index", self._question, *settings, *self._files]
            printed = subprocess.run(whole_command, env=_environment(), capture_output=True, text=True, timeout=seconds, check=False)
            took = time.perf_counter() - began
        if printed.returncode:
            sys.exit(f"{command[-1]} failed:\n{printed.stderr[-3000:]}")
        measured: Measured = json.loads(printed.stdout.splitlines()[-1])
        if not measured["found"]:
            sys.exit(f"{command[-1]} found nothing for {self._question!r}.")
        return measured | {"whole": took}


def _environment() -> dict[str, str]:
    """No network, and none of the settings of whoever runs this; those for the two libraries' threads stay what they are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "OPENAI_"))}
    return kept | {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "PYTHONPATH": str(ROOT)}


def compare(bench: Bench, rounds: int) -> dict[str, Any]:
    """Run both in turn; the first runs are not timed, and count the tokens."""
    counted = {"ours": bench.ours("count")}
    warm = {size: bench.theirs(size, "count") for size in BATCH_SIZES}
    batch_size = min(BATCH_SIZES, key=lambda size: float(warm[size]["phases"]["embed"]))
    counted["theirs"] = warm[batch_size]
    pairs, peaks = [], [_matrix_peak()]
    for number in range(rounds):
        pairs.append(bench.round(batch_size))
        peaks.append(_matrix_peak())
        print(f"round {number + 1}: {pairs[-1][0]['whole']:.1f} s and {pairs[-1][1]['whole']:.1f} s", file=sys.stderr, flush=True)
    return {
        "rows": [_row(row, pairs) for row in ROWS],
        "embedding": [
            _embedding("Footnote (int8), stored", counted["ours"], [phases("index")(ours) for ours, _ in pairs]),
            _embedding("LlamaIndex (fp32), stored", counted["theirs"], [phases("embed", "store")(theirs) for _, theirs in pairs]),
            _embedding("LlamaIndex (fp32)", counted["theirs"], [phases("embed")(theirs) for _, theirs in pairs]),
        ],
        "matrix_peak": max(peaks),
        "batch_size": batch_size,
        "batches_tried": {size: run["phases"]["embed"] for size, run in warm.items()},
        "rounds": rounds,
        "pages": counted["ours"]["pages"],
        "characters": counted["theirs"]["characters"],
    }


def _row(row: Row, pairs: Sequence[tuple[Measured, Measured]]) -> dict[str, Any]:
    """The values of each run, and their ratio in each pair."""
    ours = [row.ours(each) for each, _ in pairs] if row.ours else []
    theirs = [row.theirs(each) for _, each in pairs] if row.theirs else []
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)] if ours and theirs else []
    return {"name": row.name, "unit": row.unit, "ours": ours, "theirs": theirs, "ratios": ratios}


def _embedding(name: str, counted: Measured, seconds: Sequence[float]) -> dict[str, Any]:
    tokens, median = counted["tokens"], statistics.median(seconds)
    return {
        "name": name,
        "chunks": counted["chunks"],
        "tokens_of_chunk": statistics.mean(tokens),
        "chunks_a_second": counted["chunks"] / median,
        "tokens_a_second": sum(tokens) / median,
        "flops_a_second": flops(tokens) / median,
    }


def _matrix_peak() -> float:
    return float(_said(sys.executable, "-m", "tests.benchmarks.flops"))


def memory_of(pages: Sequence[int], room: Path) -> list[dict[str, Any]]:
    """Most memory while reports of so many pages are added; LlamaIndex's for the first of them alone, which takes it minutes."""
    rows = []
    for count in pages:
        rows.append(_memory_row("Footnote", count, Bench([made_report(count, room)], room, QUESTION).ours()))
        print(rows[-1], file=sys.stderr, flush=True)
    try:
        rows.append(
            _memory_row("LlamaIndex", pages[0], Bench([made_report(pages[0], room)], room, QUESTION).theirs(10, seconds=PEER_SECONDS))
        )
    except subprocess.TimeoutExpired:
        rows.append({"name": "LlamaIndex", "pages": pages[0], "stopped": PEER_SECONDS})
    return rows


def _memory_row(name: str, pages: int, run: Measured) -> dict[str, Any]:
    return {"name": name, "pages": pages, "chunks": run["chunks"], "memory_mb": run["memory_mb"], "whole": run["whole"]}


def made_report(pages: int, room: Path) -> Path:
    """A report of so many pages. In a process of its own: what this one has taken would count as a measured process's memory."""
    target = room / f"report-{pages}.pdf"
    if not target.exists():
        _said(sys.executable, "-m", "tests.benchmarks.made_pdf", str(pages), str(target))
    return target


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", help="documents to add instead of the made report")
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", help="pages of made reports, as 500,5000: look at the memory alone")
    parser.add_argument("--name", default="the made report", help="what the files are, for the table")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs")
    given = parser.parse_args()
    if not PEER_PYTHON.exists():
        sys.exit("LlamaIndex is not installed. `make bench` installs it.")
    with tempfile.TemporaryDirectory() as temporary:
        room = Path(temporary)
        if given.memory:
            section, figures = "memory", {"rows": memory_of([int(pages) for pages in given.memory.split(",")], room)}
        else:
            files = [path.resolve() for path in given.files] if given.files else [made_report(PAGES, room)]
            section = f"beside {given.name}"
            figures = compare(Bench(files, room, given.question), given.rounds)
    versions = {
        "Footnote": report.versions(Path(sys.executable), report.PACKAGES),
        "LlamaIndex": report.versions(PEER_PYTHON, PEER_PACKAGES),
    }
    report.show(section, {**figures, "versions": versions}, is_kept=given.write)


if __name__ == "__main__":
    main()
