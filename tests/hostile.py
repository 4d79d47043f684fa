"""Files that mean harm, made in code: bombs, references to what lies outside, other formats under false names, and what is too much."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from email.message import EmailMessage

from msoffcrypto.format.ooxml import OOXMLFile
from PIL import Image

from tests.office_files import docx as office_docx
from tests.office_files import w
from tests.workbooks import Xlsx

WORDS = "The mill closes at noon."
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ODF_NAMES = f'xmlns:office="{_ODF}:office:1.0" xmlns:text="{_ODF}:text:1.0" xmlns:table="{_ODF}:table:1.0" xmlns:draw="{_ODF}:drawing:1.0"'

LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a "laugh">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)
"""An XML head whose entity j is "laugh" a thousand million times."""


def outside(address: str) -> str:
    """An XML head whose entities j and k are a file of the system and an address."""
    return f'<!DOCTYPE r [<!ENTITY j SYSTEM "file:///etc/passwd"><!ENTITY k SYSTEM "{address}">]>'


class Link(str):
    """Where a symbolic link in an archive points to."""

    __slots__ = ()


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive of these parts, in order."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if isinstance(data, Link) else 0o100644) << 16
            file.writestr(entry, data)
    return written.getvalue()


def relation(kind: str, target: str, *, is_outside: bool = False) -> str:
    """One relationship of a part of an Office file."""
    mode = ' TargetMode="External"' if is_outside else ""
    return f'<Relationship Id="r{kind}" Type="{_OFFICE}/{kind}" Target="{target}"{mode}/>'


def relations(*each: str) -> str:
    """The part that lists relationships."""
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(each)}</Relationships>'


def office(dialect: str, main: str, parts: Mapping[str, str | bytes]) -> bytes:
    """An Office Open XML file whose main part is one of these."""
    kind = f"application/vnd.openxmlformats-officedocument.{dialect}.main+xml"
    types = f'<Types xmlns="{_PACKAGE}/content-types"><Override PartName="/{main}" ContentType="{kind}"/></Types>'
    return zipped({"[Content_Types].xml": types, "_rels/.rels": relations(relation("officeDocument", main)), **parts})


def docx(words: str = WORDS, *, head: str = "", more: Mapping[str, str | bytes] | None = None, refers: str = "") -> bytes:
    """A Word document of one paragraph."""
    xml = f"{head}<w:document {_W}><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:body></w:document>"
    parts = {"word/document.xml": xml, "word/_rels/document.xml.rels": relations(refers), **(more or {})}
    return office("wordprocessingml.document", "word/document.xml", parts)


def pptx(words: str = WORDS, *, head: str = "", slide: str | None = None, refers: str = "") -> bytes:
    """A presentation of one slide."""
    body = f"<p:sp><p:txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
    xml = f"{head}<p:sld {_P} {_A}><p:cSld><p:spTree>{body}</p:spTree></p:cSld></p:sld>"
    list_ = f'<p:sldIdLst><p:sldId id="256" xmlns:r="{_OFFICE}" r:id="rslide"/></p:sldIdLst>'
    parts = {
        "ppt/presentation.xml": f"<p:presentation {_P}>{list_}</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(relation("slide", "slides/slide1.xml")),
        "ppt/slides/slide1.xml": xml if slide is None else slide,
        "ppt/slides/_rels/slide1.xml.rels": relations(refers),
    }
    return office("presentationml.presentation", "ppt/presentation.xml", parts)


def xlsx(cell: str, *, head: str = "") -> bytes:
    """A workbook of one sheet with this XML for its cells."""
    data = Xlsx().add_xml("Prices", f"<sheetData>{cell}</sheetData>").bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    return zipped({**parts, sheet: head.encode() + parts[sheet]})


def open_document(kind: str, body: str, *, head: str = "", manifest: str = "") -> bytes:
    """An OpenDocument file: "text", "spreadsheet" or "presentation"."""
    content = f"{head}<office:document-content {_ODF_NAMES}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
    parts = {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": f"{content}</office:document-content>"}
    listed = f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0">{manifest}</manifest:manifest>'
    return zipped({**parts, "META-INF/manifest.xml": listed})


def epub(body: str, *, head: str = "") -> bytes:
    """A book of one chapter."""
    files = '<rootfiles><rootfile full-path="b.opf"/></rootfiles>'
    container = f'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">{files}</container>'
    item = '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine>'
    opf = f'<package xmlns="http://www.idpf.org/2007/opf">{item}</package>'
    chapter = f'{head}<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
    return zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": container, "b.opf": opf, "c.xhtml": chapter})


def encrypted_office() -> bytes:
    """What Word makes of a file with a password."""
    written = io.BytesIO()
    OOXMLFile(io.BytesIO(office_docx(w("Words")))).encrypt("osprey", written)
    return written.getvalue()


def with_flag(data: bytes, bit: int) -> bytes:
    """A ZIP archive whose entries all have a flag set, such as 1 for encrypted."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            changed[at + offset] |= bit
            at = data.find(mark, at + 4)
    return bytes(changed)


def bomb(size: int = 1_000_000_000, block: int = 1 << 20) -> tuple[bytes, int]:
    """Deflated spaces of this size, and their checksum: some 1,000 to 1."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    blank = b" " * block
    packed, check = bytearray(), 0
    for _ in range(size // block):
        packed += deflate.compress(blank)
        check = zlib.crc32(blank, check)
    return bytes(packed + deflate.flush()), check


def overlapping(name: str, count: int, size: int = 30_000_000) -> bytes:
    """An archive whose entries, all but one, are the same bytes of the file."""
    packed, check = bomb(size)
    size = size // (1 << 20) * (1 << 20)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 33, check, len(packed), size, len(name), 0) + name.encode()
    central = b""
    for number in range(count):
        entry = name if not number else f"{number}-{name}"
        fields = (b"PK\x01\x02", 20, 20, 0, 8, 0, 33, check, len(packed), size, len(entry), 0, 0, 0, 0, 0, 0)
        central += struct.pack("<4sHHHHHHIIIHHHHHII", *fields) + entry.encode()
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(central), len(local) + len(packed), 0)
    return local + packed + central + end


def crowded(count: int) -> bytes:
    """An archive that lists an empty file so many times."""
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    fields = (b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(central) * count, len(local), 0)
    return local + central * count + struct.pack("<4sHHHHIIH", *fields)


def png(width: int, height: int) -> bytes:
    """The head of a PNG that says to be of this size, with next to no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def tiff(frames: int) -> bytes:
    """A TIFF of so many small blank pages."""
    first, *others = [Image.new("1", (8, 8), 1) for _ in range(frames)]
    written = io.BytesIO()
    first.save(written, "TIFF", save_all=True, append_images=others)
    return written.getvalue()


def mail(html: str, attachment: bytes, name: str) -> bytes:
    """A message with an attachment."""
    message = EmailMessage()
    message["Subject"] = "Hours"
    message["From"] = "miller@example.org"
    message.set_content(html, subtype="html")
    message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
