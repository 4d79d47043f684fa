import re
from dataclasses import replace

from markdown_it import MarkdownIt

from rag import Answer, Citation, Passage
from rag.types import CheckedSentence
from ui.web.conversations import AskedDocument, Turn
from ui.web.exporting import to_html, to_markdown

PASSAGE = Passage(1, 0.9, 0.9, "hand_book.pdf", "d" * 64, 6, "iv", 0, 20, "Leave | may *lapse*.", heading="Leave > Lapse")
LINE = "Leave lapses [1]."


def turn_of(text: str = LINE, question: str = "Does leave lapse?") -> Turn:
    citation = replace(Citation.of_words(1, PASSAGE, position=text.find("[1]")), verdict="supported", sentence="Leave lapses.")
    sentences = (CheckedSentence(0, len(LINE), "supported", (0,)),)
    return Turn(
        "a", question, Answer(question, text, (citation,), (PASSAGE,), "stand-in", "complete", "", 0.1, sentences=sentences), "done"
    )


def test_markdown_has_a_footnote_for_each_number_with_its_place_words_and_verdict() -> None:
    markdown = to_markdown("Leave", [turn_of(), turn_of()])
    assert markdown.startswith("# Leave\n\n## 1. Does leave lapse?\n\nLeave lapses [^1-1].\n\n*Answered by stand-in*\n\n[^1-1]: ")
    assert "Leave lapses [^2-1]." in markdown
    assert "[^2-1]: hand\\_book.pdf, page 6 (printed iv) · Leave \\> Lapse: “Leave \\| may \\*lapse\\*.” (supported)" in markdown


def test_markdown_cannot_be_misled_by_what_was_written() -> None:
    hostile = (
        "Leave [1] <img src=x> ![a](http://elsewhere.example/b.png) [out](http://elsewhere.example) [^9] [7]\n[x]: http://elsewhere.example"
    )
    markdown = to_markdown("# A\n# B", [turn_of(hostile, "<b>Why</b>\n# Taken over")])
    html = MarkdownIt("commonmark").render(markdown)
    assert not re.search(r"<(img|a|b|script)\b", html)
    assert html.count("<h1>") == 1
    assert "\\[^9]" in markdown
    assert "[7]" in markdown


def test_code_stays_as_it_is_and_an_open_fence_is_closed() -> None:
    markdown = to_markdown("Code", [turn_of("Leave [1] `a[1] < b` so:\n```\nx = a[1] < b\n")])
    assert "Leave [^1-1] `a[1] < b` so:\n```\nx = a[1] < b\n```\n" in markdown


def test_html_needs_nothing_else_and_runs_nothing() -> None:
    hostile = "Leave [1]. <script>alert(1)</script> ![a](http://elsewhere.example/b.png) **bold**"
    html = to_html("<i>Title</i>", [turn_of(hostile, "<script>alert(2)</script>")])
    assert not re.search(r"<(script|img|i)\b|\bsrc=|href=\"(?!#)", html)
    assert "<strong>bold</strong>" in html
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in html
    assert '<sup><a href="#note-1-1">1</a></sup>' in html
    assert 'id="note-1-1"' in html
    assert "hand_book.pdf, page 6 (printed iv)" in html
    assert '<span class="supported">supported</span>' in html


def test_what_was_not_supported_not_checked_asked_of_some_stopped_and_failed_is_told() -> None:
    whole = turn_of()
    assert whole.answer
    doubted = replace(whole, answer=replace(whole.answer, sentences=(CheckedSentence(0, len(LINE), "unsupported", (0,)),)))
    unchecked = replace(whole, answer=replace(whole.answer, citations=(Citation.of_words(1, PASSAGE, position=13),), sentences=()))
    some = replace(whole, documents=(AskedDocument("d" * 64, "hand_book.pdf"),), state="stopped")
    failed = Turn("b", "Why?", state="failed", problem="The model is gone.")
    html = to_html("All", [doubted, unchecked, some, failed])
    assert "(not supported by its source)" in html
    assert html.count('<span class="supported">') == 2
    assert "Asked about hand_book.pdf only" in html
    assert "Stopped." in html
    markdown = to_markdown("All", [unchecked, some, failed])
    assert "lapse\\*.”\n" in markdown
    assert "*Asked about hand\\_book.pdf only*" in markdown
    assert "*No answer. The model is gone.*" in markdown
