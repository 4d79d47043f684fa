"""Work on the page that takes a while: a bar while it lasts, and no work for somebody who has left."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from ui.web.exploring.compare import CompareHandlers
from ui.web.exploring.figures import Figures
from ui.web.exploring.view import Tools, in_background


def test_progress_is_seen_and_the_result_or_the_error_comes() -> None:
    def work(tell: Callable[[float], None]) -> str:
        tell(0.25)
        time.sleep(0.5)
        return "done"

    def shown() -> Iterator[float | str]:
        yield (yield from in_background(work, float))

    *shares, result = shown()
    assert 0.25 in shares
    assert result == "done"

    def fail(tell: Callable[[float], None]) -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError):
        next(in_background(fail, float))


def test_who_leaves_stops_the_work_at_its_next_word() -> None:
    left, ended, steps = threading.Event(), threading.Event(), []

    def work(tell: Callable[[float], None]) -> None:
        try:
            for step in range(3):
                left.wait(10) if step else time.sleep(0.5)
                tell(step / 3)
                steps.append(step)
        finally:
            ended.set()

    shares = in_background(work, float)
    next(shares)
    shares.close()  # as Gradio does when a tab is closed
    left.set()
    assert ended.wait(10)
    assert steps == []


def test_a_long_comparison_shows_a_bar_and_then_the_pairs(open_library: OpenLibrary) -> None:
    handlers = CompareHandlers(Tools(open_library(embedder=BagOfWordsEmbedder(seconds_a_batch=0.4)), Figures()))
    *bars, found = handlers.compare("texts", "\n".join(f"line {number}" for number in range(100)), None, "")
    assert len(bars) > 1
    assert all("fn-bar" in bar for bar in bars)
    assert "The heat map shows the first 60 of 100" in found
    assert "Showing the 20 most similar of 4,950 pairs." in found
    assert "fn-figure" in found


def test_shared_words_stand_beside_the_cosine(open_library: OpenLibrary) -> None:
    handlers = CompareHandlers(Tools(open_library(), Figures()))
    texts = "The doctors treated her.\nThe doctor treats him."
    shown = [list(handlers.compare("texts", texts, None, "", words))[-1] for words in ([], ["words"], ["stop_words", "stems"])]
    assert [">words</th>" in found for found in shown] == [False, True, True]
    assert ['<td class="fn-count">1.000</td>' in found for found in shown] == [False, False, True]


def test_a_long_list_is_only_set_beside_the_question(open_library: OpenLibrary) -> None:
    handlers = CompareHandlers(Tools(open_library(), Figures()))
    text = "\n".join(f"line {number}" for number in range(1_500))
    *_, found = handlers.compare("texts", text, None, "line 77")
    assert "fn-figure" not in found
    assert ">line 77<" in found
    *_, refused = handlers.compare("texts", text, None, "")
    assert "fn-trouble" in refused
    assert "a question to compare all of them with" in refused
