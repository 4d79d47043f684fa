"""PDFs are read as a person sees them: what is shown, in reading order, with tables as rows; and marked where it stands."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Text

from rag.formats.pdf import PDF
from rag.formats.protocol import DrawnFile, FileToOpen
from tests import documents

Lines = Sequence[tuple[float, float, str]]

LEFT = ("The council met on the first Monday of", "the month and agreed that the old mill", "must be repaired before winter comes.", "It")
RIGHT = (
    "asked the builders for their offers and",
    "set aside a sum of ninety thousand for",
    "the roof, the wheel and the sluice gate.",
    "Done",
)


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[[bytes], DrawnFile]]:
    opened: list[DrawnFile] = []

    def open_file(data: bytes) -> DrawnFile:
        path = tmp_path / f"{len(opened)}.pdf"
        path.write_bytes(data)
        file = FileToOpen(path, path.name, PDF).open()
        assert isinstance(file, DrawnFile)
        opened.append(file)
        return file

    yield open_file
    for file in opened:
        file.close()


Read = Callable[[bytes], DrawnFile]


def placed_pdf(*pages: Lines, size: float = 11) -> bytes:
    """Words at places, from the left and from above, in the order of drawing."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(auto=False)
    for lines in pages:
        pdf.add_page()
        pdf.set_font("Helvetica", size=size)
        for x, y, words in lines:
            pdf.text(x, y, words)
    return bytes(pdf.output())


def texts(file: DrawnFile) -> list[str]:
    return [page.text for page in file.pages()]


def below(x: float, y: float, *lines: str) -> list[tuple[float, float, str]]:
    return [(x, y + 14 * number, line) for number, line in enumerate(lines)]


def row(y: float, *cells: str) -> list[tuple[float, float, str]]:
    return [(72 + 100 * column, y, cell) for column, cell in enumerate(cells) if cell]


def mark(file: DrawnFile, page: int, words: str) -> list[tuple[int, int]]:
    """Left and top of each mark on the words, in points."""
    text = file.page(page).text
    start = text.index(words)
    (width, height), marks = file.locate(page, text, start, start + len(words))
    return [(round(x0 * width), round(y0 * height)) for x0, y0, _, _ in marks]


def test_columns_drawn_line_by_line_are_read_one_after_the_other(read: Read) -> None:
    lines = [piece for pair in zip(below(60, 100, *LEFT), below(320, 100, *RIGHT), strict=True) for piece in pair]
    (text,) = texts(read(placed_pdf(lines)))
    assert text.split() == " ".join((*LEFT, *RIGHT)).split()


def test_columns_drawn_one_after_the_other_are_read_so_though_their_lines_are_not_level(read: Read) -> None:
    title = [(60, 60, "A title that stands over both of the columns of this page, and is long")]
    (text,) = texts(read(placed_pdf(title + below(60, 100, *LEFT) + below(320, 106, *RIGHT))))
    assert text.split() == " ".join((title[0][2], *LEFT, *RIGHT)).split()


def test_lines_drawn_from_below_are_read_from_above(read: Read) -> None:
    assert texts(read(placed_pdf(below(72, 100, *LEFT[:3])[::-1]))) == ["\n".join(LEFT[:3])]


def test_values_drawn_after_their_labels_stand_beside_them(read: Read) -> None:
    (text,) = texts(read(placed_pdf([*below(72, 100, "Name of the owner:", "Harbour:"), *below(220, 100, "Ingrid Solberg", "Vardo")])))
    assert text == "Name of the owner: Ingrid Solberg\nHarbour: Vardo"


def test_marks_stand_on_words_wherever_they_were_drawn(read: Read) -> None:
    lines = [piece for pair in zip(below(60, 100, *LEFT), below(320, 100, *RIGHT), strict=True) for piece in pair]
    marks = mark(read(placed_pdf(lines)), 0, "before winter comes.\nIt\nasked the builders")
    assert [y for _, y in marks] == pytest.approx([118, 132, 90], abs=4)
    assert marks[2][0] == 320


def test_a_table_without_rules_is_read_by_its_rows(read: Read) -> None:
    table = [*row(120, "", "2017", "2018"), *row(136, "Revenue", "412.6", "455.1"), *row(152, "Cost of sales", "298.4", "310.2")]
    (text,) = texts(read(placed_pdf([(72, 100, "Key figures of the group, in millions"), *table])))
    assert text == "Key figures of the group, in millions\n\n\t2017\t2018\nRevenue\t412.6\t455.1\nCost of sales\t298.4\t310.2"


def test_a_table_drawn_by_columns_is_read_by_its_rows(read: Read) -> None:
    rows = [row(y, *cells) for y, *cells in ((120.0, "Pump", "Flow", "Weight"), (136.0, "K 20", "7.5", "18"), (152.0, "K 35", "9.1", "22"))]
    (text,) = texts(read(placed_pdf([cells[column] for column in range(3) for cells in rows])))
    assert text == "Pump\tFlow\tWeight\nK 20\t7.5\t18\nK 35\t9.1\t22"


def test_rules_make_a_table_and_wrapped_lines_one_cell(read: Read) -> None:
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    rows = [(100, 18, ["Part", "Use", "Price"]), (118, 32, ["Seal", "for the upper|bearing", "14"]), (150, 18, ["Cap", "", "9"])]
    for y, height, cells in rows:
        for x, width, words in zip((72, 132, 232), (60, 100, 60), cells, strict=True):
            pdf.rect(x, y, width, height)
            for number, line in enumerate(words.split("|")):
                pdf.text(x + 3, y + 13 + 13 * number, line)
    assert texts(read(bytes(pdf.output()))) == ["Part\tUse\tPrice\nSeal\tfor the upper bearing\t14\nCap\t\t9"]


def test_a_name_over_a_group_of_rows_does_not_end_the_table(read: Read) -> None:
    rows: list[Lines] = [row(100, "Station", "May", "June"), row(116, "Skell", "41.0", "38.5"), row(132, "Hartwell", "52.1", "47.9")]
    more: list[Lines] = [
        [(72, 148, "Stations of the upper moor, since last year")],
        row(164, "Eastcliff", "61.7", "58.2"),
        row(180, "Dunmore", "44.4", "39.0"),
    ]
    (text,) = texts(read(placed_pdf([cell for line in rows + more for cell in line])))
    assert [line.split("\t")[0] for line in text.split("\n")] == [line[0][2] for line in rows + more]
    assert "\n\n" not in text


@pytest.mark.parametrize(
    "lines",
    [
        [*row(100, "1.", "Open the valve"), *row(116, "2.", "Wait a minute"), *row(132, "3.", "Close it again")],
        [
            *row(100, "Introduction", "", "", "3"),
            *row(116, "Methods", "", "", "17"),
            *row(132, "Results", "", "", "40"),
            *row(148, "End", "", "", "52"),
        ],
        below(72, 100, *LEFT),
    ],
    ids=["a list", "a table of contents", "prose"],
)
def test_what_is_no_table_is_not_made_one(read: Read, lines: Lines) -> None:
    (text,) = texts(read(placed_pdf(lines)))
    assert "\t" not in text


def test_headers_and_footers_are_left_out_but_once(read: Read) -> None:
    pages = [
        [
            (72, 40, "Handbook of the Rowing Club"),
            *below(72, 120, *LEFT[:3]),
            (72, 700, f"a line of its own {word}"),
            (280, 810, f"Page {number} of 3"),
        ]
        for number, word in ((1, "oak"), (2, "elm"), (3, "ash"))
    ]
    first, second, third = texts(read(placed_pdf(*pages)))
    assert first.startswith("Handbook of the Rowing Club\n\nThe council met")
    assert second.startswith("The council met")
    assert (first.endswith("oak"), second.endswith("elm"), third.endswith("ash")) == (True, True, True)


def test_a_running_title_that_changes_is_left_out_with_the_number_beside_it(read: Read) -> None:
    titles = ("1.1 Oaks", "1.2 Elms and limes", "2.1 Ash trees")
    pages = [[(72, 40, str(number)), (400, 40, title), *below(72, 120, *LEFT)] for number, title in enumerate(titles, start=17)]
    assert [text.startswith("The council") for text in texts(read(placed_pdf(*pages)))] == [False, True, True]


def test_the_header_of_a_table_that_goes_on_stays(read: Read) -> None:
    rows = [row(60 + 16 * number, f"K {number}", f"{number}.5", f"{number + 7}") for number in range(1, 8)]
    page = [*row(60, "Pump", "Flow", "Weight"), *(cell for line in rows for cell in line)]
    assert [text.split("\n")[0] for text in texts(read(placed_pdf(page, page)))] == ["Pump\tFlow\tWeight"] * 2


def test_a_page_alone_reads_as_it_did_among_the_others(read: Read) -> None:
    pages = [[(72, 40, "The running header"), *below(72, 120, *LEFT, f"number {number}")] for number in range(4)]
    file = read(placed_pdf(*pages))
    all_at_once = texts(file)
    other = read(placed_pdf(*pages))
    assert [other.page(index).text for index in (3, 0, 2, 1)] == [all_at_once[index] for index in (3, 0, 2, 1)]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("The seal has the number XR-", "4471 and fits."), "The seal has the number XR-4471 and fits."),
        (("It was dry in 2019-", "2021 and later."), "It was dry in 2019-2021 and later."),
        (("The rate for non-", "EU members is the higher."), "The rate for non-EU members is the higher."),
        (("We ask that you make a follow-", "up visit to the site."), "We ask that you make a follow-up visit to the site."),
        (("We recom-", "mend it to all of you."), "We recommend it to all of you."),
        (("A well-known case, but a well-", "known one."), "A well-known case, but a well-known one."),
        (("Die Haupt-", "stadt und der Fluss sind in der Karte."), "Die Hauptstadt und der Fluss sind in der Karte."),
        (("Die Vor-", "und Nachteile sind in der Karte."), "Die Vor-\nund Nachteile sind in der Karte."),
    ],
)
def test_hyphens_at_line_ends_stay_where_they_are_real(read: Read, lines: tuple[str, ...], text: str) -> None:
    assert texts(read(placed_pdf(below(72, 100, *lines)))) == [text]


def test_superscripts_are_kept_apart_from_numbers(read: Read) -> None:
    raised = "(in 2018) Tj 12 Ts /F 14 Tf (2) Tj 0 Ts /F 24 Tf ( 10) Tj 12 Ts /F 14 Tf (6) Tj 0 Ts /F 24 Tf ( per m) Tj"
    file = read(
        documents.written_pdf([f"{raised} 12 Ts /F 14 Tf (2) Tj 0 Ts /F 24 Tf (. CO) Tj -4 Ts /F 14 Tf (2) Tj 0 Ts /F 24 Tf ( fell.) Tj"])
    )
    assert texts(file) == ["in 2018 ² 10 ⁶ per m². CO2 fell."]


def test_letters_that_are_set_apart_are_words(read: Read) -> None:
    spread = [(72 + 14 * place, 100, letter) for place, letter in enumerate("ANNUAL")] + [
        (180 + 14 * place, 100, x) for place, x in enumerate("REPORT")
    ]
    (text,) = texts(read(placed_pdf([*spread, *below(72, 140, *LEFT)])))
    assert text.startswith("ANNUAL REPORT\n")


def test_letters_of_a_right_to_left_ligature_keep_their_order(read: Read) -> None:
    cmap = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
    cmap += "4 beginbfchar <41> <0634>\n<42> <06440627>\n<43> <062A>\n<44> <0643>\nendbfchar endcmap end"
    stream = f"<</Length {len(cmap)}>> stream\n{cmap}\nendstream".encode()
    file = read(documents.written_pdf(["(CBDA) Tj"], font=f"{documents.HELVETICA} /ToUnicode 6 0 R", extra=[stream]))
    assert texts(file) == ["شكلات"]


def test_what_the_crop_box_hides_is_not_read(read: Read) -> None:
    assert texts(read(documents.cropped_pdf("Seen by all\n\n\n\n\n\n\n\n\nSeen by none", 0, 700, 595, 842))) == ["Seen by all"]


def test_hidden_layers_are_not_read(read: Read) -> None:
    content = "(The list price is 940.) Tj ET /OC /L BDC BT /F 24 Tf 72 600 Td (The lowest price is 610.) Tj ET EMC BT"
    data = documents.written_pdf([content], resources="/Properties <</L 6 0 R>>", extra=[b"<</Type /OCG /Name (x)>>"])
    off = b"/OCProperties <</OCGs [6 0 R] /D <</OFF [6 0 R]>>>>"
    assert len(texts(read(data))[0].split("\n")) == 2
    assert texts(read(data.replace(b"/Type /Catalog", b"/Type /Catalog " + off))) == ["The list price is 940."]


def test_hidden_layers_of_an_encrypted_file_are_not_read(read: Read) -> None:
    words = b"BT /F 24 Tf 72 700 Td (The list price is 940.) Tj ET /OC /L BDC BT /F 24 Tf 72 600 Td (The lowest price is 610.) Tj ET EMC"
    resources = b"<</Font <</F 3 0 R>> /Properties <</L 5 0 R>>>>"
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 6 0 R /Resources %s>>" % resources
    objects = [b"<</Type /Catalog /Pages 2 0 R /OCProperties <</OCGs [5 0 R] /D <</OFF [5 0 R]>>>>>>"]
    objects += [b"<</Type /Pages /Kids [4 0 R] /Count 1>>", f"<<{documents.HELVETICA}>>".encode(), page, b"<</Type /OCG /Name (x)>>"]
    assert texts(read(documents.packed_encrypted_pdf(objects, words))) == ["The list price is 940."]


def test_typed_comments_are_read_and_notes_stand_below(read: Read, tmp_path: Path) -> None:
    writer = PdfWriter()
    (tmp_path / "plain.pdf").write_bytes(documents.plain_pdf("The offers are due on 1 February."))
    writer.append(PdfReader(tmp_path / "plain.pdf"))
    writer.add_annotation(0, FreeText(text="Moved to 14 March.", rect=(72, 600, 300, 620)))
    writer.add_annotation(0, Text(text="Ask Ingrid about this.", rect=(72, 500, 90, 520)))
    writer.add_attachment("offers.csv", b"a,b")
    writer.write(tmp_path / "noted.pdf")
    file = read((tmp_path / "noted.pdf").read_bytes())
    (text,) = texts(file)
    assert text.split("\n\n") == [
        "The offers are due on 1 February.",
        "Moved to 14 March.",
        "Ask Ingrid about this.",
        "Attachments: offers.csv",
    ]
    assert file.page(0).text == text


def test_form_values_are_read_beside_their_labels_and_marked(read: Read) -> None:
    shown = b"BT /F 24 Tf 2 8 Td (Marta Lindqvist) Tj ET"
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 300 30] /Resources <</Font <</F 3 0 R>>>>"
    look = b"<<%s /Length %d>> stream\n%s\nendstream" % (form, len(shown), shown)
    field = b"<</Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Marta Lindqvist) /Rect [250 692 550 722] /F 4 /AP <</N 6 0 R>>>>"
    data = documents.written_pdf(["(Insured:) Tj"], extra=[look, field])
    file = read(data.replace(b"/Type /Page ", b"/Type /Page /Annots [7 0 R] "))
    assert texts(file) == ["Insured: Marta Lindqvist"]
    ((left, _),) = mark(file, 0, "Marta Lindqvist")
    assert left == pytest.approx(252, abs=3)


def test_form_values_without_a_look_of_their_own_are_read(read: Read) -> None:
    field = b"<</Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Marta Lindqvist) /DA (/F 12 Tf 0 g) /Rect [250 692 550 722] /F 4>>"
    form = b"/Type /Catalog /AcroForm <</Fields [6 0 R] /NeedAppearances true /DR <</Font <</F 3 0 R>>>> /DA (/F 12 Tf 0 g)>>"
    data = documents.written_pdf(["(Insured:) Tj"], extra=[field]).replace(b"/Type /Catalog", form)
    assert texts(read(data.replace(b"/Type /Page ", b"/Type /Page /Annots [6 0 R] "))) == ["Insured: Marta Lindqvist"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pages_are_read_as_they_are_seen(read: Read, degrees: int) -> None:
    assert texts(read(documents.turned_pdf("Words on their side,\nand below them.", degrees))) == ["Words on their side,\nand below them."]
