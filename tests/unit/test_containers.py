"""What Dockerfile and compose files say is so: versions, extras, settings, folders, the port, what is copied."""

import ast
import re
import tomllib
from inspect import signature
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rag.settings import Settings, variable_of
from tests.unit.test_design import ROOT
from ui.commands.serving import serve

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
SETTINGS = {variable_of(name) for name in Settings.model_fields}
PORT = signature(serve).parameters["port"].default


def lines(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} +(.*)", DOCKERFILE, re.MULTILINE)


def services(name: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["services"]
    return made


def test_the_image_installs_what_there_is() -> None:
    for image in lines("FROM"):
        python = re.match(r"python:([\d.]+)-slim", image)
        assert python
        assert SpecifierSet(PROJECT["requires-python"]).contains(python[1])
    assert re.search(r'pip install .* "\.\[\$EXTRAS\]"', DOCKERFILE)
    (wanted,) = lines("ARG")
    assert {"torch", "dev"}.isdisjoint(extras := wanted.removeprefix("EXTRAS=").split(","))
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def test_what_is_copied_is_there_and_all_that_the_build_names() -> None:
    copied = {source for line in lines("COPY") if not line.startswith("--from") for source in line.split()[:-1]}
    let_in = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    assert {PROJECT["readme"], "LICENSE", "pyproject.toml", "rag", "ui"} <= copied


def test_it_runs_as_nobody_in_particular_and_keeps_all_in_one_volume() -> None:
    assert lines("USER") == ["10001"]
    variables = dict(pair.split("=") for line in lines("ENV") for pair in line.split())
    assert {name for name in variables if name.startswith("RAG_")} <= SETTINGS
    kept = [value for name, value in variables.items() if name != "PATH"]
    assert lines("VOLUME") == ["/data"]
    assert all(value.startswith("/data/") for value in kept)


def test_it_listens_where_it_is_published_and_only_for_this_machine() -> None:
    command = ast.literal_eval(lines("CMD")[-1])
    assert command == ["rag", "serve", "--host", "0.0.0.0", "--port", str(PORT)]
    assert lines("EXPOSE") == [str(PORT)]
    assert f"http://127.0.0.1:{PORT}/healthz'" in lines("HEALTHCHECK")[0]
    assert services("compose.yaml")["footnote"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]


def test_compose_sets_settings_and_mounts_the_volume() -> None:
    for path in ROOT.glob("compose*.yaml"):
        assert set(services(path.name)["footnote"]["environment"]) <= SETTINGS
    assert services("compose.yaml")["footnote"]["volumes"] == ["data:/data"]


def test_the_chroma_server_is_of_the_client_s_version_and_only_footnote_reaches_it() -> None:
    pins = (Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    (pin,) = (pin for pin in pins if pin.name == "chromadb")
    chroma = services("compose.chroma.yaml")["chroma"]
    assert chroma["image"] == f"chromadb/chroma:{str(pin.specifier).removeprefix('==')}"
    assert "ports" not in chroma
    assert "ports" not in services("compose.ollama.yaml")["ollama"]
