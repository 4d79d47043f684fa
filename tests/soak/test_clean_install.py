"""README's one line on a new machine: an empty environment, the wheel, what it asks for; and nothing of graphics cards."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.wheels import ROOT, build_wheel, clean_variables, install, make_environment

MOST_MEGABYTES = {"wheel": 100, "environment": 1500}  # an index takes no larger wheel
CONSTRAINTS = ROOT / "constraints.txt"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the environment in `venv`."""
    room = tmp_path_factory.mktemp("clean")
    wheel = build_wheel(room, is_quick=False)
    install(make_environment(room / "venv", sees_ours=False), "--constraint", CONSTRAINTS, wheel)
    return room


@pytest.fixture(scope="module")
def served(installed: Path) -> Iterator[str]:
    """The address of `rag serve`."""
    command = [str(installed / "venv" / "bin" / "rag"), "serve", "--port", "0", "--library", "library"]
    with subprocess.Popen(command, cwd=installed, env=clean_variables(), stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr
        found = re.search(r"http://\S+", next(line for line in serving.stderr if "Footnote is at" in line))
        assert found
        yield found[0].rstrip("/")
        serving.terminate()


def test_it_is_small(installed: Path) -> None:
    (wheel,), (packages,) = installed.glob("*.whl"), (installed / "venv").glob("lib/*/site-packages")
    sizes = {"wheel": wheel.stat().st_size, "environment": sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())}
    print({name: f"{size / 1e6:.0f} MB" for name, size in sizes.items()})
    assert all(size < MOST_MEGABYTES[name] * 1e6 for name, size in sizes.items())
    assert not [path.name for path in packages.iterdir() if re.match(r"torch|transformers|nvidia|sentence_transformers", path.name)]


def test_it_serves_adds_and_answers(served: str, samples: Path) -> None:
    with httpx2.Client(base_url=served, timeout=120) as http, (samples / "returns-policy.txt").open("rb") as file:
        added = http.post("/api/documents", files={"file": file})
        answer = http.post("/api/ask", json={"question": "When may I return an item?"}).json()
    assert added.is_success, added.text
    assert "30 days" in answer["text"]
    assert answer["citations"][0]["passage"]["document"] == "returns-policy.txt"


def test_the_image_s_health_check_finds_it_healthy(served: str) -> None:
    line = re.search(r"^HEALTHCHECK .*\\\n *CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert line
    program = ast.literal_eval(line[1])[-1]
    assert "http://127.0.0.1:7860/" in program
    for address, status in ((served, 0), (f"{served}/nowhere", 1)):
        command = [sys.executable, "-c", program.replace("http://127.0.0.1:7860", address)]
        assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == status


def test_it_is_typed(installed: Path) -> None:
    programs = shutil.copytree(ROOT / "docs" / "programs", installed / "programs")
    python = str(installed / "venv" / "bin" / "python")
    options = ["--strict", "--cache-dir", os.devnull, "--python-executable", python]
    command = [sys.executable, "-m", "mypy", *options, *map(str, programs.glob("*.py"))]
    variables = clean_variables() | {"MYPYPATH": str(programs)}
    done = subprocess.run(command, cwd=installed, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
