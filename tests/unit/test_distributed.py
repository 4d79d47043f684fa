"""What is handed to workers, in which bounds, and what becomes of it where they fail: with a cluster that is a thread."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import EmbeddingError, LibraryClosedError, Settings, SettingsError, UnreadableFileError
from rag.distributed.embedding import TEXTS_A_TASK, EmbeddingAhead
from rag.distributed.order import Order
from rag.distributed.reading import FileReading
from rag.distributed.tasks import carry_out, parts_for
from rag.distributed.workers import LEAST_AT_ONCE, Workers
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.plugin import load_plugin
from rag.ingesting.staging import ReadFile, Source

MODEL = "plugin:tests.fakes:NamedWords?x"
Spoil = Callable[[str, int], BaseException | None]


class Threads:
    """A cluster of two cores in this process; `spoil` names the error of a task by its name and number, `begun` lists the tasks."""

    def __init__(self, spoil: Spoil = lambda _, __: None) -> None:
        self.cores = 2
        self.begun: list[tuple[str, Any]] = []
        self.is_there = True
        self._spoil = spoil
        self._threads = ThreadPoolExecutor(2)

    def connect(self) -> None:
        if not self.is_there:
            raise SettingsError("The Ray cluster cannot be used.")

    def submit(self, task: str, order: Order, content: Any, *args: Any) -> Future[Any]:
        error = self._spoil(task, sum(name == task for name, _ in self.begun))
        self.begun.append((task, content))

        def work() -> Any:
            if error:
                raise error
            if isinstance(made := carry_out(task, order, content, *args), Exception):
                raise made  # as Ray's client has it
            return made

        return self._threads.submit(work)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


@pytest.fixture(scope="module", autouse=True)
def no_reader_is_left() -> Iterator[None]:
    """The process that reads files ends with the parts of this worker."""
    yield
    parts_for.cache_clear()


@pytest.fixture
def embedder() -> CheckedEmbedder:
    return CheckedEmbedder(load_plugin(MODEL.removeprefix("plugin:")))


@pytest.fixture
def order(embedder: CheckedEmbedder) -> Order:
    return Order.of(Settings(), MODEL, embedder)


@pytest.fixture
def files(tmp_path: Path) -> list[Source]:
    paths = [tmp_path / f"{number}.txt" for number in range(20)]
    for path in paths:
        path.write_text(f"The keeper of lighthouse {path.stem} counts boats.")
    return [Source(path, path.name, (str(path),)) for path in paths]


def id_of(source: Source) -> str:
    return hashlib.sha256(source.path.read_bytes()).hexdigest()


def text_of(read: ReadFile | None) -> str:
    assert read
    return "".join(chunk.text for chunk in read.chunks)


def test_files_are_read_ahead_within_bounds_and_given_in_order(files: list[Source], order: Order) -> None:
    cluster = Threads()
    ahead = FileReading(Workers(cluster), lambda: order, lambda _: True).begin(files, ())
    for number, source in enumerate(files):
        assert text_of(ahead(source, id_of(source))) == source.path.read_text()
        read = sum(task == "read" for task, _ in cluster.begun)
        assert number < read <= number + LEAST_AT_ONCE
    assert read == len(files)
    cluster.close()


def test_what_need_not_be_read_is_not_sent(files: list[Source], order: Order) -> None:
    known = {id_of(source) for source in files[5:15]}
    files[3].path.write_bytes(files[2].path.read_bytes())  # the same content twice
    files[4].path.unlink()
    cluster = Threads()
    ahead = FileReading(Workers(cluster), lambda: order, lambda id_: id_ not in known).begin(files, ())
    for source in [*files[:3], *files[15:]]:
        assert text_of(ahead(source, id_of(source))) == source.path.read_text()
    assert len([task for task, _ in cluster.begun if task == "read"]) == 8
    cluster.close()


def test_a_file_that_changed_after_it_was_sent_is_read_here(files: list[Source], order: Order) -> None:
    cluster = Threads()
    ahead = FileReading(Workers(cluster), lambda: order, lambda _: True).begin(files, ())
    assert ahead(files[0], id_of(files[0]))
    files[1].path.write_text("It has changed.")
    assert ahead(files[1], id_of(files[1])) is None
    assert ahead(files[2], id_of(files[2]))
    cluster.close()


def test_an_unreadable_file_costs_itself_alone(files: list[Source], order: Order) -> None:
    files[1].path.write_bytes(b"%PDF-1.7 and no more")
    cluster = Threads()
    ahead = FileReading(Workers(cluster), lambda: order, lambda _: True).begin(files, ())
    assert ahead(files[0], id_of(files[0]))
    with pytest.raises(UnreadableFileError, match=r"1\.txt is damaged"):
        ahead(files[1], id_of(files[1]))
    assert ahead(files[2], id_of(files[2]))
    cluster.close()


def test_what_workers_fail_at_is_done_here(files: list[Source], order: Order, caplog: pytest.LogCaptureFixture) -> None:
    cluster = Threads(lambda task, number: RuntimeError("The worker died.") if (task, number) == ("read", 1) else None)
    ahead = FileReading(Workers(cluster), lambda: order, lambda _: True).begin(files, ())
    assert [ahead(source, id_of(source)) is None for source in files[:4]] == [False, True, False, False]
    assert [record.getMessage() for record in caplog.records] == ["1.txt is done here: its Ray workers failed (The worker died)."]
    cluster.close()


def test_a_cluster_that_went_away_is_told_once_and_left_alone(files: list[Source], order: Order, caplog: pytest.LogCaptureFixture) -> None:
    cluster = Threads(lambda task, number: ConnectionError("Gone.") if task == "read" and number > 1 else None)
    ahead = FileReading(Workers(cluster), lambda: order, lambda _: True).begin(files, ())
    assert [ahead(source, id_of(source)) is None for source in files[:10]] == [False, False, *[True] * 8]
    assert [record.getMessage() for record in caplog.records] == [
        "The Ray cluster is away (Gone). This machine works alone, and tries again after 60 s."
    ]
    assert len(cluster.begun) < 10
    cluster.close()


def test_a_cluster_that_was_never_there_is_an_error(files: list[Source], order: Order) -> None:
    cluster = Threads()
    cluster.is_there = False
    ahead = FileReading(Workers(cluster), lambda: order, lambda _: True).begin(files, ())
    with pytest.raises(SettingsError, match=r"The Ray cluster cannot be used\."):
        ahead(files[0], id_of(files[0]))
    cluster.close()


def test_texts_are_embedded_ahead_each_once(order: Order, embedder: CheckedEmbedder) -> None:
    texts = [f"Text {number} of many." for number in range(5 * TEXTS_A_TASK + 3)]
    cluster = Threads()
    ahead = EmbeddingAhead(Workers(cluster), lambda: order, embedder)
    rows = [ahead(texts[first : first + 10], texts[first + 10 : first + 10 + ahead.texts_ahead]) for first in range(0, len(texts), 10)]
    np.testing.assert_array_equal(np.concatenate(rows), embedder.embed_documents(texts))
    sent = [text for task, content in cluster.begun if task == "embed" for text in content]
    assert sorted(sent) == sorted(texts)
    cluster.close()


def test_texts_that_workers_fail_at_are_embedded_here(order: Order, embedder: CheckedEmbedder, caplog: pytest.LogCaptureFixture) -> None:
    cluster = Threads(lambda task, number: RuntimeError("The worker died.") if task == "embed" and number % 2 else None)
    texts = [f"Text {number} of many." for number in range(4 * TEXTS_A_TASK)]
    rows = EmbeddingAhead(Workers(cluster), lambda: order, embedder)(texts, [])
    np.testing.assert_array_equal(rows, embedder.embed_documents(texts))
    assert len(caplog.records) == 2
    cluster.close()


def test_another_model_on_a_worker_is_an_error(order: Order, embedder: CheckedEmbedder) -> None:
    other = Order(order.settings, order.installation.replace("NamedWords?x", "NamedWords?y"))
    cluster = Threads()
    with pytest.raises(EmbeddingError, match=r"The Ray worker on \S+ has another version or model: .*\?x.* has .*\?y.*"):
        EmbeddingAhead(Workers(cluster), lambda: other, embedder)(["A text."], [])
    cluster.close()


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Set, it lets go."""
    event = threading.Event()
    yield event
    event.set()


def test_who_waits_for_a_worker_is_woken_by_closing(held: threading.Event) -> None:
    with ThreadPoolExecutor(1) as threads:
        workers = Workers(Threads())
        threading.Timer(0.2, workers.close).start()
        with pytest.raises(LibraryClosedError):
            workers.result(threads.submit(held.wait), "a.txt")
        held.set()


def test_who_waits_long_is_told(held: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("rag.distributed.workers.SECONDS_UNTIL_TOLD", 0.1)
    with ThreadPoolExecutor(1) as threads, caplog.at_level(logging.WARNING):
        threading.Timer(1.2, held.set).start()
        assert Workers(Threads()).result(threads.submit(held.wait), "a.txt")
    assert [record.getMessage() for record in caplog.records] == ["a.txt has waited for 0.1 s for a Ray worker. Are there enough?"]
