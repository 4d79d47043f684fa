"""ZIP archives: the files in them are added, within limits, and what is skipped is told."""

import io
import zipfile
from pathlib import Path

import pytest

from rag import Library
from rag.formats import archives
from rag.ingesting import unpacking
from tests.conftest import OpenLibrary
from tests.documents import plain_pdf
from tests.web_server import WebServer

KEEPER = "The lighthouse keeper counts the boats every evening."
FERRY = "The ferry leaves at seven in the morning."


def packed(files: dict[str, str | bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def put(folder: Path, files: dict[str, str | bytes], name: str = "stuff.zip") -> Path:
    path = folder / name
    path.write_bytes(packed(files))
    return path


def flagged(data: bytes) -> bytes:
    """An archive whose files say that they are encrypted."""
    return data.replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\x01\0").replace(
        b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0"
    )


def statuses(library: Library, path: Path | str) -> dict[str, str]:
    return {outcome.path: outcome.status for outcome in library.add(path).outcomes}


MIXED: dict[str, str | bytes] = {
    "notes.txt": KEEPER,
    "deep/er/report.pdf": plain_pdf(FERRY),
    "empty.txt": "",
    "setup.exe": b"MZ\0\0",
    "__MACOSX/._notes.txt": b"\0\1",
    ".hidden/secret.txt": "Secret.",
    "inner.zip": packed({"a.txt": "Inside."}),
    "folder/": "",
    "../../escape.txt": "Out.",
}


def test_the_files_of_an_archive_are_added_each_with_its_outcome(library: Library, tmp_path: Path) -> None:
    path = put(tmp_path, MIXED)
    outcomes = {outcome.path: outcome for outcome in library.add(path).outcomes}
    assert {given: outcome.status for given, outcome in outcomes.items()} == {
        f"{path}!/notes.txt": "added",
        f"{path}!/deep/er/report.pdf": "added",
        f"{path}!/empty.txt": "unreadable",
        str(path): "opened",
    }
    assert outcomes[str(path)].message == (
        "Opened: 3 files to read. Skipped: setup.exe (unsupported); 2 hidden files; inner.zip (an archive within the archive)."
    )
    assert {record.name: record.sources for record in library.documents()} == {
        "notes.txt": (f"{path}!/notes.txt",),
        "report.pdf": (f"{path}!/deep/er/report.pdf",),
    }
    assert "seven" in library.ask("When does the ferry leave?").text
    assert not list((library.folder / "incoming").iterdir())


def test_a_changed_archive_replaces_what_changed_and_names_what_is_gone(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = put(folder, {"a.txt": KEEPER, "b.txt": FERRY, "c.txt": "A buoy lies off the pier."})
    library.add(path)
    assert set(statuses(library, path).values()) == {"unchanged", "opened"}
    put(folder, {"a.txt": KEEPER, "b.txt": FERRY.replace("seven", "eight")})
    given = f"{path}!/"
    expected = {f"{given}a.txt": "unchanged", f"{given}b.txt": "replaced", f"{given}c.txt": "missing", str(path): "opened"}
    assert statuses(library, folder) == expected
    path.unlink()
    assert sorted(statuses(library, folder).values()) == ["missing", "missing", "missing"]


def test_an_uploaded_archive(library: Library, tmp_path: Path) -> None:
    outcome = library.add_upload(put(tmp_path, {"a/x.txt": KEEPER, "b/x.txt": FERRY}), "up.zip")
    assert (outcome.document, outcome.status, outcome.message) == ("up.zip", "opened", "Opened: 2 files to read.")
    assert [record.sources for record in library.documents()] == [("upload:up.zip!/a/x.txt",), ("upload:up.zip!/b/x.txt",)]


def test_an_archive_from_the_web(open_library: OpenLibrary) -> None:
    library = open_library(fetch_private=True)
    with WebServer() as web:
        address = web.put("/get?id=3", packed({"a.txt": KEEPER}), "application/zip", Content_Disposition="attachment; filename=stuff.zip")
        assert statuses(library, address) == {f"{address}!/a.txt": "added", address: "opened"}
        web.put("/get?id=3", packed({"a.txt": FERRY}), "application/zip", Content_Disposition="attachment; filename=stuff.zip")
        assert statuses(library, address) == {f"{address}!/a.txt": "replaced", address: "opened"}


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (packed({}), "unsupported", "stuff.zip is an empty archive."),
        (packed({"a.exe": b"MZ"}), "unsupported", "holds no file that can be read. Skipped: a.exe (unsupported)."),
        (flagged(packed({"a.txt": KEEPER})), "unreadable", "stuff.zip is encrypted."),
        (packed({"a.txt": KEEPER})[:-30], "unreadable", "stuff.zip cannot be opened"),
    ],
)
def test_what_is_no_good_archive_has_one_clear_outcome(library: Library, tmp_path: Path, data: bytes, status: str, told: str) -> None:
    (tmp_path / "stuff.zip").write_bytes(data)
    outcomes = library.add(tmp_path / "stuff.zip").outcomes
    assert [outcome.status for outcome in outcomes] == [status]
    assert told in outcomes[0].message
    assert library.documents() == []


def test_bombs_are_left_before_they_fill_the_disk(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = put(tmp_path, {"a.txt": b" " * (archives.UNSUSPICIOUS_BYTES + 2_000_000)})
    (outcome,) = library.add(bomb).outcomes
    assert (outcome.status, "bomb" in outcome.message) == ("too_large", True)
    monkeypatch.setattr(unpacking, "MOST_FILES", 3)
    (outcome,) = library.add(put(tmp_path, {f"{n}.txt": f"Boat {n}." for n in range(5)})).outcomes
    assert (outcome.status, "more than 3 files" in outcome.message) == ("too_large", True)
    assert library.documents() == []
