import pytest

from rag.errors import UnsupportedFileError
from rag.formats.registry import recognise
from tests.documents import buried_pdf, plain_pdf, truncated_pdf
from tests.office_files import docx, epub, odf, pptx, shape, w
from tests.workbooks import Xlsx, ods

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.pdf", plain_pdf(), "application/pdf"),
        ("a.txt", plain_pdf(), "application/pdf"),
        ("upload", plain_pdf(), "application/pdf"),
        ("A.PDF", b"\n\n" + plain_pdf(), "application/pdf"),
        ("a.pdf", b"HTTP/1.1 200 OK\r\n\r\n" + plain_pdf(), "application/pdf"),
        ("a.pdf", truncated_pdf(), "application/pdf"),
        ("a.pdf", buried_pdf()[:4096], "application/pdf"),
        ("a.txt", b"words", "text/plain"),
        ("README", b"words", "text/plain"),
        ("a.log", b"words", "text/plain"),
        ("a.csv", b"a,b", "text/csv"),
        ("a.json", b"{}", "application/json"),
        ("a.jsonl", b"{}", "application/json"),
        ("a.ipynb", b"{}", "application/x-ipynb+json"),
        ("a.eml", b"From: a", "message/rfc822"),
        ("a.msg", b"\xd0\xcf\x11\xe0", "application/vnd.ms-outlook"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "application/vnd.ms-excel"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("upload", Xlsx().add("S", []).bytes(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("upload", ods(""), "application/vnd.oasis.opendocument.spreadsheet"),
        ("a.PY", b"x = 1", "text/x-source"),
        ("a.txt", b"MZ is a pair of letters", "text/plain"),
        ("notes.txt", b"The header of a file is %PDF-1.7", "text/plain"),
        ("page.txt", b"<html><p>words</html>", "text/plain"),
        ("a.md", b"# words", "text/markdown"),
        ("A.Markdown", b"words", "text/markdown"),
        ("a.html", b"words", "text/html"),
        ("a.rtf", b"{\\rtf1 words}", "application/rtf"),
        ("a.doc", b"{\\rtf1 words}", "application/rtf"),
        ("a.docx", docx(w("words")), DOCX),
        ("a.doc", docx(w("words")), DOCX),
        ("upload", docx(w("words")), DOCX),
        ("a.docx", pptx(shape("words")), PPTX),
        ("a.docx", b"PK\x03\x04", DOCX),
        ("a.zip", odf("text", ""), "application/vnd.oasis.opendocument.text"),
        ("a", odf("presentation", ""), "application/vnd.oasis.opendocument.presentation"),
        ("a.bin", epub({"a.xhtml": ""}), "application/epub+zip"),
        ("a.docx", b"\xd0\xcf\x11\xe0", DOCX),  # encrypted, or an older one: the reader says so
    ],
)
def test_kind_goes_by_content_first(name: str, head: bytes, kind: str) -> None:
    assert recognise(name, head).media_type == kind


@pytest.mark.parametrize(
    ("name", "head", "message"),
    [
        ("a.pdf", b"MZ\x90\x00", r"a\.pdf is not a PDF.*a Windows program"),
        ("a.pdf", b"PK\x03\x04", "a ZIP archive or an Office document"),
        ("a.pdf", b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Office document"),
        ("a.pdf", b"\x00\x00\x00\x20ftypisom", "a film or sound"),
        ("a.pdf", b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
        ("a.pdf", b"Dear all,\nplease find", r"plain text.*name it \.txt"),
        ("a.abc", b"PK\x03\x04", r"a\.abc is an unsupported file type: a ZIP archive.*Supported: PDF, plain text"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", r"a\.doc is in an old Office format.*Save it as \.docx"),
        ("a.docx", b"<!DOCTYPE html><title>Sign in</title>", r"a\.docx is not a Word file.*a web page"),
        ("a.odt", b"\xd0\xcf\x11\xe0", "an old Office document"),
        ("a.exe", b"MZ", "a Windows program"),
        ("a.xyz", b"words", r"^a\.xyz is an unsupported file type\. Supported: PDF, [\w, ]{,60} and \d+ other formats\.$"),
        ("a.txt", b"%!PS-Adobe-3.0", r"a\.txt is a PostScript document under another name"),
    ],
)
def test_other_kinds_are_refused_with_what_is_read_instead(name: str, head: bytes, message: str) -> None:
    with pytest.raises(UnsupportedFileError, match=message):
        recognise(name, head)
