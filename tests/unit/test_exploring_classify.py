"""Labels by example: for documents, passages and texts, and how well they are told apart."""

import csv
from pathlib import Path

import numpy as np
import pytest

from rag import ExploringError, Library, Settings
from rag.embedding.protocol import Embedder
from rag.exploring import classify, classifying, cross_validate
from rag.exploring.labels import examples_of, read_examples
from rag.exploring.lists import read_sheet
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from ui.commands.exploring import classify as command

DOCUMENTS = {
    "storm.txt": "The harbour quay is closed while storm winds batter every moored vessel.",
    "refund.txt": "Refunds are paid within thirty days once returned goods arrive.",
    "=cmd.txt": "=HYPERLINK refunds goods",
}
EXAMPLES = {
    "sea": ["harbour quay moored", "vessel in a storm", "storm winds at the harbour", "the quay and its vessel", "moored vessel winds"],
    "shop": ["refunds are paid", "goods are returned", "returned goods within thirty days", "refunds of goods", "paid refunds days"],
}


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    """Three short documents, one of one subject and two of another."""
    library = open_library()
    for name, text in DOCUMENTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    library.add([tmp_path / name for name in DOCUMENTS])
    return library


def test_the_names_of_labels_alone_will_do(library: Library) -> None:
    found = classify(library, {"harbour storm": [], "refunds goods": []})
    assert found.method == "names"
    assert [(one.document, one.label) for one in found.found] == [
        ("storm.txt", "harbour storm"),
        ("refund.txt", "refunds goods"),
        ("=cmd.txt", "refunds goods"),
    ]
    assert found.found[0].key == (library.document("storm.txt").id, 0)


def test_a_few_examples_make_the_nearest_mean_and_enough_make_a_regression(library: Library) -> None:
    few = classify(library, {label: texts[:2] for label, texts in EXAMPLES.items()})
    assert few.method == "centroids"
    enough = classify(library, EXAMPLES)
    assert enough.method == "regression"
    for found in (few, enough):
        assert [one.label for one in found.found] == ["sea", "shop", "shop"]
        assert all(0.5 <= one.confidence <= 1 for one in found.found)
        assert found.counts() == {"sea": 1, "shop": 2}
    assert classify(library, EXAMPLES) == enough


def test_a_confidence_of_means_is_the_softmax_of_cosines_over_a_tenth(library: Library) -> None:
    found = classify(library, {"harbour": ["storm winds"], "refunds": []}, ["storm winds"])
    embedder = library.embedder
    text, refunds = embedder.embed_documents(["storm winds", "refunds"])
    assert found.found[0].confidence == pytest.approx(1 / (1 + np.exp((text @ refunds - 1) / 0.1)), abs=1e-5)


def test_passages_get_labels_of_their_own_and_a_document_the_mean_of_its_passages(library: Library, tmp_path: Path) -> None:
    parts = ["storm harbour vessel moored. " * 60] * 3 + ["refunds goods returned paid. " * 60]
    (tmp_path / "both.txt").write_text("\n\n".join(parts), encoding="utf-8")
    library.add(tmp_path / "both.txt")
    passages = [one for one in classify(library, EXAMPLES, of="chunks").found if one.document == "both.txt"]
    assert len(passages) == library.document("both.txt").chunks
    assert {one.label for one in passages} == {"sea", "shop"}
    assert all(one.page == 1 and one.key and one.text in "\n\n".join(parts) for one in passages)
    whole = next(one for one in classify(library, EXAMPLES).found if one.document == "both.txt")
    assert whole.label == "sea"


def test_labels_of_little_confidence_are_marked_and_not_counted(library: Library) -> None:
    texts = ["harbour vessel", "nothing of either"]
    found = classify(library, {"harbour vessel": [], "refunds": []}, texts, unsure_below=0.9)
    assert [one.is_sure for one in found.found] == [True, False]
    assert found.counts() == {"harbour vessel": 1, "refunds": 0}
    assert all(one.is_sure for one in classify(library, EXAMPLES, texts, unsure_below=0.0).found)


def test_what_a_person_should_know_is_noted(open_library: OpenLibrary) -> None:
    library = open_library(embedder=BagOfWordsEmbedder(max_tokens=3))
    found = classify(library, {"sea": ["one two three four"], "shop": []}, ["five six seven eight"])
    assert found.notes == (
        "There is no example of 'shop': the name itself stands in for one.",
        "1 examples are longer than the model reads; only their beginning counts.",
        "1 texts are longer than the model reads; only their beginning counts.",
    )


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        ({}, "at least 2 labels, and there are none"),
        ({"sea": ["storm"]}, "at least 2 labels, and there is 1"),
        ({"sea": ["storm"], " sea ": ["quay"]}, "at least 2 labels, and there is 1"),
        ({"sea": ["storm"], "shop": ["storm"]}, "“storm” is under 'sea' and under 'shop'"),
        ({"": ["storm"], "shop": []}, "no label before its colon"),
        ({str(number): [] for number in range(51)}, "At most 50 labels"),
    ],
)
def test_labels_that_cannot_be_told_apart_are_told(library: Library, examples: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ExploringError, match=said):
        classify(library, examples)


def test_the_ways_in_take_the_same_confidence_for_sure() -> None:
    assert classifying.UNSURE_BELOW == command.UNSURE_BELOW


def test_nothing_to_label_is_told(library: Library, open_library: OpenLibrary) -> None:
    with pytest.raises(ExploringError, match="no texts to label"):
        classify(library, EXAMPLES, [])
    with pytest.raises(ExploringError, match=r"there are 0\. Add documents first"):
        classify(open_library("empty"), EXAMPLES)
    with pytest.raises(ValueError, match="unsure_below"):
        classify(library, EXAMPLES, unsure_below=float("nan"))
    with pytest.raises(ValueError, match="documents"):
        classify(library, EXAMPLES, of="pages")  # type: ignore[arg-type]


def test_the_table_holds_all_and_no_formula(library: Library) -> None:
    rows = list(csv.DictReader(classify(library, EXAMPLES).to_csv().splitlines()))
    assert [(row["label"], row["sure"], row["document"]) for row in rows] == [
        ("sea", "yes", "storm.txt"),
        ("shop", "yes", "refund.txt"),
        ("shop", "yes", "'=cmd.txt"),
    ]
    assert 0.5 <= float(rows[0]["confidence"]) <= 1


def test_cross_validation_tells_right_from_wrong(library: Library) -> None:
    found = cross_validate(library, EXAMPLES)
    assert (found.folds, found.method, found.examples, found.leaves_one_out) == (5, "regression", 10, False)
    assert found.accuracy == found.confusion.trace() / 10 >= 0.9
    mixed = {"a": EXAMPLES["sea"][:3] + EXAMPLES["shop"][:3], "b": EXAMPLES["sea"][3:] + EXAMPLES["shop"][3:]}
    chance = cross_validate(library, mixed)
    assert chance.folds == 4
    assert chance.method == "centroids"
    assert chance.accuracy < 0.8
    assert chance.baseline == 0.6
    assert chance.confusion.sum(axis=1).tolist() == [6, 4]
    (right, missed), (taken, right_too) = chance.confusion.tolist()
    f1 = [2 * hit / max(1, 2 * hit + missed + taken) for hit in (right, right_too)]
    assert chance.macro_f1 == pytest.approx(sum(f1) / 2)


def test_with_two_examples_of_a_label_one_is_left_out_at_a_time(library: Library) -> None:
    found = cross_validate(library, {"sea": EXAMPLES["sea"][2:5], "shop": EXAMPLES["shop"][1:3]})
    assert found.leaves_one_out
    assert found.folds == found.examples == 5
    assert found.accuracy == 1.0
    with pytest.raises(ExploringError, match=r"at least 2 examples of each label\. Give 1 more of 'sea', 2 more of 'new'\."):
        cross_validate(library, {"sea": ["storm", "storm"], "shop": EXAMPLES["shop"], "new": []})


def test_examples_are_read_from_lines_and_from_files(tmp_path: Path) -> None:
    text = "sea: at 10:30 the quay opens\n\nshop:\nland\nsea: storm\n"
    wanted = {"sea": ["at 10:30 the quay opens", "storm"], "shop": [], "land": []}
    assert read_examples(text) == wanted
    (tmp_path / "lines.txt").write_text(text, encoding="utf-8")
    assert examples_of(read_sheet(tmp_path / "lines.txt")) == wanted
    (tmp_path / "named.csv").write_text("id,Text,LABEL\n1,storm,sea\n2,,shop\n", encoding="utf-8")
    assert examples_of(read_sheet(tmp_path / "named.csv")) == {"sea": ["storm"], "shop": []}
    (tmp_path / "bare.csv").write_text("class;words\nsea;storm\n", encoding="utf-8")
    assert examples_of(read_sheet(tmp_path / "bare.csv")) == {"sea": ["storm"]}
    (tmp_path / "one.csv").write_text("words\nstorm\n", encoding="utf-8")
    with pytest.raises(ExploringError, match="two columns"):
        examples_of(read_sheet(tmp_path / "one.csv"))


def test_the_real_model_labels_the_samples(sample_library: Path, minilm: Embedder) -> None:
    with Library.open(sample_library, Settings(), embedder=minilm) as library:
        found = classify(library, {"returning goods and refunds": [], "questions about a workshop's furniture": []})
        assert {one.document: one.label for one in found.found} == {
            "returns-policy.txt": "returning goods and refunds",
            "workshop-faq.md": "questions about a workshop's furniture",
        }
