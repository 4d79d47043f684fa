"""Texts compared with each other and with a question, and where a score stands in a library."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag import EmbeddingError, ExploringError, Library, RagError, UnreadableFileError
from rag.embedding.protocol import Embedder, Embeddings
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from rag.exploring import compare, compare_documents, compare_passages, most_similar, score_distribution
from rag.exploring.figures.heat import count_map, heat_map
from rag.exploring.figures.scores import score_histogram
from rag.exploring.lists import MOST_TEXTS, lines, read_sheet, write_csv
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

HARBOUR, CRANES, OAK = "The harbour opens at dawn.", "The harbour cranes lift cargo.", "Timber needs linseed twice yearly."


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    """Three short documents."""
    library = open_library()
    for name, text in {"harbour.txt": HARBOUR, "cranes.txt": CRANES, "oak.txt": OAK}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    library.add([tmp_path / name for name in ("harbour.txt", "cranes.txt", "oak.txt")])
    return library


def test_a_matrix_is_symmetric_with_ones_on_its_diagonal(library: Library) -> None:
    rows = [f"{word} harbour {number}" for number, word in enumerate(["pale", "green", "harbour", "wide", "pale"] * 9)]
    found = compare(library, rows)
    assert found.matrix.dtype == np.float32
    assert (found.matrix == found.matrix.T).all()
    assert (np.diag(found.matrix) == 1).all()
    assert np.abs(found.matrix).max() <= 1


def test_pairs_come_most_alike_first(library: Library) -> None:
    found = compare(library, [OAK, HARBOUR, CRANES])
    pairs = found.pairs()
    assert (pairs[0].first, pairs[0].second) == (1, 2)
    assert (pairs[0].first_text, pairs[0].second_text) == (HARBOUR, CRANES)
    assert [pair.cosine for pair in pairs] == sorted((pair.cosine for pair in pairs), reverse=True)
    assert len(pairs) == 3
    assert found.pairs(1) == pairs[:1]


def test_texts_that_are_longer_than_the_model_reads_are_cut_and_it_is_said(open_library: OpenLibrary) -> None:
    library = open_library(embedder=BagOfWordsEmbedder(max_tokens=4))
    found = compare(library, ["one two three four", "one two three four five six", "seven"])
    assert found.cut == (1,)
    assert found.matrix[0, 1] == pytest.approx(1)
    assert found.texts[1].endswith("six")
    assert [match.is_cut for match in most_similar(library, "one", ["seven", "one two three four five"])] == [True, False]
    with pytest.raises(ExploringError, match="longer than the 4 tokens"):
        most_similar(library, "what is one two three four?", ["one"])


def test_documents_and_passages_of_a_library_are_compared(library: Library, tmp_path: Path) -> None:
    found = compare_documents(library)
    assert found.texts == ("harbour.txt", "cranes.txt", "oak.txt")
    assert found.pairs(1)[0].second_text == "cranes.txt"
    assert [key[1] for key in found.keys] == [0, 0, 0]
    assert found.of_documents
    assert compare_documents(library, ["oak.txt", "harbour.txt"]).texts == ("oak.txt", "harbour.txt")

    (tmp_path / "long.txt").write_text("\n\n".join(f"Paragraph {number} " + "of the sea and its ships. " * 40 for number in range(4)))
    library.add(tmp_path / "long.txt")
    passages = compare_passages(library, "long.txt")
    assert len(passages.texts) == len(passages.keys) == library.document("long.txt").chunks > 1
    assert all("Paragraph" in text or "ships" in text for text in passages.texts)


def test_the_most_similar_of_a_list_are_found(library: Library) -> None:
    goods = ["a cotton t-shirt", "running shoes", "a laptop bag", "running shoes"]
    found = most_similar(library, "Which shoes are for running?", goods, top_k=3)
    assert [(match.rank, match.place, match.text) for match in found[:2]] == [(1, 1, "running shoes"), (2, 3, "running shoes")]
    assert len(found) == 3
    assert len(most_similar(library, "shoes", goods, top_k=99)) == 4


def test_progress_is_told(library: Library) -> None:
    heard: list[float] = []
    compare(library, [f"text {number}" for number in range(130)], heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert len(heard) == 3


def test_a_score_has_its_place_among_the_pairs_of_a_library(library: Library) -> None:
    found = score_distribution(library, question="When does the harbour open?")
    assert len(found.pairs) == 3
    assert found.question is not None
    assert found.passages == len(found.nearest) == len(found.question) == 3
    pairs = compare_documents(library).pairs()
    assert found.pairs == pytest.approx(sorted(pair.cosine for pair in pairs), abs=1e-6)
    assert found.nearest.max() == found.pairs.max()
    middle = (float(found.pairs[-1]) + float(found.pairs[-2])) / 2
    assert found.share_below(middle) == pytest.approx(2 / 3)
    assert found.place(middle) == "higher than 67 % of pairs of passages of this library"
    assert found.place(1.0) == "higher than all pairs of passages of this library"
    assert found.place(-1.0) == "higher than no pair of passages of this library"
    assert found.share_below(1.0, "question") == 1
    with pytest.raises(ValueError, match="no question"):
        score_distribution(library).share_below(0.5, "question")
    with pytest.raises(ValueError, match="not a number"):
        found.place(float("nan"))


def test_samples_of_a_large_library_are_seeded_and_like_the_whole(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(210):  # 21,945 pairs, more than are looked at
        (folder / f"{number}.txt").write_text(f"harbour {number % 7} crane {number}", encoding="utf-8")
    library.add(folder)
    first, again, other = (score_distribution(library, seed=seed).pairs for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    rows = library.vectors().embeddings
    true = (rows @ rows.T)[np.triu_indices(len(rows), k=1)]
    assert float(first.mean()) == pytest.approx(float(true.mean()), abs=0.01)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "at least 2 texts, and there are none"),
        (["one"], "at least 2 texts, and there is 1"),
        (["one", "  "], "Text 2 of the list is empty"),
        (["one"] * 1_001, "At most 1,000 texts .* a question to compare all of them with"),
    ],
)
def test_lists_that_cannot_be_compared_are_told(library: Library, texts: list[str], said: str) -> None:
    with pytest.raises(ExploringError, match=said):
        compare(library, texts)


def test_questions_and_libraries_that_will_not_do_are_told(library: Library, open_library: OpenLibrary) -> None:
    with pytest.raises(ExploringError, match="no texts"):
        most_similar(library, "shoes", [])
    with pytest.raises(ExploringError, match="question is empty"):
        most_similar(library, " \n", ["shoes"])
    with pytest.raises(ExploringError, match="at most 10,000"):
        most_similar(library, "shoes", ["x"] * (MOST_TEXTS + 1))
    with pytest.raises(ValueError, match="top_k"):
        most_similar(library, "shoes", ["shoes"], top_k=0)
    with pytest.raises(ExploringError, match=r"at least 1 document, and there are 0\. Add documents first"):
        score_distribution(open_library("empty"))
    with pytest.raises(ExploringError, match="at least 2 documents"):
        compare_documents(open_library("bare"))
    with pytest.raises(ExploringError, match="at least 2 passages, and there is 1"):
        compare_passages(library, "oak.txt")


def test_odd_characters_are_no_trouble(library: Library) -> None:
    found = compare(library, ["\ud800 lone", "naïve 🙂 text\u200b", "naïve 🙂 text\u200b", "<b>bold</b>"])
    assert found.texts[0] == "? lone"
    assert found.matrix[1, 2] == pytest.approx(1)


class _Broken(BagOfWordsEmbedder):
    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        return super().embed_documents(texts) * np.float32("nan")


def test_a_model_that_gives_no_numbers_is_told(open_library: OpenLibrary) -> None:
    with pytest.raises(EmbeddingError, match="length nan; it must be 1"):
        compare(open_library(embedder=_Broken()), ["one", "two"])


def test_a_list_is_read_from_lines_and_from_a_column_in_any_encoding(tmp_path: Path) -> None:
    assert lines("  one \n\n two\tthree\r\n") == ["one", "two three"]
    plain = tmp_path / "goods.txt"
    plain.write_text("running shoes\n\nlinen pants, white\n", encoding="utf-16")
    assert read_sheet(plain).column() == ["running shoes", "linen pants, white"]
    table = tmp_path / "goods.csv"
    table.write_bytes('id;Beschreibung\n1;"Schöne Schuhe;\nzum Laufen"\n2;Hose für Männer\n3;\n'.encode("cp1252"))
    sheet = read_sheet(table)
    assert sheet.columns == ("id", "Beschreibung")
    assert sheet.column("beschreibung") == ["Schöne Schuhe; zum Laufen", "Hose für Männer"]
    with pytest.raises(ExploringError, match=r"several columns\. Choose one: id, Beschreibung"):
        sheet.column()
    with pytest.raises(ExploringError, match=r"no column 'price'\. It has: id, Beschreibung"):
        sheet.column("price")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"id,text\n", "no rows below its header"),
        (b"text\n" + b"word\n" * (MOST_TEXTS + 1), "10,001 texts; at most 10,000"),
        (bytes(range(256)) * 20, "bad.csv"),
        (b'text\n"' + b"x" * 200_000 + b'"\n', "cannot be read as CSV"),
    ],
)
def test_files_that_are_no_lists_are_told(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "bad.csv").write_bytes(data)
    with pytest.raises(RagError, match=said):
        read_sheet(tmp_path / "bad.csv")
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read_sheet(tmp_path / "gone.csv")


def test_no_cell_is_taken_for_a_formula() -> None:
    written = write_csv(["label"], [["=1+1"], ["+1"], ["-1"], ["@SUM(A1)"], ["＝1+1"], ["plain = text"]])
    assert written.split("\r\n") == ["label", "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'＝1+1", "plain = text", ""]


def test_figures_show_texts_as_they_are_and_not_as_tags() -> None:
    names = ['<a href="http://elsewhere.example">click</a>', "x" * 10_000]
    drawn = heat_map(np.eye(2, dtype=np.float32), names, names).to_json()
    assert "<a href" not in drawn
    assert "&lt;a href" in drawn
    assert len(drawn) < 20_000
    counts = json.loads(count_map(np.array([[3, 1], [0, 2]]), ["a", "b"], ["a", "b"]).to_json())["data"][0]
    assert (counts["zmin"], counts["zmax"]) == (0, 3)


def test_the_histogram_holds_every_cosine_and_marks_scores(library: Library) -> None:
    figure = json.loads(score_histogram(score_distribution(library, question="harbour"), [0.46]).to_json())
    assert len(figure["data"]) == 3
    assert figure["layout"]["shapes"][0]["x0"] == 0.46
    assert len(json.loads(score_histogram(score_distribution(library)).to_json())["data"]) == 2


CATS_AND_DOGS = ["The cat sat on the mat.", "A dog rested on the rug.", "LLMs are trained on large text datasets."]
GOODS = ["a cotton t-shirt", "high-performance running shoes with cushioned soles", "a laptop bag", "linen pants"]


def test_the_original_model_has_the_cosines_that_are_known_of_it(open_library: OpenLibrary) -> None:
    library = open_library(embedder=SentenceTransformerEmbedder())
    found = compare(library, CATS_AND_DOGS).matrix
    assert found[[0, 0, 1], [1, 2, 2]] == pytest.approx([0.4588, -0.0246, -0.0486], abs=0.001)
    best, second = most_similar(library, "What are good shoes for jogging?", GOODS, top_k=2)
    assert (best.place, second.text) == (1, "linen pants")
    assert best.cosine == pytest.approx(0.6664, abs=0.001)


def test_the_model_as_it_runs_tells_cats_and_dogs_from_language_models(open_library: OpenLibrary, minilm: Embedder) -> None:
    library = open_library(embedder=minilm)
    found = compare(library, CATS_AND_DOGS).matrix
    assert found[0, 1] > 0.3 > 0.1 > max(found[0, 2], found[1, 2])  # how exact a single cosine is depends on the processor
    assert most_similar(library, "What are good shoes for jogging?", GOODS, top_k=1)[0].place == 1
