"""Texts that are in no library: one value that every view takes, from lists, files, columns and standard input."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rag import DocumentNotFoundError, ExploringError, Texts, exploring
from rag.exploring.colouring import by_label
from tests.fakes import BagOfWordsEmbedder

TOPICS = {
    "Animals": ["The cat sleeps on the mat.", "The dog sleeps on the rug.", "The cat and the dog play."],
    "AI/ML": ["The network learns from data.", "The model learns from data.", "The network and the model train."],
    "Food": ["Bread is baked in the oven.", "Cake is baked in the oven.", "Bread and cake taste good."],
}
SENTENCES = [text for texts in TOPICS.values() for text in texts]
LABELS = [label for label, texts in TOPICS.items() for _ in texts]


def made(texts: list[str], labels: list[str] | None = None) -> Texts:
    return Texts(texts, labels, embedder=BagOfWordsEmbedder())


def test_labelled_sentences_become_a_picture_with_a_legend_by_one_call(tmp_path: Path) -> None:
    texts = made(SENTENCES, LABELS)
    placed = texts.map(tmp_path / "map.svg")
    assert placed.points.shape == (9, 2)
    picture = (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert [f"<!-- {label} (3) -->" in picture for label in TOPICS] == [True] * 3
    assert "<!-- The cat sleeps on the mat. -->" in picture
    with pytest.raises(ExploringError, match=r"its ending must be one of \.png"):
        texts.map(tmp_path / "map.gif")
    made(SENTENCES).map(tmp_path / "clusters.json", question="Where does the cat sleep?")
    drawn = json.loads((tmp_path / "clusters.json").read_text(encoding="utf-8"))
    assert len({point["group"] for point in drawn["points"]}) > 1
    assert drawn["question"]["nearest"][0] == 0


def test_what_is_shown_of_a_library_is_shown_of_texts(tmp_path: Path) -> None:
    texts = made(SENTENCES, LABELS)
    vectors = texts.embed(tmp_path / "vectors.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "vectors.npy"), vectors)
    np.testing.assert_allclose(texts.compare().matrix, vectors @ vectors.T, atol=1e-6)
    assert sorted(cluster.size for cluster in texts.clusters(k=3).clusters) == [3, 3, 3]
    assert [(match.text, match.place) for match in texts.search("a cake", top_k=1)] == [("Cake is baked in the oven.", 7)]
    assert texts.similar(3, top_k=1)[0].text == "The model learns from data."
    assert texts.similar("The model learns from data.", top_k=1)[0].document == "text 4"
    assert exploring.score_distribution(texts).passages == 9
    assert [cluster.size for cluster in exploring.find_clusters(texts, k=1).clusters] == [9]
    assert by_label(exploring.map_library(texts, method="pca")).names == tuple(TOPICS)


def test_near_duplicates_are_told_with_what_differs() -> None:
    first = "The ferry to the island leaves at nine in the morning from pier four."
    texts = made([first, "Bread is baked in the oven.", first.replace("nine", "ten"), first])
    pairs = texts.duplicates().documents
    same = next(pair for pair in pairs if pair.identical)
    assert {same.left, same.right} == {"text 1", "text 4"}
    changed = next(pair for pair in pairs if {pair.left, pair.right} == {"text 1", "text 3"})
    assert {(part.left, part.right) for part in changed.changes[0].parts if part.kind == "changed"} <= {("nine", "ten"), ("ten", "nine")}


def test_texts_with_a_label_teach_those_without() -> None:
    texts = made([*SENTENCES, "The cat sleeps.", "Cake from the oven"], [*LABELS, "", ""])
    assert [found.label for found in texts.classify().found] == ["Animals", "Food"]
    assert [found.label for found in made(["The cat sleeps."]).classify(TOPICS).found] == ["Animals"]
    assert texts.examples == TOPICS
    with pytest.raises(ExploringError, match="Each text has a label already"):
        made(SENTENCES, LABELS).classify()


def test_files_columns_and_standard_input_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "lines.txt": b"a cat\n\n  \na dog\n",
        "latin.txt": "ein Kätzchen fraß die Mäuse über Nacht\n".encode("cp1252"),
        "table.csv": b"id;words;topic\n1;a cat;Animals\n2;;Food\n3;a dog;Animals\n4;bread;\n",
        "rows.jsonl": b'{"words": "a cat", "topic": "Animals"}\n\n{"words": "three", "topic": 3}\n{"topic": "Food"}\n',
        "strings.jsonl": b'"a cat"\n"a dog"\n',
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert Texts.read(tmp_path / "lines.txt").texts == ("a cat", "a dog")
    assert Texts.read(tmp_path / "latin.txt").texts == ("ein Kätzchen fraß die Mäuse über Nacht",)
    table = Texts.read(tmp_path / "table.csv", "Words", "topic")
    assert (table.texts, table.labels) == (("a cat", "a dog", "bread"), ("Animals", "Animals", ""))
    rows = Texts.read(tmp_path / "rows.jsonl", "words", "topic")
    assert (rows.texts, rows.labels) == (("a cat", "three"), ("Animals", "3"))
    assert Texts.read(tmp_path / "strings.jsonl").texts == ("a cat", "a dog")
    for name, column in (("lines.txt", None), ("table.csv", "words"), ("rows.jsonl", "words")):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(files[name])))
        assert Texts.read("-", column).texts[0] == "a cat"
    with pytest.raises(ExploringError, match=r"no column 'text'. It has: id, words, topic"):
        Texts.read(tmp_path / "table.csv", "text")
    with pytest.raises(ExploringError, match="plain list, one text per line"):
        Texts.read(tmp_path / "lines.txt", label="topic")
    (tmp_path / "rows.jsonl").write_text('{"words": "a"}\n{"words"\n', encoding="utf-8")
    with pytest.raises(ExploringError, match=r"Line 2 of rows.jsonl is no JSON"):
        Texts.read(tmp_path / "rows.jsonl", "words")


@pytest.mark.parametrize(
    ("texts", "labels", "error", "said"),
    [
        ("one text", None, TypeError, r"write texts=\['one text'\]"),
        (["a", "b"], "ab", TypeError, r"write labels=\['ab'\]"),
        (["a", 2], None, TypeError, "list of strings; it has 2"),
        (["a", " \n"], None, ValueError, r"texts\[1\] is empty"),
        (["a", "b"], ["x"], ValueError, "2 texts and 1 label: give one for each"),
    ],
)
def test_a_wrong_list_is_refused_with_the_fix(texts: Any, labels: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Texts(texts, labels)


def test_too_few_texts_and_a_text_that_is_not_there() -> None:
    one = made(["a lone \udcff cat"])
    assert one.embed().shape == (1, 256)
    assert one.map().points.shape == (1, 2)
    assert len(one.clusters().clusters) == 1
    for call in (one.compare, one.duplicates, lambda: one.similar(0)):
        with pytest.raises(ExploringError, match="at least 2 texts, and there is 1"):
            call()
    with pytest.raises(DocumentNotFoundError, match="none of the 9 texts"):
        made(SENTENCES).similar("text 10")
    with pytest.raises(ExploringError, match="There are no texts"):
        made([]).embed()
    with pytest.raises(ExploringError, match="At most 1,000 texts"):
        made(["a"] * 1_001).compare()


def test_words_are_counted_with_and_without_stop_words_and_endings() -> None:
    texts = made(["The doctor treats the patients.", "A DOCTOR treated one patient.", "Bread"])
    plain = texts.count_words()
    assert plain.words[:3] == ("the", "doctor", "treats")
    assert plain.counts[0, :3].tolist() == [2, 1, 1]
    assert plain.one_hot[0, 0] == 1
    stems = texts.count_words(stop_words=False, stems=True)
    assert stems.words[:3] == ("doctor", "treat", "patient")
    assert stems.cosines[0, 1] > 0.8 > 0.4 > plain.cosines[0, 1]
    assert (stems.cosines[2] == [0, 0, 1]).all()
