"""Make a long PDF of plain English: chapters, sections, paragraphs, tables, an outline. The same number of pages is the same text.

    python -m tests.benchmarks.made_pdf PAGES FILE

The report it pretends to be has some 3,800 characters a page, as annual reports have, and seldom the same sentence twice.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from textwrap import wrap

from fpdf import FPDF

SEED = 11
MARGIN = 40.0
SIZE = 12.0
LEADING = 1.2 * SIZE
"""Points, all three; they give the characters of a page."""

LETTERS_OF_LINE = 94
"""Lines are cut by their letters, not by their width: setting them by width takes fpdf2 minutes for thousands of pages."""

PAGES_OF_CHAPTER = 20
TABLE_EVERY = 4
"""Pages."""


def _phrases(written: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in written.split("|")]


WHO = _phrases("""
the board | the harbour master | the audit committee | our freight division | the ferry service | the pilots' association | the
maintenance crew | the regional council | a panel of independent engineers | the pension trustees | the customs office | the
dredging contractor | the insurer | management | the lighthouse keeper | the finance department | a group of residents | the
warehouse operator | the energy supplier | the research institute | the union | the shipping line | the training centre | the
statistics bureau | an outside consultant | the planning office | the rescue station | the fishing fleet | the port authority | the
committee on safety | our largest customer | the tenants of the eastern quay | the owner of the dry dock
""")
DID = _phrases("""
approved | postponed | reviewed | financed | published | rejected | completed | extended | measured | inspected | replaced |
welcomed | criticised | renegotiated | disclosed | settled | restored | reorganised | surveyed | monitored | delayed | audited |
commissioned | withdrew | amended | introduced | outsourced | defended | compared | simplified | recorded | doubled | halved |
abandoned | resumed | documented | forecast | insured | dismantled | modernised
""")
HOW = _phrases("""
ageing | northern | unusually large | long delayed | carefully documented | temporary | second | provisional | costly | modest |
joint | annual | unexpected | regional | fully automatic | narrow | new | well known | disputed | seasonal | privately owned |
underground | floating | listed | digital | remote | voluntary | statutory
""")
WHAT = _phrases("""
breakwater | container terminal | lease agreement | revenue forecast | emission inventory | cold storage hall | tide gauge | pension
scheme | crane fleet | signalling system | customs procedure | ballast water plant | sediment survey | safety training |
apprenticeship | mooring tariff | rail connection | fuel contract | radar station | flood barrier | recycling yard | loan facility |
dividend policy | passenger building | pilot boat | bird sanctuary | ticket office | power supply | accident register | noise limit
| purchase of land | software licence | archive of charts | waiting area | grain silo | timber berth | weather service
""")
WHEN = _phrases("""
in the first quarter | during the storms of late autumn | before the close of the financial year | after lengthy consultation | at
short notice | over the course of eighteen months | in spite of rising interest rates | as the previous report had announced | for
the third time in a decade | under the terms of the revised statute | while traffic on the river was low | when the old equipment
failed | without interrupting the timetable | at the request of the ministry | between March and September | on the advice of
counsel | ahead of the summer season | once the permits were granted
""")
WHY = _phrases("""
because the previous arrangement no longer covered its costs | although the benefits will be felt only gradually | so that larger
vessels may call | which reduced the time spent at berth | and informed the shareholders in writing | since comparable ports had
done the same | which the auditors noted | in order to comply with the new directive | whereas the volume of general cargo declined
| and the effect on earnings was not material | provided that the weather allows it | which is explained in the notes to the
accounts | as demand for bulk goods recovered | and no claims were made | even though spare parts were difficult to obtain | so the
provision was released to income | and further work is planned | which surprised few
""")
TITLES = _phrases("""
Operations | Risk and insurance | Property and leases | People | Results of the year | Environment | Traffic | Safety | Financing |
Outlook | Governance | Notes
""")


class Author:
    """Writes the report; the same seed is the same words."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def sentence(self) -> str:
        """One of four shapes, 60 to 230 characters."""
        one, who, what, when = self._one, self._one(WHO), self._thing(), self._one(WHEN)
        number, year, share = (self._random.randint(*ends) for ends in ((2, 980), (1988, 2026), (1, 60)))
        written = self._random.choice(
            (
                f"{who} {one(DID)} the {what} {when}, {one(WHY)}",
                f"{when}, {who} {one(DID)} the {what} and {one(DID)} the {self._thing()}",
                f"of the {number} cases reported in {year}, {who} {one(DID)} those that concerned the {what}, {one(WHY)}",
                f"the {what} cost {number}.{number % 10} million in {year}, {share} per cent more than the {self._thing()} "
                f"that {who} {one(DID)} {one(WHEN)}",
            )
        )
        return f"{written[0].upper()}{written[1:]}."

    def paragraph(self) -> str:
        """Some sentences."""
        return " ".join(self.sentence() for _ in range(self._random.randint(3, 7)))

    def title(self) -> str:
        """A section's heading."""
        thing = self._thing()
        return f"{thing[0].upper()}{thing[1:]}, {self._one(WHEN)}"

    def rows(self) -> list[list[str]]:
        """A table of figures."""
        rows = [["Millions", *(str(year) for year in range(2022, 2026))]]
        for _ in range(self._random.randint(5, 9)):
            rows.append([self._one(WHAT).capitalize(), *(f"{self._random.uniform(1, 900):,.1f}" for _ in range(4))])
        return rows

    def _thing(self) -> str:
        return f"{self._one(HOW)} {self._one(WHAT)}"

    def _one(self, words: list[str]) -> str:
        return self._random.choice(words)


def make_pdf(pages: int, target: Path) -> None:
    """Write the report to a file."""
    author = Author(SEED)
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    pdf.set_title("Report of the harbour company")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=False)
    for page in range(pages):
        pdf.add_page()
        chapter, place = divmod(page, PAGES_OF_CHAPTER)
        if place == 0:
            _heading(pdf, f"{chapter + 1} {TITLES[chapter % len(TITLES)]}", 0)
        _fill(pdf, author, has_table=page % TABLE_EVERY == 1)
        pdf.set_xy(MARGIN, pdf.h - MARGIN + 14)
        pdf.cell(text=str(page + 1))
    pdf.output(str(target))


def _fill(pdf: FPDF, author: Author, *, has_table: bool) -> None:
    """Paragraphs to the foot of the page, with headings between them."""
    if has_table:
        _table(pdf, author.rows())
    end, paragraphs = pdf.h - MARGIN, 0
    while len(lines := wrap(author.paragraph(), LETTERS_OF_LINE)) * LEADING < end - pdf.y:
        if paragraphs == 2:
            _heading(pdf, author.title(), 1)
        pdf.set_font("Times", size=SIZE)
        for line in lines:
            pdf.text(MARGIN, pdf.y + SIZE, line)
            pdf.ln(LEADING)
        pdf.ln(LEADING / 2)
        paragraphs += 1


def _heading(pdf: FPDF, text: str, level: int) -> None:
    pdf.set_font("Times", "B", SIZE + (8, 3)[level])
    pdf.start_section(text, level)
    pdf.multi_cell(0, 1.5 * LEADING, text, new_x="LMARGIN", new_y="NEXT")


def _table(pdf: FPDF, rows: list[list[str]]) -> None:
    pdf.set_font("Times", size=SIZE)
    for row in rows:
        for column, text in enumerate(row):
            pdf.cell(60 if column else 180, LEADING, text, align="R" if column else "L")
        pdf.ln(LEADING)
    pdf.ln(LEADING / 2)


if __name__ == "__main__":
    make_pdf(int(sys.argv[1]), Path(sys.argv[2]))
