"""`rag doctor`: every part is looked at, each fault has a line and a cure, and the cure works."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag import Finding, Library, Settings
from rag.storing.chroma_client import connect, disconnect
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from ui.diagnosis import diagnose, mend

PARTS = ["model", "record", "vectors", "keywords", "files", "indexing", "quarantine", "disk"]
PARTS += ["uploads", "conversations", "settings", "chat model"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "files").mkdir()
    (folder / "files" / "tea.txt").write_text("Tea is served at four.")
    (folder / "files" / "boats.txt").write_text("\n\n".join(f"Boat {n} passes the pier, seen by keeper {n * 7}. " * 20 for n in range(4)))
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(folder / "files").all_searchable
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "library", tmp_path / "library"))


def faults(findings: list[Finding]) -> list[str]:
    assert [finding.part for finding in findings if finding.part != "repair"] == PARTS
    assert all(finding.message and (finding.cure or finding.state == "ok") for finding in findings)
    return [finding.part for finding in findings if finding.state != "ok"]


def drop_a_chunk(folder: Path) -> None:
    client = connect(folder / "chroma", None)
    (chunks,) = (each for each in client.list_collections() if each.name.startswith("chunks-"))
    chunks.delete(ids=[max(chunks.get(include=[])["ids"])])
    disconnect(client)


def keep_other_words(folder: Path, made: Path) -> None:
    """Of an older state of the library: whole, and not what the record says."""
    with Library.open(folder.parent / "older", Settings(), embedder=BagOfWordsEmbedder()) as library:
        library.add(made / "files" / "tea.txt")
        (folder.parent / "tea.txt").write_text("Tea is served at five.")
        library.add(folder.parent / "tea.txt")
    shutil.rmtree(folder / "lexical")
    shutil.copytree(library.folder / "lexical", folder / "lexical")


def original(folder: Path, word: str) -> Path:
    return next(file for file in (folder / "originals").iterdir() if word in file.read_text())


HARM: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda folder: None, []),
    "a chunk without its vector": (drop_a_chunk, ["vectors"]),
    "a changed byte of a file": (lambda folder: original(folder, "Tea").write_text("Tea is served at FOUR."), ["files"]),
    "a missing file": (lambda folder: original(folder, "Tea").unlink(), ["files"]),
    "no keyword index": (lambda folder: shutil.rmtree(folder / "lexical"), []),  # made again at every opening
}


@pytest.mark.parametrize(("harm", "found"), HARM.values(), ids=HARM)
def test_what_is_damaged_is_found_and_mended(
    open_library: OpenLibrary, folder: Path, harm: Callable[[Path], object], found: list[str]
) -> None:
    harm(folder)
    library = open_library()
    before = [(record.name, record.sources) for record in library.documents()]
    assert faults(diagnose(library)) == found
    findings = mend(library)
    assert faults(findings) == []
    assert findings[0].state == "ok"
    assert sorted((record.name, record.sources) for record in library.documents()) == sorted(before)
    assert library.retrieve("When is tea served?")[0].text == "Tea is served at four."


def test_words_of_another_state_of_the_library_are_made_again(open_library: OpenLibrary, folder: Path, made: Path) -> None:
    keep_other_words(folder, made)
    library = open_library()
    assert faults(diagnose(library)) == []  # opening has made them those of the record
    assert library.retrieve("tea")[0].text == "Tea is served at four."


def test_what_waits_and_what_was_set_aside_is_told_and_taken_in(open_library: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("A new pier is built.")
    (folder / "quarantine" / ("e" * 64)).mkdir(parents=True)
    (folder / "quarantine" / ("e" * 64) / "lost.txt").write_text("A lost pier was found.")
    library = open_library()
    library.add(tmp_path / "new.txt", wait=False)
    assert faults(diagnose(library)) == ["indexing", "quarantine"]
    assert faults(mend(library)) == []
    assert {record.name for record in library.documents()} == {"tea.txt", "boats.txt", "new.txt", "lost.txt"}
    assert not list((folder / "quarantine").iterdir())


def test_a_rebuilt_index_is_told_and_finished(open_library: OpenLibrary, folder: Path) -> None:
    os.truncate(folder / "chroma" / "chroma.sqlite3", 0)
    library = open_library()
    findings = diagnose(library)
    assert faults(findings) == ["indexing"]
    assert "damaged index was set aside" in next(finding.message for finding in findings if finding.part == "quarantine")
    assert faults(mend(library)) == []


def test_a_file_that_cannot_be_restored_stays_a_fault(open_library: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    library = open_library()
    (tmp_path / "new.txt").write_text("A new pier is built.")
    library.add(tmp_path / "new.txt")
    (tmp_path / "new.txt").unlink()
    original(folder, "new pier").unlink()
    assert faults(mend(library)) == ["files"]
    assert library.document("new.txt")


def test_damaged_conversations_are_told(open_library: OpenLibrary, folder: Path) -> None:
    file = folder / "conversations.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE conversations (id TEXT)")
        database.execute("INSERT INTO conversations VALUES ('one')")
    database.close()
    library = open_library()
    assert [finding.message for finding in diagnose(library) if finding.part == "conversations"] == ["1 conversation."]
    file.write_bytes(b"no database" * 1000)
    assert faults(diagnose(library)) == ["conversations"]


def test_uploads_that_wait_and_half_a_chat_model_are_told(open_library: OpenLibrary, folder: Path) -> None:
    (folder / "queue").mkdir()
    (folder / "queue" / "ab12.json").write_text("{}")
    library = open_library(chat_model="llama")
    assert faults(diagnose(library)) == ["uploads", "settings"]


def test_the_command_prints_findings_and_ends_with_1_where_something_is_wrong(folder: Path) -> None:
    from ui.commands.cli import app

    def run(*arguments: str) -> tuple[int, list[dict[str, str]]]:
        done = CliRunner().invoke(app, ["doctor", "--library", str(folder), "--json", *arguments])
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    code, findings = run("--repair")  # the built-in model is another index
    assert [finding["part"] for finding in findings] == ["repair", *PARTS]
    assert code == 0
    original(folder, "Tea").unlink()
    code, findings = run()
    assert code == 1
    assert [finding["state"] for finding in findings if finding["part"] == "files"] == ["fault"]
