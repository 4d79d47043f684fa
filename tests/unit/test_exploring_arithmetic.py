"""Sums of words: how they are read, what is near them, and what is said where there is nothing."""

import json
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest

from rag import ExploringError, Library
from rag.embedding.protocol import Embedder
from rag.embedding.words import WordsEmbedder
from rag.exploring import parse_expression, solve
from rag.exploring.word_vectors import BATCH, WordVectors
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from ui.commands.cli import main

TEXTS = {"sea.txt": "The harbour opens at dawn.", "land.txt": "Oak needs oil twice a year.", "both.txt": "Harbour tables of oak."}


@pytest.fixture
def filled(library: Library, tmp_path: Path) -> Library:
    """Three short documents."""
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    library.add([tmp_path / name for name in TEXTS])
    return library


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("king - man + woman", [("king", 1), ("man", -1), ("woman", 1)]),
        ("king −man+woman", [("king", 1), ("man", -1), ("woman", 1)]),
        ("- man + king", [("man", -1), ("king", 1)]),
        ('0.5*cat + 2 × "sea - lion" − .5 * x', [("cat", 0.5), ("sea - lion", 2), ("x", -0.5)]),
        ("new york - mother-in-law", [("new york", 1), ("mother-in-law", -1)]),
        ("2023 - 2022", [("2023", 1), ("2022", -1)]),
        ("漢字 + 🙂", [("漢字", 1), ("🙂", 1)]),
    ],
)
def test_a_sum_is_read(expression: str, terms: list[tuple[str, float]]) -> None:
    assert [(term.text, term.weight) for term in parse_expression(expression)] == terms


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (" ", "nothing to add up"),
        ("king +", "missing after “[+]”"),
        ("king - - man", "missing after “-”"),
        ("king * 3", "“[*]” cannot be read"),
        ("king 2*man", "“2” cannot be read"),
        ('"open', "cannot be read"),
        ("0*king", "must be above 0"),
        ("9999*king", "at most 1,000"),
        ("a + " * 21 + "b", "22 terms"),
        ("x" * 501, "501 characters"),
    ],
)
def test_a_sum_that_cannot_be_read_is_said(expression: str, said: str) -> None:
    with pytest.raises(ExploringError, match=said):
        parse_expression(expression)


def test_the_nearest_of_ones_own_texts_are_found_with_their_cosines(library: Library) -> None:
    found = solve(library, "harbour + 2 * dawn - oak", among=["harbour", "dawn", "the oak", "dawn", "lamp"], top_k=2)

    assert [neighbour.text for neighbour in found.neighbours] == ["lamp", "the oak"]  # those of the sum are left out
    assert found.neighbours[0].cosine == pytest.approx(0, abs=1e-6)
    assert found.neighbours[1].cosine == pytest.approx(-1 / np.sqrt(12), abs=1e-5)  # half of “the oak” is “the”
    assert (found.echo, found.looked_at, found.passages) == ("dawn", 4, ())


def test_words_and_passages_of_the_library_are_found(filled: Library) -> None:
    found = solve(filled, "harbour + oak", among="library", top_k=2)

    assert found.passages[0].passage.document == "both.txt"
    keys = [(one.passage.document_id, one.ordinal) for one in found.passages]
    assert [filled.chunks([key])[key].text for key in keys] == [one.passage.text for one in found.passages]
    assert found.passages[0].passage.cosine > found.passages[1].passage.cosine
    assert {"harbour", "oak"}.isdisjoint(neighbour.text for neighbour in found.neighbours)
    shares: list[float] = []
    every = solve(filled, "harbour", among="library", top_k=99, progress=shares.append).neighbours
    assert shares == []  # they are known by now
    assert {"dawn", "tables"} <= {neighbour.text for neighbour in every}


def test_what_adds_up_to_nothing_or_has_nothing_around_it_is_said(library: Library, filled: Library) -> None:
    with pytest.raises(ExploringError, match="adds up to nothing"):
        solve(library, "oak - oak", among=["lamp"])
    with pytest.raises(ExploringError, match="nothing to search"):
        solve(library, "oak", among=[" "])
    with pytest.raises(ExploringError, match="does not show its vocabulary"):
        solve(library, "oak")
    with pytest.raises(ValueError, match="top_k"):
        solve(library, "oak", among=["lamp"], top_k=0)
    with pytest.raises(ValueError, match="among"):
        solve(library, "oak", among="elsewhere")
    for name in TEXTS:
        filled.remove(name)
    with pytest.raises(ExploringError, match="Add documents first"):
        solve(filled, "oak", among="library")


def test_a_table_of_words_is_its_vocabulary_and_names_what_it_lacks(open_library: OpenLibrary, tmp_path: Path) -> None:
    rows = {"king": (3, 1), "man": (2, 0), "woman": (0, 2), "queen": (1, 3), "oak": (-2, 1), "2nd": (0, 1)}
    (tmp_path / "table.txt").write_text("\n".join(f"{word} {x} {y}" for word, (x, y) in rows.items()), encoding="utf-8")
    library = open_library(embedder=WordsEmbedder(tmp_path / "table.txt"))

    found = solve(library, "king - man + woman")
    assert (found.neighbours[0].text, found.looked_at) == ("queen", 5)
    assert found.unfamiliar == ()
    with pytest.raises(ExploringError, match=r"does not know “kinng”\. Near spellings: king"):
        solve(library, "oak - kinng")


def test_what_was_learned_is_kept_also_where_the_work_is_broken_off(tmp_path: Path) -> None:
    words, embedder, file = [f"w{number}" for number in range(3 * BATCH)], BagOfWordsEmbedder(), tmp_path / "made" / "words.npz"
    shares: list[float] = []

    def break_off(share: float) -> None:
        shares.append(share)
        if len(shares) == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        WordVectors(file).learn(words, embedder, break_off, keep=True)
    assert shares == pytest.approx([0, 1 / 3, 2 / 3])

    again = WordVectors(file)
    again.learn(words, embedder, shares.append, keep=True)
    assert shares[3:] == [0]  # one batch is left
    assert again.rows(words) == pytest.approx(embedder.embed_documents(words))
    for broken in (b"not an archive", file.read_bytes()[:-100]):
        file.write_bytes(broken)
        shares.clear()
        WordVectors(file).learn(words, embedder, shares.append, keep=False)
        assert len(shares) == 3


def test_the_vocabulary_is_read_once_for_all_libraries(
    minilm: Embedder, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("rag.embedding.token_reader.MOST_WORDS", 2 * BATCH)
    library = open_library(embedder=minilm, model_cache=tmp_path / "models")

    shares: list[float] = []
    found = solve(library, "mother + father", top_k=3, progress=shares.append)
    assert shares == [0, 0.5]
    assert (found.looked_at, len(found.neighbours)) == (2 * BATCH, 3)
    assert all(neighbour.text.isalpha() for neighbour in found.neighbours)
    (kept,) = (tmp_path / "models" / "words").iterdir()
    words = library.embedder.token_reader.vocabulary() if library.embedder.token_reader else []
    WordVectors(kept).learn(words, minilm, shares.append, keep=True)
    assert shares == [0, 0.5]


def test_king_minus_man_plus_woman_is_queen_with_the_real_model(minilm: Embedder, open_library: OpenLibrary) -> None:
    library = open_library(embedder=minilm)
    among = ["king", "queen", "man", "woman", "prince", "table", "harbour", "female"]
    found = solve(library, "king - man + woman", among=among)

    assert found.neighbours[0].text == "queen"
    assert found.neighbours[0].cosine == pytest.approx(0.579, abs=0.03)  # by the precision of the export
    assert found.echo in {"king", "woman"}
    unfamiliar = solve(library, "kinng - man", among=among).unfamiliar
    assert [(word.text, word.spellings[0]) for word in unfamiliar] == [("kinng", "king")]


def test_the_command_prints_neighbours(
    filled: Library, minilm: Embedder, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.close()
    folder = tmp_path / "made"

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["rag", *arguments, "--library", str(folder)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    assert run("add", *(str(tmp_path / name) for name in TEXTS))[0] == 0
    status, out, _ = run("arithmetic", "ship + port", "--among", "library", "-k", "2", "--json")
    told = json.loads(out)
    assert (status, told["neighbours"][0]["text"], len(told["passages"])) == (0, "harbour", 2)
    assert told["passages"][0]["passage"]["document"] in {"sea.txt", "both.txt"}
    status, out, err = run("arithmetic", "ship + port", "--among", "library", "-k", "1")
    assert (status, "harbour" in out, "without those of the sum" in err) == (0, True, True)
    assert run("arithmetic", "ship + + port", "--among", "library")[0] == 1
    assert run("arithmetic", "ship", "--among", "elsewhere")[0] == 2
