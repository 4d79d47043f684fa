"""The real engine reads a small picture, from adding to removing it."""

import io
import shutil
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from rag.types import Progress
from tests.conftest import OpenLibrary

WORDS = ("The vault in Bremen holds", "seven keys of brass.")


def picture() -> Image.Image:
    """Two lines."""
    page = Image.new("L", (620, 240), 255)
    font = ImageFont.load_default(36)
    for row, words in enumerate(WORDS):
        ImageDraw.Draw(page).text((60, 60 + 60 * row), words, font=font, fill=0)
    return page


def test_a_scan_is_read_found_marked_mended_and_removed(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(ocr=True)
    pdf = FPDF(unit="pt", format=(310, 120))
    pdf.add_page()
    pdf.image(picture(), 0, 0, 310)
    (tmp_path / "vault.pdf").write_bytes(bytes(pdf.output()))
    steps: list[Progress] = []
    (outcome,) = library.add(tmp_path / "vault.pdf", progress=steps.append).outcomes
    assert outcome.message == "Added: 1 page; OCR read page 1."
    assert any(step.is_ocr for step in steps)
    record = library.document("vault.pdf")
    assert record.ocr_pages == (1,)
    view = library.pages.look(record.id, 1)
    assert view.text == "\n".join(WORDS)
    (passage, *_) = library.retrieve("How many keys are in the vault?")
    assert passage.text in view.text

    start = view.text.index("seven")
    (mark,) = library.pages.look(record.id, 1, start, start + len("seven keys")).marks
    image = Image.open(io.BytesIO(library.pages.image(record.id, 1)))
    width, height = image.size
    under = image.convert("L").crop((int(mark[0] * width), int(mark[1] * height), int(mark[2] * width), int(mark[3] * height)))
    assert min(under.tobytes()) < 60
    assert 0.5 < mark[1] < mark[3] < 0.75  # the second line
    assert 0.08 < mark[0] < mark[2] < 0.5

    shutil.rmtree(library.folder / "ocr")
    (files,) = (finding for finding in library.examine() if finding.part == "files")
    assert "vault.pdf (OCR missing)" in files.message
    library.repair()
    assert library.pages.text(record.id, 1) == view.text
    library.remove(record.id)
    assert not list((library.folder / "ocr").glob("*"))


def test_an_image_that_ocr_is_not_to_read_has_an_outcome_that_says_how(open_library: OpenLibrary, tmp_path: Path) -> None:
    picture().save(tmp_path / "vault.png")
    (outcome,) = open_library().add(tmp_path / "vault.png").outcomes
    assert outcome.status == "no_text"
    assert "To read it by OCR" in outcome.message
