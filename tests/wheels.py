"""The wheel, built and installed as a user has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from venv import EnvBuilder

ROOT = Path(__file__).parents[1]
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "rag", "ui")


def build_wheel(room: Path, *, is_quick: bool = True) -> Path:
    """Build the wheel from a copy of the sources in an empty folder; a quick one is not compressed."""
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, room / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (room / "source").mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, room / "source" / name)
    options = ["-C--build-option=--compression=stored"] if is_quick else []
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", *options, "--outdir", room, room / "source")
    (wheel,) = room.glob("*.whl")
    return wheel


def make_environment(folder: Path, *, sees_ours: bool) -> Path:
    """A new virtual environment's `bin`, without pip; it may see the packages of the one that tests run in, but not this checkout."""
    EnvBuilder().create(folder)
    if sees_ours:
        (packages,) = folder.glob("lib/python*/site-packages")
        ours = [path for path in sys.path if path.endswith("site-packages")]
        (packages / "ours.pth").write_text("\n".join(ours), encoding="utf-8")
    return folder / "bin"


def install(binaries: Path, *arguments: str | Path) -> None:
    """`pip install` into an environment."""
    _run(sys.executable, "-m", "pip", "--python", binaries / "python", "install", "--quiet", "--no-compile", *arguments)


def clean_variables() -> dict[str, str]:
    """The environment without a path to this checkout."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, env=clean_variables(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
