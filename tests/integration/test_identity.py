"""The identity of an embedder: an index is found by it, so it must not change, and telling it must load nothing."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag import EmbeddingError, Library, Settings
from rag.embedding.backends import Backend, build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.model_files import BUILT_IN_KEY
from rag.embedding.onnx_embedder import EXPORT_VERSION, OnnxEmbedder, expected_precision
from rag.embedding.protocol import Embedder
from rag.reranking import build_reranker
from rag.settings import EmbeddingEndpoint
from tests.exported import export_here
from tests.fakes import BagOfWordsEmbedder
from tests.tiny_models import make_bert

WEIGHTS = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
KEY = f"{WEIGHTS}-115689d8526bfcda"
WORDS = "words:w.txt:84d25d93b609fe142d6ffa94bd77eb7bada591941b3b07e12bdcaee05f820ace:sif-centred"
PLUGIN = """class Letters:
    def __init__(self, argument=''): pass
    identity, max_tokens = 'letters 1', 1
    token_spans = embed_documents = embed_query = None
"""
ENDPOINT = EmbeddingEndpoint("http://me:pw@here/v1", SecretStr("k"), 256, 1000)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model of each kind: files with the right names, but no real models."""
    (tmp_path / "tiny").mkdir()
    for name, content in {"model.safetensors": "weights", "modules.json": "[]", "tokenizer.json": "{}"}.items():
        (tmp_path / "tiny" / name).write_text(content, encoding="utf-8")
    (tmp_path / "w.txt").write_text("3 2\nreturn 1 0\nPump 0 1\nreturns 0.9 0.1\n", encoding="utf-8")
    (tmp_path / "gensim").mkdir()
    about = '{"kind": "word2vec", "words": ["oil"], "counts": [2], "epochs": 1}'
    (tmp_path / "gensim" / "about.json").write_text(about, encoding="utf-8")
    (tmp_path / "gensim" / "rows.npy").write_bytes(b"rows")
    (tmp_path / "pinned_letters.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_export(cache: Path, key: str, precision: str) -> None:
    folder = cache / f"{key}-{EXPORT_VERSION}"
    folder.mkdir(parents=True)
    about = {
        "precision": precision,
        "agreement": 1.0,
        "dimensions": 2,
        "limit": 8,
        "max_tokens": 6,
        "document_prompt": "",
        "query_prompt": "",
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


@pytest.mark.parametrize(
    ("model", "backend", "identity"),
    [
        ("tiny", "torch", f"sentence-transformers:tiny:{KEY}"),
        ("transformers:tiny?pooling=cls", "torch", f"sentence-transformers:tiny:{KEY}-cls"),
        ("tiny", "onnx", f"onnx-fp32:tiny:{KEY}"),
        ("tiny", "auto", f"onnx-fp32:tiny:{KEY}"),
        ("transformers:tiny?pooling=cls", "auto", f"onnx-uint8:tiny:{KEY}-cls"),
        ("words:w.txt", "auto", WORDS),
        ("openai:m", "auto", "openai:http://here/v1:m:256:1000"),
        ("gensim:gensim", "auto", "gensim:word2vec:a0657f3e9454304f41fd173f96daa822f7b0c3a5df991e8c0d6308f756171318"),
        ("combine:3*words:w.txt,1*openai:m", "auto", f"combine:0.75*({WORDS}),0.25*(openai:http://here/v1:m:256:1000)"),
        ("plugin:pinned_letters:Letters", "auto", "plugin:pinned_letters:Letters:letters 1"),
        ("plugin:pinned_letters:Letters?x", "auto", "plugin:pinned_letters:Letters?x:letters 1"),
        ("all-MiniLM-L6-v2", "auto", f"onnx-int8:all-MiniLM-L6-v2:{BUILT_IN_KEY}"),
        ("sentence-transformers/all-MiniLM-L6-v2", "auto", f"onnx-int8:all-MiniLM-L6-v2:{BUILT_IN_KEY}"),
        (
            "all-MiniLM-L6-v2",
            "torch",
            "sentence-transformers:all-MiniLM-L6-v2:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db-a7bd6e2b26f024eb",
        ),
    ],
)
def test_each_kind_keeps_the_identity_that_libraries_are_stored_under(room: Path, model: str, backend: Backend, identity: str) -> None:
    put_export(room / "cache", KEY, "fp32")
    put_export(room / "cache", f"{KEY}-cls", "uint8")
    assert build_embedder(model, backend, room / "cache", ENDPOINT).identity == identity


def test_rerankers_keep_theirs_too(room: Path) -> None:
    assert build_reranker("tiny").identity == f"cross-encoder:tiny:{WEIGHTS}"
    assert build_reranker("http://me:pw@here/v1", "m").identity == "endpoint:http://here/v1:m"


def test_a_model_that_was_not_exported_yet_is_known_by_what_its_export_should_be(room: Path) -> None:
    for backend in ("auto", "onnx"):
        assert build_embedder("tiny", backend, room / "cache").identity == f"onnx-{expected_precision()}:tiny:{KEY}"
    assert not (room / "cache").exists()


LIST = """
import sys
from rag import Settings
from rag.embedding.backends import build_embedder
for model in sys.argv[2:]:
    settings = Settings(embedding_model=model, embedding_base_url="http://127.0.0.1:1/v1")
    build_embedder(model, settings.embedding_backend, settings.exported_models, settings.embedding_endpoint).identity
sys.argv = ["rag", "list", "--library", sys.argv[1]]
from ui.commands.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", sorted({*"torch transformers sentence_transformers onnx onnxruntime openai gensim".split()} & set(sys.modules)))
"""


@pytest.mark.parametrize("backend", ["auto", "onnx", "torch"])
def test_listing_a_library_on_a_fresh_machine_loads_no_model(sample_library: Path, room: Path, backend: str) -> None:
    library = shutil.copytree(sample_library, room / "library")
    models = ["tiny", "transformers:tiny?pooling=cls", "words:w.txt", "openai:m", "gensim:gensim", "plugin:pinned_letters:Letters"]
    done = subprocess.run(
        [sys.executable, "-c", LIST, str(library), *models, f"combine:1*tiny,2*words:{room / 'w.txt'}"],
        env={"PATH": "", "PYTHONPATH": f"{Path(__file__).parents[2]}:{room}", "RAG_EMBEDDING_BACKEND": backend, "RAG_MODEL_CACHE": "cache"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
    assert not (room / "cache").exists()


def test_a_model_that_cannot_be_exported_is_known_from_then_on(room: Path, caplog: pytest.LogCaptureFixture) -> None:
    (room / "tiny" / "config.json").write_text("no JSON", encoding="utf-8")
    first = build_embedder("tiny", "auto", room / "cache")
    assert first.identity.startswith("onnx-")
    with pytest.raises(EmbeddingError, match="prepared just now, as sentence-transformers"):
        first.embed_query("Anything?")
    with caplog.at_level(logging.WARNING):
        assert build_embedder("tiny", "auto", room / "cache").identity.startswith("sentence-transformers:tiny:")
    assert "slower" in caplog.text
    with pytest.raises(EmbeddingError, match=r"cannot be exported to ONNX: .*Delete .*failed to try again"):
        _ = build_embedder("tiny", "onnx", room / "cache").identity


def test_an_export_that_is_another_than_expected_is_told_before_its_vectors_are_stored(tmp_path: Path) -> None:
    model, cache = make_bert(tmp_path / "bert"), tmp_path / "cache"
    early, ready = (build_embedder(f"transformers:{model}?pooling=mean", "auto", cache) for _ in range(2))
    expected = early.identity
    export_here(str(model), cache, "mean", ["fp32"])
    for _ in range(2):
        with pytest.raises(EmbeddingError, match=r"prepared just now, as onnx-fp32.*Run the command again"):
            early.embed_documents(["Anything."])
    assert early.identity == expected
    assert ready.max_tokens == 46
    assert ready.identity == expected.replace(expected_precision(), "fp32", 1)
    assert ready.embed_query("Anything?").shape == (32,)


def test_what_holds_threads_lets_go_of_them_and_can_be_used_again(minilm: Embedder) -> None:
    import threading

    checked = CheckedEmbedder(minilm)
    before = checked.embed_documents(["One.", "Two."])
    checked.close()
    checked.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("embedding")]
    assert (checked.embed_documents(["One.", "Two."]) == before).all()
    CheckedEmbedder(BagOfWordsEmbedder()).close()


@pytest.mark.parametrize("backend", ["auto", "onnx"])
def test_a_first_library_is_indexed_by_the_final_identity(tmp_path: Path, backend: Backend) -> None:
    """As of a model that suffers from 8 bits: the export is another than expected, and nobody notices."""
    model, cache = make_bert(tmp_path / "bert"), tmp_path / "cache"
    (tmp_path / "one.txt").write_text("The pump is oiled.", encoding="utf-8")

    class Late(OnnxEmbedder):
        """Exported when it is first used, in a precision that this processor is not expected to have."""

        @property
        def max_tokens(self) -> int:
            if not cache.exists():
                export_here(str(model), cache, "mean", ["fp32"])
            return super().max_tokens

    settings = Settings(embedding_model=f"transformers:{model}?pooling=mean", embedding_backend=backend, model_cache=cache, chunk_tokens=16)
    with Library.open(tmp_path / "library", settings, embedder=Late(str(model), cache, "mean")) as library:
        assert library.add(tmp_path / "one.txt").all_searchable
        assert library.retrieve("Is the pump oiled?")
    with Library.open(tmp_path / "library", settings) as library:
        assert library.index_identity.startswith("onnx-fp32:bert:")
        assert len(library.documents()) == 1
