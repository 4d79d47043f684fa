"""Another embedding model: the old index answers until the new one is complete, and whatever comes in between loses nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rag import EmbeddingError, Library, Settings
from rag.storing.chroma_client import connect, disconnect

ROOT = Path(__file__).parents[2]
OLD, NEW, SLOW = (f"plugin:tests.fakes:NamedWords?{name}" for name in ("old", "newer", "slow and long"))
QUESTION = "Which gasket leaks?"
MANY = 12

SWITCH_SLOWLY = """
import sys
from rag import Library
with Library.open(sys.argv[1]) as library:
    library.use_model(sys.argv[2])
    while library.index_next():
        print(library.model_switch.share if library.model_switch else "switched", flush=True)
"""

OpenOwn = Callable[[], Library]


@pytest.fixture
def open_own(tmp_path: Path) -> OpenOwn:
    """Opens a library that has chosen the model OLD for itself."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps({"schema": 1, "model": OLD}))
    return lambda: Library.open(folder)


def write(folder: Path, number: int, words: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"manual {number:02}.txt"
    file.write_text(words or f"Gasket {number} leaks when pump {number} is dry.\n" * 20)
    return file


def finish(library: Library) -> None:
    while library.index_next():
        pass


def collections(library: Library) -> list[str]:
    client = connect(library.folder / "chroma", None)
    try:
        return sorted(each.name for each in client.list_collections())
    finally:
        disconnect(client)


def dimensions(library: Library) -> int:
    return int(library.vectors().embeddings.shape[1])


def test_the_old_index_answers_until_the_new_one_is_complete(open_own: OpenOwn, tmp_path: Path) -> None:
    with open_own() as library:
        library.add([write(tmp_path / "files", number) for number in range(3)], metadata={"year": 2022, "tags": ["a", "b"]})
        before, records, old = library.retrieve(QUESTION), library.documents(), collections(library)
        library.use_model(NEW)
        shares = []
        while library.model_switch:
            assert library.retrieve(QUESTION) == before
            assert dimensions(library) == 128 + len("old")
            shares.append(library.model_switch.share)
            assert library.index_next()
        assert shares == sorted(shares)
        assert shares[0] == 0 < shares[-1]
        finish(library)
        assert library.embedding_model == NEW
        assert library.documents() == records
        assert [passage.text for passage in library.retrieve(QUESTION)] == [passage.text for passage in before]
        assert dimensions(library) == 128 + len("newer")
        assert len(collections(library)) == 2
        assert not set(collections(library)) & set(old)
        assert not library.left_behind()
        assert all(finding.state == "ok" for finding in library.examine() if finding.part != "disk")
    with open_own() as library:
        assert library.embedding_model == NEW
        assert library.documents() == records
        assert library.retrieve(QUESTION)
        assert not (library.folder / "next").exists()


def test_what_changes_meanwhile_is_caught_up(open_own: OpenOwn, tmp_path: Path) -> None:
    files = tmp_path / "files"
    with open_own() as library:
        library.add([write(files, number) for number in range(4)])
        library.use_model(NEW)
        for _ in range(5):
            library.index_next()
        library.remove("manual 00.txt")
        library.remove("manual 03.txt")
        (files / "manual 01.txt").rename(files / "renamed.txt")
        library.add(files / "renamed.txt")
        library.add([write(files, 2, "Now about valves.\n"), write(files, 7)])
        assert library.model_switch
        finish(library)
        assert library.embedding_model == NEW
        assert sorted(record.name for record in library.documents()) == ["manual 02.txt", "manual 07.txt", "renamed.txt"]
        assert library.retrieve("valves")[0].document == "manual 02.txt"
        assert library.retrieve("Gasket 1")[0].document == "renamed.txt"
        assert all(finding.state == "ok" for finding in library.examine() if finding.part != "disk")


def test_a_killed_process_loses_nothing_and_is_resumed(open_own: OpenOwn, tmp_path: Path) -> None:
    with open_own() as library:
        library.add([write(tmp_path / "files", number) for number in range(MANY)])
        before, folder = library.retrieve(QUESTION), library.folder
    process = subprocess.Popen(
        [sys.executable, "-c", SWITCH_SLOWLY, str(folder), SLOW], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout
    while float(process.stdout.readline()) < 0.3:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with open_own() as library:
        assert library.embedding_model == OLD
        assert library.retrieve(QUESTION) == before
        library.index_next()
        assert library.model_switch
        assert library.model_switch.share >= 0.3
        finish(library)
        assert library.embedding_model == SLOW
        assert len(library.documents()) == MANY
        assert all(finding.state == "ok" for finding in library.examine() if finding.part != "disk")


def test_a_switch_that_is_cancelled_leaves_no_trace(open_own: OpenOwn, tmp_path: Path) -> None:
    with open_own() as library:
        library.add(write(tmp_path / "files", 1))
        old, before = collections(library), library.retrieve(QUESTION)
        library.use_model(NEW)
        library.index_next()
        library.cancel_model()
        finish(library)
        assert (library.embedding_model, library.model_switch) == (OLD, None)
        assert collections(library) == old
        assert library.retrieve(QUESTION) == before
        assert not (library.folder / "next").exists()


def test_a_document_that_cannot_be_read_again_keeps_the_old_index(open_own: OpenOwn, tmp_path: Path) -> None:
    with open_own() as library:
        library.add([write(tmp_path / "files", 1), write(tmp_path / "files", 2)])
        copy = library.pages.original(library.document("manual 01.txt").id)
        content = copy.read_bytes()
        copy.unlink()
        library.use_model(NEW)
        finish(library)
        assert library.embedding_model == OLD
        assert library.model_switch
        assert "manual 01.txt could not be read again" in library.model_switch.problem
        copy.write_bytes(content)
        finish(library)
        assert library.embedding_model == NEW


def test_the_setting_wins_over_the_choice(open_own: OpenOwn, tmp_path: Path) -> None:
    with open_own() as library:
        library.add(write(tmp_path / "files", 1))
        library.use_model(NEW)
        folder = library.folder
    with Library.open(folder, Settings(embedding_model=OLD)) as library:
        assert library.embedding_model == OLD
        assert library.model_switch is None
        finish(library)
        with pytest.raises(EmbeddingError, match="RAG_EMBEDDING_MODEL is set"):
            library.use_model(NEW)
    with open_own() as library:
        finish(library)
        assert library.embedding_model == NEW


def test_a_model_that_is_not_there_changes_nothing(open_own: OpenOwn) -> None:
    with open_own() as library:
        with pytest.raises(EmbeddingError, match="no module"):
            library.use_model("plugin:nowhere:Nobody")
        assert library.model_switch is None


def test_the_same_model_by_another_name_needs_no_new_index(open_own: OpenOwn, tmp_path: Path) -> None:
    with open_own() as library:
        library.add(write(tmp_path / "files", 1))
        library.use_model(f" {OLD}")
        assert library.model_switch is None
        assert library.retrieve(QUESTION)
