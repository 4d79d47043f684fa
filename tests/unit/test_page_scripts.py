"""The page's scripts as files."""

from pathlib import Path

import pytest
from gradio.route_utils import BUILD_PATH_LIB

from ui.http.page_scripts import as_file, without_eval


def component() -> str:
    (path,) = Path(BUILD_PATH_LIB).glob("HTML-*.js")
    return path.read_text(encoding="utf-8")


def test_gradios_html_component_makes_no_function_of_text() -> None:
    known, changed = component(), without_eval(component())
    assert known.count("Function(...") == changed.count("Function(...") + 1
    assert known.count("Function(`element`") == changed.count("Function(`element`") + 1
    assert changed.count("window.footnoteScripts.get(") == 1
    assert len(known) - len(changed) < 200


def test_another_component_than_the_one_that_is_known_is_an_error() -> None:
    for other in ("", component().replace("default.compile", "default.render"), component() * 2):
        with pytest.raises(RuntimeError, match="another HTML component"):
            without_eval(other)


def test_a_script_is_found_under_its_own_text() -> None:
    script = 'element.title = `a "quoted" line\\n`; // the end'
    file = as_file([script, "trigger('click');"])
    assert file.startswith("window.footnoteScripts = new Map([[")
    assert f"{{\n{script}\n}}" in file
    assert file.count("function (element, trigger, props, server, upload, watch)") == 2
