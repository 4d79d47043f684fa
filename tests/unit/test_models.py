"""The catalogue of embedding models, their families' prompts, and downloading one from a stand-in server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag import EmbeddingError
from rag.embedding.catalogue import find_listed, listed_models
from rag.embedding.downloading import download, is_here
from rag.embedding.model_files import model_key, prompts_in
from rag.storing.model_choice import ModelChoice
from ui.commands.cli import app
from ui.models import model_rows, use_listed

NAME = "someone/tiny-model"
FILES = {
    "config.json": b"{}",
    "modules.json": b"[]",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"the same again",
    "onnx/model.safetensors": b"for others",
    "picture.png": b"",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """A server that has one model, as Hugging Face would have it; the files that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith(f"/api/models/{NAME}/tree/"):
                files = [{"type": "file", "path": name, "size": len(content), "oid": "0"} for name, content in FILES.items()]
                self._send(json.dumps(files).encode())
            elif path.startswith(f"/api/models/{NAME}"):
                siblings = [{"rfilename": name, "size": len(content)} for name, content in FILES.items()]
                self._send(json.dumps({"id": NAME, "modelId": NAME, "sha": "a" * 40, "siblings": siblings}).encode())
            elif name := next((name for name in FILES if path == f"/{NAME}/resolve/{'a' * 40}/{name}"), ""):
                asked.append(name)
                self._send(FILES[name], {"ETag": f'"{name.replace("/", "-")}"', "X-Repo-Commit": "a" * 40})
            else:
                self._send(b"{}", {"X-Error-Code": "RepoNotFound"}, 404)

        def _send(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        yield asked
        server.shutdown()
        thread.join()


def test_a_model_is_downloaded_with_one_kind_of_weights(hub: list[str]) -> None:
    assert not is_here(NAME)
    shares: list[float] = []
    download(NAME, shares.append)
    assert is_here(NAME)
    assert set(hub) == {"config.json", "modules.json", "model.safetensors"}
    assert all(0 <= share <= 1 for share in shares)


def test_what_cannot_be_downloaded_is_told(hub: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddingError, match=r"someone/else could not be downloaded: there is no such model\. "):
        download("someone/else")
    with pytest.raises(EmbeddingError, match="not a model on Hugging Face"):
        download("nobody")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EmbeddingError, match=rf"{NAME} could not be downloaded: no connection .* copy the model's folder"):
        download(NAME)


def test_a_family_s_prompts_are_used_where_the_model_states_none(tmp_path: Path) -> None:
    folder = tmp_path / "multilingual-e5-small"
    other = tmp_path / "another"
    for each in (folder, other):
        each.mkdir()
        (each / "modules.json").write_text("[]")
        (each / "model.safetensors").write_bytes(b"weights")
    assert tuple(prompts_in(folder)) == ("passage: ", "query: ")
    assert tuple(prompts_in(other)) == ("", "")
    assert model_key(str(folder)) != model_key(str(other))  # another index

    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "ask: ", "passage": "say: "}}))
    assert tuple(prompts_in(folder)) == ("say: ", "ask: ")


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("multilingual-e5-large", "query: ", "passage: "),
        ("bge-m3", "", ""),
        ("bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("gte-modernbert-base", "", ""),
        ("all-MiniLM-L6-v2", "", ""),
        ("text-embedding-3-small", "", ""),
    ],
)
def test_the_prompts_of_listed_models(name: str, query: str, passage: str) -> None:
    listed = find_listed(name)
    assert listed
    assert (listed.prompts.query, listed.prompts.passage) == (query, passage)


def test_the_catalogue_is_whole() -> None:
    assert len({model.name for model in listed_models()}) == len(listed_models())
    for model in listed_models():
        assert model.source.startswith("https://")
        assert model.dimensions > 0 < model.tokens
        assert model.is_local != (model.needs_code or model.parameters is None)


def test_the_list_tells_what_the_library_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    states = {row.model.name: row.state for row in model_rows("all-MiniLM-L6-v2", "intfloat/multilingual-e5-small")}
    assert states["all-MiniLM-L6-v2"] == "in use"
    assert states["multilingual-e5-small"] == "indexing"
    assert states["bge-m3"] == "not downloaded"
    assert states["text-embedding-3-small"] == "endpoint"

    ModelChoice(tmp_path).change(model="BAAI/bge-m3")
    listed = CliRunner().invoke(app, ["models", "--json", "--library", str(tmp_path)])
    rows = {row["name"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert rows["bge-m3"]["state"] == "in use"
    assert rows["multilingual-e5-small"]["prompts"] == {"passage": "passage: ", "query": "query: "}

    monkeypatch.setenv("RAG_EMBEDDING_MODEL", "openai:text-embedding-3-small")
    listed = CliRunner().invoke(app, ["models", "--library", str(tmp_path)])
    assert "RAG_EMBEDDING_MODEL is set, and wins" in listed.output


def test_the_page_takes_names_of_the_list_only(library: object) -> None:
    """A name can stand for code: `plugin:MODULE:CLASS`."""
    with pytest.raises(EmbeddingError, match="models of its list only"):
        use_listed(library, "plugin:os:system?true")  # type: ignore[arg-type]
