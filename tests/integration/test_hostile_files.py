"""Files that mean harm, of every format: one clear outcome each, nothing fetched, and the files beside them are fine."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag import Library
from tests import hostile
from tests.hostile import LAUGHS, WORDS, docx, epub, open_document, outside, pptx, xlsx

GOOD = "The good file stands among hostile ones."
CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
TABLE = (
    '<table:table table:name="a"><table:table-row {}><table:table-cell {}>'
    "<text:p>{}</text:p></table:table-cell></table:table-row></table:table>"
)
BLANKS = " " * 30_000_000
ENCRYPTED = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'

REFUSED: dict[str, tuple[bytes, str, str]] = {
    "bomb.docx": (docx(BLANKS), "too_large", "ZIP bomb"),
    "bomb.pptx": (pptx(BLANKS), "too_large", "ZIP bomb"),
    "bomb.xlsx": (xlsx(CELL.format(BLANKS)), "too_large", "ZIP bomb"),
    "bomb.odt": (open_document("text", f"<text:p>{BLANKS}</text:p>"), "too_large", "ZIP bomb"),
    "bomb.epub": (epub(f"<p>{BLANKS}</p>"), "too_large", "ZIP bomb"),
    "overlapping.zip": (hostile.overlapping("a.txt", 50, 22_000_000), "too_large", "ZIP bomb"),
    "crowded.docx": (hostile.crowded(250_000), "too_large", "too many files"),
    "crowded.zip": (hostile.crowded(250_000), "too_large", "too many files"),
    "laughs.docx": (docx("&j;", head=LAUGHS), "unreadable", "word/document.xml"),
    "laughs.pptx": (pptx("&j;", head=LAUGHS), "unreadable", "slide1.xml"),
    "laughs.xlsx": (xlsx(CELL.format("&j;"), head=LAUGHS), "unreadable", "it is no workbook"),
    "laughs.odt": (open_document("text", "<text:p>&j;</text:p>", head=LAUGHS), "unreadable", "content.xml"),
    "laughs.ods": (open_document("spreadsheet", TABLE.format("", "", "&j;"), head=LAUGHS), "unreadable", "content.xml"),
    "laughs.odp": (open_document("presentation", "<draw:page><text:p>&j;</text:p></draw:page>", head=LAUGHS), "unreadable", "content.xml"),
    "locked.docx": (hostile.encrypted_office(), "needs_password", "is encrypted; give its password"),
    "locked.pptx": (hostile.encrypted_office(), "needs_password", "is encrypted; give its password"),
    "locked.xlsx": (hostile.encrypted_office(), "needs_password", "is encrypted; give its password"),
    "locked.odt": (open_document("text", "", manifest=ENCRYPTED), "needs_password", "password-protected"),
    "locked-part.epub": (hostile.with_flag(epub("<p>Words</p>"), 1), "needs_password", "password-protected"),
    "other.docx": (hostile.zipped({"a.txt": WORDS}), "unreadable", "a ZIP archive, but of something else"),
    "cut.docx": (docx()[:300], "unreadable", "cannot be unpacked"),
    "broken-slide.pptx": (pptx(slide="<p:sld"), "unreadable", "slide1.xml is damaged"),
    "disordered.xlsx": (
        xlsx(CELL.format("y").replace('"1"', '"1048576"').replace("A1", "XFD1048576") + CELL.format("x")),
        "too_large",
        "cells",
    ),
    "repeated.ods": (
        open_document("spreadsheet", TABLE.format('table:number-rows-repeated="1048576"', 'table:number-columns-repeated="16384"', "x")),
        "too_large",
        "cells",
    ),
    "many-pixels.png": (hostile.png(30_000, 30_000), "too_large", "pixels"),
    "more-pixels.png": (hostile.png(2**31 - 1, 2**31 - 1), "too_large", "pixels"),
    "cut.png": (hostile.png(300, 300), "unreadable", "cannot be decoded"),
    "many-pages.tiff": (hostile.tiff(501), "too_large", "501 pages"),
    "nested.eml": (b"Content-Type: message/rfc822\n\n" * 3000 + b"Subject: x\n\nwords", "unreadable", "nested too deeply"),
    "nested.rtf": (rb"{\rtf1 " + b"{" * 100_000 + b"words", "unreadable", "nested too deeply"),
    "nested.ipynb": (b'{"cells":' + b"[" * 100_000, "unreadable", "Jupyter notebook"),
    "deep.docx": (
        docx(more={"word/document.xml": f"<w:document {hostile._W}><w:body>" + "<w:sdt>" * 50_000 + "</w:sdt>" * 50_000}),
        "unreadable",
        "word/document.xml is damaged",
    ),
}

READ: dict[str, tuple[bytes, str]] = {
    "slides.docx": (pptx("Slides under another name"), "Slides under another name"),
    "letter.epub": (docx("A letter under another name"), "A letter under another name"),
    "laughs.html": (LAUGHS.encode() + b"<html><body><p>The mill closes at noon. &j;</p></body></html>", WORDS),
    "laughs.epub": (epub("<p>The mill closes at noon. &j;</p>", head=LAUGHS), WORDS),
    "no-cached-value.xlsx": (xlsx(f'<row r="2"><c r="A2"><f>1+1</f></c></row>{CELL.format(WORDS).replace("1", "3")}'), WORDS),
    "nested.json": (b"[" * 20_000, "[[["),
    "right-to-left.docx": (docx("שלום עולם מרחבא"), "שלום עולם מרחבא"),
    "right-to-left.html": ('<p dir="rtl">مرحبا بالعالم</p>'.encode(), "مرحبا بالعالم"),
    "vertical.html": ('<p style="writing-mode: vertical-rl">縦書きの文</p>'.encode(), "縦書きの文"),
    "macros.docm": (docx(more={"word/vbaProject.bin": b"Sub AutoOpen()"}), WORDS),
    "outside.docx": (docx(refers=hostile.relation("footnotes", "../../../../etc/passwd")), WORDS),
    "many-spaces.odt": (open_document("text", '<text:p>The mill<text:s text:c="2000000000"/>closes</text:p>'), "The mill"),
    "spans.html": (b"<table><tr><td colspan=99999 rowspan=99999>The mill closes at noon.</td><td>x</td></tr></table>", WORDS),
}


@contextmanager
def listening() -> Iterator[tuple[str, list[object]]]:
    """The address of a server, and who has connected to it until now."""
    connected: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:  # closed
                    return
                connected.append(peer)
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x", connected
        server.shutdown(socket.SHUT_RDWR)


def referring(address: str) -> dict[str, bytes]:
    """Files that want something of an address, each with words of its own."""
    html = (
        f'<!DOCTYPE html SYSTEM "{address}.dtd"><html><head><base href="{address}"><link rel="stylesheet" href="{address}.css">'
        f'<script src="{address}.js"></script><meta http-equiv="refresh" content="0; url={address}"><style>@import "{address}.css";</style>'
        f'</head><body><p>{WORDS}</p><img src="{address}.png"><iframe src="{address}"></iframe><object data="{address}"></object>'
        f'<svg><use href="{address}.svg#a"/></svg></body></html>'
    )
    picture = hostile.relation("image", f"{address}.png", is_outside=True) + hostile.relation("attachedTemplate", address, is_outside=True)
    cell = {"cell_type": "markdown", "source": f"{WORDS} ![a]({address}.png)"}
    output = {"cell_type": "code", "source": "1", "outputs": [{"output_type": "display_data", "data": {"text/html": html}}]}
    image = f'<draw:image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{address}.png"/>'
    odt = f"<text:p>{WORDS}<draw:frame>{image}</draw:frame></text:p>"
    return {
        "a.html": html.encode(),
        "b.xhtml": f'<?xml version="1.0"?><?xml-stylesheet href="{address}"?>{html}'.encode(),
        "c.docx": docx(refers=picture),
        "d.docx": docx(f"{WORDS}&k;", head=outside(address)),
        "e.pptx": pptx(refers=hostile.relation("video", address, is_outside=True)),
        "f.xlsx": xlsx(f'<row r="1"><c r="A1"><f>WEBSERVICE("{address}")</f></c></row>{CELL.format(WORDS).replace("1", "2")}'),
        "g.xlsx": xlsx(CELL.format(f"{WORDS}&k;"), head=outside(address)),
        "h.odt": open_document("text", odt),
        "i.ods": open_document("spreadsheet", TABLE.format("", f'table:formula="of:=WEBSERVICE(&quot;{address}&quot;)"', WORDS)),
        "j.odt": open_document("text", f"<text:p>{WORDS}&j;&k;</text:p>", head=outside(address)),
        "k.epub": epub(f'<p>{WORDS}&k;</p><img src="{address}.png"/>', head=outside(address)),
        "l.eml": hostile.mail(html, b"words", "../../etc/passwd"),
        "m.ipynb": json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell, output]}).encode(),
        "n.md": f"{WORDS}\n\n![picture]({address}.png)\n".encode(),
        "o.rtf": rf'{{\rtf1{{\*\template {address}}}{{\field{{\*\fldinst INCLUDEPICTURE "{address}"}}{{\fldrslt {WORDS}}}}}}}'.encode(),
        "p.csv": f'words,more\n{WORDS},"=WEBSERVICE(""{address}"")"\n'.encode(),
        "q.json": json.dumps({"$ref": address, "words": WORDS}).encode(),
        "r.html": f"{outside(address)}<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{WORDS}&j;&k;</p></body></html>".encode(),
        "s.eml": f'Subject: {WORDS}\nContent-Type: message/external-body; access-type=URL; URL="{address}"\n\n\n'.encode(),
    }


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_hostile_files_are_refused_in_words_that_help_and_harm_no_other(library: Library, tmp_path: Path) -> None:
    (tmp_path / "before.txt").write_text(f"{GOOD} It came before.")
    (tmp_path / "after.txt").write_text(f"{GOOD} It came after.")
    assert library.add(tmp_path / "before.txt").all_searchable
    folder = put(tmp_path / "hostile", {name: data for name, (data, _, _) in REFUSED.items()})
    outcomes = {outcome.document: outcome for outcome in library.add(folder).outcomes}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {name: status for name, (_, status, _) in REFUSED.items()}
    for name, (_, _, words) in REFUSED.items():
        assert words in outcomes[name].message, outcomes[name]
        assert name in outcomes[name].message
        assert "Error" not in outcomes[name].message
    assert library.add(tmp_path / "after.txt").all_searchable
    assert {record.name for record in library.documents()} == {"before.txt", "after.txt"}
    assert {passage.document for passage in library.retrieve(GOOD, top_k=5)} == {"before.txt", "after.txt"}


def test_odd_files_are_read_and_what_is_hostile_in_them_is_left_out(library: Library, tmp_path: Path) -> None:
    folder = put(tmp_path / "odd", {name: data for name, (data, _) in READ.items()})
    outcomes = {outcome.document: outcome for outcome in library.add(folder).outcomes}
    assert {name: (outcome.status, outcome.pages) for name, outcome in outcomes.items()} == dict.fromkeys(READ, ("added", 1))
    for name, (_, words) in READ.items():
        text = library.pages.text(outcomes[name].document_id, 1)
        assert words in text
        assert "laughlaugh" not in text
        assert "root:" not in text
        assert "AutoOpen" not in text


def test_nothing_that_a_file_refers_to_is_fetched_or_read(library: Library, tmp_path: Path) -> None:
    with listening() as (address, connected):
        outcomes = library.add(put(tmp_path / "referring", referring(address))).outcomes
        assert {outcome.status for outcome in outcomes} == {"added", "unreadable"}
        for outcome in outcomes:
            if outcome.status == "unreadable":
                assert outcome.document in {"d.docx", "g.xlsx", "j.odt"}
                continue
            text = library.pages.text(outcome.document_id, 1)
            assert WORDS in text, outcome.document
            assert "root:" not in text
        assert connected == []


def test_the_bad_files_of_an_archive_have_outcomes_and_nothing_lands_outside(library: Library, tmp_path: Path) -> None:
    files = {name: data for name, (data, _, _) in REFUSED.items() if name in {"bomb.docx", "laughs.odt", "locked.xlsx", "cut.png"}}
    out = {"../../../out.txt": WORDS, "/out.txt": WORDS, "C:\\out.txt": WORDS, "..\\out.txt": WORDS, "a/../../out.txt": WORDS}
    folder = put(
        tmp_path / "in", {"stuff.zip": hostile.zipped({**out, **files, "link.txt": hostile.Link("/etc/passwd"), "good.txt": GOOD})}
    )
    outcomes = {outcome.document: outcome.status for outcome in library.add(folder).outcomes}
    assert outcomes == {name: REFUSED[name][1] for name in files} | {"good.txt": "added", "stuff.zip": "opened"}
    assert not list(tmp_path.rglob("*out.txt"))
    assert not list(tmp_path.parent.glob("out.txt"))
    assert [record.name for record in library.documents()] == ["good.txt"]
