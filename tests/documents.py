"""Makes the files that tests feed to the library: good ones, odd ones and hostile ones, as bytes."""

import io
import zlib
from collections.abc import Callable
from hashlib import md5

from fpdf import FPDF
from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import RectangleObject

HELVETICA = "/Type /Font /Subtype /Type1 /BaseFont /Helvetica"


def plain_pdf(*pages: str, title: str = "") -> bytes:
    """A page for each text, its lines one below the other, 12 point Helvetica."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(auto=False)
    if title:
        pdf.set_title(title)
    for text in pages or ("The quick brown fox jumps over the lazy dog.",):
        pdf.add_page()
        pdf.set_font("Helvetica", size=12)
        for number, line in enumerate(text.split("\n")):
            pdf.text(72, 100 + 16 * number, line)
    return bytes(pdf.output())


def labelled_pdf() -> bytes:
    """Five pages with the labels i, ii, 1, 2, A-1."""

    def label(writer: PdfWriter) -> None:
        writer.set_page_label(0, 1, style=PageLabelStyle.LOWERCASE_ROMAN)
        writer.set_page_label(2, 3, style=PageLabelStyle.DECIMAL)
        writer.set_page_label(4, 4, style=PageLabelStyle.DECIMAL, prefix="A-")

    return _changed(plain_pdf("Preface", "Contents", "First chapter", "Second chapter", "Appendix"), label)


def encrypted_pdf(text: str = "The vault holds seven keys.", *, password: str = "", algorithm: str = "AES-256") -> bytes:
    """Encrypted; without a password it opens for everyone, as many files in the wild do."""
    return _changed(plain_pdf(text), lambda writer: writer.encrypt(password, "owner", algorithm=algorithm))


def misstated_pdf(text: str = "Nobody was to be kept out.", *, password: str = "", length: str = "/Wength 128") -> bytes:
    """Encrypted by a key of 128 bits, with `length` where the file should say so."""
    whole = encrypted_pdf(text, password=password, algorithm="RC4-128")
    assert whole.count(b"/Length 128") == 1
    return whole.replace(b"/Length 128", length.encode().ljust(11))


def scanned_pdf(pages: int = 2) -> bytes:
    """Pictures of words, and no text."""
    pdf = FPDF(unit="pt", format="A4")
    picture = Image.new("L", (400, 200), 255)
    ImageDraw.Draw(picture).text((20, 80), "These words are only a picture", fill=0)
    for _ in range(pages):
        pdf.add_page()
        pdf.image(picture, 50, 50, 400)
    return bytes(pdf.output())


def blank_pdf(pages: int = 1) -> bytes:
    """Nothing on any page."""
    return plain_pdf(*[""] * pages)


def truncated_pdf() -> bytes:
    """The first fifth of a good file: no library finds its pages."""
    whole = plain_pdf("Cut off.")
    return whole[: len(whole) // 5]


def buried_pdf(text: str = "Found below the rubbish.") -> bytes:
    """Behind more rubbish than pdfium looks through; pypdf finds it."""
    return b"0 obj\x00\xff rubbish\n" * 100 + plain_pdf(text)


def half_broken_pdf() -> bytes:
    """Three pages, of which the second is no page."""
    whole = written_pdf(["(First page) Tj", "(Second page) Tj", "(Third page) Tj"])
    return whole.replace(b"6 0 obj <</Type /Page ", b"6 0 obj <</Type /Rage ")


def boastful_pdf(pages: int = 1) -> bytes:
    """No page or one, and the claim to have 900,000."""
    return written_pdf(["(Just me) Tj"] * pages).replace(b"/Count %d>>" % pages, b"/Count 900000>>")


def turned_pdf(text: str, degrees: int) -> bytes:
    """A page to be shown turned clockwise."""
    return _changed(plain_pdf(text), lambda writer: writer.pages[0].rotate(degrees))


def cropped_pdf(text: str, left: float, bottom: float, right: float, top: float) -> bytes:
    """A page of which only the box is to be shown; points, origin bottom left."""

    def crop(writer: PdfWriter) -> None:
        writer.pages[0].cropbox = RectangleObject((left, bottom, right, top))

    return _changed(plain_pdf(text), crop)


def hyphenated_pdf() -> bytes:
    """ "a remark-/able thing" over two lines."""
    return plain_pdf("This is a remark-\nable thing to say.")


def huge_page_pdf() -> bytes:
    """A page that says it is 14,000 points wide and high."""

    def stretch(writer: PdfWriter) -> None:
        writer.pages[0].mediabox = RectangleObject((0, 0, 14_000, 14_000))

    return _changed(plain_pdf("Small words on a huge page"), stretch)


def bomb_pdf(levels: int, width: int = 10) -> bytes:
    """A page that draws a form, that draws a form `width` times, and so on: width ** levels words in some kilobytes."""
    forms = []
    for level in range(levels):
        inner = f"/Resources <</XObject <</X {7 + level} 0 R>>>>"
        forms.append(_stream(f"/Type /XObject /Subtype /Form /BBox [0 0 600 800] {inner}", b"/X Do " * width))
    font = "/Resources <</Font <</F 3 0 R>>>>"
    forms.append(_stream(f"/Type /XObject /Subtype /Form /BBox [0 0 600 800] {font}", b"BT /F 9 Tf 9 9 Td (word) Tj ET"))
    return written_pdf(["ET /X Do BT"], resources="/XObject <</X 6 0 R>>", extra=forms)


def slow_pdf(slow: str, quick: str = "", fills: int = 40_000) -> bytes:
    """Words under so many sheets of coloured glass, each as large as the page: read at once, and a minute to draw; and a usual page."""
    glass = "/ExtGState <</G <</BM /Luminosity /ca 0.5>>>>"
    return written_pdf([f"({slow}) Tj ET /G gs 1 0 0 rg " + "0 0 600 800 re f " * fills + "BT", f"({quick}) Tj"], resources=glass)


def mapped_pdf(*code_units: int) -> bytes:
    """A word whose letters stand for these UTF-16 code units, which need not be characters (lone surrogates)."""
    codes = "".join(f"<{0x41 + n:02X}> <{unit:04X}>\n" for n, unit in enumerate(code_units))
    return _mapped([codes], len(code_units))


def mapped_character_pdf(character: str) -> bytes:
    """One letter that stands for `character`, of whatever plane."""
    return _mapped([f"<41> <{character.encode('utf-16-be').hex()}>\n"], 1)


def unspelt_pdf(*names: str) -> bytes:
    """Three letters of a font drawn in the file, which says what they are only by `names`: pdfium does not look at those."""
    drawn = "/CharProcs <<" + "".join(f"/{name} 6 0 R " for name in names) + ">>"
    encoding = f"/Encoding <</Type /Encoding /Differences [1 {' '.join(f'/{name}' for name in names)}]>>"
    shape = "/FontBBox [0 0 10 10] /FontMatrix [0.1 0 0 0.1 0 0] /FirstChar 1 /LastChar 3 /Widths [9 9 9]"
    font = f"/Type /Font /Subtype /Type3 {shape} {drawn} {encoding}"
    return written_pdf([r"(\001\002\003) Tj"], font=font, extra=[_stream("", b"9 0 0 0 8 8 d1 0 0 8 8 re f")])


def written_pdf(pages: list[str], *, resources: str = "", font: str = HELVETICA, extra: list[bytes] | None = None) -> bytes:
    """A file written by hand; a page is the content between BT and ET. Object 3 is the font, those of `extra` follow the pages."""
    first = 4
    kids = [first + 2 * number for number in range(len(pages))]
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        f"<</Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {len(pages)}>>".encode(),
        f"<<{font}>>".encode(),
    ]
    for kid, page in zip(kids, pages, strict=True):
        box = "/MediaBox [0 0 600 800]"
        means = f"/Resources <</Font <</F 3 0 R>> {resources}>>"
        objects.append(f"<</Type /Page /Parent 2 0 R {box} {means} /Contents {kid + 1} 0 R>>".encode())
        objects.append(_stream("", f"BT /F 24 Tf 72 700 Td {page} ET".encode()))
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects + (extra or []), start=1):
        places.append(len(body))
        body += b"%d 0 obj %s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (len(places) + 1, table, len(places) + 1, len(body))


def packed_encrypted_pdf(objects: list[bytes], content: bytes) -> bytes:
    """Objects from 1 on in one encrypted stream, the content of the page in object `len(objects) + 1`; no password is needed."""
    padding = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
    owner, number = bytes(32), len(objects) + 1
    key = md5(padding + owner + b"\xfc\xff\xff\xff" + b"id", usedforsecurity=False).digest()[:5]

    def encrypted(place: int, data: bytes) -> bytes:
        return _rc4(md5(key + place.to_bytes(3, "little") + bytes(2), usedforsecurity=False).digest()[:10], data)

    starts = [sum(len(each) + 1 for each in objects[:place]) for place in range(len(objects))]
    head = " ".join(f"{place} {start}" for place, start in enumerate(starts, start=1)).encode() + b" "
    packed = encrypted(number + 1, zlib.compress(head + b" ".join(objects)))
    parts = [
        _stream("", encrypted(number, content)),
        _stream(f"/Type /ObjStm /N {len(objects)} /First {len(head)} /Filter /FlateDecode", packed),
        f"<</Filter /Standard /V 1 /R 2 /P -4 /O <{owner.hex()}> /U <{_rc4(key, padding).hex()}>>>".encode(),
    ]
    body, rows = b"%PDF-1.5\n", [bytes(4), *(bytes([2, 0, number + 1, place]) for place in range(len(objects)))]
    for place, part in enumerate(parts, start=number):
        rows.append(b"\1" + len(body).to_bytes(2, "big") + b"\0")
        body += b"%d 0 obj %s endobj\n" % (place, part)
    rows.append(b"\1" + len(body).to_bytes(2, "big") + b"\0")
    entries = f"/Type /XRef /Size {number + 4} /W [1 2 1] /Root 1 0 R /Encrypt {number + 2} 0 R /ID [<6964> <6964>]"
    table = b"%d 0 obj %s endobj\n" % (number + 3, _stream(entries, b"".join(rows)))
    return body + table + b"startxref\n%d\n%%%%EOF\n" % len(body)


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    written, j = bytearray(), 0
    for place, byte in enumerate(data, start=1):
        i = place % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        written.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(written)


def _mapped(entries: list[str], letters: int) -> bytes:
    head = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
    cmap = head + "".join(f"{letters} beginbfchar\n{codes}endbfchar\n" for codes in entries) + "endcmap end"
    word = "".join(chr(0x41 + number) for number in range(letters))
    return written_pdf([f"(A) Tj ({word}) Tj"], font=f"{HELVETICA} /ToUnicode 6 0 R", extra=[_stream("", cmap.encode())])


def _stream(entries: str, content: bytes) -> bytes:
    return f"<<{entries} /Length {len(content)}>> stream\n".encode() + content + b"\nendstream"


def _changed(data: bytes, change: Callable[[PdfWriter], object]) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    with io.BytesIO() as file:
        writer.write(file)
        return file.getvalue()
