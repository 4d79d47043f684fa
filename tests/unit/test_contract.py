"""The page's scripts, styles and templates keep to `ui.web.contract` and to the data below."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import gradio as gr
import pytest

import ui
from ui.web.contract import ONCE, Painting, ScriptEvent, on

SCRIPT_EVENTS: dict[str, dict[ScriptEvent, tuple[str, ...]]] = {
    "asking.js": {
        "filters": ("is_open",),
        "filter": ("name", "value", "is_open"),
        "drop_filter": ("name", "value", "is_open"),
        "everywhere": ("id",),
        "retry": ("id",),
        "edit": ("id",),
        "cancel_edit": (),
        "correct": ("id", "way"),
        "vote": ("id", "vote"),
        "open_note": ("id",),
        "save_note": ("id", "note"),
        "close_note": (),
        "passages": ("question", "passages"),
    },
    "documents.js": {
        "open": ("id", "page"),
        "details": ("id",),
        "choose": ("ids",),
        "again": ("id",),
        "remove": ("id",),
        "restore": ("id",),
        "try_again": ("id",),
        "dismiss": ("id",),
        "unlock": ("id", "password"),
        "dismiss_offer": (),
        "settled": (),
    },
    "checking.js": {"check": ("text",), "stop_check": ()},
    "listing.js": {"view": ("query", "order", "folders", "toggled", "most")},
    "history.js": {
        "pick": ("id",),
        "rename": ("id", "title"),
        "make_link": ("id",),
        "drop_link": ("id",),
        "delete": ("id",),
        "delete_shown": ("id",),
    },
    "models.js": {"get_model": ("id",), "use_model": ("id",), "cancel_model": ()},
    "connections.js": {
        "connect": ("address", "key", "model", "context", "name", "replaces"),
        "connect_found": ("id", "model"),
        "test_form": ("address", "key", "model", "context", "name", "replaces"),
        "test_kept": ("id",),
        "look_again": (),
        "choose_model": ("id",),
        "change_connection": ("id",),
        "disconnect": ("id",),
    },
    "model_choice.js": {"choose_model": ("id",)},
    "answer_settings.js": {"save_answers": ("top_k", "answer_language", "answer_tone", "answer_length", "unsupported", "instructions")},
    "source.js": {
        "cite": ("id", "width"),
        "passage": ("id", "ordinal", "width"),
        "open": ("id", "page", "width"),
        "place": ("id", "page", "start", "end", "width"),
        "close": (),
    },
    "exploring/map.js": {"choose": ("passages",), "cluster": ("number",)},
    "exploring/related.js": {"like": ("id", "page", "start"), "near": ("id",)},
}
"""The events that a script triggers, and the keys of their data."""

DOCUMENT_EVENTS = {
    "fn-ask-passages": ("question", "passages"),
    "fn-figure-click": ("name", "data", "box"),
    "fn-figure-select": ("name", "data", "box"),
}
"""Custom events on `document` by which one script tells another, and the keys of their `detail`."""

ELEMENT_IDS = (
    "columns",
    "left",
    "middle",
    "tabs",
    "views",
    "chat",
    "question",
    "documents",
    "conversations",
    "check-file",
    "check-results",
    "check-status",
    "ask",
    "asking",
    "map-drawing",
    "map-lists",
    "trial",
)
"""The ids by which scripts find elements; `elem_id` sets them."""

FOLDER = Path(ui.__file__).parent
WEB = FOLDER / "web"
SCRIPTS = {path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.js"))}
TEMPLATES = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("templates/*.html"))
PYTHON = "".join(path.read_text(encoding="utf-8") for path in WEB.rglob("*.py"))

EVENTS = {name for names in get_args(ScriptEvent) for name in get_args(names)}
TRIGGER = re.compile(r"\btrigger\('(\w+)', (?:\{([^}]*)\}|[\w.]+)\)")


def test_the_names_of_events_are_those_of_the_scripts() -> None:
    assert {name for events in SCRIPT_EVENTS.values() for name in events} == EVENTS


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_triggers_what_the_contract_says(script: str) -> None:
    found: dict[str, set[str]] = {}
    assert len(TRIGGER.findall(SCRIPTS[script])) == len(re.findall(r"\btrigger\(", SCRIPTS[script]))
    for name, data in TRIGGER.findall(SCRIPTS[script]):
        keys = re.findall(r"(?:^|, )(\w+)", re.sub(r"\([^)]*\)|\[[^]]*\]", "", data))
        found.setdefault(name, set()).update(keys)
    known = {name: set(keys) for name, keys in SCRIPT_EVENTS.get(script, {}).items()}
    known.pop("passages", None)  # hands on what a custom event carries
    found.pop("passages", None)
    assert found == known


def test_each_event_has_a_listener() -> None:
    missing = {name for name in EVENTS if not re.search(rf'\bon\([\w.]+, "{name}"\)|\b\w+\.{name}\(handlers\.', PYTHON)}
    assert missing == set()


def test_no_events_are_lost_but_those_that_begin_long_work() -> None:
    """Gradio drops an event of mode "once" while an earlier one is pending."""
    component: Any = SimpleNamespace(**{name: lambda **given: given["trigger_mode"] for name in EVENTS})
    modes = {name: on(component, name)() for name in EVENTS}
    assert {name for name, mode in modes.items() if mode == "once"} == {*ONCE}
    assert {*modes.values()} == {"once", "multiple"}


def test_a_painting_leaves_what_is_not_given_as_it_is() -> None:
    painted = Painting.of(messages=[], editing="")
    assert (painted.messages, painted.editing) == ([], "")
    assert painted.conversation == painted.box == painted.listing == painted.line == gr.skip()
    with pytest.raises(TypeError, match="bot"):
        Painting.of(bot=[])


def test_the_ids_that_scripts_look_for_are_set() -> None:
    looked_for = {name for script in SCRIPTS.values() for name in re.findall(r"(?:[`' ,(]#|getElementById\(')([a-z-]+)\b(?!\")", script)}
    assert looked_for - {"src-"} == set(ELEMENT_IDS)
    assert {name for name in ELEMENT_IDS if f'elem_id="{name}"' not in PYTHON} == set()


def test_scripts_tell_each_other_by_known_events() -> None:
    told = {name for script in SCRIPTS.values() for name in re.findall(r"(?:addEventListener|CustomEvent)\('(fn-[a-z-]+)'", script)}
    told |= {f"fn-figure-{kind}" for kind in re.findall(r"\btell\('(\w+)'", SCRIPTS["exploring/figures.js"])}
    assert told == set(DOCUMENT_EVENTS)


def test_the_data_attributes_that_scripts_read_are_in_templates() -> None:
    written = set(re.findall(r"\bdata-([a-z-]+)", TEMPLATES))
    read: set[str] = set()
    for script in SCRIPTS.values():
        read.update(re.findall(r"\[data-([a-z-]+)", script))
        names = re.findall(r"\bdataset\.(\w+)|'(\w+)' in button\.dataset", script)
        read.update(re.sub(r"[A-Z]", lambda capital: f"-{capital[0].lower()}", one or other) for one, other in names)
    assert read - written <= {"drawn"}  # figures.js sets it itself


RENDERING = "".join(path.read_text(encoding="utf-8") for path in (FOLDER / "rendering").glob("*.py"))


def test_every_class_of_ours_that_a_script_looks_for_is_made_somewhere() -> None:
    made = set(re.findall(r"\bfn-[a-z-]+", TEMPLATES + PYTHON + RENDERING))
    looked_for = {name for script in SCRIPTS.values() for name in re.findall(r"\.(fn-[a-z-]+)", script)}
    made |= {name for script in SCRIPTS.values() for name in re.findall(r"classList\.(?:add|toggle)\('(fn-[a-z-]+)'", script)}
    assert looked_for - made == set()
