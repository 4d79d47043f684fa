"""Add as many office files as text files of the same words, in fresh processes and in turn: `python -m tests.benchmarks.mixed`.

    python -m tests.benchmarks.mixed [--files 1000] [--rounds 3] [--embed] [--kinds docx,pptx]

Prints the seconds of each round until keyword search finds all files, or with --embed until they are embedded, and the ratios: of
seconds, and of processor time, which a busy machine changes less.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from html import escape
from pathlib import Path
from statistics import median

from tests.office_files import docx, epub, odf, pptx, shape, w
from tests.workbooks import Xlsx, ods

Paragraphs = list[str]
WORDS = 120  # of a file
ADDED = """
import resource, sys, time
from pathlib import Path
from rag import Library
with Library.open(Path(sys.argv[1])) as library:
    library.warm_up()
    begun, used = time.perf_counter(), time.process_time()
    report = library.add(Path(sys.argv[2]), wait=sys.argv[3] == "embed")
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    assert report.all_searchable, [each.message for each in report.outcomes if not each.is_searchable][:3]
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(seconds, used + children.ru_utime + children.ru_stime)
"""


def _docx(paragraphs: Paragraphs) -> bytes:
    return docx("".join(map(w, paragraphs)))


def _pptx(paragraphs: Paragraphs) -> bytes:
    return pptx(*(shape(text, at=(0, 0)) for text in paragraphs))


def _xlsx(paragraphs: Paragraphs) -> bytes:
    return Xlsx().add("Words", [text.split(". ") for text in paragraphs]).bytes()


def _odt(paragraphs: Paragraphs) -> bytes:
    return odf("text", "".join(f"<text:p>{text}</text:p>" for text in paragraphs))


def _odp(paragraphs: Paragraphs) -> bytes:
    box = "<draw:page><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page>"
    return odf("presentation", "".join(map(box.format, paragraphs)))


def _ods(paragraphs: Paragraphs) -> bytes:
    rows = "".join(f"<table:table-row><table:table-cell><p>{text}</p></table:table-cell></table:table-row>" for text in paragraphs)
    return ods(f'<table:table table:name="Words">{rows}</table:table>')


def _rtf(paragraphs: Paragraphs) -> bytes:
    return ("{\\rtf1\\ansi\\pard " + "\\par ".join(paragraphs) + "}").encode()


def _html(paragraphs: Paragraphs) -> bytes:
    return f"<!doctype html><body>{''.join(f'<p>{escape(text)}</p>' for text in paragraphs)}</body>".encode()


def _epub(paragraphs: Paragraphs) -> bytes:
    return epub({f"{number}.xhtml": f"<p>{escape(text)}</p>" for number, text in enumerate(paragraphs)})


def _eml(paragraphs: Paragraphs) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Words"
    message.set_content("\n\n".join(paragraphs))
    return bytes(message)


KINDS: Mapping[str, Callable[[Paragraphs], bytes]] = {
    "docx": _docx, "pptx": _pptx, "xlsx": _xlsx, "odt": _odt, "odp": _odp, "ods": _ods, "rtf": _rtf, "html": _html, "epub": _epub,
    "eml": _eml,
}  # fmt: skip


def paragraphs_of(number: int) -> Paragraphs:
    """Three paragraphs of made words, others for each number."""
    chosen = random.Random(number)
    known = [f"{chosen.choice('bdfgklmnprst')}{chosen.choice('aeiou')}{end}" for end in ("ran", "lo", "mit", "sek", "nu", "dor", "pal")]
    sentences = [" ".join(chosen.choices(known, k=10)) for _ in range(WORDS // 10)]
    return [". ".join(sentences[first::3]) for first in range(3)]


def seconds_of(folder: Path, *, embed: bool) -> tuple[float, float]:
    """Seconds to add a folder to a new library in a new process, and of processor time, that of its child processes included."""
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, "-c", ADDED, made, str(folder), "embed" if embed else "words"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, used = map(float, done.stdout.split())
    return seconds, used


def main() -> None:
    """Print a line for each round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--embed", action="store_true")
    parser.add_argument("--kinds", default=",".join(KINDS))
    given = parser.parse_args()
    kinds = given.kinds.split(",")
    with tempfile.TemporaryDirectory() as made:
        plain, office = Path(made, "plain"), Path(made, "office")
        plain.mkdir()
        office.mkdir()
        for number in range(given.files):
            paragraphs, kind = paragraphs_of(number), kinds[number % len(kinds)]
            (plain / f"{number:05}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
            (office / f"{number:05}.{kind}").write_bytes(KINDS[kind](paragraphs))
        ratios: list[tuple[float, float]] = []
        print("text s", "office s", "ratio", "text CPU s", "office CPU s", "ratio", sep="\t")
        for turn in range(given.rounds):
            order = (plain, office) if turn % 2 == 0 else (office, plain)
            took = {folder: seconds_of(folder, embed=given.embed) for folder in order}
            ratios.append((took[office][0] / took[plain][0], took[office][1] / took[plain][1]))
            figures = ((took[plain][part], took[office][part], ratios[-1][part]) for part in range(2))
            print(*(f"{figure:.2f}" for each in figures for figure in each), sep="\t", flush=True)
        for name, each in zip(("seconds", "processor time"), zip(*ratios, strict=True), strict=True):
            print(f"ratio of {name} {median(each):.2f} (from {min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main()
