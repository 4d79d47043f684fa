import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import DocumentError, FileTooLargeError, NoTextError, PasswordNeededError, UnreadableFileError, UnsupportedFileError
from rag.formats.loader import Loader
from rag.formats.text import MOST_CHARACTERS
from rag.types import Document
from tests import documents, loading
from tests.loading import LoadedDocument
from tests.office_files import docx, pptx

Load = Callable[..., LoadedDocument]


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with closing(Loader()) as loader:
        yield loader


@pytest.fixture
def load(loader: Loader, tmp_path: Path) -> Load:
    def load(data: bytes, name: str = "report.pdf", passwords: tuple[str, ...] = ()) -> LoadedDocument:
        path = tmp_path / "as-it-is-stored"  # the name decides, not the path
        path.write_bytes(data)
        return loading.load(loader, path, name=name, document_id=hashlib.sha256(data).hexdigest(), passwords=passwords)

    return load


def texts(document: Document) -> list[str]:
    return [page.text for page in document.pages]


def test_a_pdf_becomes_a_document(load: Load) -> None:
    data = documents.plain_pdf("First line\nsecond line", "Another page", title="Annual report")
    loaded = load(data)
    document = loaded.document
    assert (document.id, document.name) == (hashlib.sha256(data).hexdigest(), "report.pdf")
    assert (document.title, document.media_type) == ("Annual report", "application/pdf")
    assert [(page.number, page.label, page.text) for page in document.pages] == [
        (1, "1", "First line\nsecond line"),
        (2, "2", "Another page"),
    ]
    assert loaded.password == ""


@pytest.mark.parametrize(
    ("name", "media_type", "title"),
    [("a.txt", "text/plain", "# Title"), ("a.md", "text/markdown", "Title"), ("a.markdown", "text/markdown", "Title")],
)
def test_a_text_file_is_one_page(load: Load, name: str, media_type: str, title: str) -> None:
    document = load("# Title\r\n\r\nStraße".encode("cp1252"), name).document
    (page,) = document.pages
    assert (page.number, page.label, page.text) == (1, "1", "# Title\n\nStraße")
    assert (document.media_type, document.title) == (media_type, title)


def test_a_long_text_is_read_in_parts(load: Load) -> None:
    chapters = [f"# Chapter {number}\r\n\r\n" + "Naïve words, many of them.\r\n\r\n" * 2000 for number in range(20)]
    document = load("".join(chapters).encode(), "book.md").document
    assert len(document.pages) > 4
    assert "".join(texts(document)) == "".join(chapters).replace("\r\n", "\n")
    assert max(map(len, texts(document))) <= MOST_CHARACTERS
    assert [page.label for page in document.pages[:3]] == ["part 1", "part 2", "part 3"]
    assert [heading.title for heading in document.headings] == [f"Chapter {number}" for number in range(20)]
    for heading in document.headings:
        assert document.pages[heading.page - 1].text[heading.start :].startswith(f"# {heading.title}\n")


def test_printed_labels_are_kept_beside_the_numbers(load: Load) -> None:
    pages = load(documents.labelled_pdf()).document.pages
    assert [(page.number, page.label) for page in pages] == [(1, "i"), (2, "ii"), (3, "1"), (4, "2"), (5, "A-1")]


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Untitled", ""),
        ("untitled document 1", ""),
        ("Microsoft Word - Draft.doc", ""),
        ("Microsoft Word - Travel policy", "Travel policy"),
        ("report_final.indd", ""),
        ("1234-56", ""),
        ("Straße  nach\nSüden", "Straße nach Süden"),
        ("Document management in practice", "Document management in practice"),
    ],
)
def test_titles_that_programs_put_there_are_dropped(load: Load, title: str, kept: str) -> None:
    assert load(documents.plain_pdf("words", title=title)).document.title == kept


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
def test_a_password_opens_what_it_closed(load: Load, algorithm: str) -> None:
    data = documents.encrypted_pdf("Seven keys", password="sesame", algorithm=algorithm)
    with pytest.raises(PasswordNeededError, match=r"report\.pdf is encrypted; give its password"):
        load(data)
    with pytest.raises(PasswordNeededError, match="none of the given passwords opens it"):
        load(data, passwords=("wrong",))
    loaded = load(data, passwords=("wrong", "sesame"))
    assert texts(loaded.document) == ["Seven keys"]
    assert loaded.password == "sesame"


@pytest.mark.parametrize("length", ["", "/Wength 128", "/Length 16", "/Length 0", "/Length -8", "/Length 999"])
def test_a_key_whose_length_is_misstated_is_no_hindrance(load: Load, length: str) -> None:
    assert texts(load(documents.misstated_pdf("Open to all", length=length)).document) == ["Open to all"]
    closed = documents.misstated_pdf("Seven keys", password="sesame", length=length)
    with pytest.raises(PasswordNeededError, match="give its password"):
        load(closed)
    loaded = load(closed, passwords=("sesame",))
    assert (texts(loaded.document), loaded.password) == (["Seven keys"], "sesame")


@pytest.mark.parametrize(
    ("change", "told"), [((b"/O <", b"/o <"), "/O entry of the encryption dictionary is missing"), ((b"/U <", b"/U <00>/u <"), "cut short")]
)
def test_no_password_is_asked_for_where_none_could_fit(load: Load, change: tuple[bytes, bytes], told: str) -> None:
    data = documents.encrypted_pdf("Seven keys", password="sesame", algorithm="RC4-128")
    assert data.count(change[0]) == 1
    with pytest.raises(UnreadableFileError, match=f"its encryption is damaged: .*{told}"):
        load(data.replace(*change), passwords=("sesame",))


def test_encryption_without_a_password_is_no_hindrance(load: Load) -> None:
    loaded = load(documents.encrypted_pdf("Open to all"), passwords=("not needed",))
    assert texts(loaded.document) == ["Open to all"]
    assert loaded.password == ""


def test_scans_are_told_from_blank_pages(load: Load) -> None:
    with pytest.raises(NoTextError, match=r"report\.pdf has no legible text: its 3 pages look scanned\. To read it by OCR"):
        load(documents.scanned_pdf(3))
    with pytest.raises(NoTextError, match="its 1 page looks scanned"):
        load(documents.scanned_pdf(1))
    with pytest.raises(NoTextError, match="its 2 pages contain no readable words"):
        load(documents.blank_pdf(2))


@pytest.mark.parametrize(
    ("data", "name", "error", "message"),
    [
        (b"", "a.pdf", UnreadableFileError, r"a\.pdf is empty \(0 bytes\)"),
        (b"", "a.txt", UnreadableFileError, r"a\.txt is empty \(0 bytes\)"),
        (b" \n ", "a.txt", NoTextError, r"a\.txt has no text"),
        (documents.truncated_pdf(), "a.pdf", UnreadableFileError, r"a\.pdf is damaged or not a PDF file: .* Try a fresh copy"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 9, "a.pdf", UnreadableFileError, "is damaged or not a PDF file"),
        (documents.boastful_pdf(0), "a.pdf", UnreadableFileError, "is damaged or not a PDF file: it could not be read"),
        (documents.written_pdf([]), "a.pdf", UnreadableFileError, "is damaged or not a PDF file: it could not be read"),
        (b"MZ\x90\x00" + bytes(300), "a.pdf", UnsupportedFileError, "it looks like a Windows program"),
        (b"MZ\x90\x00" + bytes(300), "a.txt", UnsupportedFileError, "it looks like a Windows program"),
        (b"PK\x03\x04" + bytes(300), "a.xyz", UnsupportedFileError, "a ZIP archive or an Office document"),
    ],
)
def test_bad_files_are_refused_in_plain_words(load: Load, data: bytes, name: str, error: type[DocumentError], message: str) -> None:
    with pytest.raises(error, match=message):
        load(data, name)


def test_a_pdf_is_read_as_one_under_any_name(load: Load) -> None:
    assert load(documents.plain_pdf("Words"), "notes.txt").document.media_type == "application/pdf"


def test_a_broken_page_costs_no_other(load: Load) -> None:
    pages = load(documents.half_broken_pdf()).document.pages
    assert [(page.number, page.text) for page in pages] == [(1, "First page"), (2, ""), (3, "Third page")]


def test_a_false_page_count_is_not_believed(load: Load) -> None:
    assert texts(load(documents.boastful_pdf()).document) == ["Just me"]


def test_what_pdfium_cannot_open_is_read_by_pypdf(load: Load) -> None:
    (text,) = texts(load(documents.buried_pdf("Found below")).document)
    assert text.strip() == "Found below"


def test_what_pdfium_cannot_spell_is_read_by_pypdf(load: Load) -> None:
    (text,) = texts(load(documents.unspelt_pdf("A", "B", "C")).document)
    assert text.strip() == "ABC"


def test_what_has_no_words_is_told_in_the_words_of_its_format(load: Load) -> None:
    with pytest.raises(NoTextError, match=r"report\.pptx has no text: its 2 slides contain no words\."):
        load(pptx("", ""), "report.pptx")
    with pytest.raises(NoTextError, match=r"report\.docx has no text\.$"):
        load(docx(""), "report.docx")


def test_words_that_no_library_can_spell_are_no_text(load: Load) -> None:
    with pytest.raises(NoTextError, match="its 1 page contains no readable words"):
        load(documents.unspelt_pdf("g1", "g2", "g34"))


def test_every_text_is_valid_utf8(load: Load) -> None:
    assert texts(load(documents.mapped_pdf(0xD83D, 0x61, 0x62, 0x63)).document) == ["\ufffd\ufffdabc"]
    assert texts(load(documents.mapped_character_pdf("😀")).document) == ["😀😀"]
    assert texts(load(documents.mapped_character_pdf("ﬁ")).document) == ["fifi"]


def test_a_hyphen_at_a_line_end_joins_the_word(load: Load) -> None:
    assert texts(load(documents.hyphenated_pdf()).document) == ["This is a remarkable thing to say."]


def test_progress_counts_the_pages(loader: Loader, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(documents.plain_pdf("One", "Two", "Three"))
    (tmp_path / "a.txt").write_text("One")
    calls: list[tuple[int, int]] = []
    for name in ("a.pdf", "a.txt"):
        loading.load(loader, tmp_path / name, name=name, document_id="", on_page=lambda page, _, total: calls.append((page.number, total)))
    assert calls == [(1, 3), (2, 3), (3, 3), (1, 1)]


def test_what_the_callback_raises_ends_the_reading_and_no_other(loader: Loader, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(documents.plain_pdf("One", "Two", "Three"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loading.load(loader, tmp_path / "a.pdf", name="a.pdf", document_id="", on_page=stop)
    assert texts(loading.load(loader, tmp_path / "a.pdf", name="a.pdf", document_id="").document) == ["One", "Two", "Three"]


def test_large_files_are_refused_with_both_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"word " * 500_000)
    with closing(Loader(max_bytes=1_500_000)) as loader:
        with pytest.raises(FileTooLargeError, match=r"a\.txt is too large \(2\.5 MB; the limit is 1\.5 MB\)"):
            loading.load(loader, tmp_path / "a.txt", name="a.txt", document_id="")
        with pytest.raises(FileTooLargeError):
            loader.check_size(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["gone.pdf", "gone.txt"])
def test_a_vanished_file_is_told(loader: Loader, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFileError, match=rf"{name} does not exist"):
        loading.load(loader, tmp_path / name, name=name, document_id="")
    with pytest.raises(UnreadableFileError, match="does not exist"):
        loader.check_size(tmp_path / name)


def test_any_file_name_will_do(loader: Loader, tmp_path: Path) -> None:
    for name in ("größe 日本.pdf", "new\nline.pdf", b"latin-\xe9.pdf".decode("utf-8", "surrogateescape")):
        (tmp_path / name).write_bytes(documents.plain_pdf("Words"))
        assert texts(loading.load(loader, tmp_path / name, name=name, document_id="").document) == ["Words"]
