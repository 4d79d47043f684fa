"""The thirty files of `tests.benchmarks.office`, after what Word, LibreOffice, PowerPoint and Excel write."""

from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.office_files import docx, epub, odf, p_table, pptx, shape, w, w_box, w_item, w_table
from tests.workbooks import Xlsx, ods

PRICES = (("Item", "Price"), ("Lamp", "14"), ("Desk", "90"))


@dataclass(frozen=True, slots=True)
class Case:
    """A file; what a reader of it sees, in this order; the rows of its tables; and what nobody sees."""

    name: str
    data: bytes
    words: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    unseen: tuple[str, ...] = field(default=())


def cases() -> list[Case]:
    """The files, one of each kind of trouble."""
    head = w("Annual report", style="Heading1")
    rows = (("Region", "Sales"), ("North", "11"))
    return [
        *_word(head),
        *_open(rows),
        *_web(),
        *_more_word(),
        *_slides(),
        *_sheets(),
        *_others(),
        Case("report.rtf", RTF, ("Sales at café €5 grew.", "End."), rows, ("secret", "Arial")),
    ]


RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Report}}\pard Sales at caf\'e9 \u8364?5 {\v secret words}grew.\par "
RTF += rb"\trowd\cellx100\cellx200\intbl Region\cell Sales\cell\row\trowd\cellx100\cellx200\intbl North\cell 11\cell\row\pard End.\par}"


def _word(head: str) -> list[Case]:
    items = w_item("Apples", 0, 2) + w_item("Green ones", 1) + w_item("Pears", 0, 2)
    wide = f'<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{w("Both years")}'
    merged = (("Region", "Both years"), ("North", "11", "12"), ("South", "21", "22"))
    table = w_table([["Region", wide], *merged[1:]])
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    said = '<w:r><w:commentReference w:id="1"/></w:r>'
    notes = {
        "footnotes": f'<w:footnote w:id="2">{w("Audited in March.")}</w:footnote>',
        "comments": f'<w:comment w:id="1" w:author="Eva Lund">{w("Please verify.")}</w:comment>',
    }
    changes = "<w:ins><w:r><w:t> rose sharply</w:t></w:r></w:ins><w:del><w:r><w:delText> fell</w:delText></w:r></w:del>"
    linked = "<w:hyperlink><w:r><w:t> see the annex</w:t></w:r></w:hyperlink>"
    typed = "<w:sdt><w:sdtContent><w:r><w:t> typed here</w:t></w:r></w:sdtContent></w:sdt>"
    boxed = w("Please", inside=linked + typed) + w("", inside=w_box("Boxed words"))
    scripts = ("שלום עולם", "東京都は首都です", "co\u00adoperation")
    listed = ("Annual report", "Sales grew by a third.", "Apples", "Green ones", "Pears")
    return [
        Case("lists.docx", docx(head + w("Sales grew by a third.") + items), listed),
        Case("merged.docx", docx(head + table), ("Annual report",), merged),
        Case("notes.docx", docx(w("Profit", inside=note), parts=notes), ("Profit", "Audited in March.")),
        Case("comments.docx", docx(w("Profit", inside=said), parts=notes), ("Profit", "Eva Lund", "Please verify.")),
        Case("changes.docx", docx(w("Profit", inside=changes)), ("Profit rose sharply",), unseen=("fell",)),
        Case("fields.docx", docx(boxed), ("see the annex", "typed here", "Boxed words")),
        Case("scripts.docx", docx("".join(map(w, scripts))), (scripts[0], scripts[1], "cooperation")),
    ]


def _open(rows: tuple[tuple[str, ...], ...]) -> list[Case]:
    named = '<p:nvGrpSpPr><p:cNvPr id="3" name="Group"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
    place = '<a:xfrm><a:off x="5" y="500"/><a:ext cx="100" cy="100"/><a:chOff x="5" y="500"/><a:chExt cx="100" cy="100"/></a:xfrm>'
    group = f"<p:grpSp>{named}<p:grpSpPr>{place}</p:grpSpPr>{shape('Inside a group', at=(5, 500))}</p:grpSp>"
    steps = (("Step", "Date"), ("Build", "May"))
    slide = shape("Lower box", at=(0, 5000)) + group + shape("Our plan", kind="title", at=(0, 0)) + p_table(steps)
    note = '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
    note += "<text:note-body><text:p>Audited in March.</text:p></text:note-body></text:note>"
    cells = ("".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in rows)
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    inner = "<text:list><text:list-item><text:p>Green ones</text:p></text:list-item></text:list>"
    items = f"<text:list><text:list-item><text:p>Apples</text:p>{inner}</text:list-item></text:list>"
    odt = (
        f'<text:h text:outline-level="1">Annual report</text:h><text:p>Sales grew.{note}</text:p>{items}<table:table>{table}</table:table>'
    )
    box = "<draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    odp = f'<draw:page draw:name="One"><draw:frame presentation:class="title">{box.format("Our plan")}'
    odp += f"<presentation:notes><draw:frame>{box.format('Speak slowly')}</presentation:notes></draw:page>"
    shown = ("Our plan", "Inside a group", "Lower box", "Speak slowly")
    return [
        Case("slides.pptx", pptx(slide, notes={1: "Speak slowly"}), shown, steps),
        Case("text.odt", odf("text", odt), ("Annual report", "Sales grew.", "Apples", "Green ones"), rows),
        Case("notes.odt", odf("text", odt), ("Audited in March.",)),
        Case("slides.odp", odf("presentation", odp), ("Our plan", "Speak slowly")),
    ]


def _web() -> list[Case]:
    page = (
        "<!doctype html><html><head><title>Prices</title><style>p{}</style><script>var evil</script></head><body>"
        "<nav>Home About</nav><main><h1>Prices</h1><p>We sell<b> fr</b>uit.</p><ul><li>Apples<ul>"
        "<li>Green ones</li></ul></li></ul><table>"
        "<tr><th>Fruit<th>Euro<tr><td>Pear<td>2</table><dl><dt>Weight<dd>in kilos</dl><pre>x = 1\n  y</pre><p hidden>unseen words</p>"
        "<img alt='A red pear'>"
        "<details><summary>More</summary>Folded text</details></main></body></html>"
    )
    shown = ("Prices", "We sell fruit.", "Apples", "Green ones", "Weight", "in kilos", "A red pear", "Folded text")
    chapters = {
        "one.xhtml": "<h1>Storm</h1><p>It rained.</p>",
        "two.xhtml": "<h1>Calm</h1><table><tr><th>Day</th><th>Sun</th></tr></table>",
    }
    return [
        Case("page.html", page.encode(), shown, (("Fruit", "Euro"), ("Pear", "2")), ("evil", "unseen")),
        Case("russian.html", "<meta charset=windows-1251><p>Привет, мир".encode("cp1251"), ("Привет, мир",)),
        Case("book.epub", epub(chapters), ("Storm", "It rained.", "Calm"), (("Day", "Sun"),)),
    ]


def _field(instruction: str, shown: str) -> str:
    """A field of Word: what it does, and what is shown."""
    begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
    return f"{begin}<w:r><w:instrText>{instruction}</w:instrText></w:r>{separate}<w:r><w:t>{shown}</w:t></w:r>{end}"


def _more_word() -> list[Case]:
    nested = w_table([["outer left", w_table([["inner a", "inner b"], ["inner c", "inner d"]]) + w("")]])
    moved = '<w:moveFrom w:id="1"><w:r><w:t> departed text</w:t></w:r></w:moveFrom>'
    moved += '<w:moveTo w:id="2"><w:r><w:t> moved here</w:t></w:r></w:moveTo>'
    endnotes = {"endnotes": f'<w:endnote w:id="2">{w("Seen in May.")}</w:endnote>'}
    noted = w("Otters", inside='<w:r><w:endnoteReference w:id="2"/></w:r>')
    items = "".join(w_item(name, level, 2) for name, level in (("Fruit", 0), ("Apples", 1), ("Roots", 0)))
    fields = w("See ", inside=_field(' HYPERLINK "http://hidden.example" ', "the linked page") + _field(" REF _Ref1 ", "section nine"))
    return [
        Case("nested.docx", docx(w("Before") + nested + w("After")), ("Before", "outer left", "inner a", "inner d", "After")),
        Case("moved.docx", docx(w("It was", inside=moved)), ("It was moved here",), unseen=("departed",)),
        Case("endnotes.docx", docx(noted, parts=endnotes), ("Otters", "Seen in May.")),
        Case("references.docx", docx(fields + items), ("the linked page", "section nine", "Fruit", "Roots"), unseen=("HYPERLINK",)),
    ]


def _slides() -> list[Case]:
    deck = pptx(
        shape("Quarterly plan", kind="ctrTitle", at=(0, 0)),
        shape("Targets", kind="title", at=(0, 0)) + shape("First point\nSecond point", kind="body", at=(0, 500)),
        shape("Numbers", kind="title", at=(0, 0)) + p_table(PRICES),
        notes={2: "Speak about otters"},
    )
    shown = ("Quarterly plan", "Targets", "First point", "Second point", "Speak about otters", "Numbers")
    box = '<draw:frame svg:x="1cm" svg:y="{}cm"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>'
    group = f'<draw:page draw:name="One"><draw:g>{box.format(2, "Grouped words")}</draw:g>{box.format(9, "Lowest box")}</draw:page>'
    return [
        Case("deck.pptx", deck, shown, PRICES),
        Case("group.odp", odf("presentation", group), ("Grouped words", "Lowest box")),
    ]


def _sheets() -> list[Case]:
    look = ("Tea", (1234.5, "#,##0.00"), (0.25, "0%"), (45454, "dd.mm.yyyy"))
    merged = '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
    computed = '<sheetData><row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A1&amp;"x"</f><v>shown</v></c></row></sheetData>'
    hidden = Xlsx().add("Open", [["shown words"]]).add("Kept", [["secret cell"]], state="hidden")
    cells = "".join(f"<table:table-cell><p>{word}</p></table:table-cell>" for word in ("North", "11"))
    repeated = f'<table:table table:name="S"><table:table-row table:number-rows-repeated="2">{cells}</table:table-row></table:table>'
    return [
        Case("looks.xlsx", Xlsx().add("Prices", [look]).bytes(), (), (("Tea", "1,234.50", "25%", "11.06.2024"),)),
        Case(
            "merged.xlsx", Xlsx().add("S", [["Both years", None], ["Lamp", 14]], after=merged).bytes(), ("Both years",), (("Lamp", "14"),)
        ),
        Case("computed.xlsx", Xlsx().add_xml("S", computed).bytes(), ("shown",), (("2", "shown"),), ("A1&",)),
        Case("hidden.xlsx", hidden.bytes(), ("shown words",), unseen=("secret",)),
        Case("repeated.ods", ods(repeated), (), (("North", "11"),)),
    ]


def _others() -> list[Case]:
    message = EmailMessage()
    message["Subject"], message["From"] = "Otters seen", "Eva Lund <eva@example.org>"
    message.set_content("They swam at dawn.")
    message.add_attachment(b"1", maintype="application", subtype="pdf", filename="map.pdf")
    deleted = rb"{\rtf1\ansi It{\revised\revauth1\revdttm-2074015744  rose}{\deleted\revdttmdel-2074015744  fell}.\par }"
    spans = "<table><tr><th rowspan=2>Town<th colspan=2>Sales<tr><th>2020<th>2021<tr><td>Lund<td>11<td>12</table>"
    return [
        Case("mail.eml", bytes(message), ("Otters seen", "They swam at dawn.")),
        Case("semicolons.csv", b"Item;Price\nLamp;14\nDesk;90\n", (), PRICES),
        Case("revised.rtf", deleted, ("It rose.",), unseen=("fell",)),
        Case("spans.html", f"<!doctype html><body>{spans}</body>".encode(), ("Town", "Sales"), (("Lund", "11", "12"),)),
    ]
