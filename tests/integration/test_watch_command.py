"""`rag watch` and `rag restore` on the command line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from rag import Library
from rag.embedding.protocol import Embedder
from tests.integration.test_names import Run, run  # noqa: F401 - a fixture

FERRY = "The ferry leaves at seven in the morning."


def test_a_folder_is_watched_until_ctrl_c_and_what_left_it_is_restored(run: Run, tmp_path: Path, minilm: Embedder) -> None:  # noqa: F811
    docs, log = tmp_path / "docs", tmp_path / "log.txt"
    docs.mkdir()
    (docs / "ferry.txt").write_text(FERRY)
    (docs / "tide.txt").write_text("The tide is high at noon.")
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from ui.commands.cli import main; main()"
    command = [sys.executable, "-c", code, "watch", str(docs), "--library", str(tmp_path / "made")]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=os.environ | {"COLUMNS": "300"})

    def wait_for(words: str) -> None:
        until = time.monotonic() + 60
        while words not in log.read_text():
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)

    try:
        wait_for(f"Watching {docs}: 2 files, last change")
        status, _, err = run("watch", docs)
        assert (status, "is in use by" in err) == (3, True)
        (docs / "ferry.txt").unlink()
        wait_for("ferry.txt was removed: its file is gone.")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert "Traceback" not in log.read_text()
    assert "ferry.txt" in run("restore")[1]
    assert run("restore", "ferry.txt")[0] == 0
    assert "nothing to restore" in run("restore")[2]
    assert run("restore", "ferry.txt")[0] == 1


def test_what_cannot_be_watched_is_refused(run: Run, tmp_path: Path) -> None:  # noqa: F811
    for arguments, told in (([tmp_path / "nowhere"], "there is no folder"), ([], "name at least one folder"), ([""], "is empty")):
        status, _, err = run("watch", *arguments)
        assert (status, told in " ".join(err.replace("│", " ").split())) == (2, True), err


def test_a_page_that_holds_the_library_is_named(run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "docs").mkdir()
    with Library.open(tmp_path / "made") as library:
        library.announce("http://127.0.0.1:7860")
        status, _, err = run("watch", tmp_path / "docs")
    assert status == 3
    assert "The page at http://127.0.0.1:7860 holds this library. To have it watch folders, set RAG_WATCH" in err
