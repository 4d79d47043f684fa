"""Tokens, pooling, a word in its context: with the real model, and what is said where there is none to look into."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag import ExploringError, Library
from rag.embedding.protocol import Embedder
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from rag.embedding.token_reader import TokenReader
from rag.exploring import compare_word, pool, token_similarities, tokenize
from rag.exploring.figures.heat import heat_map
from rag.exploring.tokens import MOST_CHARACTERS
from ui.commands.cli import main

MONEY, RIVER = "I deposited money in the bank.", "We sat by the river bank."


@pytest.fixture(scope="module")
def real(minilm: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """An empty library with the real model."""
    with Library.open(tmp_path_factory.mktemp("tokens") / "library", embedder=minilm) as library:
        yield library


def test_a_text_is_cut_as_the_model_cuts_it(real: Library) -> None:
    tokenized = tokenize(real, "Unbelievably late 🙂 [SEP]")

    assert [(token.text, token.id, token.kind) for token in tokenized.tokens] == [
        ("[CLS]", 101, "special"),
        ("un", 4895, "word"),
        ("##bel", 8671, "piece"),
        ("##ie", 2666, "piece"),
        ("##va", 3567, "piece"),
        ("##bly", 6321, "piece"),
        ("late", 2397, "word"),
        ("[UNK]", 100, "unknown"),
        ("[SEP]", 102, "special"),
        ("[SEP]", 102, "special"),
    ]
    assert [tokenized.text[token.start : token.end] for token in tokenized.tokens[:7]] == ["", "Un", "bel", "ie", "va", "bly", "late"]
    assert tokenized.limit == 256
    assert tokenized.read == tokenized.tokens


def test_tokens_over_the_limit_are_marked_and_the_end_sign_stays(real: Library) -> None:
    tokenized = tokenize(real, "harbour " * 300)

    assert len(tokenized.tokens) == 302
    assert len(tokenized.read) == 256
    assert tokenized.read[-1].text == "[SEP]"
    assert [token.is_read for token in tokenized.tokens[:-1]] == [True] * 255 + [False] * 46
    assert token_similarities(real, tokenized.text, "x").cosines.shape == (256, 3)


@pytest.mark.parametrize("text", [MONEY, "Unbelievable! 🙂 漢字 naïve", "word " * 400])
def test_the_mean_of_the_token_vectors_is_the_vector_that_sentence_transformers_gives(text: str) -> None:
    embedder = SentenceTransformerEmbedder()
    vectors = embedder.token_reader.token_vectors(text)
    mean = vectors.mean(axis=0)

    assert len(vectors) == len(embedder.token_reader.tokens(text).read)
    assert mean / np.linalg.norm(mean) == pytest.approx(embedder.embed_documents([text])[0], abs=1e-5)


def test_pooling_says_which_way_the_model_goes(real: Library) -> None:
    pooled = pool(real, MONEY)

    cosines = dict(zip(pooled.names, pooled.cosines[pooled.names.index("model")], strict=True))
    assert pooled.used == "mean"
    assert pooled.token_vectors.shape == (9, 384)
    assert cosines["mean"] == pytest.approx(1, abs=1e-5)
    assert max(cosines["cls"], cosines["max"]) < 0.9
    assert pooled.vectors[3] == pytest.approx(SentenceTransformerEmbedder().embed_query(MONEY), abs=1e-5)  # what was exported


def test_a_word_has_one_static_vector_and_another_one_in_each_context(real: Library) -> None:
    compared = compare_word(real, "Bank", MONEY, RIVER)

    assert compared.cosine < 0.9
    assert compared.static_cosine == pytest.approx(1, abs=1e-6)
    assert (MONEY[compared.first.start : compared.first.end], compared.first.occurrences) == ("bank", 1)
    assert compare_word(real, "bank", MONEY, MONEY).cosine == pytest.approx(1, abs=1e-6)
    several = compare_word(real, "unbelievably", "Unbelievably late, unbelievably!", "It is unbelievably odd.")
    assert [piece.text for piece in several.second.pieces] == ["un", "##bel", "##ie", "##va", "##bly"]
    assert several.first.occurrences == 2
    assert compare_word(real, "漢", "漢字です", "この漢").first.end == 1  # a script without spaces


@pytest.mark.parametrize(
    ("word", "first", "second", "said"),
    [
        ("bank", "An embankment.", RIVER, "“bank” is not in the first sentence"),
        ("harbour", "A harbour.", RIVER, "“harbour” is not in the second sentence"),
        ("bank", "word " * 300 + "bank", RIVER, "beyond the 256 tokens"),
        (" ", MONEY, RIVER, "no word to compare"),
        ("bank", MONEY, "", "text is empty"),
    ],
)
def test_a_word_that_cannot_be_compared_is_said(real: Library, word: str, first: str, second: str, said: str) -> None:
    with pytest.raises(ExploringError, match=said):
        compare_word(real, word, first, second)


def test_each_token_is_compared_with_each(real: Library) -> None:
    alone, pair = token_similarities(real, MONEY), token_similarities(real, MONEY, RIVER)

    assert np.diag(alone.cosines) == pytest.approx(1, abs=1e-5)
    assert pair.cosines.shape == (9, 9)
    rows, columns = [token.text for token in pair.rows], [token.text for token in pair.columns]
    cosine = pair.cosines[rows.index("bank"), columns.index("bank")]
    assert cosine == pytest.approx(compare_word(real, "bank", MONEY, RIVER).cosine, abs=1e-5)
    assert heat_map(pair.cosines, rows, columns).data[0].z.shape == (9, 9)


def test_what_cannot_be_looked_into_is_said(real: Library, library: Library) -> None:
    with pytest.raises(ExploringError, match="text is empty"):
        tokenize(real, " \n")
    with pytest.raises(ExploringError, match="20,001 characters"):
        tokenize(real, "x" * (MOST_CHARACTERS + 1))
    assert len(tokenize(real, "y z " * 2500).read) == 256
    assert tokenize(real, "lone \ud800 surrogate").text == "lone ? surrogate"
    for ask in (tokenize, pool, token_similarities):
        with pytest.raises(ExploringError, match="does not show its tokens"):
            ask(library, MONEY)


def test_the_command_prints_tokens_and_a_word_in_two_sentences(
    real: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["rag", "tokens", *arguments, "--library", str(folder)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    status, out, _ = run(MONEY, "--json")
    told = json.loads(out)
    assert (status, told["limit"], [token["id"] for token in told["tokens"]]) == (
        0,
        256,
        [101, 1045, 14140, 2769, 1999, 1996, 2924, 1012, 102],
    )
    status, out, err = run("harbour " * 300)
    assert (status, "harbour" in out, "46 are cut off" in err) == (0, True, True)
    status, out, _ = run("--word", "bank", MONEY, RIVER, "--json")
    assert json.loads(out)["cosine"] < 0.9
    status, out, _ = run(MONEY, "--pool")
    assert "9 vectors of 384 dimensions. The model's own pooling: mean." in out
    assert run("--word", "harbour", MONEY, RIVER)[0] == 1
    assert run("--word", "bank", MONEY)[0] == 2


def test_a_token_that_byte_level_bpe_begins_a_word_with_is_a_word() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {"the": 0, "Ġ": 1, "Ġpump": 2, "s": 3, "t": 4, "h": 5, "e": 6, "p": 7, "u": 8, "m": 9}
    merges = [("t", "h"), ("th", "e"), ("p", "u"), ("pu", "m"), ("pum", "p"), ("Ġ", "pump")]
    pieces = {**vocabulary, "th": 10, "pu": 11, "pum": 12, "pump": 13}
    tokenizer = Tokenizer(models.BPE(pieces, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    reader = TokenReader(lambda: (tokenizer, 64), None)  # type: ignore[arg-type]  # no vector is asked for
    assert [(token.text, token.kind) for token in reader.tokens("the pumps").tokens] == [("the", "word"), ("Ġpump", "word"), ("s", "piece")]
