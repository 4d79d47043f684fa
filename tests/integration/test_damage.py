"""Files of a library that were emptied, cut, changed or deleted behind its back: nothing is lost with them, and it is said."""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag import Library, LibraryClosedError, Settings, StorageError
from rag.storing.originals import DAYS_IN_QUARANTINE
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

ROOT = Path(__file__).parents[2]
PERSISTED = 1_000
"""Chunks after which Chroma writes the vectors to files of their own."""

QUESTION = "Which boat passes the pier?"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed library of three documents, one of them encrypted, whose vectors are in files of their own. Copied for each test."""
    folder = tmp_path_factory.mktemp("damage")
    files = folder / "files"
    files.mkdir()
    (files / "boats.txt").write_text(
        "\n\n".join(f"Boat {n} passes the pier at {n % 24} o'clock, seen by keeper {n * 7}. " * 9 for n in range(1_050))
    )
    (files / "vault.pdf").write_bytes(documents.encrypted_pdf("The vault at the pier holds seven keys.", password="sesame"))
    (files / "tea.txt").write_text("Tea is served at four.")
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(files, passwords=["sesame"]).all_searchable
        assert sum(record.chunks for record in library.documents()) > PERSISTED
    return folder / "library"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "library"))


def vector_file(folder: Path, name: str) -> Path:
    """One of Chroma's files of the chunks' vectors, which are most."""
    return max((folder / "chroma").rglob("data_level0.bin"), key=lambda file: file.stat().st_size).with_name(name)


def flip(file: Path, places: int) -> None:
    chance = random.Random(5)
    data = bytearray(file.read_bytes())
    for _ in range(places):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def cases(all_of_them: dict[str, Callable[[Path], object]], fast: set[str]) -> list[Any]:
    """All of them by `make soak`, and a few, of different outcomes, each time."""
    assert fast <= set(all_of_them)
    return [pytest.param(harm, id=name, marks=() if name in fast else pytest.mark.soak) for name, harm in all_of_them.items()]


DATABASE = "chroma/chroma.sqlite3"
DAMAGE: dict[str, Callable[[Path], object]] = {
    "an emptied database": lambda folder: os.truncate(folder / DATABASE, 0),
    "a database cut in half": lambda folder: os.truncate(folder / DATABASE, (folder / DATABASE).stat().st_size // 2),
    "a database of something else": lambda folder: (folder / DATABASE).write_bytes(b"no database" * 1000),
    "flipped bits in the database": lambda folder: flip(folder / DATABASE, 20_000),
    "a database that is gone": lambda folder: (folder / DATABASE).unlink(),
    "Chroma's folder gone": lambda folder: shutil.rmtree(folder / "chroma"),
    "a flipped bit among the vectors": lambda folder: flip(vector_file(folder, "data_level0.bin"), 1),
    "a cut header of the vectors": lambda folder: os.truncate(vector_file(folder, "header.bin"), 50),
    "vectors that are gone": lambda folder: vector_file(folder, "data_level0.bin").unlink(),
}


@pytest.mark.parametrize("damage", cases(DAMAGE, {"a database cut in half", "Chroma's folder gone", "a flipped bit among the vectors"}))
def test_a_damaged_index_is_set_aside_and_made_again(
    open_library: OpenLibrary, made: Path, folder: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    with Library.open(made, Settings(), embedder=BagOfWordsEmbedder()) as whole:
        before = whole.documents()
    damage(folder)
    library = open_library()
    restored = library.documents()
    assert "index is damaged" in caplog.text or "records of 3 documents are missing" in caplog.text
    assert "unharmed" not in caplog.text
    assert [(record.name, record.id, record.sources, record.password, record.chunks) for record in restored] == [
        (record.name, record.id, record.sources, record.password, record.chunks) for record in before
    ]
    assert library.retrieve(QUESTION)[0].document == "boats.txt"  # by its words, before the vectors are made
    assert library.retrieve("vault")[0].document == "vault.pdf"
    assert library.damaged_copies() == []
    aside = list((folder / "quarantine").glob("damaged-*/*"))
    assert [file.name for file in aside] in ([], ["chroma"])
    assert bool(aside) == ("It was moved to" in caplog.text)
    library.remove("tea.txt")
    while library.index_next():
        pass
    assert not list((folder / "quarantine").glob("damaged-*"))  # its words would be there still


def link_to_nowhere(file: Path) -> None:
    """In the last link of the element that is last in use."""
    version, links_at, _, count, size = struct.unpack_from("<iQQQQ", (file.with_name("header.bin")).read_bytes())
    assert version == 1
    with file.open("r+b") as opened:
        place = (count - 1) * size + links_at
        opened.seek(place)
        (links,) = struct.unpack("<H", opened.read(2))
        opened.seek(place + 4 * links)
        opened.write(b"\xff\xff\xff\x7f")


CRASHING: dict[str, Callable[[Path], object]] = {
    "many bits of the header": lambda folder: flip(vector_file(folder, "header.bin"), 200),
    "few bits of the header": lambda folder: flip(vector_file(folder, "header.bin"), 3),
    "a link of one vector": lambda folder: link_to_nowhere(vector_file(folder, "data_level0.bin")),
    "links of the higher levels": lambda folder: flip(vector_file(folder, "link_lists.bin"), 500),
    "a cut file": lambda folder: os.truncate(vector_file(folder, "data_level0.bin"), 10_000),
}


@pytest.mark.parametrize("damage", cases(CRASHING, {"many bits of the header", "a link of one vector"}))
def test_an_index_that_crashes_its_reader_is_found_out_after_a_crash(
    open_library: OpenLibrary, folder: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    (folder / "chroma.seal.json").unlink()  # as a process that was killed leaves it
    damage(folder)
    assert len(open_library().documents()) == 3
    assert "index is damaged" in caplog.text


def test_a_sound_index_is_not_set_aside(open_library: OpenLibrary, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for change in (
        lambda: (folder / "chroma.seal.json").unlink(),
        lambda: (folder / "chroma.seal.json").write_text("{"),
        lambda: os.utime(folder / DATABASE),
        lambda: None,
    ):
        change()
        with Library.open(folder, Settings(), embedder=BagOfWordsEmbedder()) as library:
            assert [record.indexed for record in library.documents()] == [1, 1, 1]
    assert caplog.text == ""
    assert not (folder / "quarantine").exists()


@pytest.mark.soak
def test_an_index_that_has_changed_much_is_sound(
    open_library: OpenLibrary, folder: Path, made: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with open_library() as library:
            library.remove("boats.txt")
            assert library.add(made.parent / "files" / "boats.txt").all_searchable
        (folder / "chroma.seal.json").unlink()
    assert len(open_library().documents()) == 3
    assert caplog.text == ""


def test_damage_while_it_is_used_is_told_and_mended(open_library: OpenLibrary, folder: Path) -> None:
    library = open_library()
    assert library.retrieve(QUESTION)
    data = (folder / DATABASE).read_bytes()
    with (folder / DATABASE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (len(data) - 4096))
    with pytest.raises(StorageError, match="index could not be"):
        library.retrieve("When is tea served?")
    assert library.retrieve("When is tea served?")[0].document == "tea.txt"
    assert len(library.documents()) == 3


def test_a_damaged_list_of_what_waits_is_set_aside(open_library: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    library = open_library()
    (tmp_path / "new.txt").write_text("A new boat passes.")
    library.add(tmp_path / "new.txt", wait=False)
    library.close()
    (folder / "pending.sqlite3").write_bytes(b"no database" * 1000)
    again = open_library()
    assert [(record.name, record.indexed) for record in again.documents()][-1] == ("new.txt", 0)
    assert len(list((folder / "quarantine").glob("damaged-*/pending.sqlite3"))) == 1


def test_the_command_line_keeps_all_files_when_the_record_was_emptied(folder: Path, made: Path) -> None:
    os.truncate(folder / DATABASE, 0)
    run = [sys.executable, "-c", "from ui.commands.cli import main; main()", "list", "--json", "--library", str(folder)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "is empty" in done.stderr
    assert "The library is empty" not in done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert {file.name for file in (folder / "originals").iterdir()} == {file.name for file in (made / "originals").iterdir()}


def test_what_was_never_a_document_is_kept_for_a_while(open_library: OpenLibrary, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    stray = folder / "originals" / f"{'e' * 64}.pdf"
    stray.write_bytes(b"of a document that was never finished")
    (folder / "originals" / f"{'f' * 64}.partial").write_bytes(b"half a copy")
    with open_library() as library:
        assert len(library.documents()) == 3
    assert f"{stray.name} has no record" in caplog.text
    assert len(list((folder / "originals").iterdir())) == 3
    (kept,) = (folder / "quarantine" / ("e" * 64)).iterdir()
    assert kept.read_bytes() == b"of a document that was never finished"
    long_ago = kept.parent.stat().st_mtime - (DAYS_IN_QUARANTINE + 1) * 86_400
    os.utime(kept.parent, (long_ago, long_ago))
    with open_library() as library:
        library.documents()
    assert not kept.exists()


def test_what_cannot_be_restored_goes_to_the_quarantine_under_its_name(open_library: OpenLibrary, folder: Path) -> None:
    about = next(file for file in (folder / "about").iterdir() if "tea.txt" in file.read_text())
    original = folder / "originals" / f"{about.stem}.txt"
    original.write_bytes(b"\x00\x01\x02")
    os.truncate(folder / DATABASE, 0)
    assert sorted(record.name for record in open_library().documents()) == ["boats.txt", "vault.pdf"]
    assert (folder / "quarantine" / about.stem / "tea.txt").read_bytes() == b"\x00\x01\x02"


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: os.truncate(file, 3)], ids=["missing", "cut"])
def test_a_lost_copy_is_noticed_and_restored_by_adding_the_file_again(
    open_library: OpenLibrary, folder: Path, made: Path, harm: Callable[[Path], object]
) -> None:
    library = open_library()
    record = library.document("tea.txt")
    original = library.pages.original(record.id)
    harm(original)
    assert [(found.name, problem) for found, problem in library.damaged_copies()] == [
        ("tea.txt", "missing" if not original.exists() else "cut")
    ]
    (outcome,) = library.add(made.parent / "files" / "tea.txt").outcomes
    assert (outcome.status, "restored" in outcome.message) == ("unchanged", True)
    assert library.damaged_copies() == []
    assert original.read_text() == "Tea is served at four."


def test_an_interrupted_removal_is_ended_or_taken_back(open_library: OpenLibrary, folder: Path) -> None:
    with open_library() as library:
        kept, gone = library.document("tea.txt"), library.document("boats.txt")
        library.remove("boats.txt")
    originals = folder / "originals"
    (originals / f"{kept.id}.txt").rename(originals / f"{kept.id}.txt.removed")
    (originals / f"{gone.id}.txt.removed").write_text("Boats")
    with open_library() as library:
        assert library.damaged_copies() == []
        assert not list(originals.glob(f"{gone.id}*"))
        assert not (folder / "quarantine").exists()


def test_an_older_library_is_described_at_its_first_opening(open_library: OpenLibrary, folder: Path) -> None:
    shutil.rmtree(folder / "about")
    (folder / "chroma.seal.json").unlink()
    with open_library() as library:
        names = {record.id: record.name for record in library.documents()}
    assert {file.stem: json.loads(file.read_text())["name"] for file in (folder / "about").iterdir()} == names
    shutil.rmtree(folder / "about")  # and one that loses its record before
    os.truncate(folder / DATABASE, 0)
    with open_library() as library:
        assert sorted(record.name for record in library.documents()) == sorted(
            f"recovered-{id_[:8]}.txt" for id_, name in names.items() if ".txt" in name
        )
    assert len(list((folder / "quarantine").glob("[0-9a-f]*/*.pdf"))) == 1  # its password went with the record


def test_a_closed_library_raises_and_lets_go_of_its_folder(open_library: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    library = open_library()
    record = library.document("tea.txt")
    library.close()
    uses: list[Callable[[], object]] = [
        library.documents,
        library.keyword_ready,
        library.vectors,
        library.left_behind,
        library.warm_up,
        library.index_next,
        library.reindex,
        library.damaged_copies,
        lambda: library.add(tmp_path),
        lambda: library.add_upload(tmp_path / "a.txt", "a.txt"),
        lambda: library.remove("tea.txt"),
        lambda: library.document("tea.txt"),
        lambda: library.chunks([(record.id, 0)]),
        lambda: library.retrieve("tea"),
        lambda: library.confidence("tea", library.retrieve("tea")),
        lambda: library.ask("When is tea served?"),
        lambda: library.pages.text(record.id, 1),
        lambda: library.pages.original(record.id),
    ]
    for use in uses:
        with pytest.raises(LibraryClosedError):
            use()
    library.close()
    with Library.open(folder, Settings(), embedder=BagOfWordsEmbedder()) as again:
        assert again.add(tmp_path / "nothing").outcomes[0].status == "unreadable"
