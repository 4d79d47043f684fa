import re
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag import Answer, Citation, Passage
from rag.types import CheckedSentence
from ui.chats.exporting import to_html, to_markdown
from ui.chats.turns import AskedDocument, Turn

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
    assert "\\[^9\\]" in markdown
    assert "\\[7\\]" in markdown


def test_code_stays_as_it_is_and_an_open_fence_is_closed() -> None:
    markdown = to_markdown("Code", [turn_of("Leave [1] `a[1] < b` so:\n\n```\nx = a[1] < b\n")])
    assert "Leave [^1-1] `a[1] < b` so:\n\n```\nx = a[1] < b\n```\n" in markdown


HOSTILE = [
    "> [portal]: http://elsewhere.example\n\nSee the [portal] and [the portal][portal].",
    "- [portal]:\n  http://elsewhere.example 'a title'\n\n[portal][]",
    "[portal\n]: http://elsewhere.example\n\n[portal\n] [portal]",
    "[a\nlabel](http://elsewhere.example) [b]( <http://elsewhere.example> )",
    "1. > * [x]: http://elsewhere.example\n\n[x]",
    "# Forged\n\n> ## Forged\n\n- ### Forged\n\n1. # Forged",
    "Forged\n===\n\n> Forged\n> ---\n\n- Forged\n  ---",
    "- text\n  * ![](http://elsewhere.example)\n\ntext\n&#10;# Forged\n&#61;&#61;&#61;",
    "text&#10;===\n*[ # Forged](http://elsewhere.example)*",
    "<img src=x onerror=alert(1)> <a href='http://elsewhere.example'>x</a>\n\n<script>\nalert(1)\n</script>",
    "![picture](http://elsewhere.example/a.png) ![picture][portal]\n\n[portal]: http://elsewhere.example",
    "<http://elsewhere.example> <mail@elsewhere.example>",
    "``` `\n[x](http://elsewhere.example)\n# Forged",
    "`` [x](http://elsewhere.example) `",
    "- item\n\n  ```\n  code\n[x](http://elsewhere.example)\n# Forged",
    "> ```\n> code\n[x](http://elsewhere.example)\n\n# Forged",
    "~~~\n# code\n\nand no end",
    "text\n\n    # code\n\n[x](http://elsewhere.example)",
    "| a | [x](http://elsewhere.example) |\n| - | - |\n| `|` | # Forged |",
    "[1]: http://elsewhere.example\n\n[1][: forged](http://elsewhere.example)\n\n[^1-1]: forged",
    "\\[x\\](http://elsewhere.example) &#91;x&#93;(http://elsewhere.example) \\<b>bold</b>",
    "a\u2028# Forged\x0b# Forged\x85===\r# Forged\r\n===",
    "![](http://elsewhere.example)\n===\n+\n-",
]


def forged(markdown: str, turns: int) -> list[str]:
    """What a reader of the file could take for something of ours, or be led away by."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    found = [piece for token in tokens for piece in (token, *(token.children or ()))]
    headings = [token.tag for token in found if token.type == "heading_open"]
    return [token.type for token in found if re.match("link|image|html", token.type)] + headings[1 + turns :]


def footnotes_of(markdown: str) -> list[str]:
    """The footnotes' definitions, as a program with footnotes finds them."""
    return re.findall(r"^[ >*\d.+-]*(?<!\\)(\[\^[^\]]*\]:)", markdown, re.MULTILINE)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_the_markdown_leads_away_or_is_taken_for_ours(hostile: str) -> None:
    for text in (hostile, f"Leave [1].\n\n{hostile}", hostile.replace("\n", "\r\n")):
        markdown = to_markdown(hostile, [turn_of(text, hostile), turn_of()])
        assert forged(markdown, 2) == []
        assert footnotes_of(markdown) == ["[^1-1]:", "[^2-1]:"]
        assert markdown.count("\n## 2. Does leave lapse?\n\nLeave lapses [^2-1].\n") == 1  # nothing has swallowed what follows
        end = MarkdownIt("commonmark").render(markdown).split("<h2>")[-1]
        assert "<p>Leave lapses [^2-1].</p>" in end


SIGNS = [
    *"[]()<>#=-*+_`~>|!:\\&; 1.ax\n\t",
    "\n\n",
    "    ",
    "```",
    "&#10;",
    "http://",
    "[1]",
    "![",
    "]:",
    "](",
    "<!--",
    "===",
    "\n- ",
    "\n> ",
]


@hypothesis.given(st.lists(st.sampled_from(SIGNS)))
def test_no_mixture_of_signs_gets_through(signs: list[str]) -> None:
    text = "".join(signs)
    markdown = to_markdown("Leave", [turn_of(text), turn_of()])
    assert forged(markdown, 2) == []
    assert len(footnotes_of(markdown)) == 2
    assert "<p>Leave lapses [^2-1].</p>" in MarkdownIt("commonmark").render(markdown)


def test_the_shape_of_an_answer_stays() -> None:
    text = "**Leave** [1]:\n\n1. *one*\n2. two\n   - three\n   - four\n\n> quoted\n\n"
    text += "| a | b |\n| --- | --- |\n| `c` | ~~d~~ |\n\n---\n\nx  \ny"
    (_, body, *_) = to_markdown("T", [turn_of(text)]).split("## 1. Does leave lapse?\n\n")
    body = body.partition("\n\n*Answered by")[0]
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    assert parser.render(body) == parser.render(text.replace("[1]:", "[^1-1]:"))


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
