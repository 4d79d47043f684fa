"""Makes the PDFs among the sample documents. Run it after a change to the texts in tools/samples.

    python tools/make_samples.py [FOLDER]

Writes harbour-handbook.pdf and tide-notes.pdf to FOLDER, data/samples by default; the same fpdf2 makes the same bytes at every
run. The other samples are plain text: they have no source here and are edited where they are.
"""

import math
import re
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

SOURCES = Path(__file__).parent / "samples"
SAMPLES = Path(__file__).parents[1] / "data" / "samples"
CREATED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # fixed: the time of the run would change the bytes
SOFT_HYPHEN = "\u00ad"

Colour = tuple[int, int, int]
INK, GREY, WHITE = (35, 35, 35), (115, 115, 115), (255, 255, 255)
PINE, WOOD, SAND = (28, 70, 58), (168, 108, 52), (244, 238, 227)
NAVY, SEA, FOAM = (22, 52, 84), (70, 120, 140), (229, 238, 244)

Kind = Literal["chapter", "section", "paragraph", "list", "table", "note", "figure"]
MARKS: dict[str, Kind] = {"# ": "chapter", "## ": "section", "- ": "list", "| ": "table", "> ": "note", "! ": "figure"}
LINES_ABOVE: dict[Kind, float] = {"chapter": 1.4, "section": 0.95}


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list, table, note or figure: its lines without their marks."""

    kind: Kind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """How a document is set: lengths in millimetres, the size of the font in points, columns by their left edges."""

    font: str
    points: float
    leading: float
    align: Literal["J", "L"]
    colour: Colour
    tint: Colour
    columns: tuple[float, ...]
    width: float
    top: float
    bottom: float
    chapters_turn_pages: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A chapter as the contents list it: `page` is physical and 1-based, `label` is printed on the page."""

    title: str
    page: int
    label: str
    sections: tuple[str, ...] = ()


def read_units(name: str) -> list[list[Block]]:
    """Read a text of blocks, parted by blank lines; a heading and the block after it make one unit."""
    units: list[list[Block]] = []
    for part in (SOURCES / name).read_text(encoding="utf-8").strip().split("\n\n"):
        mark = next((mark for mark in MARKS if part.startswith(mark)), "")
        block = Block(MARKS.get(mark, "paragraph"), tuple(line.removeprefix(mark) for line in part.split("\n")))
        if units and units[-1][-1].kind in {"chapter", "section"}:
            units[-1].append(block)
        else:
            units.append([block])
    return units


def hyphenated(text: str) -> str:
    """Put soft hyphens where tools/samples/hyphenation.txt lets a word be broken."""
    words = (SOURCES / "hyphenation.txt").read_text(encoding="utf-8").split()
    breaks = {word.replace("-", ""): word for word in words}

    def broken(match: re.Match[str]) -> str:
        first, rest = match[0][0], breaks.get(match[0].lower(), match[0])[1:]
        return first + rest.replace("-", SOFT_HYPHEN)

    return re.sub(r"[A-Za-z]+", broken, text)


class Sheet(FPDF):
    """Blocks flow through its columns and pages; none is torn apart."""

    def __init__(self, look: Look, title: str, author: str) -> None:
        super().__init__(format="A4")
        self.look = look
        self.column = 0
        self.column_top = look.top
        self.core_fonts_encoding = "cp1252"  # the core fonts have curly quotes and dashes; latin-1 has not
        self.creation_date = CREATED
        self.set_title(title)
        self.set_author(author)
        self.set_lang("en-GB")
        self.set_auto_page_break(True, margin=look.bottom)
        self.c_margin = 0

    def flow(self, units: list[list[Block]]) -> None:
        """Set everything, turning to the next column where a unit does not fit."""
        for unit in units:
            if unit[0].kind != "chapter" or not self.look.chapters_turn_pages:
                with self.offset_rendering() as trial:
                    self.set_unit(unit)
                if trial.page_break_triggered:
                    self.next_column()
            self.set_unit(unit)

    def set_unit(self, unit: list[Block]) -> None:
        """Set blocks that belong together, with room above unless the column begins here."""
        if self.y > self.column_top + 0.1:
            self.y += self.look.leading * LINES_ABOVE.get(unit[0].kind, 0.5)
        for block in unit:
            getattr(self, f"set_{block.kind}")(block.lines)

    def next_column(self) -> None:
        """Go to the next column, which after the last one is on a new page."""
        self.column = (self.column + 1) % len(self.look.columns)
        if self.column == 0:
            self.column_top = self.look.top
            self.add_page()
        self.enter_column()

    def enter_column(self) -> None:
        """Begin at the top of the current column."""
        left = self.look.columns[self.column]
        self.set_left_margin(left)
        self.set_right_margin(self.w - left - self.look.width)
        self.set_xy(left, self.column_top)

    def write_text(self, text: str, indent: float = 0, shorter: float = 0) -> None:
        """Write running text, `indent` away from the column's left edge and `shorter` from its right one."""
        self.set_x(self.l_margin + indent)
        width = self.look.width - indent - shorter
        self.multi_cell(width, self.look.leading, text, align=self.look.align, markdown=True, new_x="LMARGIN", new_y="NEXT")

    def body_font(self) -> None:
        """Choose the font of running text."""
        self.set_font(self.look.font, size=self.look.points)
        self.set_text_color(INK)

    def set_section(self, lines: tuple[str, ...]) -> None:
        """Set a heading inside a chapter."""
        self.start_section(lines[0], level=1)
        self.set_font("Helvetica", "B", self.look.points - 0.5)
        self.set_text_color(self.look.colour)
        self.cell(self.look.width, self.look.leading, lines[0], new_x="LMARGIN", new_y="NEXT")
        self.y += 0.2 * self.look.leading

    def set_paragraph(self, lines: tuple[str, ...]) -> None:
        """Set running text."""
        self.body_font()
        self.write_text(hyphenated(" ".join(lines)))

    def set_list(self, lines: tuple[str, ...]) -> None:
        """Set a list with bullets."""
        self.body_font()
        for number, line in enumerate(lines):
            self.y += 0.2 * self.look.leading if number else 0
            self.cell(4.5, self.look.leading, "•")
            self.write_text(hyphenated(line), indent=4.5)

    def set_note(self, lines: tuple[str, ...]) -> None:
        """Set text in a tinted box."""
        self.body_font()
        text, pad = hyphenated(" ".join(lines)), 3.5
        shape = self.multi_cell(self.look.width - 9, self.look.leading, text, markdown=True, dry_run=True, output="HEIGHT")
        height = cast("float", shape) + 2 * pad
        for width, colour in ((self.look.width, self.look.tint), (0.9, self.look.colour)):
            self.set_fill_color(colour)
            self.rect(self.l_margin, self.y, width, height, style="F")
        self.y += pad
        self.write_text(text, indent=5, shorter=4)
        self.y += pad

    def set_table(self, lines: tuple[str, ...]) -> None:
        """Set a table; its first line is the head."""
        rows = [[cell.strip() for cell in line.strip(" |").split("|")] for line in lines]
        longest = [max(map(len, column)) for column in zip(*rows, strict=True)]
        self.set_font(self.look.font, size=self.look.points - 0.5)
        self.set_text_color(INK)
        self.set_draw_color(195)
        self.set_fill_color(WHITE)
        with self.table(
            rows,
            align="L",
            width=self.look.width,
            col_widths=tuple(length + 5 for length in longest),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="B", color=self.look.colour, fill_color=self.look.tint),
            line_height=self.look.leading * 0.95,
            padding=(0.8, 1.5),
            text_align="L",
        ):
            pass

    def wave(self, y: float, height: float, length: float, colour: Colour, bottom: float) -> None:
        """Fill the page's width from a sine around `y` down to `bottom`."""
        crest = [(float(x), y + height * math.sin(2 * math.pi * (x / length + y / 37))) for x in range(0, 212, 2)]
        self.set_fill_color(colour)
        self.polygon([(0.0, bottom), *crest, (210.0, bottom)], style="F")


class Handbook(Sheet):
    """The employee handbook: a cover, contents, and chapters that begin on pages of their own."""

    def __init__(self, contents: list[Entry]) -> None:
        look = Look(
            font="Times",
            points=11,
            leading=5.2,
            align="J",
            colour=PINE,
            tint=SAND,
            columns=(40,),
            width=138,
            top=30,
            bottom=24,
            chapters_turn_pages=True,
        )
        super().__init__(look, "Employee Handbook", "Harbour & Pine")
        self.entries: list[Entry] = []
        self.add_page(label_style="r", label_start=1)
        self.draw_cover()
        self.add_page()
        self.draw_contents(contents)

    def header(self) -> None:
        """Name the book and, where it goes on, the chapter."""
        if self.page == 1:
            return
        self.set_font("Helvetica", size=8)
        self.set_text_color(GREY)
        self.set_xy(24, 16)
        self.cell(77, 5, "Harbour & Pine Employee Handbook")
        if self.entries and self.entries[-1].page < self.page:
            self.cell(77, 5, self.entries[-1].title, align="R")
        self.set_draw_color(200)
        self.line(24, 22, 178, 22)
        self.enter_column()

    def footer(self) -> None:
        """Print the page's own number."""
        self.set_font("Times", size=10.5)
        self.set_text_color(WHITE if self.page == 1 else GREY)
        self.set_xy(24, -19)
        self.cell(154, 5, self.get_page_label(), align="R")

    def set_chapter(self, lines: tuple[str, ...]) -> None:
        """Begin a chapter on a new page."""
        number = len(self.entries) + 1
        self.entries.append(Entry(lines[0], self.page + 1, str(self.page - 1)))
        if number == 1:
            self.add_page(label_style="D", label_start=1)
        else:
            self.add_page()
        self.start_section(f"{number} {lines[0]}")
        self.set_font("Times", size=28)
        self.set_text_color(WOOD)
        self.set_xy(24, self.look.top)
        self.cell(16, 11, str(number))
        self.set_text_color(PINE)
        self.cell(self.look.width, 11, lines[0], new_x="LMARGIN", new_y="NEXT")
        self.y += 8
        self.column_top = self.y

    def set_section(self, lines: tuple[str, ...]) -> None:
        """Set a heading and remember it for the contents."""
        self.entries[-1] = replace(self.entries[-1], sections=(*self.entries[-1].sections, lines[0]))
        super().set_section(lines)

    def draw_cover(self) -> None:
        """Draw two pines and a bench by the water, under the title."""
        self.set_fill_color(SAND)
        self.rect(0, 0, 210, 297, style="F")
        self.set_xy(24, 46)
        for size, height, colour, text in ((17, 14, WOOD, "Harbour & Pine"), (46, 20, PINE, "Employee"), (46, 20, PINE, "Handbook")):
            self.set_font("Times", size=size)
            self.set_text_color(colour)
            self.cell(160, height, text, new_x="LEFT", new_y="NEXT")
        self.set_font("Times", "I", 13)
        self.set_text_color(GREY)
        self.cell(160, 16, "Seventh edition, valid from 1 April 2026")
        self.wave(214, 5, 260, (196, 205, 178), 297)
        self.draw_pine(150, 217, 1)
        self.draw_pine(171, 214, 0.72)
        self.draw_pine(132, 217, 0.5)
        self.set_fill_color(WOOD)
        for left, top, wide, high in ((52, 201, 40, 2.2), (52, 205.5, 40, 2.2), (50, 212, 44, 2.4), (54, 201, 2, 20), (88, 201, 2, 20)):
            self.rect(left, top, wide, high, style="F")
        for y, colour in ((233, (126, 160, 152)), (246, (84, 126, 118)), (260, (52, 98, 88)), (274, PINE)):
            self.wave(y, 2.2, 52 + y / 9, colour, 297)

    def draw_pine(self, x: float, foot: float, scale: float) -> None:
        """Draw a tree of four triangles."""
        self.set_fill_color(110, 74, 44)
        self.rect(x - 1.6 * scale, foot - 12 * scale, 3.2 * scale, 14 * scale, style="F")
        self.set_fill_color(PINE)
        for base, half, height in ((10, 15, 22), (22, 12.5, 20), (34, 10, 18), (45, 7, 16)):
            bottom = foot - base * scale
            self.polygon([(x - half * scale, bottom), (x + half * scale, bottom), (x, bottom - height * scale)], style="F")

    def draw_contents(self, contents: list[Entry]) -> None:
        """List the chapters, each a link, with the numbers printed on their pages."""
        self.start_section("Contents")
        self.set_font("Times", size=28)
        self.set_text_color(PINE)
        self.cell(self.look.width, 11, "Contents", new_x="LMARGIN", new_y="NEXT")
        self.y += 6
        for number, entry in enumerate(contents, start=1):
            link = self.add_link(page=entry.page)
            self.set_font("Times", size=13)
            self.set_text_color(WOOD)
            self.set_x(24)
            self.cell(16, 6.5, str(number), link=link)
            self.set_text_color(INK)
            self.cell(self.look.width - 10, 6.5, entry.title, link=link)
            self.cell(10, 6.5, entry.label, align="R", link=link, new_x="LMARGIN", new_y="NEXT")
            self.set_font("Times", "I", 10)
            self.set_text_color(GREY)
            self.multi_cell(self.look.width - 16, 4.7, ", ".join(entry.sections), align="L", new_x="LMARGIN", new_y="NEXT")
            self.y += 3.6


class Leaflet(Sheet):
    """The harbour's leaflet: two columns under a masthead."""

    def __init__(self) -> None:
        look = Look(
            font="Helvetica",
            points=10,
            leading=5.2,
            align="L",
            colour=NAVY,
            tint=FOAM,
            columns=(18, 109),
            width=83,
            top=20,
            bottom=26,
            chapters_turn_pages=False,
        )
        super().__init__(look, "Tide Notes", "Saltmere Harbour Trust")
        self.add_page()
        self.set_fill_color(NAVY)
        self.rect(0, 0, 210, 60, style="F")
        self.set_text_color(WHITE)
        self.set_xy(18, 16)
        for style, size, height, text in (("B", 34, 15, "Tide Notes"), ("", 12, 7, "Tides and safety at Saltmere Harbour, summer 2026")):
            self.set_font("Helvetica", style, size)
            self.cell(170, height, text, new_x="LEFT", new_y="NEXT")
        for y, colour in ((49, (44, 84, 116)), (54, SEA), (59, WHITE)):
            self.wave(y, 1.8, 44, colour, 66)
        self.column_top = 70
        self.enter_column()

    def footer(self) -> None:
        """Print who publishes it, and the page's number."""
        self.set_font("Helvetica", size=8)
        self.set_text_color(GREY)
        self.set_xy(18, -16)
        self.cell(87, 5, "Saltmere Harbour Trust")
        self.cell(87, 5, str(self.page), align="R")

    def set_chapter(self, lines: tuple[str, ...]) -> None:
        """Set a large heading."""
        self.start_section(lines[0])
        self.set_font("Helvetica", "B", 15)
        self.set_text_color(NAVY)
        self.cell(self.look.width, 8, lines[0], new_x="LMARGIN", new_y="NEXT")
        self.y += 0.5

    def set_figure(self, _lines: tuple[str, ...]) -> None:
        """Draw the rule of twelfths: the rise in each of the six hours."""
        base, left, wide = self.y + 31, self.l_margin + 4, 12.5
        self.set_font("Helvetica", size=8)
        for hour, parts in enumerate((1, 2, 3, 3, 2, 1)):
            x, height = left + hour * wide, parts * 7.5
            self.set_fill_color(SEA)
            self.rect(x + 1, base - height, wide - 2, height, style="F")
            for y, colour, text in ((base - height - 5, INK, f"{parts}/12"), (base + 0.5, GREY, f"hour {hour + 1}")):
                self.set_text_color(colour)
                self.set_xy(x, y)
                self.cell(wide, 5, text, align="C")
        self.set_xy(self.l_margin, base + 6)


def main() -> None:
    """Write both PDFs."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    units = read_units("handbook.md")
    draft = Handbook([])  # tells on which pages the chapters begin
    draft.flow(units)
    handbook = Handbook(draft.entries)
    handbook.flow(units)
    handbook.output(folder / "harbour-handbook.pdf")
    leaflet = Leaflet()
    leaflet.flow(read_units("tide-notes.md"))
    leaflet.output(folder / "tide-notes.pdf")


if __name__ == "__main__":
    main()
