"""Workers and readers of a Ray cluster are killed at random moments, over and over: the same library comes of it each time."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rag import Library, Settings
from tests.benchmarks.distributed import make
from tests.ray_cluster import LocalRay

ROUNDS = 20
MOST_SECONDS_BETWEEN = 3.0
TRIES = 3  # of a task again: it may lose so many workers, and more than that is done on this machine

pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("default")]


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRay]:
    cluster = LocalRay()
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    with cluster:
        yield cluster


def chunks(library: Library) -> dict[str, list[str]]:
    found = {record.name: library.chunks((record.id, number) for number in range(record.chunks)) for record in library.documents()}
    return {name: [chunk.text for _, chunk in sorted(each.items())] for name, each in found.items()}


def test_killed_workers_lose_and_double_nothing(ray: LocalRay, tmp_path: Path) -> None:
    files = make(tmp_path / "files", 40)
    with Library.open(tmp_path / "alone") as library:
        library.add(files)
        expected = chunks(library)
    for number in range(ROUNDS):
        is_done = threading.Event()
        killed = [0]

        def kill(seed: int, is_done: threading.Event, killed: list[int]) -> None:
            moments = random.Random(seed)
            while not is_done.wait(moments.uniform(0.1, MOST_SECONDS_BETWEEN)):
                if found := [*ray.processes("ray::_carry_out")]:
                    with suppress(ProcessLookupError):
                        os.kill(moments.choice(found), signal.SIGKILL)
                        killed[0] += 1

        with Library.open(tmp_path / f"library {number}", Settings(ray_address=ray.address)) as library:
            library.connect_workers()
            killer = threading.Thread(target=kill, args=(number, is_done, killed))
            killer.start()
            try:
                assert library.add(files).all_searchable
            finally:
                is_done.set()
                killer.join()
            assert chunks(library) == expected
            vectors = library.vectors()
            assert len(vectors) == len({*vectors.keys}) == sum(map(len, expected.values()))
        print(f"round {number}: {killed[0]} workers killed")
