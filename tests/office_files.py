"""Makes Office, OpenDocument and EPUB files of XML, as bytes: what the programs write, and no more."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

OFFICE = "http://schemas.openxmlformats.org/"
RELATION = f"{OFFICE}officeDocument/2006/relationships"
_W = f'xmlns:w="{OFFICE}wordprocessingml/2006/main" xmlns:r="{RELATION}"'
_W += f' xmlns:wp="{OFFICE}drawingml/2006/wordprocessingDrawing" xmlns:a="{OFFICE}drawingml/2006/main"'
_W += f' xmlns:m="{OFFICE}officeDocument/2006/math"'
_W += ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_W += ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
_P = f'xmlns:p="{OFFICE}presentationml/2006/main" xmlns:a="{OFFICE}drawingml/2006/main" xmlns:r="{RELATION}"'
_O = "urn:oasis:names:tc:opendocument:xmlns:"
_ODF = " ".join(
    f'xmlns:{prefix}="{_O}{name}:1.0"'
    for prefix, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style",
        "presentation": "presentation", "svg": "svg-compatible", "fo": "xsl-fo-compatible",
    }.items()
)  # fmt: skip
_ODF += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
_CORE = '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
_CORE += ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title></cp:coreProperties>'
_MAIN = "application/vnd.openxmlformats-officedocument."
LEVELS = "".join(
    f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{{0}}"/><w:lvlText w:val="{{1}}"/></w:lvl>' for level in range(3)
)


def packed(parts: Mapping[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    """A ZIP archive of these parts, in this order."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return written.getvalue()


def w(text: str, *, style: str = "", properties: str = "", inside: str = "") -> str:
    """A paragraph of Word: `inside` is XML after the text."""
    look = f'<w:pStyle w:val="{style}"/>' if style else ""
    run = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    return f"<w:p><w:pPr>{look}{properties}</w:pPr>{run}{inside}</w:p>"


def w_item(text: str, level: int = 0, list_id: int = 1) -> str:
    """A list item of Word: list 1 has bullets, list 2 has numbers."""
    return w(text, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>')


def w_table(rows: Sequence[Sequence[str]]) -> str:
    """A table of Word; a cell that begins with "<" is XML."""
    cells = ([f"<w:tc>{cell if cell.startswith('<') else w(cell)}</w:tc>" for cell in row] for row in rows)
    grid = '<w:gridCol w:w="2000"/>' * max(map(len, rows))
    return f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid>{''.join(f'<w:tr>{chr(10).join(row)}</w:tr>' for row in cells)}</w:tbl>"


def w_box(text: str) -> str:
    """A run with a text box, and the copy of it for old versions."""
    words = f"<w:txbxContent>{w(text)}</w:txbxContent>"
    new = f'<mc:Choice Requires="wps"><w:drawing><wp:anchor><a:graphic><a:graphicData><wps:wsp><wps:txbx>{words}</wps:txbx></wps:wsp>'
    old = f"<mc:Fallback><w:pict><v:textbox>{words}</v:textbox></w:pict></mc:Fallback>"
    ends = "</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice>"
    return f"<w:r><mc:AlternateContent>{new}{ends}{old}</mc:AlternateContent></w:r>"


def docx(body: str, *, parts: Mapping[str, str] | None = None, title: str = "", styles: str = "") -> bytes:
    """A Word document of this body; `parts`, such as "footnotes", "comments" and "header1", hold what stands within their roots."""
    roots = {"footnotes": "footnotes", "endnotes": "endnotes", "comments": "comments", "header1": "hdr", "footer1": "ftr"}
    kinds = {"header1": "header", "footer1": "footer"}
    heads = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
        f'<w:pPr><w:outlineLvl w:val="{level - 1}"/></w:pPr></w:style>'
        for level in range(1, 4)
    )
    lists = "".join(
        f'<w:abstractNum w:abstractNumId="{index}">{LEVELS.format(kind, mark)}</w:abstractNum>'
        for index, (kind, mark) in enumerate([("bullet", "•"), ("decimal", "%1.")], start=1)
    )
    lists += "".join(f'<w:num w:numId="{index}"><w:abstractNumId w:val="{index}"/></w:num>' for index in (1, 2))
    normal = '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    made = {
        "styles": f"<w:styles {_W}>{normal}{heads}{styles}</w:styles>",
        "numbering": f"<w:numbering {_W}>{lists}</w:numbering>",
    }
    made |= {name: f"<w:{roots[name]} {_W}>{inside}</w:{roots[name]}>" for name, inside in (parts or {}).items()}
    kind = f"{_MAIN}wordprocessingml."
    types = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{kind}{kinds.get(name, name)}+xml"/>' for name in made)
    relations = {f"r{name}": (kinds.get(name, name), f"{name}.xml") for name in made}
    return packed(
        _package("word/document.xml", f"{kind}document.main+xml", types, title)
        | {
            "word/document.xml": f"<?xml version='1.0' encoding='UTF-8'?><w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": _relations(relations),
        }
        | {f"word/{name}.xml": text for name, text in made.items()}
    )


def shape(text: str, *, kind: str = "", at: tuple[int, int] | None = None, alt: str = "") -> str:
    """A shape of PowerPoint: its paragraphs are lines of the text; `kind` is that of a placeholder, `at` its left and top."""
    holder = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
    place = f'<a:xfrm><a:off x="{at[0]}" y="{at[1]}"/><a:ext cx="100" cy="100"/></a:xfrm>' if at else ""
    place += '<a:prstGeom prst="rect"/>'
    lines = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.split("\n"))
    named = f'<p:nvSpPr><p:cNvPr id="2" name="Shape 1" descr="{escape(alt)}"/><p:cNvSpPr/>{holder}</p:nvSpPr>'
    return f"<p:sp>{named}<p:spPr>{place}</p:spPr><p:txBody><a:bodyPr/>{lines}</p:txBody></p:sp>"


def p_table(rows: Sequence[Sequence[str]]) -> str:
    """A table of PowerPoint."""
    cells = (
        "".join(f"<a:tc><a:txBody><a:bodyPr/><a:p><a:r><a:t>{escape(cell)}</a:t></a:r></a:p></a:txBody><a:tcPr/></a:tc>" for cell in row)
        for row in rows
    )
    grid = "<a:tblGrid>" + '<a:gridCol w="100"/>' * len(rows[0]) + "</a:tblGrid>"
    lines = "".join(f'<a:tr h="10">{row}</a:tr>' for row in cells)
    inside = f"<a:tbl>{grid}{lines}</a:tbl>"
    named = '<p:nvGraphicFramePr><p:cNvPr id="9" name="Table"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>'
    place = '<p:xfrm><a:off x="0" y="9000"/><a:ext cx="100" cy="100"/></p:xfrm>'
    uri = f"{OFFICE}drawingml/2006/table"
    return f'<p:graphicFrame>{named}{place}<a:graphic><a:graphicData uri="{uri}">{inside}</a:graphicData></a:graphic></p:graphicFrame>'


def pptx(*slides: str, notes: Mapping[int, str] | None = None, hidden: Sequence[int] = (), title: str = "", styles: str = "") -> bytes:
    """A presentation of these shapes; `notes` by the number of the slide, `styles` in its master. The slides are named backwards."""
    kind = f"{_MAIN}presentationml."
    count = len(slides)
    types, parts, order = "", dict[str, str](), dict[str, tuple[str, str]]()
    for number, shapes in enumerate(slides, start=1):
        name = f"slide{count + 1 - number}"
        show = ' show="0"' if number in hidden else ""
        parts[f"ppt/slides/{name}.xml"] = _slide("sld", shapes, show)
        types += f'<Override PartName="/ppt/slides/{name}.xml" ContentType="{kind}slide+xml"/>'
        order[f"r{number}"] = ("slide", f"slides/{name}.xml")
        relations = {"r0": ("slideLayout", "../slideLayouts/layout1.xml")}
        if words := (notes or {}).get(number):
            relations["r1"] = ("notesSlide", f"../notesSlides/notes{number}.xml")
            parts[f"ppt/notesSlides/notes{number}.xml"] = _slide("notes", shape(words, kind="body") + shape(str(number), kind="sldNum"))
            types += f'<Override PartName="/ppt/notesSlides/notes{number}.xml" ContentType="{kind}notesSlide+xml"/>'
        parts[f"ppt/slides/_rels/{name}.xml.rels"] = _relations(relations)
    holders = shape("Click to edit", kind="title", at=(0, 100)) + shape("Click to edit", kind="body", at=(0, 1000))
    parts["ppt/slideLayouts/layout1.xml"] = _slide("sldLayout", holders)
    types += f'<Override PartName="/ppt/slideLayouts/layout1.xml" ContentType="{kind}slideLayout+xml"/>'
    if styles:
        parts["ppt/slideLayouts/_rels/layout1.xml.rels"] = _relations({"r0": ("slideMaster", "../slideMasters/master1.xml")})
        master = _slide("sldMaster", holders).replace("</p:cSld>", f"</p:cSld><p:txStyles>{styles}</p:txStyles>")
        parts["ppt/slideMasters/master1.xml"] = master
    listed = "".join(f'<p:sldId id="{255 + number}" r:id="r{number}"/>' for number in range(1, count + 1))
    parts["ppt/presentation.xml"] = f"<p:presentation {_P}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
    parts["ppt/_rels/presentation.xml.rels"] = _relations(order)
    return packed(_package("ppt/presentation.xml", f"{kind}presentation.main+xml", types, title) | parts)


def odf(kind: str, body: str, *, title: str = "", styles: str = "", master: str = "") -> bytes:
    """An OpenDocument file: `kind` is "text" or "presentation"; `styles` are automatic ones, `master` the part styles.xml."""
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    manifest = f'<manifest:manifest xmlns:manifest="{_O}manifest:1.0"><manifest:file-entry manifest:full-path="/"'
    manifest += f' manifest:media-type="{mimetype}"/></manifest:manifest>'
    automatic = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    inside = f"{automatic}<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    about = f"<office:meta><dc:title>{escape(title)}</dc:title></office:meta>"
    parts = {
        "mimetype": mimetype,
        "content.xml": f"<office:document-content {_ODF}>{inside}</office:document-content>",
        "styles.xml": f"<office:document-styles {_ODF}>{master}</office:document-styles>",
        "meta.xml": f"<office:document-meta {_ODF}>{about}</office:document-meta>",
        "META-INF/manifest.xml": manifest,
    }
    return packed(parts, stored=["mimetype"])


def epub(chapters: Mapping[str, str], *, navigation: str = "", title: str = "A book", head: str = "") -> bytes:
    """A book of these XHTML files, by name, in the order of reading; `navigation` is the inside of its list of contents."""
    manifest = "".join(f'<item id="c{i}" href="{name}" media-type="application/xhtml+xml"/>' for i, name in enumerate(chapters))
    manifest += '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    about = f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
    listed = f"<manifest>{manifest}</manifest><spine>{spine}</spine>"
    package = f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0">{about}{listed}</package>'
    page = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head>{}</head><body>{}</body></html>'
    found = '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    container = f'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">{found}</container>'
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/book.opf": package}
    parts |= {f"OEBPS/{name}": page.format(head, text) for name, text in chapters.items()}
    parts["OEBPS/nav.xhtml"] = page.format("", f'<nav epub:type="toc"><ol>{navigation}</ol></nav>')
    return packed(parts, stored=["mimetype"])


def _slide(root: str, shapes: str, attributes: str = "") -> str:
    tree = f'<p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{shapes}</p:spTree>'
    return f"<p:{root} {_P}{attributes}><p:cSld>{tree}</p:cSld></p:{root}>"


def _package(main: str, main_type: str, types: str, title: str) -> dict[str, str]:
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    default += '<Default Extension="xml" ContentType="application/xml"/>'
    override = f'<Override PartName="/{main}" ContentType="{main_type}"/>{types}'
    override += '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{OFFICE}package/2006/content-types">{default}{override}</Types>',
        "_rels/.rels": _relations({"r1": ("officeDocument", main), "r2": ("metadata/core-properties", "docProps/core.xml")}),
        "docProps/core.xml": _CORE.format(escape(title)),
    }


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    package = f"{OFFICE}package/2006/relationships"
    each = "".join(
        f'<Relationship Id="{key}" Type="{package if kind.startswith("metadata") else RELATION}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{package}">{each}</Relationships>'
