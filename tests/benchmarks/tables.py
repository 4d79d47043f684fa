"""Measure whether rows of tables in PDFs are read as rows: the cells of sixty made tables, in twelve layouts.

    python -m tests.benchmarks.tables [--keep FOLDER] [--failures N]

A cell is right if a line of its page's text is a row, cells joined by tabs, that begins with the row's label, and holds the value in the
place in which the nearest header line above holds the column's header. "Beside" counts cells whose line has label and value at all.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.formats.loader import Loader
from tests.benchmarks.made_tables import LAYOUTS, AskedCell, MadeTable, made_tables
from tests.loading import load


def has_row(lines: Sequence[str], cell: AskedCell) -> bool:
    """Whether a line has the label and the value, in whatever order of columns."""
    return any(cell.label in line and cell.value in line for line in lines)


def is_right(lines: Sequence[str], cell: AskedCell) -> bool:
    """Whether the value stands in its row below its header."""
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows):
        if row[0] != cell.label or cell.value not in row:
            continue
        header = next((above for above in reversed(rows[:number]) if cell.header in above), None)
        if header and any(row[place : place + 1] == [cell.value] for place, words in enumerate(header) if words == cell.header):
            return True
    return False


def judge(table: MadeTable, loader: Loader, folder: Path) -> list[tuple[AskedCell, bool, bool, str]]:
    """For each cell: whether it is right, whether label and value stand in one line, and the page's text."""
    path = folder / table.name
    path.write_bytes(table.pdf)
    pages = [page.text for page in load(loader, path).document.pages]
    found = []
    for cell in table.cells:
        lines = pages[cell.page - 1].split("\n")
        found.append((cell, is_right(lines, cell), has_row(lines, cell), pages[cell.page - 1]))
    return found


def measure(folder: Path, failures: int) -> None:
    """Print a line for each layout."""
    asked, right, beside = Counter[str](), Counter[str](), Counter[str]()
    with closing(Loader()) as loader:
        for table in made_tables():
            for cell, is_found, is_beside, text in judge(table, loader, folder):
                asked[table.layout] += 1
                right[table.layout] += is_found
                beside[table.layout] += is_beside
                if not is_found and failures > 0:
                    failures -= 1
                    print(f"  {table.name}: {cell}\n{text}\n")
    print("| layout | cells | right | beside |\n|---|---|---|---|")
    for layout in LAYOUTS:
        print(f"| {layout} | {asked[layout]} | {right[layout]} | {beside[layout]} |")
    share = 100 / asked.total()
    print(f"| all | {asked.total()} | {right.total() * share:.1f} % | {beside.total() * share:.1f} % |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="leave the PDFs in this folder")
    parser.add_argument("--failures", type=int, default=0, help="print so many")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        measure(given.keep, given.failures)
        return
    with TemporaryDirectory() as folder:
        measure(Path(folder), given.failures)


if __name__ == "__main__":
    main()
