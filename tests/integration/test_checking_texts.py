"""Texts as they come: empty, huge, marked up, in any script, with footnotes of their own; and libraries with nothing to say."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag import Answer, Library, Settings, TextTooLongError
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from ui.http.api.answers import add_problems
from ui.http.api.asking import asking_api
from ui.limits import MOST_SENTENCES

NOON = "Small boats pass the lock at noon."
WINTER = "The lock is closed in winter."
NOTHING = "no sentence that states something"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "boats.txt").write_text(f"{NOON} {WINTER}")
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(folder / "boats.txt").all_searchable
    return folder / "library"


@pytest.fixture
def library(open_library: OpenLibrary, folder: Path) -> Library:
    return open_library(str(folder))


def said(checked: Answer) -> list[tuple[str, str]]:
    """The sentences without the footnotes of the check, and their verdicts."""
    return [(checked.text[each.start : each.end].replace("[1]", ""), each.verdict) for each in checked.sentences]


@pytest.mark.parametrize(
    "text",
    [
        *("", " \n\t ", "\x00\x00 \ufeff", "# One two three four\n\n## And five six", "```\nx = 1 and this is code\n```", "| a | b |"),
        *("https://example.com/a?b=c d e", "$$ a = b + c $$", "\\[ a = b + c \\]", "😀 😀 😀 😀", "Why does it close so early?"),
    ],
)
def test_a_text_without_sentences_says_so(library: Library, text: str) -> None:
    checked = library.check(text)
    assert (checked.sentences, checked.support, checked.finish) == ((), None, "complete")
    assert NOTHING in checked.notice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NOON} [7] {WINTER[:-1]} [2].[^3] {NOON}【4】", [(NOON, "supported"), (WINTER, "supported"), (NOON, "supported")]),
        (f"Small\x00 boats pass the lock\x00 at noon.\x00 \ufeff{WINTER}", [(NOON, "supported"), (WINTER, "supported")]),
        (f"{NOON}\r\n{WINTER}\r\n", [(NOON, "supported"), (WINTER, "supported")]),
        ("| what | when |\n|---|---|\n| small boats | at noon |\n\n# Heading of four words", [("| small boats | at noon", "supported")]),
        (f"<p class='x'>{NOON}</p><ul><li>{WINTER}</li></ul>", [(f"{NOON}", "supported"), (f"{WINTER}", "supported")]),
        ("เรือลำเล็กผ่านประตูน้ำตอนเที่ยง", [("เรือลำเล็กผ่านประตูน้ำตอนเที่ยง", "unsupported")]),
        ("ትናንሽ ጀልባዎች በእኩለ ቀን ያልፋሉ።", [("ትናንሽ ጀልባዎች በእኩለ ቀን ያልፋሉ።", "unsupported")]),
    ],
)  # fmt: skip
def test_each_sentence_of_any_text_is_judged(library: Library, text: str, expected: list[tuple[str, str]]) -> None:
    checked = library.check(text)
    assert said(checked) == expected
    assert checked.notice == ""


def test_another_s_reference_is_what_is_not_in_the_source(library: Library) -> None:
    checked = library.check("Small boats pass the lock at noon (Smith 2020).")
    (sentence,) = checked.sentences
    gaps = {checked.text[gap.start : gap.end] for gap in sentence.gaps}
    assert sentence.verdict == "unsupported"
    assert {"2020"} <= gaps <= {"2020", "Smith", "Smith 2020"}


def test_too_long_a_text_is_refused_and_too_long_a_sentence_is_not_compared(library: Library) -> None:
    with pytest.raises(TextTooLongError, match="10,000,000 characters; the limit is 1,000,000"):
        library.check("Boats go. " * 1_000_000)
    checked = library.check("word " * 1_000 + f"\n\n{NOON}")
    assert [verdict for _, verdict in said(checked)] == ["unsupported", "supported"]
    assert "more than 4,000 characters was not compared" in checked.notice


def test_a_library_with_nothing_to_say_says_so(open_library: OpenLibrary, tmp_path: Path) -> None:
    empty = open_library("empty").check(NOON)
    assert (said(empty), empty.support) == ([(NOON, "unsupported")], 0.0)
    assert "no documents yet" in empty.notice
    (tmp_path / "boats.txt").write_text(f"{NOON} {WINTER}")
    indexing = open_library("indexing")
    indexing.add(tmp_path / "boats.txt", wait=False)
    early = indexing.check(NOON)
    assert said(early) == [(NOON, "supported")]
    assert "1 document is still being indexed" in early.notice


def test_the_routes_limit_what_is_checked_in_one_reply(library: Library) -> None:
    app = FastAPI()
    add_problems(app)
    app.include_router(asking_api(library))
    client = TestClient(app)
    long = " ".join([NOON] * (MOST_SENTENCES + 1))
    refused = client.post("/check", json={"text": long})
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert "301 sentences; 300 can be checked in one reply" in refused.json()["detail"]
    assert refused.json()["type"] == "urn:footnote:TextTooLongError"
    assert client.post("/check", json={"text": "a " * 600_000}).status_code == 413
    given = client.post("/check", json={"text": f"{NOON} {WINTER} Boats pay 9 euros."}).json()
    assert given["support"] == pytest.approx(2 / 3)
    assert "progress" in client.post("/check", json={"text": NOON}, headers={"Accept": "text/event-stream"}).text


def test_no_words_of_a_row_are_marked_for_those_of_its_heading(library: Library) -> None:
    checked = library.check("| Pass | Season |\n|---|---|\n| The lock is closed | summer |")
    (row,) = checked.sentences

    assert row.verdict != "supported"
    assert [checked.text[gap.start : gap.end] for gap in row.gaps] in ([], ["summer"])
