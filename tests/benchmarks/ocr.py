"""Measure OCR: words right, marks read back, and seconds a page, on twenty scans that this makes; beside ocrmypdf where it is installed.

    python -m tests.benchmarks.ocr [--beside-ocrmypdf] [--languages en de ...]

The pages are those of `made_scans`: six languages, 150 and 200 dpi, 8 and 11 points, 2 degrees askew, with noise. Each language is one
PDF, read and marked as the library does. A word is right where it stands in the longest common sequence of the words drawn and those
read; in Chinese and Japanese, a character. Marks are read back for each run of twelve words: those drawn whose middle lies in a mark must
be those of the run, but for misread letters, at most 3 %. Seconds are those of the processor, of all processes, loading included; those
on the clock beside them.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from rag.formats.pdf import PDF
from rag.formats.protocol import FileToOpen, Rectangle
from rag.formats.recogniser import Recogniser
from rag.formats.viewer import Viewer
from tests.benchmarks.made_scans import TEXTS, WITHOUT_SPACES, MadeScan, make_scan

RUN = 12  # words that are marked together
LEAST_ALIKE = 0.97
TESSERACT = {"en": "eng", "de": "deu", "fr": "fra", "es": "spa", "zh": "chi_sim", "ja": "jpn"}


@dataclass(slots=True)
class Figures:
    """Sums over pages."""

    pages: int = 0
    words: int = 0
    right: int = 0
    marks: int = 0
    marks_right: int = 0
    cpu: float = 0.0
    wall: float = 0.0

    def add(self, other: "Figures") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def line(self, name: str) -> str:
        marks = f"{100 * self.marks_right / self.marks:.1f} % of {self.marks}" if self.marks else "-"
        seconds = f"{self.cpu / self.pages:.1f} | {self.wall / self.pages:.1f}"
        return f"| {name} | {self.pages} | {100 * self.right / self.words:.2f} % | {marks} | {seconds} |"


def scans_of(language: str) -> list[MadeScan]:
    """Four pages in languages with spaces, two in the others: twenty in all."""
    sizes = (11,) if language in WITHOUT_SPACES else (11, 8)
    return [make_scan(language, dpi, points) for dpi in (150, 200) for points in sizes]


def save(scans: Sequence[MadeScan], path: Path) -> None:
    """As one PDF of pictures."""
    parts: list[Path] = []
    for scan in scans:
        part = path.with_name(f"{len(parts)}.pdf")
        scan.picture.save(part, "PDF", resolution=scan.dpi, quality=90)
        parts.append(part)
    from pypdf import PdfWriter

    with PdfWriter() as writer:
        for part in parts:
            writer.append(part)
        writer.write(path)


def units(text: str, language: str) -> list[str]:
    """Words, or characters where there are no spaces."""
    plain = unicodedata.normalize("NFKC", text)
    return [letter for letter in plain if not letter.isspace()] if language in WITHOUT_SPACES else plain.split()


def count_right(scan: MadeScan, text: str) -> Figures:
    """The words of a page."""
    wanted, found = units(TEXTS[scan.language], scan.language), units(text, scan.language)
    blocks = SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks()
    return Figures(pages=1, words=len(wanted), right=sum(block.size for block in blocks))


def runs(text: str, language: str) -> Iterator[tuple[int, int]]:
    """The offsets of each twelve words; a number is one in any language."""
    places = [match.span() for match in re.finditer(r"[\d.A-Za-z]+|\S" if language in WITHOUT_SPACES else r"\S+", text)]
    for first in range(0, len(places), RUN):
        part = places[first : first + RUN]
        yield part[0][0], part[-1][1]


def is_marked_right(scan: MadeScan, wanted: str, marks: Sequence[Rectangle]) -> bool:
    """Whether the words drawn under the marks are these."""
    under = [word for word, (x, y) in scan.words if any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in marks)]
    found, wanted = ("".join(unicodedata.normalize("NFKC", text).split()) for text in ("".join(under), wanted))
    return bool(SequenceMatcher(None, found, wanted, autojunk=False).ratio() >= LEAST_ALIKE)


def seconds() -> tuple[float, float]:
    """Of the processor, with ended child processes; on the clock."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used), time.perf_counter()


def measure(path: Path, scans: Sequence[MadeScan]) -> Figures:
    """As the library reads and marks it."""
    folder = path.with_name("ocr")
    folder.mkdir()
    file = FileToOpen(path, path.name, PDF, ocr=folder)
    cpu, wall = seconds()
    with closing(Recogniser(is_wanted=True, seconds=600)) as recogniser:
        pages = [recogniser.read(file, number).result() for number in range(1, len(scans) + 1)]
    after = seconds()
    total = Figures(cpu=after[0] - cpu, wall=after[1] - wall)
    with closing(Viewer()) as viewer:
        for number, (scan, page) in enumerate(zip(scans, pages, strict=True), start=1):
            total.add(count_right(scan, page.text))
            for start, end in runs(page.text, scan.language):
                view = viewer.look(file, number, start, end).result()
                total.add(Figures(marks=1, marks_right=is_marked_right(scan, page.text[start:end], view.marks)))
    return total


def measure_ocrmypdf(path: Path, scans: Sequence[MadeScan]) -> Figures:
    """The same pages by ocrmypdf, told their language, with two threads."""
    sidecar = path.with_name("words.txt")
    cpu, wall = seconds()
    command = [
        "ocrmypdf",
        "--quiet",
        "--jobs",
        "2",
        "--output-type",
        "pdf",
        "--tesseract-timeout",
        "600",
        "-l",
        TESSERACT[scans[0].language],
    ]
    subprocess.run(
        [*command, "--sidecar", sidecar, path, path.with_name("searchable.pdf")], check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"}
    )
    after = seconds()
    total = Figures(cpu=after[0] - cpu, wall=after[1] - wall)
    for scan, text in zip(scans, sidecar.read_text(encoding="utf-8").split("\f"), strict=False):
        total.add(count_right(scan, text))
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", nargs="+", default=list(TEXTS), choices=TEXTS)
    parser.add_argument("--beside-ocrmypdf", action="store_true")
    given = parser.parse_args()
    ways = {"Footnote": measure} | ({"ocrmypdf": measure_ocrmypdf} if given.beside_ocrmypdf and shutil.which("ocrmypdf") else {})
    print("| language | pages | words right | marks right | CPU seconds a page | seconds a page |\n|---|---|---|---|---|---|")
    whole = {name: Figures() for name in ways}
    for language in given.languages:
        with tempfile.TemporaryDirectory() as folder:
            path, scans = Path(folder) / "scan.pdf", scans_of(language)
            save(scans, path)
            for name, way in ways.items():
                figures = way(path, scans)
                print(figures.line(f"{language}, {name}"), flush=True)
                whole[name].add(figures)
    for name, figures in whole.items():
        print(figures.line(f"all, {name}"))


if __name__ == "__main__":
    main()
