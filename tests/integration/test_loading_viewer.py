"""Pages that take long to draw cost themselves and nobody else."""

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import TooManyRequestsError, UnreadableFileError
from rag.formats.pdf import PDF
from rag.formats.protocol import FileToOpen
from rag.formats.viewer import MOST_WAITING_FOR_A_DOCUMENT, Viewer
from tests import documents

DRAW_SECONDS = 1.0
TOO_LONG = r"Page 1 of slow\.pdf could not be drawn: it took longer than 1 s"


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    with closing(Viewer(draw_seconds=DRAW_SECONDS)) as viewer:
        yield viewer


@pytest.fixture
def slow(tmp_path: Path) -> FileToOpen:
    return save(tmp_path / "slow.pdf", documents.slow_pdf("Behind the glass", "In the open"))


@pytest.fixture
def quick(tmp_path: Path) -> FileToOpen:
    return save(tmp_path / "quick.pdf", documents.plain_pdf("In the open"))


def save(path: Path, data: bytes) -> FileToOpen:
    path.write_bytes(data)
    return FileToOpen(path, path.name, PDF)


def test_a_page_that_takes_long_to_draw_is_given_up_and_its_words_are_there(viewer: Viewer, slow: FileToOpen) -> None:
    with pytest.raises(UnreadableFileError, match=TOO_LONG):
        viewer.render(slow, 1).result(20)
    view = viewer.look(slow, 1, 0, 6).result(20)
    assert (view.text, len(view.marks)) == ("Behind the glass", 1)
    again = viewer.render(slow, 1, scale=3)
    assert again.done()  # not tried again
    with pytest.raises(UnreadableFileError, match=TOO_LONG):
        again.result()
    assert viewer.render(slow, 2).result(20).startswith(b"\x89PNG")


def test_another_document_is_drawn_and_looked_at_meanwhile(viewer: Viewer, slow: FileToOpen, quick: FileToOpen) -> None:
    waiting = [viewer.render(slow, 1, scale=scale) for scale in (2, 3, 4)]
    assert viewer.render(quick, 1).result(20).startswith(b"\x89PNG")
    assert viewer.look(quick, 1).result(20).text == "In the open"
    for future in waiting:
        with pytest.raises(UnreadableFileError, match=TOO_LONG):
            future.result(20)


def test_one_picture_is_drawn_once_for_all_who_ask(viewer: Viewer, slow: FileToOpen) -> None:
    begin = time.monotonic()
    asked = [viewer.render(slow, 1) for _ in range(60)]
    assert not wait(asked, 20).not_done
    assert time.monotonic() - begin < 20 * DRAW_SECONDS
    assert {str(future.exception()) for future in asked} == {"Page 1 of slow.pdf could not be drawn: it took longer than 1 s."}


def test_only_so_many_pictures_may_wait(viewer: Viewer, slow: FileToOpen, quick: FileToOpen) -> None:
    asked: list[Future[bytes]] = []
    with pytest.raises(TooManyRequestsError, match="Try again in a few seconds"):
        asked.extend(viewer.render(slow, 1, scale=2 + step / 100) for step in range(MOST_WAITING_FOR_A_DOCUMENT + 2))
    assert viewer.render(quick, 1).result(20).startswith(b"\x89PNG")
    viewer.close()
    for future in asked:
        with pytest.raises(UnreadableFileError, match=r"closed|longer"):
            future.result(20)


def test_what_nobody_waits_for_any_more_is_not_drawn(viewer: Viewer, slow: FileToOpen) -> None:
    running = viewer.render(slow, 1, scale=2)
    given_up = [viewer.render(slow, 1, scale=1 + step / 100) for step in range(15)]  # less work than the one that fails: not refused
    wanted = viewer.render(slow, 2)
    begin = time.monotonic()
    assert all(future.cancel() for future in given_up)
    assert wanted.result(30).startswith(b"\x89PNG")
    assert time.monotonic() - begin < 10 * DRAW_SECONDS
    with pytest.raises(UnreadableFileError, match=TOO_LONG):
        running.result(1)
    with pytest.raises(CancelledError):
        given_up[0].result(1)


def test_closing_ends_a_drawing_at_once(tmp_path: Path, slow: FileToOpen) -> None:
    viewer = Viewer(draw_seconds=60)
    viewer.render(slow, 2).result(60)  # the process is there
    running, waiting = viewer.render(slow, 1), viewer.render(slow, 1, scale=3)
    begin = time.monotonic()
    viewer.close()
    for future in (running, waiting):
        with pytest.raises(UnreadableFileError, match="the program is being closed"):
            future.result(5)
    assert time.monotonic() - begin < 5
