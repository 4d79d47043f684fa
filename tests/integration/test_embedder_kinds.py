"""Every kind of embedder that the setting RAG_EMBEDDING_MODEL names."""

import gzip
import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import EmbeddingError, Library, Settings
from rag.embedding.adapted import shortened
from rag.embedding.backends import Backend, build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.onnx_export import TEXTS as JUDGED_ON
from rag.embedding.protocol import Embedder, Embeddings
from rag.embedding.sentence_transformer import POOLINGS, SentenceTransformerEmbedder
from rag.embedding.trained import TrainedEmbedder, train
from rag.settings import EmbeddingEndpoint
from rag.types import TrainedKind
from tests.conftest import OpenLibrary
from tests.exported import export_here
from tests.fakes import BagOfWordsEmbedder
from tests.tiny_models import WORDS, make_bert, make_deberta, make_gpt2

TEXTS = [*WORDS, "pump"]
FILE = "3 2\nreturn 1 0\nPump 0 1\nreturns 0.9 0.1\n"
SENTENCES = [
    f"{who} {does} the {what} every {when}"
    for who in ("the mechanic", "the engineer", "our foreman")
    for does in ("oils", "cleans", "inspects")
    for what in ("pump", "valve", "gasket")
    for when in ("week", "month", "year")
] + [
    f"{who} may return the {what} for a {money}"
    for who in ("a customer", "the buyer", "any client")
    for what in ("parcel", "coat", "lamp")
    for money in ("refund", "voucher", "credit")
]


def built(model: str, tmp_path: Path, backend: Backend = "auto") -> Embedder:
    return build_embedder(model, backend, tmp_path / "cache")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    room = tmp_path_factory.mktemp("tiny")
    return {"bert": make_bert(room / "bert"), "deberta": make_deberta(room / "deberta"), "gpt2": make_gpt2(room / "gpt2")}


def by_hand(folder: Path, text: str, pooling: str) -> Any:
    """The pooling's formula on the hidden states of one text alone."""
    from transformers import AutoModel, AutoTokenizer

    given = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt", truncation=True)
    states = AutoModel.from_pretrained(folder)(**given).last_hidden_state[0].detach().numpy()
    pooled = {"cls": states[0], "mean": states.mean(axis=0), "max": states.max(axis=0), "last": states[-1]}[pooling]
    return pooled / np.linalg.norm(pooled)


@pytest.mark.parametrize("name", ["bert", "deberta", "gpt2"])
def test_each_pooling_is_its_formula_in_a_padded_batch_too(tiny: dict[str, Path], tmp_path: Path, name: str) -> None:
    for pooling in POOLINGS:
        model = built(f"transformers:{tiny[name]}?pooling={pooling}", tmp_path, "torch")
        expected = np.stack([by_hand(tiny[name], text, pooling) for text in TEXTS])
        assert np.allclose(model.embed_documents(TEXTS), expected, atol=1e-5), pooling
        assert np.allclose(model.embed_query(TEXTS[0]), expected[0], atol=1e-5), pooling


def test_a_pooling_is_exported_and_is_an_identity_of_its_own(tiny: dict[str, Path], tmp_path: Path) -> None:
    for pooling in ("last", "mean"):
        export_here(str(tiny["gpt2"]), tmp_path / "cache", pooling)
    last, mean = (built(f"transformers:{tiny['gpt2']}?pooling={pooling}", tmp_path) for pooling in ("last", "mean"))
    assert last.identity != mean.identity
    assert last.identity.startswith("onnx-")
    original = SentenceTransformerEmbedder(str(tiny["gpt2"]), "last")
    assert np.mean(np.sum(last.embed_documents(JUDGED_ON) * original.embed_documents(JUDGED_ON), axis=1)) >= 0.99
    assert "".join(TEXTS[0][start:end] for start, end in last.token_spans(TEXTS[0])) == TEXTS[0]


def test_no_pooling_is_taken_for_granted(tiny: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"transformers:.*bert\?pooling=mean"):
        _ = built(str(tiny["bert"]), tmp_path).identity
    for model in (f"transformers:{tiny['bert']}", f"transformers:{tiny['bert']}?pooling=median", "transformers:?pooling=mean"):
        with pytest.raises(EmbeddingError, match="names no known pooling"):
            built(model, tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("w2v.txt", FILE), ("glove.txt", FILE.partition("\n")[2]), ("model.vec.gz", FILE)],
)
def test_word_vectors_are_read_in_each_format(tmp_path: Path, name: str, content: str) -> None:
    data = content.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    model = built(f"words:{tmp_path / name}", tmp_path)
    rows = model.embed_documents(["Return!", "the returns", "Pump", "", "qwertz", "QWERTZ", "zuiop"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert rows[0] @ rows[1] > 0.99 > 0 > rows[0] @ rows[2]
    assert rows[4] @ rows[5] == pytest.approx(1)
    assert not np.allclose(rows[4], rows[6])
    assert np.array_equal(model.embed_query("the returns"), rows[1])
    assert model.embed_documents([]).shape == (0, 2)


BINARY = b"3 2\n" + b"\n".join(
    word + b" " + np.array(row, "<f4").tobytes()
    for word, row in zip((b"return", b"Pump", b"returns"), ((1, 0), (0, 1), (0.9, 0.1)), strict=True)
)


@pytest.mark.parametrize(("name", "data"), [("w.bin", BINARY), ("w.bin.gz", gzip.compress(BINARY))], ids=["bin", "gz"])
def test_binary_word_vectors_are_those_of_the_text(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / "w.txt").write_text(FILE, encoding="utf-8")
    (tmp_path / name).write_bytes(data)
    expected, found = (built(f"words:{tmp_path / each}", tmp_path).embed_documents(["returns", "Pump"]) for each in ("w.txt", name))
    np.testing.assert_array_equal(found, expected)
    for broken in (BINARY[:-3], b"3 0\n" + BINARY[4:], FILE.partition("\n")[2].encode()):
        (tmp_path / "broken.bin").write_bytes(broken)
        with pytest.raises(EmbeddingError, match=r"broken\.bin cannot be read"):
            built(f"words:{tmp_path / 'broken.bin'}", tmp_path).embed_query("returns")


def small_fasttext() -> Any:
    from gensim.models import FastText

    return FastText([["pump", "pump", "valve"]] * 9, vector_size=4, min_count=1, workers=1, bucket=50, epochs=1)


def test_word_vectors_that_gensim_saved_are_read_and_nothing_in_them_is_run(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors, Word2Vec

    (tmp_path / "w.txt").write_text(FILE, encoding="utf-8")
    saved = KeyedVectors.load_word2vec_format(tmp_path / "w.txt")
    saved.save(str(tmp_path / "w.kv"))
    saved.save(str(tmp_path / "beside.kv"), sep_limit=0)
    expected = built(f"words:{tmp_path / 'w.txt'}", tmp_path).embed_documents(["returns", "Pump"])
    for name in ("w.kv", "beside.kv"):
        np.testing.assert_array_equal(built(f"words:{tmp_path / name}", tmp_path).embed_documents(["returns", "Pump"]), expected)
    before = built(f"words:{tmp_path / 'beside.kv'}", tmp_path).identity
    np.save(tmp_path / "beside.kv.vectors.npy", 2 * saved.vectors)
    assert built(f"words:{tmp_path / 'beside.kv'}", tmp_path).identity != before
    Word2Vec([["pump", "valve"]] * 9, vector_size=4, min_count=1, workers=1).save(str(tmp_path / "w.model"))
    assert built(f"words:{tmp_path / 'w.model'}", tmp_path).embed_query("pump").shape == (4,)
    for name, saved in {"f.model": (model := small_fasttext()), "f.kv": model.wv}.items():
        saved.save(str(tmp_path / name))
        read = built(f"words:{tmp_path / name}", tmp_path).embed_documents(["pump", "valve"])
        direct = KeyedVectors(4)
        direct.add_vectors(["pump", "valve"], [model.wv["pump"], model.wv["valve"]])
        direct.save(str(tmp_path / "direct.kv"))
        np.testing.assert_allclose(read, built(f"words:{tmp_path / 'direct.kv'}", tmp_path).embed_documents(["pump", "valve"]), atol=1e-5)
    (tmp_path / "bad.kv").write_bytes(pickle.dumps(_Runs(str(tmp_path / "run"))))
    with pytest.raises(EmbeddingError, match=r"bad\.kv cannot be read"):
        built(f"words:{tmp_path / 'bad.kv'}", tmp_path).embed_query("pump")
    assert not (tmp_path / "run").exists()


class _Runs:
    """A pickle of it makes a folder when it is read."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (self.folder,)


def test_word_vectors_are_told_from_other_files(tmp_path: Path) -> None:
    path = tmp_path / "w.txt"
    path.write_text(FILE, encoding="utf-8")
    first = built(f"words:{path}", tmp_path).identity
    path.write_text(FILE.replace("0.9", "0.8"), encoding="utf-8")
    assert built(f"words:{path}", tmp_path).identity != first
    for content in ("one two three\n", "a 1 2\nb 1 nan\n", "a 1 2\nb 1\n", "", "only\n"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(EmbeddingError, match=str(path)):
            built(f"words:{path}", tmp_path).embed_query("one")
    with pytest.raises(EmbeddingError, match="cannot be read"):
        _ = built(f"words:{tmp_path / 'none.txt'}", tmp_path).identity


@pytest.mark.parametrize("kind", ["word2vec", "fasttext", "doc2vec"])
def test_a_model_trained_on_texts_is_the_same_each_time_and_makes_sense(tmp_path: Path, kind: TrainedKind) -> None:
    first = train(SENTENCES, kind, tmp_path / "first", dimensions=24, epochs=40)
    assert train(SENTENCES, kind, tmp_path / "second", dimensions=24, epochs=40).identity == first.identity
    assert train(SENTENCES, kind, tmp_path / "third", dimensions=24, epochs=41).identity != first.identity
    model = built(f"gensim:{tmp_path / 'first'}", tmp_path)
    assert model.identity == first.identity
    oiled, cleaned, refunded = model.embed_documents(
        ["the foreman oils the valve every year", "the engineer cleans the pump every week", "a client may return the lamp for a voucher"]
    )
    assert oiled @ cleaned > oiled @ refunded
    assert np.allclose(np.linalg.norm(model.embed_documents(["", "qwertz zuiop", "Pumping"]), axis=1), 1, atol=1e-6)
    script = f"from pathlib import Path; from rag.embedding.trained import TrainedEmbedder as T; \
print(T(Path({str(tmp_path / 'first')!r})).embed_query('the foreman oils the valve every year').tobytes().hex())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert bytes.fromhex(done.stdout) == oiled.tobytes()


def test_what_cannot_be_trained_or_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="0 words that occur twice or more"):
        train([], "word2vec", tmp_path / "none")
    with pytest.raises(EmbeddingError, match="no trained model in"):
        _ = TrainedEmbedder(tmp_path / "none").identity
    (tmp_path / "about.json").write_text('{"kind": "word2vec"}', encoding="utf-8")
    with pytest.raises(EmbeddingError, match="not what `rag train` writes"):
        _ = TrainedEmbedder(tmp_path).identity


def test_the_command_trains_on_the_library(sample_library: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from ui.commands.cli import app

    folder, library = tmp_path / "model", shutil.copytree(sample_library, tmp_path / "library")
    done = CliRunner().invoke(app, ["train", "word2vec", "-o", str(folder), "--library", str(library), "--dimensions", "20", "--json"])
    assert done.exit_code == 0, done.output
    trained = json.loads(done.stdout)
    assert trained["words"] > 20
    assert trained["identity"] == build_embedder(f"gensim:{folder}", "auto", tmp_path).identity


def test_a_combination_has_the_weighted_mean_of_the_cosines(tmp_path: Path, minilm: Embedder) -> None:
    path = tmp_path / "a,b.txt"
    path.write_text(FILE, encoding="utf-8")
    words = built(f"words:{path}", tmp_path)
    settings = Settings()
    model = build_embedder(f"combine:3*all-MiniLM-L6-v2, 1*(words:{path})", "auto", settings.exported_models)
    texts = ["May I return it?", "The pump is oiled.", "returns"]
    expected = 0.75 * minilm.embed_documents(texts) @ minilm.embed_query(texts[0])
    expected = expected + 0.25 * words.embed_documents(texts) @ words.embed_query(texts[0])
    assert np.allclose(model.embed_documents(texts) @ model.embed_query(texts[0]), expected, atol=1e-6)
    assert np.allclose(np.linalg.norm(model.embed_documents(texts), axis=1), 1, atol=1e-6)
    assert (model.max_tokens, len(model.token_spans("Unbelievably, embeddings!"))) == (254, 11)
    assert words.identity in model.identity


@pytest.mark.parametrize("given", ["0.5*x", "x,y", "0*x,1*y", "0.5*x,0.5*", "0.5*(x,0.5*y", ""])
def test_a_combination_that_is_written_otherwise_is_told(tmp_path: Path, given: str) -> None:
    with pytest.raises(EmbeddingError, match=r"write combine:0\.7\*MODEL,0\.3\*MODEL"):
        built(f"combine:{given}", tmp_path)


def test_combinations_may_be_nested(tmp_path: Path) -> None:
    path = tmp_path / "w.txt"
    path.write_text(FILE, encoding="utf-8")
    model = built(f"combine:0.5*words:{path},0.5*(combine:0.5*words:{path},0.5*words:{path})", tmp_path)
    assert model.embed_query("return the pump").shape == (6,)


MODELS = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
PLUGIN = textwrap.dedent(MODELS.partition("<!-- plugin -->\n")[2].partition("\n\n## ")[0]) + "\n\n"
"""The example in docs."""


def test_a_plug_in_serves_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samples: Path) -> None:
    (tmp_path / "my_letters.py").write_text(PLUGIN + "class Half:\n    identity = 'half'\n    max_tokens = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with Library.open(tmp_path / "library", Settings(embedding_model="plugin:my_letters:Letters")) as library:
        assert library.index_identity.startswith("plugin:my_letters:Letters:letters 1 ")
        assert library.add(samples / "returns-policy.txt").all_searchable
        assert library.retrieve("When may I return an item?")
    for given, said in [
        ("no_such_module:X", "no module 'no_such_module'"),
        ("my_letters:Nothing", "AttributeError"),
        ("my_letters:Letters?argument", "TypeError"),
        ("my_letters:Half", "has no token_spans, embed_documents, embed_query"),
        ("", "cannot be loaded"),
    ]:
        with pytest.raises(EmbeddingError, match=said):
            built(f"plugin:{given}", tmp_path)


class Returning(BagOfWordsEmbedder):
    """Gives `rows` for whatever documents."""

    def __init__(self, rows: Any) -> None:
        super().__init__()
        self._rows = rows

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        return self._rows  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.full((1, 4), np.nan), "length nan"),
        (np.zeros((1, 4)), "length 0"),
        (np.full((1, 4), np.inf), "length inf"),
        (np.ones((1, 4)), "length 2"),
        (np.ones((2, 4)) / 2, "2 x 4 numbers for 1 texts"),
        (np.ones(4) / 2, "not a vector each"),
        (np.empty((1, 0)), "not a vector each"),
        ([["a"]], "other than vectors of numbers"),
    ],
)
def test_a_vector_that_is_none_is_an_error_and_is_not_stored(rows: Any, said: str, open_library: OpenLibrary, tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=said):
        CheckedEmbedder(Returning(rows)).embed_documents(["one"])
    (tmp_path / "one.txt").write_text("One sentence.", encoding="utf-8")
    library = open_library(embedder=Returning(rows))
    with pytest.raises(EmbeddingError, match=said):
        library.add(tmp_path / "one.txt")
    assert len(library.vectors().embeddings) == 0


def test_vectors_of_another_size_than_those_stored_are_refused(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("One sentence.", encoding="utf-8")
    with open_library() as library:
        library.add(tmp_path / "one.txt")
    (tmp_path / "two.txt").write_text("Another sentence.", encoding="utf-8")
    library = open_library(embedder=Returning(np.eye(1, 3)))  # under the same name
    with pytest.raises(EmbeddingError, match=r"vectors of 3 numbers, and gave 256 before.*RAG_EMBEDDING_MODEL"):
        library.add(tmp_path / "two.txt")


def test_an_endpoint_that_is_not_stated_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="Set RAG_EMBEDDING_BASE_URL"):
        Library.open(tmp_path / "library", Settings(embedding_model="openai:text-embedding-3-small"))


def test_two_kinds_are_compared_on_questions(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from ui.commands.cli import app

    train(SENTENCES, "word2vec", tmp_path / "trained", dimensions=16, epochs=2)
    (tmp_path / "my_letters.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("RAG_EMBEDDING_MODEL", "plugin:my_letters:Letters")
    with Library.open(tmp_path / "library") as library:
        assert library.add(samples / "returns-policy.txt").all_searchable
    questions = tmp_path / "questions.jsonl"
    gold = {"document": "returns-policy.txt"}
    questions.write_text(json.dumps({"question": "When may I return an item?", "gold": [gold]}) + "\n", encoding="utf-8")
    change = f"embedding_model=gensim:{tmp_path / 'trained'}"
    done = CliRunner().invoke(app, ["eval", str(questions), "--library", str(tmp_path / "library"), "--compare", change, "--json"])
    assert done.exit_code == 0, done.output
    assert f"gensim:{tmp_path / 'trained'}" in done.stdout
    with Library.open(tmp_path / "library") as library:
        assert library.documents()
        assert not library.left_behind()


def test_vectors_are_cut_where_a_model_was_trained_for_it(tiny: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plugin = BagOfWordsEmbedder()
    cut = shortened(plugin, "nomic-ai/nomic-embed-text-v1.5", 64)
    first = plugin.embed_documents(TEXTS)[:, :64]
    whole = CheckedEmbedder(cut).embed_documents(TEXTS[:1])
    assert whole.shape == (1, 64)
    assert np.allclose(whole, first[:1] / np.linalg.norm(first[:1]))
    assert cut.identity != plugin.identity
    for model, said in (("nomic-ai/nomic-embed-text-v1.5", "64 numbers or more"), ("words:w.txt", "not trained for shorter")):
        with pytest.raises(EmbeddingError, match=said):
            shortened(plugin, model, 32)
    with pytest.raises(EmbeddingError, match="all-MiniLM-L6-v2 was not trained for shorter vectors"):
        Library.open(tmp_path / "library", Settings(embedding_dimensions=128))
    with pytest.raises(EmbeddingError, match="have 256 numbers"):
        shortened(plugin, "some/model", 300).embed_query("pump")
    assert "not known whether model was trained" in caplog.text


def test_prompts_are_given_with_the_model(tiny: dict[str, Path], tmp_path: Path) -> None:
    bare = built(f"transformers:{tiny['bert']}?pooling=mean", tmp_path, "torch")
    model = built(f"transformers:{tiny['bert']}?pooling=mean&query=pump: &passage=returns%20", tmp_path, "torch")
    assert np.allclose(model.embed_query("valve"), bare.embed_query("pump: valve"), atol=1e-6)
    assert np.allclose(model.embed_documents(["valve"]), bare.embed_documents(["returns valve"]), atol=1e-6)
    assert model.max_tokens < bare.max_tokens
    assert model.identity != bare.identity
    with pytest.raises(EmbeddingError, match=r"unknown option 'promt'. Known are: pooling, query, passage"):
        built(f"transformers:{tiny['bert']}?pooling=mean&promt=x", tmp_path)
    endpoint = EmbeddingEndpoint("http://127.0.0.1:9/v1")
    with pytest.raises(EmbeddingError, match="has prompts of its own"):
        build_embedder("openai:nomic-embed-text?query=x: ", "auto", tmp_path, endpoint)
    assert "x: " in build_embedder("openai:some-model?query=x:%20", "auto", tmp_path, endpoint).identity
