"""Pages of long texts are kept as they were read, and looked at without opening the file again."""

from pathlib import Path

import pytest

from rag import Library
from rag.formats.kept import keep, open_kept
from rag.formats.protocol import FileToOpen
from rag.formats.registry import format_of

ROWS = 20_000


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text("item,price\n" + "".join(f"article number {row},{row}\n" for row in range(ROWS)))
    return path


def test_a_page_of_a_long_sheet_is_looked_at_as_it_was_read(library: Library, sheet: Path) -> None:
    library.add(sheet, wait=False)
    (record,) = library.documents()
    pages = library.pages.texts(record.id)
    assert len(pages) == record.pages == ROWS // 1000 + 1
    assert pages[-1].endswith(f"article number {ROWS - 1}\t{ROWS - 1}")
    original = library.pages.original(record.id)
    original.write_text("nothing of this")  # so what is shown does not come from here
    assert [library.pages.text(record.id, page) for page in (1, record.pages)] == [pages[0], pages[-1]]
    library.remove(record.id)
    assert list((library.folder / "ocr").iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None])
def test_what_is_kept_and_damaged_or_lost_is_not_shown(sheet: Path, damage: bytes | None) -> None:
    file = FileToOpen(sheet, sheet.name, format_of("text/csv"), ocr=sheet.with_name("kept"))
    keep(file, file.open())
    found = open_kept(file)
    assert found is not None
    assert [(page.label, page.text) for page in found.pages()] == [(page.label, page.text) for page in file.open().pages()]
    (kept,) = sheet.with_name("kept").iterdir()
    if damage is None:
        kept.unlink()
    else:
        kept.write_bytes(damage)
    assert open_kept(file) is None


def test_short_files_are_not_kept(library: Library, tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("a,b\n1,2\n")
    library.add(tmp_path / "short.csv", wait=False)
    assert not (library.folder / "ocr").exists()
    file = FileToOpen(tmp_path / "short.csv", "short.csv", format_of("text/csv"), ocr=library.folder / "ocr")
    assert open_kept(file) is None
