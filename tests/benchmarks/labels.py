"""Measure whether pages go by the right name, label and number, with pypdf as the referee. Part of `tests.benchmarks.marks`.

Real files with labels, and made ones: roman front matter, prefixes, numbers that begin again, letters, pages before the first range.
"""

import io
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pypdf
from fpdf import FPDF
from pypdf.constants import PageLabelStyle

from rag.errors import DocumentError
from rag.formats.loader import Loader
from rag.types import Page
from tests.loading import load

ALIKE = 0.6
"""Share of the words that pypdf reads on a page that must stand in its text, white space left out."""

FEWEST_WORDS = 5
"""Of a page whose text is compared."""

ROMAN, LETTERS, DECIMAL = PageLabelStyle.LOWERCASE_ROMAN, PageLabelStyle.UPPERCASE_LETTER, PageLabelStyle.DECIMAL

MADE: dict[str, tuple[int, list[tuple[int, int, PageLabelStyle, str, int]]]] = {
    "roman front matter": (40, [(0, 13, ROMAN, "", 1), (14, 39, DECIMAL, "", 1)]),
    "prefixes": (30, [(0, 5, ROMAN, "", 3), (6, 19, DECIMAL, "A-", 1), (20, 29, DECIMAL, "B-", 1)]),
    "numbers begin again": (36, [(0, 3, ROMAN, "", 1), (4, 15, DECIMAL, "", 1), (16, 25, DECIMAL, "", 1), (26, 35, DECIMAL, "", 101)]),
    "letters": (60, [(0, 29, LETTERS, "", 1), (30, 59, PageLabelStyle.UPPERCASE_ROMAN, "", 1)]),
    "no first range": (20, [(8, 19, DECIMAL, "", 1)]),
    "no style": (12, [(0, 5, ROMAN, "", 1), (6, 11, DECIMAL, "Ωmega ", 1)]),
}
"""Pages, and for each range of labels its first and last index, style, prefix and first number."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A document's pages.

    Attributes:
        name: Its file, or what is odd about it.
        pages: How many it has.
        right: Of these, how many go by the right label and number.
        wrong: The others: number, label, and what the referee says.
    """

    name: str
    pages: int
    right: int
    wrong: tuple[tuple[int, str, str], ...]


def made_pdf(pages: int, ranges: list[tuple[int, int, PageLabelStyle, str, int]]) -> bytes:
    """A page's text says which sheet it is."""
    pdf = FPDF(unit="pt", format=(420, 595))
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", size=6)  # all within the page: nothing else is read
        pdf.text(40, 60, " ".join(f"sheet{number}word{word}" for word in range(8)))
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(bytes(pdf.output()))))
    for first, last, style, prefix, start in ranges:
        writer.set_page_label(first, last, style=style, prefix=prefix or None, start=start)
    with io.BytesIO() as file:
        writer.write(file)
        return file.getvalue()


def judged(path: Path, name: str, loader: Loader) -> Judged | None:
    """Compare each page with what pypdf has under that number; None where either cannot read the file, or it has no labels."""
    referee = _referee(path)
    try:
        pages = load(loader, path).document.pages if referee else ()
    except DocumentError:
        return None
    if not referee or len(referee) != len(pages):
        return None
    wrong = [
        (page.number, page.label, label)
        for page, (label, text) in zip(pages, referee, strict=True)
        if page.label != label or not _is_that_page(page, text)
    ]
    return Judged(name, len(pages), len(pages) - len(wrong), tuple(wrong))


def _referee(path: Path) -> list[tuple[str, str]]:
    """Label and text of each page as pypdf sees them; none where the file has no labels or is too odd for it."""
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted:
            reader.decrypt("")
        if "/PageLabels" not in reader.root_object:
            return []
        labels = [" ".join(label.split()) or str(number) for number, label in enumerate(reader.page_labels, 1)]
        return [(label, page.extract_text()) for label, page in zip(labels, reader.pages, strict=True)]
    except Exception:  # noqa: BLE001 - pypdf raises errors of every kind on odd files
        return []


def _is_that_page(page: Page, referees_text: str) -> bool:
    ours, theirs = "".join(page.text.split()), referees_text.split()
    return len(theirs) < FEWEST_WORDS or sum(word in ours for word in theirs) >= ALIKE * len(theirs)


def everything(folder: Path) -> Iterator[tuple[str, Judged]]:
    """Whether it is real or made, and the document."""
    with closing(Loader()) as loader, tempfile.TemporaryDirectory() as scratch:
        for path in sorted(folder.rglob("*.pdf")):
            if document := judged(path, path.name, loader):
                yield "real", document
        for name, (pages, ranges) in MADE.items():
            path = Path(scratch) / "made.pdf"
            path.write_bytes(made_pdf(pages, ranges))
            if document := judged(path, name, loader):
                yield "made", document


def report_labels(folder: Path) -> None:
    """Print the table."""
    print("\n| documents with labels | pages | label and number right | share |\n|---|---|---|---|")
    found = list(everything(folder))
    for kind in ("real", "made"):
        documents = [document for which, document in found if which == kind]
        pages, right = sum(one.pages for one in documents), sum(one.right for one in documents)
        print(f"| {len(documents)} {kind} | {pages} | {right} | {100 * right / max(pages, 1):.2f} % |")
    for _, document in found:
        if document.wrong:
            print(f"  {document.name}: page, label, pypdf's label: {document.wrong[:8]}")
