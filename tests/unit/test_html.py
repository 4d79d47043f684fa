"""Templates show whatever they are given as words."""

from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rag import Citation, DocumentRecord, Outcome, Passage, RemovedDocument
from rag.formats.pdf import PDF
from rag.formats.protocol import Rectangle
from rag.formats.text import TEXT
from rag.text.printable import printable
from rag.types import Verdict
from rag.watching.watcher import WatchedFolder
from ui import text
from ui.rendering.html import AROUND, Quote, quote, render
from ui.rendering.page_text import page_html
from ui.uploading.queue_folder import Job
from ui.web.listing import View, listed
from ui.web.source import Place, Sheet

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></p></article><h1>New</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "größe 日本 😀 \u202egpj.exe",
]

RECORD = DocumentRecord("d" * 64, "notes.pdf", "", "application/pdf", ("upload:notes.pdf",), 3, 7, (), ("i", "1", "2"), "2026-01-01", 9, "")


class Reader(HTMLParser):
    """Collects tags, attributes and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def cited(words: str, verdict: Verdict = "supported", sentence: str = "") -> Citation:
    passage = Passage(1, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 1000, 1000 + len(words), words, heading=words)
    return replace(Citation.of_words(1, passage), verdict=verdict, sentence=sentence)


def sheet(*marks: Rectangle) -> Sheet:
    return Sheet(f"documents/{RECORD.id}/pages/2.png", 0.5944, (595.0, 842.0), marks)


def source(**values: Any) -> str:
    place = Place(Quote("", "", ""), sheet())
    usual = {"record": RECORD, "page": 2, "kind": PDF, "citation": None, "quote": None, "place": place}
    return render("source.html", **{**usual, **values})


def everything(words: str) -> dict[str, str]:
    """Each template, with these words wherever words from outside can be."""
    record = replace(RECORD, name=words, labels=(words,) * 3, empty_pages=(2,))
    outcome = Outcome(words, words, "", "needs_password", 0, 0, words)
    job = Job("0a1b2c3d", path=None, name=words)  # type: ignore[arg-type]
    jobs = [job, replace(job, fraction=0.5), replace(job, outcome=outcome), replace(job, problem=words)]
    jobs += [replace(job, fraction=0.5, is_here=False, source=words)]
    watched = [WatchedFolder(Path("/d"), problem=words), WatchedFolder(Path("/d"), unread=((words, words),))]
    removed = [RemovedDocument("e" * 64, words, (), 0.0)]
    given: dict[str, Any] = {"jobs": jobs, "damaged": {record.id: words}, "watched": watched, "removed": removed}
    said, citation = Quote(words, words, words), cited(words, sentence=f"{words} or so")
    return {
        "documents": listing(records=[record], **given, left_behind=2, news=words, problem=words),
        "source": source(record=record, citation=citation, quote=said, place=Place(said, sheet((0.1, 0.2, 0.3, 0.4)), problem=words)),
        "text": source(
            record=replace(record, media_type="text/plain"), kind=TEXT, citation=citation, quote=said, place=Place(body=page_html(words))
        ),
        "no source": render("no_source.html", words=words, citation=citation, quote=said),
        "note": render("note.html", words=words),
        "head": render("head.html", line=words, state=words, is_ready=False),
        "settings": render("settings.html", rows={words: words}),
    }


@pytest.mark.parametrize("words", HOSTILE)
def test_words_from_outside_stay_words(words: str) -> None:
    harmless = everything("harmless")
    shown = printable(words)
    for template, html in everything(words).items():
        reader, usual = Reader(html), Reader(harmless[template])
        assert reader.tags == usual.tags, template
        assert [name for name, _ in reader.attributes] == [name for name, _ in usual.attributes], template
        assert reader.words == usual.words.replace("harmless", shown), template
        assert [value for _, value in reader.attributes] == [value.replace("harmless", shown) for _, value in usual.attributes], template


def test_no_template_runs_anything_in_place() -> None:
    for html in everything("harmless").values():
        reader = Reader(html)
        assert not {"script", "iframe", "style", "object"} & set(reader.tags)
        assert not [name for name, _ in reader.attributes if name.startswith("on")]
        assert all(value.startswith("documents/") for name, value in reader.attributes if name in {"href", "src"})


def test_a_page_is_shown_with_its_places_and_its_words() -> None:
    reader = Reader(source(place=Place(Quote("Before ", "the words", " after"), sheet((0.1, 0.25, 0.5, 0.26)))))
    assert ("src", f"documents/{RECORD.id}/pages/2.png?scale=0.594") in reader.attributes
    assert ("href", f"documents/{RECORD.id}/original#page=2") in reader.attributes
    assert ("style", "left:10.000%;top:25.000%;width:40.000%;height:1.000%") in reader.attributes
    assert "page 2 of 3, printed 1" in reader.words
    assert f"Before  {text.MARK_BEGINS} the words {text.MARK_ENDS}  after" in reader.words


def test_a_page_is_shown_with_the_headings_above_the_words_where_there_are_any() -> None:
    citation = cited("Leave > Carrying over")
    assert "Leave > Carrying over" in Reader(source(citation=citation, quote=quote(citation))).words
    assert ("class", "fn-heading") not in Reader(source()).attributes


@pytest.mark.parametrize("verdict", ["supported", "related", "unsupported"])
def test_the_verdict_stands_in_words_beside_the_sentence_it_is_on(verdict: Verdict) -> None:
    citation = cited("Ten days may be carried over.", verdict, "You may keep ten days.")
    reader = Reader(source(citation=citation, quote=quote(citation)))
    assert text.VERDICTS[verdict] in reader.words
    assert "You may keep ten days." in reader.words
    assert next(value for name, value in reader.attributes if name == "data-announcement").endswith(f"{text.VERDICTS[verdict]}.")


def test_there_is_no_verdict_where_nothing_was_checked() -> None:
    citation = cited("Ten days may be carried over.", "related")
    words = Reader(source(citation=citation, quote=quote(citation))).words
    assert not [verdict for verdict in text.VERDICTS.values() if verdict in words]


def test_a_page_without_a_picture_shows_its_words() -> None:
    reader = Reader(source(place=Place(body=page_html("Before the words after"), problem=text.NOT_DRAWN)))
    assert "img" not in reader.tags
    assert text.NOT_DRAWN in reader.words
    assert "Before the words after" in reader.words


def test_there_is_no_page_before_the_first_nor_after_the_last() -> None:
    assert [Reader(source(page=page)).attributes.count(("disabled", "")) for page in (1, 2, 3)] == [1, 0, 1]
    assert Reader(source(page=1, record=replace(RECORD, pages=1))).attributes.count(("disabled", "")) == 2


def test_a_text_file_has_no_pages_and_its_words_are_marked() -> None:
    body = page_html("Before the words after", marks=[(7, 16)])
    reader = Reader(source(record=replace(RECORD, media_type="text/plain"), kind=TEXT, page=1, place=Place(body=body)))
    assert "img" not in reader.tags
    assert "mark" in reader.tags
    assert "Before the words after" in reader.words


def listing(*, records: list[DocumentRecord], **values: Any) -> str:
    """The list of documents; what is not given is as in a library without anything."""
    nothing = {
        "jobs": [],
        "left_behind": 0,
        "news": "",
        "problem": "",
        "damaged": {},
        "is_erasing": False,
        "is_erased": False,
        "settled": "",
    }
    nothing["listed"] = listed(records, View())
    return render(
        "documents.html", **{**nothing, "watched": [], "removed": [], "offer_words": "", "ocr_cure": "", "most_listed": 2, **values}
    )


def test_documents_are_listed_with_what_ails_them() -> None:
    records = [RECORD, replace(RECORD, id="e" * 64, name="one.pdf", pages=1, empty_pages=(1, 2, 3, 5))]
    words = Reader(listing(records=records, damaged={RECORD.id: "cut"}, is_erasing=True)).words
    assert "3 pages" in words
    assert "1 page" in words
    assert "pages 1-3, 5" in words
    assert words.count("copy of this file is cut") == 1
    assert text.ERASING in words
    assert "No documents" in Reader(listing(records=[], is_erased=True)).words
    changed = datetime(2025, 3, 4, 12, 3).astimezone()
    unread = (("/docs/a.txt", "a.txt is empty."), ("/docs/b.txt", "b.txt is empty."), ("/docs/c.txt", "c.txt is empty."))
    folders = [WatchedFolder(Path("/docs"), 1200, 3, unread, changed), WatchedFolder(Path("/gone"), problem="/gone is not there.")]
    words = Reader(listing(records=[], watched=folders)).words
    assert "Watching docs: 1,200 files, 3 to read, 3 not read, last change 12:03" in words
    assert ("a.txt is empty." in words, "c.txt is empty." in words, "/gone is not there." in words) == (True, False, True)
    words = Reader(listing(records=[], watched=[WatchedFolder(Path("/docs"), 2, left_out=("a.txt",))])).words
    assert "Watching docs: 2 files, 1 left out" in words
    assert text.LEFT_OUT.format(name="a.txt") in words
    removed = [RemovedDocument(str(number) * 64, f"{number}.txt", (), 0.0) for number in range(3)]
    words = Reader(listing(records=[], removed=removed)).words
    assert ("0.txt" in words, "2.txt" in words, "1 more can be restored" in words) == (True, False, True)
    assert text.NO_SOURCE in Reader(render("note.html", words=text.NO_SOURCE)).words


def citation(text: str, start: int = 0, end: int | None = None) -> Citation:
    return Citation.of_words(1, Passage(1, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 1000, 1000 + len(text), text), start, end)


def test_a_quote_stands_between_a_few_of_its_passages_words() -> None:
    text = f"{'before ' * 50}The words\nthemselves.{' after' * 50}"
    start = text.index("The")
    said = quote(citation(text, start, start + 21))
    assert said.words == "The words themselves."
    assert said.before.startswith("… before")
    assert said.before.endswith("before")
    assert said.after.endswith("after …")
    assert max(len(said.before), len(said.after)) <= AROUND + 2
    assert not said.whole


def test_a_row_is_quoted_between_the_rows_around_it() -> None:
    text = "Wood\tPrice\n\nOak\t12.50\nElm \t9.00\nAsh\t\nYew\t7.10"
    assert quote(citation(text, text.index("Elm"), text.index("\nAsh"))) == Quote("Oak | 12.50\n", "Elm | 9.00", "\nAsh | ")


def test_items_and_lines_of_code_are_quoted_on_lines_of_their_own() -> None:
    text = "The rooms of the\nhouse:\n\n- north\n- south\n  of it\n\ndef f():\n    return 1"
    assert quote(citation(text, text.index("- south"), text.index("of it"))) == Quote("- north\n", "- south\n", "of it\ndef f():")
    assert quote(citation(text, text.index("def"), len(text))).words == "def f():\nreturn 1"


def test_a_whole_passage_is_quoted_whole() -> None:
    assert quote(citation("All of\nit.")) == Quote("", "All of it.", "")
    assert quote(citation("All of it.")).whole
