"""What the page's scripts and its handlers agree on. tests/unit/test_contract.py holds the scripts, styles and templates to it.

Most events exist only in JavaScript: a script calls `trigger(name, data)`, and Gradio makes a listener of each name that it finds in the
script of an HTML component. A handler reads the data as attributes of its `gr.EventData`, each with a default: a browser can send anything.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Self

import gradio as gr

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""For every listener: not part of a public API, and no progress bar of Gradio's over what is shown."""

AskingEvent = Literal["edit", "cancel_edit", "vote", "open_note", "save_note", "close_note", "passages"]
DocumentsEvent = Literal["open", "choose", "remove", "retry", "dismiss", "unlock"]
HistoryEvent = Literal["pick", "rename", "delete", "delete_shown"]
SourceEvent = Literal["cite", "passage", "open"]
ExploringEvent = Literal["choose", "cluster", "like", "near"]
ScriptEvent = AskingEvent | DocumentsEvent | HistoryEvent | SourceEvent | ExploringEvent

SCRIPT_EVENTS: dict[str, dict[ScriptEvent, tuple[str, ...]]] = {
    "asking.js": {
        "edit": ("id",),
        "cancel_edit": (),
        "vote": ("id", "vote"),
        "open_note": ("id",),
        "save_note": ("id", "note"),
        "close_note": (),
        "passages": ("question", "passages"),
    },
    "documents.js": {
        "open": ("id", "page"),
        "choose": ("ids",),
        "remove": ("id",),
        "retry": ("id",),
        "dismiss": ("id",),
        "unlock": ("id", "password"),
    },
    "history.js": {"pick": ("id",), "rename": ("id", "title"), "delete": ("id",), "delete_shown": ("id",)},
    "source.js": {"cite": ("id", "width"), "passage": ("id", "ordinal", "width"), "open": ("id", "page", "width")},
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

ELEMENT_IDS = ("columns", "left", "middle", "tabs", "views", "chat", "question", "documents", "map-drawing", "map-lists")
"""The ids by which scripts find elements; `elem_id` sets them."""


def on(component: gr.HTML, event: ScriptEvent) -> Callable[..., Any]:
    """The listener of a script's event, used as Gradio's own: `on(listing, "remove")(handler, inputs, outputs, **PRIVATE)`."""
    listener: Callable[..., Any] = getattr(component, event)
    return listener


class Painting(NamedTuple):
    """The six outputs of each event of the chat: what a handler gives each, in the order in which the events are wired."""

    conversation: Any
    """The conversation's id, kept in the browser."""
    messages: Any
    box: Any
    """Where the question is typed."""
    listing: Any
    """The list of conversations."""
    editing: Any
    """The id of the turn whose question is being edited, or ""."""
    line: Any
    """The line above the box."""

    @classmethod
    def of(cls, **given: Any) -> Self:
        """A painting that leaves alone whatever is not given."""
        return cls(**{name: gr.skip() for name in cls._fields} | given)
