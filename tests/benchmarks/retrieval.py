"""Measure retrieval as it is shipped, on sets of questions with known answers.

    python -m tests.benchmarks.retrieval EVAL_FOLDER [--set chunking] [--keep FOLDER] [--setting chunk_tokens=250]
        [--constant rag.retrieving.fusing.LEXICAL_WEIGHT=0.6]

EVAL_FOLDER holds the sets (see README.md beside this file). With --keep, the libraries are kept there and not made again.
"""

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from rag import Library, Passage, Settings
from rag.formats.cleaning import clean
from rag.formats.text import split
from tests.benchmarks import sets

DEPTH = 10
Figures = dict[str, float]


def measure_chunking(folder: Path, library: Library, work: Path) -> Figures:
    """Recall, precision and IoU in characters, at 5 passages; one corpus a document."""
    score, corpora, questions = sets.chunking_scorer(folder)
    library.add(sets.write_chunking(folder, work / "files"))
    places = {name: clean(text).offsets() for name, text in corpora.items()}
    parts = {name: [0, *accumulate(map(len, split(clean(text).text)))] for name, text in corpora.items()}  # a long text is read in several
    retrieved, characters = [], []
    for question in questions:
        passages = library.retrieve(question["question"], top_k=5)
        spans = []
        for passage in passages:
            name = passage.document.removesuffix(".md")
            before = parts[name][passage.page - 1]
            spans.append((name, places[name][before + passage.start], places[name][before + passage.end]))
        retrieved.append(spans)
        characters.append(sum(end - start for _, start, end in spans))
    figures = score.score(questions, retrieved)
    return {name: 100 * mean for name, (mean, _) in figures.items()} | {"characters": float(np.mean(characters))}


def measure_northwind(folder: Path, library: Library, work: Path) -> Figures:
    """The share of questions whose gold page, or the next, is the page of one of the first passages."""
    library.add(folder / "pdfs")
    hits = []
    for asked in sets.northwind_questions(folder):
        pages = [(passage.document, passage.page) in asked.pages for passage in library.retrieve(asked.text, top_k=5)]
        hits.append((any(pages[:1]), any(pages)))
    at_1, at_5 = np.mean(hits, axis=0)
    return {"hit@1": float(at_1), "hit@5": float(at_5)}


def measure_scifact(folder: Path, library: Library, work: Path) -> Figures:
    """nDCG and recall at 10 documents: each ranks by its best passage."""
    library.add(sets.write_scifact(folder, work / "files"))
    gains, recalls = [], []
    for asked in sets.scifact_questions(folder):
        names = _documents(library.retrieve(asked.text, top_k=2 * DEPTH))[:DEPTH]
        gain = sum(1 / np.log2(rank + 1) for rank, name in enumerate(names, start=1) if name in asked.documents)
        ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(len(asked.documents), DEPTH) + 1))
        gains.append(gain / ideal)
        recalls.append(len(asked.documents & set(names)) / len(asked.documents))
    return {"nDCG@10": float(np.mean(gains)), "recall@10": float(np.mean(recalls))}


def measure_clapnq(folder: Path, library: Library, work: Path) -> Figures:
    """The gold passage among the first documents; how well the confidence tells what can be answered from what cannot."""
    library.add(sets.write_clapnq(folder, work / "files"))
    asked = sets.clapnq_questions(folder)
    hits: list[tuple[bool, bool]] = []
    confidences = []
    for each in asked:
        passages = library.retrieve(each.text, top_k=5)
        names = _documents(passages)
        if each.is_answerable:
            hits.append((names[0] in each.documents, bool(each.documents & set(names))))
        confidences.append(library.confidence(each.text, passages))
    answerable, confident = np.array([each.is_answerable for each in asked]), np.array(confidences)
    at_1, at_5 = np.mean(hits, axis=0)
    return {
        "hit@1": float(at_1),
        "hit@5": float(at_5),
        "AUROC": float(roc_auc_score(answerable, confident)),
        "false refusals": float(np.mean(confident[answerable] < library.min_confidence)),
        "false answers": float(np.mean(confident[~answerable] >= library.min_confidence)),
    }


SETS: dict[str, Callable[[Path, Library, Path], Figures]] = {
    "chunking": measure_chunking,
    "northwind": measure_northwind,
    "scifact": measure_scifact,
    "clapnq": measure_clapnq,
}


def measure(folder: Path, names: Sequence[str], keep: Path, settings: dict[str, Any]) -> dict[str, Figures]:
    """Measure each set in a library of its own, with these settings."""
    figures = {}
    for name in names:
        work = keep / name
        work.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with Library.open(work / "library", Settings(**settings)) as library:
            figures[name] = SETS[name](folder / name, library, work) | {"seconds": time.monotonic() - began}
        print(name, json.dumps({key: round(value, 4) for key, value in figures[name].items()}), flush=True)
    return figures


def _documents(passages: Sequence[Passage]) -> list[str]:
    return list(dict.fromkeys(passage.document for passage in passages))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", action="append", choices=SETS, dest="names", help="may be given several times; all if not given")
    parser.add_argument("--keep", type=Path, help="keep the libraries here")
    parser.add_argument("--setting", action="append", default=[], help="NAME=VALUE, as chunk_tokens=250")
    parser.add_argument("--constant", action="append", default=[], help="MODULE.NAME=NUMBER, in place of the shipped one")
    given = parser.parse_args()
    for item in given.constant:
        place, value = item.split("=", 1)
        module, _, name = place.rpartition(".")
        getattr(importlib.import_module(module), name)  # a wrong name is an error
        setattr(importlib.import_module(module), name, float(value))
    settings = dict(item.split("=", 1) for item in given.setting)
    with tempfile.TemporaryDirectory() as temporary:
        measure(given.folder, given.names or list(SETS), given.keep or Path(temporary), settings)


if __name__ == "__main__":
    main()
