"""Documents are read and embedded on the workers of a Ray cluster: the same library comes of it, whatever happens to them."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import EmbeddingError, Library, LibraryClosedError, Progress, RagError, Report, Settings, SettingsError
from rag.distributed.order import Order
from rag.distributed.ray_cluster import RayCluster
from rag.distributed.workers import Workers
from rag.embedding.protocol import Embeddings
from rag.types import Chunk, ChunkKey, DocumentRecord
from tests import documents
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_ocr_queue import OWN, scan
from tests.ray_cluster import ROOT, LocalRay

ENGINE = ROOT / "tests" / "ocr_engine"
WORDS: dict[str, Any] = {"embedding_model": "plugin:tests.fakes:NamedWords?x", "parse_megabytes": 512}

Alone = tuple[Path, Library, list[tuple[str, str, str]]]

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]


@pytest.fixture(scope="module")
def ray() -> Iterator[LocalRay]:
    """Its workers have the stand-in for OCR."""
    with pytest.MonkeyPatch.context() as patch:
        cluster = LocalRay(path=[ENGINE])
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(ENGINE))
        with cluster:
            yield cluster


@pytest.fixture(scope="module")
def held(ray: LocalRay) -> Iterator[None]:
    """Keeps the connection from one test to the next: each of its own takes seconds."""
    cluster = RayCluster.shared(ray.address)
    cluster.connect()
    yield
    cluster.close()


def open_beside(folder: Path, address: str | None, **settings: Any) -> Library:
    return Library.open(folder, Settings(ray_address=address, **{**WORDS, **settings}))


def made(folder: Path, texts: int = 40) -> Path:
    """Files of many kinds, some of which cannot be read."""
    folder.mkdir()
    for number in range(texts):
        (folder / f"log {number}.md").write_text(
            f"# Day {number}\n\n" + f"The keeper of lighthouse {number} counts boats, {number} of them. " * 60
        )
    (folder / "report.pdf").write_bytes(documents.plain_pdf("The mill", "", "closes at noon.", title="Annual report"))
    (folder / "vault.pdf").write_bytes(documents.encrypted_pdf(password="key"))
    (folder / "locked.pdf").write_bytes(documents.encrypted_pdf("Nobody knows.", password="other"))
    (folder / "broken.pdf").write_bytes(documents.truncated_pdf())
    (folder / "copy.md").write_bytes((folder / "log 7.md").read_bytes())
    (folder / "table.csv").write_text("place,boats\n" + "".join(f"Pier {row},{row * 7}\n" for row in range(400)))
    (folder / "empty.txt").write_text("")
    (folder / "poison.pdf").write_bytes(documents.bomb_pdf(7))  # the process that reads it is ended
    return folder


def content(library: Library) -> tuple[dict[str, DocumentRecord], dict[ChunkKey, Chunk], Embeddings]:
    """All that is stored, without the times at which it was added."""
    records = {record.name: replace(record, added="") for record in library.documents()}
    keys = [(record.id, ordinal) for record in records.values() for ordinal in range(record.chunks)]
    vectors = library.vectors()
    order = sorted(range(len(vectors.keys)), key=lambda place: vectors.keys[place])
    return records, library.chunks(keys), vectors.embeddings[order]


def assert_same(library: Library, other: Library) -> None:
    (records, chunks, vectors), (others, other_chunks, other_vectors) = content(library), content(other)
    assert records == others
    assert chunks == other_chunks
    assert len(vectors) == len(chunks)
    np.testing.assert_allclose(vectors, other_vectors, atol=1e-6)


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(outcome.path, outcome.status, outcome.message) for outcome in report.outcomes]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """Files, a library that was made of them without Ray, and what was said of each."""
    folder = tmp_path_factory.mktemp("alone")
    files = made(folder / "files")
    with open_beside(folder / "library", None) as library:
        report = library.add(files, passwords=["key"])
        yield files, library, told(report)


def test_the_same_library_comes_of_it(ray: LocalRay, held: None, alone: Alone, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files, library, outcomes = alone
    progress: list[Progress] = []
    with open_beside(tmp_path / "library", ray.address) as other:
        report = other.add(files, passwords=["key"], progress=progress.append)
        assert told(report) == outcomes
        assert_same(other, library)
        assert {outcome.status for outcome in other.add(files, passwords=["key"]).outcomes} >= {"unchanged", "unreadable"}
        assert_same(other, library)
    ends = {each.path for each in progress if each.fraction == 1.0}
    assert ends == {path for path, _, _ in outcomes}
    assert {each.state for each in progress} == {"reading", "keyword_ready", "ready", "failed"}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_workers_that_are_killed_lose_and_double_nothing(ray: LocalRay, held: None, alone: Alone, tmp_path: Path) -> None:
    files, library, outcomes = alone
    killed: list[int] = []
    is_done = threading.Event()

    def kill() -> None:
        while len(killed) < 4 and not is_done.wait(0.05):
            for process in ray.processes("ray::_carry_out"):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
                is_done.wait(1.0)

    with open_beside(tmp_path / "library", ray.address) as other:
        other.connect_workers()
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            assert told(other.add(files, passwords=["key"])) == outcomes
        finally:
            is_done.set()
            killer.join()
        assert killed
        assert_same(other, library)


def test_scanned_pages_are_read_on_workers(ray: LocalRay, held: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tmp_path / "files"
    files.mkdir()
    scan(files / "scan.pdf", *range(1, 13), OWN, 13, 28, 14)  # 28 ends the process that reads it
    with open_beside(tmp_path / "alone", None, ocr=True) as library, open_beside(tmp_path / "library", ray.address, ocr=True) as other:
        assert told(other.add(files)) == told(library.add(files))
        assert other.document("scan.pdf").ocr_failed == (15,)
        assert_same(other, library)
        id_ = other.document("scan.pdf").id
        kept = [sorted(file.name for file in (each.folder / "ocr" / id_).iterdir()) for each in (library, other)]
        assert kept[0] == kept[1]
        assert len(kept[0]) == 14


def test_a_worker_with_another_version_is_an_error(ray: LocalRay, held: None) -> None:
    order = Order.of(Settings(**WORDS), WORDS["embedding_model"], BagOfWordsEmbedder())
    workers = Workers(RayCluster.shared(ray.address))
    with pytest.raises(EmbeddingError, match=r"The Ray worker on \S+ has another version or model: Footnote .*plugin:.*Install the same"):
        workers.connect(order)
    workers.close()


def test_closing_the_library_ends_adding(ray: LocalRay, held: None, alone: Alone, tmp_path: Path) -> None:
    files, _, _ = alone
    with open_beside(tmp_path / "library", ray.address, embedding_model="plugin:tests.fakes:NamedWords?slow") as other:
        ended: list[type[BaseException] | None] = []

        def add() -> None:
            try:
                other.add(files)
            except RagError as error:
                ended.append(type(error))

        adding = threading.Thread(target=add)
        adding.start()
        while not other.documents():
            time.sleep(0.05)
        begun = time.monotonic()
        other.close()
        adding.join(20)
        assert not adding.is_alive()
        assert time.monotonic() < begun + 15
        assert ended == [LibraryClosedError]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ray://127.0.0.1:9", r"The Ray cluster at ray://127\.0\.0\.1:9 cannot be used: Connection refused\. Start the cluster"),
        ("auto", r"RAG_RAY_ADDRESS: 'auto' is not the address of a Ray cluster\. Write ray://HOST:10001"),
    ],
)
def test_a_cluster_that_does_not_answer_is_an_error_at_the_start(address: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill closes at noon.")
    with pytest.raises(SettingsError, match=told), open_beside(tmp_path / "library", address) as library:
        library.add(tmp_path / "a.txt")


def test_without_the_setting_ray_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill closes at noon.")
    run = "import sys, rag; library = rag.Library.open(sys.argv[1]); assert library.add(sys.argv[2]).all_searchable; library.close()"
    run += "; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", run, str(tmp_path / "library"), str(tmp_path / "a.txt")], cwd=ROOT, check=True)


def test_a_cluster_that_goes_away_leaves_the_work_to_this_machine(
    ray: LocalRay, alone: Alone, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The last test: the cluster is gone after it."""
    files, library, outcomes = alone
    with open_beside(tmp_path / "library", ray.address) as other, caplog.at_level(logging.WARNING):
        is_killed = False

        def kill(progress: Progress) -> None:
            nonlocal is_killed
            if not is_killed and progress.file > 20:
                is_killed = True
                ray.kill()

        assert told(other.add(files, passwords=["key"], progress=kill)) == outcomes
        assert_same(other, library)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warning.startswith("The Ray cluster is away (")
