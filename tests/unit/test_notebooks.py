"""Notebooks are read as words, code and what it printed; source code as text."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rag.errors import UnreadableFileError
from rag.formats.loader import Loader
from tests.loading import load
from tests.opening import opened, pages, text


def notebook(*cells: Mapping[str, object]) -> str:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": [*cells]})


def test_a_notebook_is_read_in_its_order(tmp_path: Path) -> None:
    words = {"cell_type": "markdown", "source": ["# Sales\n", "\n", "Some words.\n", "\n", "Costs\n", "-----\n", "More."]}
    outputs = [
        {"output_type": "stream", "text": ["1\n", "\x1b[31mred\x1b[0m\n"]},
        {"output_type": "execute_result", "data": {"text/plain": "<Table>", "text/html": "<table><tr><td>a</td><td>b</td></tr></table>"}},
        {"output_type": "display_data", "data": {"text/plain": "<Figure>", "image/png": "iVBORw0KGgo"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "too large", "traceback": ["..."]},
    ]
    code = {"cell_type": "code", "source": "# no heading\nprint(1)", "outputs": outputs}
    file = opened(tmp_path, "a.ipynb", notebook(words, code))
    (page,) = file.pages()
    assert file.title == "Sales"
    assert page.text == ("Sales\n\nSome words.\n\nCosts\n\nMore.\n\n# no heading\nprint(1)\n\n1\nred\n\na\tb\n\nValueError: too large")
    assert page.headings == [(1, "Sales", 0), (2, "Costs", page.text.index("Costs"))]


def test_pictures_are_not_text(tmp_path: Path) -> None:
    source = f"Before ![a chart](data:image/png;base64,{'A' * 3_000_000}) after <img src='data:x'>."
    assert text(tmp_path, "a.ipynb", notebook({"cell_type": "markdown", "source": source})) == "Before a chart after ."


def test_what_runs_on_is_cut(tmp_path: Path) -> None:
    log = {"cell_type": "code", "source": "run()", "outputs": [{"output_type": "stream", "text": "line\n" * 100_000}]}
    assert len(text(tmp_path, "a.ipynb", notebook(log))) < 21_000


def test_a_notebook_of_an_older_version_is_read(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Old"]},
        {"cell_type": "code", "input": ["x = 1"], "outputs": [{"output_type": "pyout", "text": ["1"]}]},
    ]
    assert text(tmp_path, "a.ipynb", json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]})) == "Old\n\nx = 1\n\n1"


def test_what_is_no_notebook_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"a": 1}', encoding="utf-8")
    loader = Loader()
    try:
        with pytest.raises(UnreadableFileError, match=r"a\.ipynb is damaged or not a Jupyter notebook file"):
            load(loader, path)
    finally:
        loader.close()


@pytest.mark.parametrize("name", ["a.py", "a.YAML", "a.cpp", "a.sql", "a.xml", "a.tex"])
def test_source_code_is_text_without_headings(tmp_path: Path, name: str) -> None:
    file = opened(tmp_path, name, "# a comment\n\nx = 1\n")
    (page,) = file.pages()
    assert (file.title, page.label, page.text, page.headings) == ("", "1", "# a comment\n\nx = 1\n", ())


def test_long_code_has_parts(tmp_path: Path) -> None:
    assert [page.label for page in pages(tmp_path, "a.py", "x = 1\n" * 50_000)] == ["part 1", "part 2"]
