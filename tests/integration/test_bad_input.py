"""Whatever is dropped in: one outcome with a sentence a person can use, and nothing else suffers."""

import os
import random
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest

from rag import Library, Outcome, Settings
from rag.embedding.protocol import Embedder
from rag.text.printable import printable_line
from rag.types import OutcomeStatus
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

GOOD = "The good file stands among bad ones."
WHOLE = documents.plain_pdf("A whole file of one page.", "And a second page.")

BAD: dict[str, tuple[bytes, OutcomeStatus, str]] = {
    "empty.pdf": (b"", "unreadable", "0 bytes"),
    "empty.md": (b"", "unreadable", "0 bytes"),
    "spaces.txt": (b" \r\n\t\x0c", "no_text", "no text"),
    "zeros.txt": (bytes(5000), "unsupported", "binary|no text"),
    "noise.txt": (random.Random(1).randbytes(5000), "unsupported", "binary|no text"),
    "noise.pdf": (random.Random(2).randbytes(5000), "unreadable", "damaged or not a PDF file"),
    "cut.pdf": (documents.truncated_pdf(), "unreadable", "damaged or not a PDF file"),
    "header-alone.pdf": (b"%PDF-1.7\n", "unreadable", "damaged or not a PDF file"),
    "no-pages.pdf": (documents.written_pdf([]), "unreadable", "damaged or not a PDF file"),
    "scan.pdf": (documents.scanned_pdf(), "no_text", "OCR"),
    "blank.pdf": (documents.blank_pdf(), "no_text", "no text"),
    "closed.pdf": (documents.encrypted_pdf(password="sesame"), "needs_password", "password"),
    "program.exe": (b"MZ\x90\x00" + bytes(500), "unsupported", "Windows program"),
    "program.pdf": (b"MZ\x90\x00" + bytes(500), "unsupported", "Windows program"),
    "program.txt": (b"\x7fELF" + bytes(500), "unsupported", "Linux program"),
    "letter.docx": (b"PK\x03\x04" + bytes(500), "unreadable", "damaged or not a Word file"),
    "letter.pdf": (b"PK\x03\x04" + bytes(500), "unsupported", "Office document"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(500), "unreadable", "damaged or not a PNG file"),
    "page.pdf": (b"<!doctype html><p>Words</p>", "unsupported", "HTML"),
    "words.xyz": (b"Only words.", "unsupported", "unsupported file type"),
    "words.pdf": (b"Only words.", "unsupported", "plain text"),
    "script.txt": (b"%!PS-Adobe-3.0 Words", "unsupported", "PostScript"),
}

ODD = {
    "half-broken.pdf": documents.half_broken_pdf(),
    "boastful.pdf": documents.boastful_pdf(),
    "buried.pdf": documents.buried_pdf(),
    "surrogates.pdf": documents.mapped_pdf(0xD83D, 0x61, 0x62, 0x63),
    "emoji.pdf": documents.mapped_character_pdf("😀"),
    "open-to-all.pdf": documents.encrypted_pdf(),
    "latin1.txt": "Straße, naïve café".encode("latin-1"),
    "utf16.txt": "Straße, naïve café".encode("utf-16"),
    "mark.md": "\ufeff# Straße".encode(),
    "one-letter.txt": b"a",
    "no-line-end.txt": b"word " * 20_000,
    "one-word.txt": b"x" * 100_000,
    "carriage.txt": b"one\rtwo\rthree",
    "damaged-utf8.txt": "Straße und Größe. ".encode() * 50 + b"\xff\xfe\xfd",
    "is-a-pdf.txt": WHOLE,
    "is-rich.txt": rb"{\rtf1 Words of a rich text}",
    "größe 日本 \U0001f600.txt": b"A file with an odd name.",
    "new\nline.txt": b"A file with a line end in its name.",
    "<b>&amp;'\".txt": b"A file with marks in its name.",
    "-rf.txt": b"A file with an option for a name.",
    "no ending": b"A file without an ending.",
}


def by_name(library: Library, folder: Path, files: dict[str, bytes]) -> dict[str, Outcome]:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {outcome.document: outcome for outcome in library.add(folder).outcomes}


def check_good(library: Library, folder: Path) -> None:
    """A good file can still be added and found."""
    (folder / "good.txt").write_text(GOOD)
    assert library.add(folder / "good.txt").all_searchable
    assert library.retrieve("good file among bad ones", top_k=1)[0].text == GOOD


def test_bad_files_are_refused_in_words_that_help(library: Library, tmp_path: Path) -> None:
    outcomes = by_name(library, tmp_path / "bad", {name: data for name, (data, _, _) in BAD.items()})
    assert {name: outcome.status for name, outcome in outcomes.items()} == {name: status for name, (_, status, _) in BAD.items()}
    for name, (_, _, words) in BAD.items():
        assert name in outcomes[name].message
        assert any(word in outcomes[name].message for word in words.split("|")), outcomes[name]
        assert "Error" not in outcomes[name].message
        assert "Traceback" not in outcomes[name].message
        assert (outcomes[name].document_id, outcomes[name].chunks) == ("", 0)
    assert library.documents() == []
    assert not list((library.folder / "originals").glob("*"))
    check_good(library, tmp_path)


def test_odd_files_are_read(library: Library, tmp_path: Path) -> None:
    outcomes = by_name(library, tmp_path / "odd", ODD)
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys(map(printable_line, ODD), "added")
    for record in library.documents():
        passages = library.retrieve("anything", top_k=5000, documents=[record.id])
        assert 0 < len(passages) <= record.chunks  # of many chunks that are the same, the index does not find all
        for passage in passages[:20]:
            assert library.pages.text(record.id, passage.page)[passage.start : passage.end] == passage.text
    for name in ("latin1.txt", "utf16.txt"):
        assert [passage.text for passage in library.retrieve("Straße naïve café", top_k=1, documents=[name])] == ["Straße, naïve café"]


def test_damaged_copies_of_a_good_file_harm_nothing(library: Library, tmp_path: Path) -> None:
    chance = random.Random(3)
    files = {}
    for n in range(30):
        data = bytearray(WHOLE)
        for _ in range(chance.choice([1, 5, 40])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        files[f"{n:02}.pdf"] = bytes(data[: chance.choice([len(data), len(data), chance.randrange(len(data))])])
    outcomes = by_name(library, tmp_path / "damaged", files)
    assert len(outcomes) == 30
    assert {outcome.status for outcome in outcomes.values()} <= set(get_args(OutcomeStatus))
    assert any(outcome.is_searchable for outcome in outcomes.values())
    assert all(outcome.message for outcome in outcomes.values())
    check_good(library, tmp_path)


@pytest.mark.parametrize("text", ["\u200b" * 9000 + "end", "\u0301" * 9000, "\u2060\ufeff" * 4000, "\ufffd" * 500])
def test_text_that_is_nothing_to_the_real_model_stops_nothing(
    open_library: OpenLibrary, minilm: Embedder, tmp_path: Path, text: str
) -> None:
    library = open_library(embedder=minilm)
    (tmp_path / "odd.txt").write_text(text, encoding="utf-8")
    (tmp_path / "ok.txt").write_text(GOOD)
    odd, good = library.add([tmp_path / "odd.txt", tmp_path / "ok.txt"]).outcomes
    assert (odd.status in {"added", "no_text", "unsupported"}, good.status) == (True, "added")
    assert library.retrieve("the good file", top_k=1)[0].text == GOOD


def test_what_is_no_file_is_told(library: Library, tmp_path: Path) -> None:
    (tmp_path / "dangling.pdf").symlink_to(tmp_path / "gone.pdf")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as unix:
        os.chdir(tmp_path)  # a socket's path may not be long
        unix.bind("socket.txt")
        given = [
            "dangling.pdf",
            "loop",
            "pipe.txt",
            "socket.txt",
            "gone.txt",
            "nul\0.txt",
            "~nobody-of-this-name/a.txt",
            "x" * 5000,
            "/dev/zero",
        ]
        outcomes = library.add(given).outcomes
    assert [outcome.status for outcome in outcomes] == ["unreadable"] * len(given)
    for outcome in outcomes[:5]:
        assert outcome.document in outcome.message
    assert library.documents() == []


def test_a_folder_called_like_a_file_is_walked(library: Library, tmp_path: Path) -> None:
    (tmp_path / "reports.pdf").mkdir()
    check_good(library, tmp_path / "reports.pdf")


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Root may read everything."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="other rights there")
def test_what_may_not_be_read_is_told() -> None:
    with an_ordinary_user(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for closed in ("closed-folder", "open-folder"):
            (folder / closed).mkdir()
            (folder / closed / "inside.txt").write_text(GOOD)
        (folder / "closed-file.txt").write_text("Nobody sees this.")
        (folder / "closed-file.txt").chmod(0)
        (folder / "closed-folder").chmod(0)
        try:
            with Library.open(folder / ".library", Settings(), embedder=BagOfWordsEmbedder()) as library:
                outcomes = library.add(folder).outcomes
                # Where Python itself is closed to ordinary users, no file can be opened in a process of its own.
                is_open = os.access(sys.executable, os.X_OK, effective_ids=True)
                assert [(outcome.document, outcome.status) for outcome in outcomes] == [
                    ("closed-file.txt", "unreadable"),
                    ("closed-folder", "unreadable"),
                    ("inside.txt", "added" if is_open else "unreadable"),
                ]
                assert is_open or "cannot be started" in outcomes[2].message
                assert all("cannot be read: permission denied" in outcome.message for outcome in outcomes[:2])
        finally:
            (folder / "closed-folder").chmod(0o700)


def test_a_hostile_file_costs_its_time_and_no_more(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(parse_seconds=2)
    (tmp_path / "bomb.pdf").write_bytes(documents.bomb_pdf(9))
    (outcome,) = library.add(tmp_path / "bomb.pdf").outcomes
    assert outcome.status == "unreadable"
    assert "bomb.pdf could not be read" in outcome.message
    check_good(library, tmp_path)
