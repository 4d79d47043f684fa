"""What the page's scripts and its handlers agree on; tests/unit/test_contract.py holds both to it, and knows each event's data.

Most events exist only in JavaScript: a script calls `trigger(name, data)`, and Gradio makes a listener of each name that it finds in the
script of an HTML component. A handler reads the data as attributes of its `gr.EventData`, each with a default: a browser can send anything.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any, Literal, NamedTuple, Self

import gradio as gr

from rag.errors import RagError

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""For every listener: not part of a public API, and no progress bar of Gradio's over what is shown."""

AT_ONCE: dict[str, Any] = {"queue": False, **PRIVATE}  # for events that are done in no time

AskingEvent = Literal[
    "filters",
    "filter",
    "drop_filter",
    "everywhere",
    "retry",
    "edit",
    "cancel_edit",
    "correct",
    "vote",
    "open_note",
    "save_note",
    "close_note",
    "passages",
]
DocumentsEvent = Literal[
    "open", "details", "choose", "again", "remove", "restore", "try_again", "dismiss", "unlock", "dismiss_offer", "settled"
]
ListingEvent = Literal["view"]
HistoryEvent = Literal["pick", "rename", "make_link", "drop_link", "delete", "delete_shown"]
SourceEvent = Literal["cite", "passage", "open", "place", "close"]
ModelsEvent = Literal["get_model", "use_model", "cancel_model"]
CheckEvent = Literal["check", "stop_check"]
ConnectionsEvent = Literal[
    "connect", "connect_found", "test_form", "test_kept", "look_again", "choose_model", "change_connection", "disconnect", "save_answers"
]
ExploringEvent = Literal["choose", "cluster", "like", "near"]
ScriptEvent = (
    AskingEvent | DocumentsEvent | ListingEvent | HistoryEvent | SourceEvent | CheckEvent | ModelsEvent | ConnectionsEvent | ExploringEvent
)


def id_of(event: gr.EventData) -> str:
    """The id that a script's event names, of whatever kind it is; "" where it names none."""
    return str(getattr(event, "id", ""))


ONCE: tuple[ScriptEvent, ...] = ("check", "passages", "everywhere", "retry", "correct", "get_model", "use_model", "cancel_model")
"""Events that begin long work: a second click while the first one's work goes on does nothing."""


def on(component: gr.HTML, event: ScriptEvent) -> Callable[..., Any]:
    """The listener of a script's event, used as Gradio's own: `on(listing, "remove")(handler, inputs, outputs, **PRIVATE)`.

    Gradio drops an event while an earlier one of its kind is pending, and of those that it puts off it may lose the last one's data. Here
    each event is handled but those of `ONCE`.
    """
    mode = "once" if event in ONCE else "multiple"
    return partial(getattr(component, event), trigger_mode=mode)


class Warned:
    """A block after which the page goes on: a RagError in it is shown as a warning."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Show the error."""
        if isinstance(error, RagError):
            gr.Warning(escape(str(error)))
        return isinstance(error, RagError)


class Painting(NamedTuple):
    """The outputs of each event of the chat: what a handler gives each, in the order in which the events are wired."""

    conversation: Any  # the conversation's id, kept in the browser
    messages: Any
    box: Any  # where the question is typed
    listing: Any  # the list of conversations
    editing: Any  # the id of the turn whose question is being edited, or ""
    line: Any  # the line above the box
    chosen: Any  # the documents and filters that are asked

    @classmethod
    def of(cls, **given: Any) -> Self:
        """A painting that leaves alone whatever is not given."""
        return cls(**{name: gr.skip() for name in cls._fields} | given)
