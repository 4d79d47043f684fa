"""Measure what is answered without a chat model: whether the right words are quoted, and what is refused.

    python -m tests.benchmarks.quoting EVAL_FOLDER [--set xquad] [--languages en,zh] [--questions 100] [--work FOLDER] [--out FOLDER]
        [--faults FOLDER] [--tree FOLDER] [--beside FOLDER] [--setting min_confidence=0]

EVAL_FOLDER holds the sets (see README.md beside this file), FAULTS the small files. With --work the libraries are kept there, each under
its index's identity, and not made again. --out gets a file of JSON lines a set, one a question, and the summary. --tree measures the
program in another folder, such as an older one, by its public names alone; --beside compares with what an earlier --out got, question by
question.

right: the quotations, taken together, have the answer (xquad), or 60 % of the evidence's words and the short answer in them (ohr, clapnq).
in its place: and one of them stands where the gold one does. first: the first alone is right. near: wrong, but within 200 characters of a
quotation. page, passage: one of the five passages is at the gold place; and has the answer. characters: shown, of what is answered, median.
probes: questions that no document of the search answers; of xquad and ohr, a drawn question asked without its file. The misses by stage:
not retrieved, retrieved but not in the passage's `text` (trimmed away), refused although it is there (gate), another sentence chosen.
Rates in percent, with binomial standard errors.
"""

import argparse
import hashlib
import importlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks import quoting_sets
from tests.benchmarks.quoted import Question, judged, standard_error
from tests.benchmarks.quoting_faults import faults
from tests.benchmarks.quoting_sets import Set, Sizes

SETS = {"xquad": quoting_sets.xquad, "ohr": quoting_sets.ohr, "clapnq": quoting_sets.clapnq}
STAGES = ("not retrieved", "trimmed away", "gate", "wrong sentence")
Row = dict[str, Any]


def measure(of: Set, work: Path, path: Path, settings: dict[str, Any]) -> list[Row]:
    """Ask every question; a line of the file is written for each as soon as it is answered."""
    rag = importlib.import_module("rag")
    rows = []
    with path.open("w", encoding="utf-8") as file:
        for name, files in of.files.items():
            folder = work / f"{name}-{_identity(rag, settings)}"
            with rag.Library.open(folder / "library", rag.Settings(**settings)) as library:
                began = time.monotonic()
                library.add(_written(folder / "files", files))
                print(f"{name}: {len(files)} files added in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
                library.warm_up()
                for question in of.questions:
                    if question.library == name:
                        row = _asked(rag, library, question, of)
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
                        file.flush()
                        rows.append(row)
    return rows


def read(path: Path) -> list[Row]:
    """What an earlier run wrote of a set; nothing where it has not measured that."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def table(rows: Sequence[Row]) -> str:
    """A line for each group, each kind of document where there are several, and all together."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["group"]].append(row)
        if row["kind"]:
            groups[f"{row['group']}, {row['kind']}"].append(row)
    if len(groups) > 1:
        groups["all"] = list(rows)
    names = "n | right | in its place | first | wrong | refused | page | passage | near | characters | ms"
    heads = f"| | {names} | probes | answered | AUROC | {' | '.join(STAGES)} |"
    return "\n".join([heads, "|" + "---|" * heads.count("|", 1), *(f"| {name} | {_cells(groups[name])} |" for name in sorted(groups))])


def compared(before: Sequence[Row], after: Sequence[Row]) -> str:
    """A line for each group: the two shares of right ones, and of probes answered, with the difference and its standard error."""
    earlier = {(row["set"], row["question"], row["answerable"]): row for row in before}
    groups: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in after:
        if old := earlier.get((row["set"], row["question"], row["answerable"])):
            name = "right" if row["answerable"] else "answered"
            for group in (row["group"], "all"):
                groups[f"{group}, {'right' if row['answerable'] else 'probes answered'}"].append((old[name], row[name]))
    lines = ["| | n | before | after | difference |", "|---|---|---|---|---|"]
    for name, pairs in sorted(groups.items()):
        old_share, new_share = (100 * statistics.mean(flags) for flags in zip(*pairs, strict=True))
        error = 100 * statistics.pstdev(new - old for old, new in pairs) / len(pairs) ** 0.5
        lines.append(f"| {name} | {len(pairs)} | {old_share:.1f} | {new_share:.1f} | {new_share - old_share:+.1f} ± {error:.1f} |")
    return "\n".join(lines)


def _cells(rows: Sequence[Row]) -> str:
    asked, probes = [row for row in rows if row["answerable"]], [row for row in rows if not row["answerable"]]

    def rate(name: str, of: Sequence[Row] = asked) -> str:
        flags = [bool(row[name]) for row in of]
        return f"{100 * sum(flags) / len(flags):.1f} ± {100 * standard_error(flags):.1f}" if flags else "-"

    wrong = [{"wrong": row["answered"] and not row["right"], "refused": not row["answered"]} for row in asked]
    answered = [row["characters"] for row in asked if row["answered"]]
    stages = Counter(row["stage"] for row in asked)
    cells = [
        str(len(asked)),
        *map(rate, ("right", "placed", "first")),
        rate("wrong", wrong),
        rate("refused", wrong),
        *map(rate, ("page", "passage", "near")),
        f"{statistics.median(answered):.0f}" if answered else "-",
        f"{statistics.median(row['ms'] for row in rows):.0f}",
        str(len(probes)),
        rate("answered", probes),
        _auroc(asked, probes),
        *(str(stages[stage]) for stage in STAGES),
    ]
    return " | ".join(cells)


def _auroc(asked: Iterable[Row], probes: Iterable[Row]) -> str:
    """How often the confidence in a question that is answered is above that in one that is not."""
    high, low = [row["confidence"] for row in asked], [row["confidence"] for row in probes]
    if not high or not low:
        return "-"
    return f"{sum((above > below) + (above == below) / 2 for above in high for below in low) / (len(high) * len(low)):.3f}"


def _asked(rag: Any, library: Any, question: Question, of: Set) -> Row:
    history = [rag.Message(role, content) for role, content in question.history]
    documents = [record.name for record in library.documents() if record.name != question.without] if question.without else None
    began = time.monotonic()
    answer = library.ask(question.text, history=history, documents=documents)
    milliseconds = 1000 * (time.monotonic() - began)
    row: Row = {"set": question.library, "group": question.group, "kind": question.kind, "question": question.text}
    row |= {"answerable": question.gold is not None, "ms": round(milliseconds, 1)}
    if question.gold is not None:
        row |= {"needed": question.gold.needed, "evidence": question.gold.evidences, "document": question.gold.document}
    row |= judged(question, answer, of.texts[question.library])
    return row | {"confidence": round(library.confidence(question.text, answer.passages), 4)}


def _identity(rag: Any, settings: dict[str, Any]) -> str:
    """Short for all that an index depends on."""
    with tempfile.TemporaryDirectory() as temporary, rag.Library.open(temporary, rag.Settings(**settings)) as library:
        return hashlib.sha256(library.index_identity.encode()).hexdigest()[:8]


def _written(folder: Path, files: dict[str, str | Path]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        target = folder / name
        data = content.read_bytes() if isinstance(content, Path) else content.encode()
        if not target.exists() or target.read_bytes() != data:
            target.write_bytes(data)
    return [folder / name for name in files]


def _use(tree: Path) -> None:
    """Import the program, here and in the processes it starts, from this folder."""
    os.environ |= {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    sys.path.insert(0, str(tree))


def _sizes(given: argparse.Namespace) -> Sizes:
    every = 10**6 if given.all else None
    sizes = Sizes(documents=given.documents, probe_every=given.probe_every, languages=tuple(filter(None, given.languages.split(","))))
    counts = {"language": given.questions, "text": given.text, "table": given.table, "equation": given.equation}
    chosen: dict[str, Any] = {name: every or count for name, count in counts.items() if (every or count) is not None}
    return replace(sizes, **chosen)


def main() -> None:
    """Read the command line, measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", action="append", choices=[*SETS, "faults"], dest="names", help="may be given several times")
    parser.add_argument("--languages", default="", help="of xquad, separated by commas; all if not given")
    parser.add_argument("--questions", type=int, help="of a language; 200 if not given")
    for source in ("text", "table", "equation"):
        parser.add_argument(f"--{source}", type=int, help=f"questions of ohr with evidence in {source}")
    parser.add_argument("--documents", type=int, default=25, help="of ohr")
    parser.add_argument("--probe-every", type=int, default=2, help="one in so many questions is asked without its file, too")
    parser.add_argument("--all", action="store_true", help="all questions")
    parser.add_argument("--faults", type=Path, help="folder of the small files")
    parser.add_argument("--work", type=Path, help="keep the libraries here")
    parser.add_argument("--out", type=Path, help="write the lines and tables here")
    parser.add_argument("--beside", type=Path, help="an earlier --out to compare with")
    parser.add_argument("--setting", action="append", default=[], help="NAME=VALUE, as min_confidence=0")
    parser.add_argument("--tree", type=Path, help="the program to measure; this one if not given")
    given = parser.parse_args()
    if given.tree:
        _use(given.tree.resolve())
    with tempfile.TemporaryDirectory() as temporary:
        work, out = given.work or Path(temporary) / "work", given.out or Path(temporary) / "out"
        out.mkdir(parents=True, exist_ok=True)
        for name in given.names or [*SETS, *(["faults"] if given.faults else [])]:
            of = faults(given.faults or given.folder.parent / "faults") if name == "faults" else SETS[name](given.folder, _sizes(given))
            earlier = read(given.beside / f"{name}.jsonl") if given.beside else []
            rows = measure(of, work, out / f"{name}.jsonl", dict(item.split("=", 1) for item in given.setting))
            summary = table(rows) + (f"\n\n{compared(earlier, rows)}" if earlier else "")
            (out / f"{name}.md").write_text(summary + "\n", encoding="utf-8")
            print(f"{name}\n\n{summary}\n", flush=True)


if __name__ == "__main__":
    main()
