"""The wheel has all that is needed; that it serves is a test in `tests/soak`."""

import re
import subprocess
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import rag
from tests.wheels import ROOT, build_wheel, clean_variables, install, make_environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_it_has_every_file_and_asks_for_no_torch(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (about,) = (message_from_bytes(opened.read(name)) for name in names if name.endswith(".dist-info/METADATA"))
    ours = {path.relative_to(ROOT).as_posix() for top in ("rag", "ui") for path in (ROOT / top).rglob("*") if path.is_file()}
    assert {name for name in ours if "__pycache__" not in name} == {name for name in names if ".dist-info/" not in name}
    assert {"rag/py.typed", "rag/embedding/all-MiniLM-L6-v2/model.onnx"} <= set(names)
    assert any(name.endswith("/licenses/rag/embedding/all-MiniLM-L6-v2/NOTICE") for name in names)
    needed = [line for line in about.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert len(needed) > 30
    assert not [line for line in needed if re.match(r"torch|transformers|sentence|gt-all", line)]


def test_installed_it_is_what_runs(wheel: Path, tmp_path: Path) -> None:
    binaries = make_environment(tmp_path / "venv", sees_ours=True)
    install(binaries, "--no-deps", "--no-index", wheel)

    def run(*command: str | Path) -> str:
        return subprocess.run(command, cwd=tmp_path, env=clean_variables(), capture_output=True, text=True, check=True).stdout

    (packages,) = (tmp_path / "venv").glob("lib/*/site-packages")
    assert "all-MiniLM-L6-v2" in run(binaries / "rag", "models")
    said = run(binaries / "python", "-c", "import rag; print(rag.__file__, rag.__version__)")
    assert said.split() == [str(packages / "rag" / "__init__.py"), rag.__version__]
