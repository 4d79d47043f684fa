"""Files of Office, OpenDocument and the web go through the child process; each hostile or damaged one is one clear outcome."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from rag.errors import DocumentError, FileTooLargeError, NoTextError, PasswordNeededError, UnreadableFileError, UnsupportedFileError
from rag.formats.loader import Loader
from rag.formats.registry import FORMATS, format_of
from rag.types import Document
from tests import loading
from tests.hostile import encrypted_office
from tests.office_files import docx, epub, odf, packed, pptx, shape, w

Load = Callable[[bytes, str], Document]
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAUGHS = "".join(f"<!ENTITY {name} '{f'&{inner};' * 10}'>" for inner, name in pairwise("abcdefghij"))
LAUGHS = f"<!DOCTYPE x [<!ENTITY a 'ha'>{LAUGHS}]>"


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with closing(Loader()) as loader:
        yield loader


@pytest.fixture
def load(loader: Loader, tmp_path: Path) -> Load:
    def load(data: bytes, name: str) -> Document:
        (tmp_path / name).write_bytes(data)
        return loading.load(loader, tmp_path / name).document

    return load


def changed(data: bytes, **parts: str | bytes | None) -> bytes:
    """The same archive with other parts; None leaves one out. "__" stands for a slash."""
    whole = zipfile.ZipFile(io.BytesIO(data))
    changes = {name.replace("__", "/"): part for name, part in parts.items()}
    kept = {name: whole.read(name) for name in whole.namelist()} | changes
    return packed({name: part for name, part in kept.items() if part is not None})


GOOD = {
    "a.docx": docx(w("Words")),
    "a.pptx": pptx(shape("Words")),
    "a.odt": odf("text", "<text:p>Words</text:p>"),
    "a.odp": odf("presentation", "<draw:page><draw:frame><draw:text-box><text:p>Words</text:p></draw:text-box></draw:frame></draw:page>"),
    "a.rtf": rb"{\rtf1 Words}",
    "a.html": b"<p>Words</p>",
    "a.epub": epub({"a.xhtml": "<p>Words</p>"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_each_is_read_in_the_child_process_and_never_shown_by_a_browser(load: Load, name: str) -> None:
    document = load(GOOD[name], name)
    assert [page.text for page in document.pages] == ["Words"]
    shown_as = format_of(document.media_type)
    assert (Path(name).suffix in shown_as.suffixes, shown_as.inline_type) == (True, "")
    assert all(page.label == "1" or page.label.startswith(shown_as.unit) for page in document.pages)


@pytest.mark.parametrize("name", [name for name in GOOD if name != "a.html"])
def test_a_file_is_known_by_what_it_holds(load: Load, name: str) -> None:
    assert load(GOOD[name], "upload.bin").media_type == load(GOOD[name], name).media_type


@pytest.mark.parametrize(
    ("name", "data", "error", "message"),
    [
        ("a.docx", encrypted_office(), PasswordNeededError, r"a\.docx is encrypted; give its password to read it"),
        ("a.docx", OLE2 + "WordDocument".encode("utf-16-le"), UnsupportedFileError, r"an old Word document.*save it as \.docx"),
        ("a.doc", OLE2, UnsupportedFileError, r"a\.doc is in an old Office format"),
        ("a.docx", packed({"readme.txt": "words"}), UnreadableFileError, "a ZIP archive, but of something else"),
        ("a.odt", packed({"readme.txt": "words"}), UnreadableFileError, "a ZIP archive, but of something else"),
        ("a.epub", packed({"readme.txt": "words"}), UnreadableFileError, "a ZIP archive, but of something else"),
        ("a.odt", changed(odf("spreadsheet", ""), mimetype=None), UnsupportedFileError, "an OpenDocument spreadsheet under another name"),
        ("a.docx", docx("")[:-30], UnreadableFileError, "it cannot be unpacked"),
        ("a.docx", changed(docx(""), **{"word__document.xml": None}), UnreadableFileError, r"its part word/document\.xml is missing"),
        ("a.docx", docx(""), NoTextError, r"a\.docx has no text"),
        ("a.pptx", pptx(), UnreadableFileError, "it has no slides"),
        ("a.rtf", rb"{\rtf1 }", NoTextError, "no text"),
        ("a.html", b"<p> </p>", NoTextError, "no text"),
        ("a.html", bytes(range(256)) * 20, UnsupportedFileError, "contains no text"),
        ("a.epub", epub({}), UnreadableFileError, "it has no chapters"),
        ("a.docx", b"MZ\x90", UnsupportedFileError, "not a Word file"),
    ],
)
def test_what_cannot_be_read_is_one_clear_outcome(load: Load, name: str, data: bytes, error: type[DocumentError], message: str) -> None:
    with pytest.raises(error, match=message):
        load(data, name)


@pytest.mark.parametrize(("name", "part"), [("a.docx", "word/document.xml"), ("a.pptx", "ppt/slides/slide1.xml"), ("a.odt", "content.xml")])
def test_damaged_parts_bombs_and_entities_are_outcomes(load: Load, name: str, part: str) -> None:
    whole = zipfile.ZipFile(io.BytesIO(GOOD[name]))
    kept = {each: whole.read(each) for each in whole.namelist()}
    text = kept[part].decode().removeprefix("<?xml version='1.0' encoding='UTF-8'?>")
    with pytest.raises(UnreadableFileError, match="is damaged"):
        load(packed(kept | {part: text[:-20]}), name)
    with pytest.raises(UnreadableFileError):
        load(packed(kept | {part: LAUGHS + text.replace("Words", "&j;")}), name)
    with pytest.raises(FileTooLargeError, match="ZIP bomb"):
        load(packed(kept | {part: text.replace("Words", "Words" * 10_000_000)}), name)


def test_nothing_outside_is_followed(load: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    outside = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><html xmlns="http://www.w3.org/1999/xhtml"><p>Words &x;</p></html>'
    assert "secret" not in load(outside.encode(), "a.xhtml").pages[0].text
    link = '<Relationships xmlns="x"><Relationship Id="r1" Type="x/officeDocument" Target="{}" {}/></Relationships>'
    for target, mode in ((secret.as_uri(), 'TargetMode="External"'), ("../../../../etc/hostname", "")):
        with pytest.raises(UnreadableFileError):
            load(changed(GOOD["a.docx"], **{"_rels__.rels": link.format(target, mode)}), "a.docx")


def test_a_damaged_chapter_leaves_the_others(load: Load) -> None:
    book = epub({"a.xhtml": "<p>One</p>", "b.xhtml": "<p>Two</p>"})
    assert [page.text for page in load(changed(book, **{"OEBPS__a.xhtml": None}), "a.epub").pages] == ["", "Two"]


def test_offsets_of_headings_hold(load: Load) -> None:
    long = "".join(w(f"Part {number}", style="Heading1") + w("Some words. " * 1000) for number in range(50))
    document = load(docx(long), "a.docx")
    assert len(document.pages) > 1
    for heading in document.headings:
        assert document.pages[heading.page - 1].text.startswith(heading.title, heading.start)
    assert len(document.headings) == 50


def test_each_format_describes_itself() -> None:
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))
