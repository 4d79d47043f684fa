"""Question -> passages."""

from pathlib import Path

import pytest

from rag import DocumentNotFoundError, EmptyQuestionError, Library, Settings
from rag.embedding.protocol import Embedder
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

TEXTS = {
    "oil.txt": "Teak benches are oiled twice every year, in April and September.",
    "return.txt": "Customers may return unused benches within thirty days.",
    "ship.txt": "Shipping takes one week and costs nothing.",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The texts, in a library; no test changes it."""
    folder = tmp_path_factory.mktemp("retrieving")
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add([folder / name for name in TEXTS]).all_searchable
    return folder / "library"


@pytest.fixture
def library(open_library: OpenLibrary, folder: Path) -> Library:
    return open_library(str(folder))


def test_the_best_passage_comes_first(library: Library) -> None:
    passages = library.retrieve("May customers return benches?")
    assert [passage.rank for passage in passages] == [1, 2, 3]
    assert (passages[0].document, passages[0].text) == ("return.txt", TEXTS["return.txt"])
    assert passages[1].document == "oil.txt"  # it speaks of benches too
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)
    assert all(-1 <= passage.cosine <= 1 for passage in passages)
    assert passages[0].cosine > passages[1].cosine + 0.1


def test_a_passage_says_where_it_stands(library: Library) -> None:
    passage = library.retrieve("Shipping costs", top_k=1)[0]
    record = library.document("ship.txt")
    assert (passage.document_id, passage.page, passage.page_label) == (record.id, 1, "1")
    assert (passage.start, passage.end, passage.text) == (0, len(TEXTS["ship.txt"]), TEXTS["ship.txt"])


def test_its_own_words_find_a_passage_with_cosine_one(library: Library) -> None:
    for text in TEXTS.values():
        passage = library.retrieve(text, top_k=1)[0]
        assert passage.text == text
        assert passage.cosine == pytest.approx(1, abs=1e-5)


def test_the_printed_page_is_told(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "labels.pdf").write_bytes(documents.labelled_pdf())
    library = open_library()
    library.add(tmp_path / "labels.pdf")
    passage = library.retrieve("Second chapter", top_k=1)[0]
    assert (passage.document, passage.page, passage.page_label) == ("labels.pdf", 4, "2")


@pytest.mark.parametrize(("top_k", "count"), [(1, 1), (2, 2), (3, 3), (5000, 3)])
def test_no_more_are_found_than_wanted(library: Library, top_k: int, count: int) -> None:
    assert len(library.retrieve("benches", top_k=top_k)) == count


def test_the_settings_say_how_many_are_usual(open_library: OpenLibrary, folder: Path) -> None:
    assert len(open_library(str(folder), top_k=2).retrieve("benches")) == 2


@pytest.mark.parametrize("top_k", [0, -1])
def test_less_than_one_passage_is_a_mistake(library: Library, top_k: int) -> None:
    with pytest.raises(ValueError, match=f"top_k must be at least 1, not {top_k}"):
        library.retrieve("benches", top_k=top_k)


def test_a_search_can_be_kept_to_some_documents(library: Library) -> None:
    ship = library.document("ship.txt")
    assert [passage.document for passage in library.retrieve("May customers return benches?", documents=["ship.txt"])] == ["ship.txt"]
    assert [passage.rank for passage in library.retrieve("benches", documents=[ship.id])] == [1]
    assert {passage.document for passage in library.retrieve("benches", documents=[ship.id[:10], "oil.txt", "oil.txt"])} == {
        "ship.txt",
        "oil.txt",
    }
    assert library.retrieve("benches", documents=[]) == []
    with pytest.raises(DocumentNotFoundError, match=r"no document 'nothing\.txt'"):
        library.retrieve("benches", documents=["ship.txt", "nothing.txt"])


@pytest.mark.parametrize("question", ["", " ", "\n\t\u2003"])
def test_an_empty_question_is_told(library: Library, question: str) -> None:
    with pytest.raises(EmptyQuestionError, match="The question is empty"):
        library.retrieve(question)


@pytest.mark.parametrize(
    "question",
    ["\ud83d", "benches \udcff?", "\ud83d\ude00", "\0", "?", "😀", "日本語", "benches " * 499, "'; DROP TABLE x; --", "\u202e\ufffd"],
)
def test_any_other_question_finds_something(library: Library, question: str) -> None:
    assert len(library.retrieve(question)) == 3


def test_an_empty_library_has_no_passages(open_library: OpenLibrary) -> None:
    empty = open_library("empty")
    assert empty.retrieve("benches") == []
    with pytest.raises(EmptyQuestionError):
        empty.retrieve("")


def test_equal_questions_find_equal_passages(library: Library) -> None:
    assert library.retrieve("benches") == library.retrieve("  benches\n")


def test_the_real_model_finds_meaning_where_no_word_is_shared(sample_library: Path, minilm: Embedder) -> None:
    with Library.open(sample_library, embedder=minilm) as library:
        assert library.retrieve("How do I send a purchase back?")[0].document == "returns-policy.txt"
        passage = library.retrieve("Is it safe to throw greasy rags in the rubbish?")[0]
        assert passage.document == "workshop-faq.md"
        assert "catch fire" in passage.text
        assert library.retrieve("\ud83d greasy rags")[0].document == "workshop-faq.md"


def test_the_report_of_the_year_and_company_comes_before_those_that_are_alike(open_library: OpenLibrary, tmp_path: Path) -> None:
    notes = "Revenue is recognised when control passes. " * 60
    for number, (company, year) in enumerate((c, y) for c in ("Halden", "Brightwater", "Ott") for y in range(2016, 2022)):
        cover = f"{company} Industries. Annual report for the fiscal year ended December 31, {year}."
        table = (
            f"Purchases of property, plant and equipment {number + 11} {number + 10} {number + 9}, for {year}, {year - 1} and {year - 2}."
        )
        (tmp_path / f"document ({number}).txt").write_text(f"{cover}\n\n{notes}\n\n{table}\n")
    library = open_library()
    library.add(tmp_path.glob("document*.txt"))
    for asked, name in (("Halden's", "document (2).txt"), ("Ott's", "document (14).txt")):
        passage = library.retrieve(f"What were {asked} purchases of property in FY18?", top_k=1)[0]
        assert (passage.document, "Purchases" in passage.text) == (name, True)
