"""The tab Check, without a browser."""

from pathlib import Path

import pytest

from rag.library import Library
from tests.conftest import OpenLibrary
from tests.page_events import drive, event
from ui.web.checking import LONGEST_PIECE, CheckHandlers, pieces_of, sentences_of


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    (tmp_path / "boats.txt").write_text("Small boats pass the lock at noon. The lock is closed in winter.")
    library = open_library()
    library.add(tmp_path / "boats.txt")
    return library


DRAFT = """# The lock

Small boats pass the lock at noon [7]. **Small boats** pay 900 euros.

Who says so? Elephants dislike porcelain cupboards.
"""


def test_each_sentence_has_its_verdict_and_words_to_open(library: Library) -> None:
    checked = sentences_of(library.check(DRAFT))
    lacking = '<span class="fn-gap" title="not in the source"><span class="fn-hidden">[not in the source:] </span>900</span>'
    assert [(each.words, each.verdict) for each in checked] == [
        ("The lock", None),
        ("Small boats pass the lock at noon.", "supported"),
        (f"Small boats pay {lacking} euros.", "unsupported"),
        ("Who says so?", None),
        ("Elephants dislike porcelain cupboards.", "unsupported"),
    ]
    (citation,) = checked[1].citations
    first, *_, last = drive(CheckHandlers(library).check(event(text=DRAFT)))
    assert ('role="progressbar"' in first[0], first[1]) == (True, "")
    assert "1 of 3 sentences supported" in last[0]
    assert f'data-place="{citation.passage.document_id}:1:{citation.quote_start}:{citation.quote_end}"' in last[1]
    assert ("[1]" in last[1], "boats.txt" in last[1], lacking in last[1]) == (False, True, True)
    assert "not in the source: “900”" in last[1]


def test_a_file_is_checked_without_being_added_and_one_that_cannot_be_read_says_why(library: Library, tmp_path: Path) -> None:
    (tmp_path / "draft.md").write_text(DRAFT)
    assert "1 of 3 sentences supported" in drive(CheckHandlers(library).check_file(str(tmp_path / "draft.md")))[-1][0]
    assert [record.name for record in library.documents()] == ["boats.txt"]
    (tmp_path / "draft.exe").write_bytes(b"MZ\x90\x00" + bytes(99))
    assert 'role="alert"' in drive(CheckHandlers(library).check_file(str(tmp_path / "draft.exe")))[-1][0]


@pytest.mark.parametrize(("given", "said"), [("Why?", "no sentence that states something"), ("x" * 1_000_001, "the limit is 1,000,000")])
def test_what_cannot_be_checked_says_so(library: Library, given: str, said: str) -> None:
    assert said in drive(CheckHandlers(library).check(event(text=given)))[-1][0]


def test_a_library_without_documents_says_so(open_library: OpenLibrary) -> None:
    assert "no documents yet" in drive(CheckHandlers(open_library("empty")).check(event(text=DRAFT)))[-1][0]


def test_what_others_wrote_is_words_and_nothing_else(library: Library) -> None:
    shown = drive(CheckHandlers(library).check(event(text="<script>alert(1)</script> is what the small boats say at noon.")))[-1][1]
    assert ("<script" in shown, "&lt;script" in shown) == (False, True)


def test_pieces_hold_whole_paragraphs_and_blocks_and_lose_nothing() -> None:
    table = "| berth | fee |\n|---|---|\n" + "| a | 1 |\n" * 400
    code = "```\n" + "x = 1\n\n" * 300 + "```"
    long = "The quay is long. " * 800
    pieces = list(pieces_of("\n\n".join(["First.", table, "Second. " * 60, code, long, "Last."])))
    assert "".join("".join(pieces).split()) == "".join(("First." + table + "Second. " * 60 + code + long + "Last.").split())
    assert any(table.strip() in piece for piece in pieces)
    assert any(code in piece for piece in pieces)
    assert max(len(piece) for piece in pieces if "|" not in piece and "`" not in piece) < LONGEST_PIECE + 200
    assert list(pieces_of(" \n\n ")) == []
