"""Measure whether the right words are marked: every chunk of real PDFs is marked, and what stands under the marks is read back.

    python -m tests.benchmarks.marks EVAL [--folder robust ...] [--failures N]

EVAL has folders with PDFs; `README.md` beside this file says what they are. The chunks are the library's own. What is read back is what
pdfium, asked by this file and not by the library, has on the page: each character the centre of whose box lies in one of the marks. These
must be the chunk's characters, compared in NFKC and without white space, hyphens, control and format characters. Their order is not
compared: pdfium has them as they were drawn, the library as they are read.
"""

import argparse
import ctypes
import json
import logging
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw

from rag.embedding.backends import build_embedder
from rag.embedding.protocol import Embedder
from rag.errors import DocumentError
from rag.formats.loader import Loader
from rag.formats.pdf import PDF
from rag.formats.protocol import FileToOpen, Rectangle
from rag.formats.viewer import Viewer
from rag.ingesting.chunking import Chunker
from rag.settings import Settings
from rag.types import Chunk, Document
from tests.benchmarks.labels import report_labels
from tests.loading import load

FOLDERS = ("northwind", "pdf_text", "pdfbox_text", "robust")
CHUNK_TOKENS = 200
GRID = 1_000_000
HAIR = 1e-4
"""Of the page: pdfium rounds."""

DROPPED = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
NONCHARACTERS = "\ufffe\uffff"
HYPHENS = "-\u00ad\u2010\u2011"  # pdfium has marks of its own for those at line ends

Centre = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with a chunk.

    Attributes:
        kind: "right", "not pdfium's text" where another library read the page, or the cause of the failure.
        chunk: The chunk.
        name: Its file.
        found: What was read back, without white space.
    """

    kind: str
    chunk: Chunk
    name: str
    found: str


def essence(text: str) -> str:
    """What is compared."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = (character for character in unicodedata.normalize("NFKC", whole) if character not in NONCHARACTERS and character not in HYPHENS)
    return "".join(character for character in kept if unicodedata.category(character) not in DROPPED)


def characters(page: Any) -> list[tuple[str, Centre]]:
    """Each character of a page that leaves something to compare, and its centre in fractions of the page's picture."""
    textpage = page.get_textpage()
    found = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_int(), ctypes.c_int()
    try:
        for index in range(textpage.count_chars()):
            code = pypdfium2.raw.FPDFText_GetUnicode(textpage, index)
            if pypdfium2.raw.FPDFText_IsGenerated(textpage, index) == 1 or chr(code).isspace():
                continue
            pypdfium2.raw.FPDFText_GetCharBox(textpage, index, left, right, bottom, top)
            middle = (left.value + right.value) / 2, (bottom.value + top.value) / 2
            pypdfium2.raw.FPDF_PageToDevice(page, 0, 0, GRID, GRID, 0, *middle, x, y)
            found.append((chr(code), (x.value / GRID, y.value / GRID)))
    finally:
        textpage.close()
    return found


def read_back(letters: Sequence[tuple[str, Centre]], marks: Sequence[Rectangle]) -> str:
    """What stands under the marks."""

    def is_marked(x: float, y: float) -> bool:
        return any(x0 - HAIR <= x <= x1 + HAIR and y0 - HAIR <= y <= y1 + HAIR for x0, y0, x1, y1 in marks)

    return essence("".join(character for character, centre in letters if is_marked(*centre)))


def cause(wanted: str, found: str, letters: Sequence[tuple[str, Centre]]) -> str:
    """Why what was read back is not what was wanted."""
    page = essence("".join(character for character, _ in letters))
    if Counter(wanted) - Counter(page):
        return "not pdfium's text"
    shown = essence("".join(character for character, (x, y) in letters if 0 <= x <= 1 and 0 <= y <= 1))
    if Counter(wanted) - Counter(shown):
        return "beyond the crop box"
    if not found:
        return "no marks"
    too_few, too_many = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    return "too much and too little" if too_few and too_many else "too little" if too_few else "too much"


def judge(path: Path, document: Document, password: str, chunks: Sequence[Chunk], viewer: Viewer) -> Iterator[Outcome]:
    """Mark each chunk and read it back."""
    with pypdfium2.PdfDocument(path, password=password or None) as pdf:
        for number, on_page in groupby(chunks, key=lambda chunk: chunk.page):
            page = pdf[number - 1]
            letters = characters(page)
            for chunk in on_page:
                marks = viewer.look(FileToOpen(path, path.name, PDF, (password,)), number, chunk.start, chunk.end).result().marks
                wanted, found = essence(chunk.text), read_back(letters, marks)
                yield Outcome("right" if Counter(wanted) == Counter(found) else cause(wanted, found, letters), chunk, document.name, found)
            page.close()


def chunks_of(document: Document, embedder: Embedder) -> list[Chunk]:
    """As the library cuts it."""
    chunker = Chunker(document.id, embedder, CHUNK_TOKENS)
    return [chunk for page in document.pages for chunk in chunker.cut(page)]


def passwords(folder: Path) -> dict[str, str]:
    """By file, where there is a list."""
    manifest = folder / "manifest.jsonl"
    rows = map(json.loads, manifest.read_text(encoding="utf-8").splitlines()) if manifest.exists() else ()
    return {row["file"]: row["password"] or "" for row in rows}


def measure(folder: Path, embedder: Embedder) -> list[Outcome]:
    """All PDFs in a folder and those in it."""
    known, outcomes = passwords(folder), list[Outcome]()
    with closing(Loader()) as loader, closing(Viewer()) as viewer:
        for path in sorted(folder.rglob("*.pdf")):
            try:
                loaded = load(loader, path, passwords=[known.get(path.name, "")])
            except DocumentError:
                continue
            chunks = chunks_of(loaded.document, embedder)
            try:
                outcomes += judge(path, loaded.document, loaded.password, chunks, viewer)
            except pypdfium2.PdfiumError:  # pypdf has read it
                outcomes += [Outcome("not pdfium's text", chunk, path.name, "") for chunk in chunks]
    return outcomes


def report_marks(folder: str, outcomes: Sequence[Outcome], failures: int) -> None:
    """One line of the table, then the failures by cause."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    unmarked = kinds.pop("not pdfium's text", 0)
    total = kinds.total()
    share = 100 * kinds["right"] / total if total else 0.0
    causes = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common() if kind != "right")
    print(f"| {folder} | {total} | {kinds['right']} | {share:.2f} % | {unmarked} | {causes or '-'} |", flush=True)
    for outcome in [outcome for outcome in outcomes if outcome.kind != "right"][:failures]:
        print(f"  {outcome.kind}: {outcome.name}, page {outcome.chunk.page}, {outcome.chunk.start}-{outcome.chunk.end}")
        print(f"    wanted {essence(outcome.chunk.text)[:300]}\n    found  {outcome.found[:300]}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("eval", type=Path)
    parser.add_argument("--folder", nargs="+", default=FOLDERS, choices=FOLDERS)
    parser.add_argument("--failures", type=int, default=0, help="print so many of each folder")
    given = parser.parse_args()
    logging.disable()
    settings = Settings()
    embedder = build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models)
    print("| folder | chunks | right | share | not pdfium's text | failures |\n|---|---|---|---|---|---|")
    whole: list[Outcome] = []
    for folder in given.folder:
        outcomes = measure(given.eval / folder, embedder)
        report_marks(folder, outcomes, given.failures)
        whole += outcomes
    report_marks("all", whole, 0)
    report_labels(given.eval)


if __name__ == "__main__":
    main()
