"""ZIP-based files are opened within limits, and XML without entities."""

import io
import zipfile
from hashlib import md5
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from rag.errors import DocumentError, FileTooLargeError, PasswordNeededError, UnsupportedFileError
from rag.formats import archives
from rag.formats.archives import Archive, open_archive, parse_xml, safe_path
from rag.formats.protocol import FileToOpen, NotReadableError, WrongPasswordError
from rag.formats.registry import FORMATS
from tests import loading
from tests.office_files import docx, w

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def packed(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return written.getvalue()


def opened(data: bytes) -> Archive:
    return Archive(io.BytesIO(data), "a.docx")


def test_parts_are_read_by_name_and_case_matters_only_where_it_must() -> None:
    archive = opened(packed(**{"word/document.xml": b"one", "word\\Document2.xml": b"two"}))
    assert archive.names == ("word/document.xml", "word/Document2.xml")
    assert archive.read("word/document.xml") == b"one"
    assert archive.read("Word/document2.xml") == b"two"
    assert "word/DOCUMENT.xml" in archive
    with pytest.raises(NotReadableError, match=r"its part word/styles\.xml is missing"):
        archive.read("word/styles.xml")


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (("Größe.txt", "Übersicht Straße.pdf"), "cp437"),
        (("Übersicht Straße.pdf", "plan.txt"), "cp850"),
        (("Résumé de l'été.docx",), "cp850"),
        (("会議の議事録.docx", "見積書/合計.xlsx"), "cp932"),
        (("会议纪要.docx", "合同文本/附件一.pdf"), "gbk"),
        (("Отчёт за май.docx", "Смета.xlsx"), "cp866"),
        (("Größe.txt", "会議.docx"), "utf-8"),
    ],
)
def test_names_in_older_encodings_are_read(names: tuple[str, ...], encoding: str) -> None:
    written = {chr(0x61 + place) * len(name.encode(encoding)): name for place, name in enumerate(names)}
    data = packed(**{stand_in: name.encode() for stand_in, name in written.items()})
    for stand_in, name in written.items():
        data = data.replace(stand_in.encode(), name.encode(encoding))
    archive = opened(data)
    assert archive.names == names
    assert [archive.read(name).decode() for name in names] == list(names)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b.txt", "a/b.txt"),
        ("a\\b.txt", "a/b.txt"),
        ("./a//b.txt", "a/b.txt"),
        ("a/../b.txt", "b.txt"),
        ("../b.txt", ""),
        ("a/../../b.txt", ""),
        ("/etc/passwd", ""),
        ("C:\\b.txt", ""),
        ("..", ""),
        ("", ""),
    ],
)
def test_a_path_that_leads_out_of_the_archive_is_none(name: str, path: str) -> None:
    assert safe_path(name) == path


def test_a_bomb_is_told_while_it_is_unpacked() -> None:
    archive = opened(packed(bomb=bytes(30_000_000)))
    with pytest.raises(FileTooLargeError, match=r"a\.docx was not read: it is packed as only a ZIP bomb is"):
        archive.read("bomb")


def test_all_parts_together_unpack_to_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 3_000_000)
    archive = opened(packed(a=bytes(2_000_000), b=bytes(2_000_000)))
    archive.read("a")
    with pytest.raises(FileTooLargeError, match="it unpacks to more than 3 MB"):
        archive.read("b")


def test_so_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_ENTRIES", 1)
    with pytest.raises(FileTooLargeError, match="holds 2 files; the limit is 1"):
        opened(packed(a=b"", b=b""))


def test_damage_is_told() -> None:
    whole = packed(a=b"some words " * 100)
    with pytest.raises(NotReadableError, match="cannot be unpacked"):
        opened(whole[:-30])
    damaged = bytearray(whole)
    damaged[40] ^= 0xFF
    with pytest.raises(NotReadableError, match="its part a is damaged"):
        opened(bytes(damaged)).read("a")


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (OLE2 + "WordDocument".encode("utf-16-le"), UnsupportedFileError, r"an old Word document.*save it as \.docx"),
        (OLE2 + "Workbook".encode("utf-16-le"), UnsupportedFileError, r"an old Excel document.*save it as \.xlsx"),
        (OLE2 + "PowerPoint Document".encode("utf-16-le"), UnsupportedFileError, r"an old PowerPoint document.*save it as \.pptx"),
        (OLE2, UnsupportedFileError, "an old Office document"),
        (packed(**{"META-INF/manifest.xml": b"<m:encryption-data/>"}), PasswordNeededError, "password-protected"),
    ],
)
def test_what_only_its_own_program_opens_is_told(tmp_path: Path, data: bytes, error: type[DocumentError], message: str) -> None:
    path = tmp_path / "plan.docx"
    path.write_bytes(data)
    with pytest.raises(error, match=message):
        open_archive(FileToOpen(path, "plan.docx", FORMATS[0]))


def test_an_office_file_is_opened_with_its_password(tmp_path: Path) -> None:
    path = tmp_path / "plan.docx"
    plain = docx(w("The vault is in Turku.") + w(" ".join(md5(bytes([n])).hexdigest() for n in range(150))))

    def locked(password: str) -> bytes:
        written = io.BytesIO()
        OOXMLFile(io.BytesIO(plain)).encrypt(password, written)
        return written.getvalue()

    opened = loading.opened(path, locked("osprey"), passwords=("tern", "osprey"))
    assert (opened.contents[0].text[:22], opened.password) == ("The vault is in Turku.", "osprey")
    assert loading.opened(path, locked("VelvetSweatshop")).password == ""  # Excel's own, which nobody gave
    with pytest.raises(WrongPasswordError):
        loading.opened(path, locked("osprey"), passwords=("tern",))
    with pytest.raises(NotReadableError, match="do not fit together"):
        loading.opened(path, OLE2 + "EncryptedPackage".encode("utf-16-le"))


def test_an_encrypted_part_needs_a_password() -> None:
    data = bytearray(packed(a=b"words"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(PasswordNeededError):
        opened(bytes(data)).read("a")


LAUGHS = b"<!DOCTYPE a [<!ENTITY a 'ha'>" + b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) + b"]>"


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS + b"<a>&j;</a>",
        LAUGHS + b"<a b='&j;'/>",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
        (LAUGHS + b"<a>&j;</a>").decode().encode("utf-16"),
        b"<a>",
        b"",
    ],
)
def test_xml_with_entities_or_damage_is_refused(text: bytes) -> None:
    with pytest.raises(NotReadableError):
        parse_xml(text)


def test_xml_fetches_no_dtd() -> None:
    root = parse_xml(b"<!DOCTYPE html PUBLIC 'x' 'http://127.0.0.1:9/x.dtd'><html>words<!-- no --></html>")
    assert (root.tag, root.text) == ("html", "words")
