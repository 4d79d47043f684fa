"""A process is killed in the middle of everything that writes: what was told to be done is done, and nothing else is lost."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Library
from tests.browser.serving import RagServer
from tests.conftest import OpenLibrary
from tests.integration.test_crash import check_whole, text_of
from tests.integration.test_uploads_survive import upload

ROOT = Path(__file__).parents[2]
VERBS = ("add", "replace", "remove", "reindex", "conversation", "server")
KILLS = math.ceil(int(os.environ.get("SOAK_KILLS", "100")) / len(VERBS))
"""Of each kind of work."""

FILES = 8
LONGEST_LIFE = 2.0
"""Seconds until a kill, at most, once the process is at work."""

WORK = """
import json, sys
from pathlib import Path
from rag import Library, Settings
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_crash import text_of
from ui.chats.store import ConversationKey, ConversationStore, Row
verb, folder, files, seed = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
def told(*done):
    print(json.dumps(done), flush=True)
if verb == "conversation":
    store = ConversationStore.open(folder / "conversations.sqlite3")
    store = getattr(store, "store", store)
    told("ready")
    for place in range(100000):
        store.put(ConversationKey("", f"c{seed}"), Row(str(place), f"question {place}", f"question {place}", "{}"))
        told(place)
settings = Settings(chunk_tokens=100 + 20 * (seed % 2)) if verb == "reindex" else Settings(chunk_tokens=int(sys.argv[5]))
with Library.open(folder, settings, embedder=BagOfWordsEmbedder(seconds_a_batch=0.01)) as library:
    library.documents()
    told("ready")
    if verb == "add":
        library.add(files, progress=lambda step: step.outcome and told(step.outcome.document, step.outcome.status))
    for turn in range(1000):
        if verb == "replace":
            name = f"{turn % 8}.txt"
            (files / name).write_text(text_of(1000 * seed + turn, 20))
            told(name, library.add(files / name).outcomes[0].status)
        elif verb == "remove":
            for record in library.documents():
                told("removing", record.name)
                library.remove(record.id)
                told("removed", record.name)
            library.erase()
            told("adding again")
            library.add(files)
        elif verb == "reindex":
            library.reindex()
            told("reindexed")
            break
"""


def lines_of_the_killed(arguments: list[str], chance: random.Random) -> Iterator[list[object]]:
    """What a process told before it was killed."""
    with subprocess.Popen([sys.executable, "-c", WORK, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as working:
        assert working.stdout
        assert json.loads(working.stdout.readline()) == ["ready"]
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        working.send_signal(signal.SIGKILL)
        for line in working.stdout.read().splitlines():
            yield json.loads(line)


@pytest.mark.parametrize("verb", VERBS[:4])
def test_a_kill_loses_no_document(open_library: OpenLibrary, tmp_path: Path, verb: str) -> None:
    chance = random.Random(verb)
    files = tmp_path / "files"
    files.mkdir()
    for n in range(FILES):
        (files / f"{n}.txt").write_text(text_of(n, 10 + 10 * n))
    names = {f"{n}.txt" for n in range(FILES)}
    tokens = 200
    counted: Counter[str] = Counter()
    if verb != "add":
        with open_library(chunk_tokens=tokens) as library:
            assert library.add(files).all_searchable
    for kill in range(KILLS):
        told = list(lines_of_the_killed([verb, str(tmp_path / "library"), str(files), str(kill), str(tokens)], chance))
        if verb == "reindex":
            tokens = 100 + 20 * (kill % 2)
        library = open_library(chunk_tokens=tokens)
        there = {record.name for record in [*library.documents(), *library.left_behind()]}
        check_files(library)
        if verb != "reindex":
            check_whole(library)
        if verb == "add":
            done = {str(name) for name, status in told if status in {"added", "unchanged", "duplicate"}}
            assert done <= there
            counted["acknowledged"] += len(done)
            if there == names and not library.keyword_ready():  # begin anew
                for record in library.documents():
                    library.remove(record.id)
        elif verb == "remove":
            last = max((place for place, line in enumerate(told) if line[0] == "adding again"), default=-1)
            gone = {str(line[1]) for line in told[last + 1 :] if line[0] == "removed"}
            assert last == len(told) - 1 or not gone & there
            counted["removed"] += len(gone)
            assert library.add(files).all_searchable
        else:
            assert there == names
            counted["acknowledged"] += len(told)
        library.close()
    with open_library(chunk_tokens=tokens) as library:
        library.reindex()
        assert library.add(files).all_searchable
        check_whole(library)
        assert {record.name for record in library.documents()} == names
    print(f"{KILLS} kills while {verb}: {dict(counted)}, nothing lost")


def check_files(library: Library) -> None:
    """Every document has its file, byte for byte."""
    assert library.damaged_copies() == []


def test_a_kill_loses_no_turn(tmp_path: Path) -> None:
    from ui.chats.store import ConversationKey, ConversationStore

    chance = random.Random(3)
    acknowledged = 0
    for kill in range(KILLS):
        told = list(lines_of_the_killed(["conversation", str(tmp_path), str(tmp_path), str(kill)], chance))
        store = ConversationStore.at(tmp_path / "conversations.sqlite3")
        rows = store.rows(ConversationKey("", f"c{kill}"))
        store.close()
        assert [row.question for row in rows[: len(told)]] == [f"question {place}" for (place,) in told]
        acknowledged += len(told)
    print(f"{KILLS} kills while turns were written: {acknowledged} acknowledged, nothing lost")


def test_a_kill_of_the_server_loses_no_upload(tmp_path: Path) -> None:
    empty = tmp_path / "samples"
    empty.mkdir()
    chance = random.Random(5)
    expected: list[str] = []
    for kill in range(KILLS):
        names = [f"{kill}-{n}.txt" for n in range(4)]
        with RagServer(tmp_path, empty) as server:
            upload(server, names)
            time.sleep(chance.uniform(0, LONGEST_LIFE))
            server.end(signal.SIGKILL)
        expected += names
    with RagServer(tmp_path, empty) as server:
        server.wait_for(len(expected))
    with Library.open(tmp_path / "library") as library:
        assert sorted(record.name for record in library.documents()) == sorted(expected)
        assert library.damaged_copies() == []
    print(f"{KILLS} kills of the server: {len(expected)} uploads, nothing lost")
