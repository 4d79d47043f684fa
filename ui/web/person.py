"""Who has signed in: the menu above the documents. It is not there where nobody has to, and hides what the person may not do."""

import gradio as gr

from ui.http.access import caller_of
from ui.people.rights import Right, includes
from ui.rendering.html import render
from ui.web.contract import AT_ONCE

PARTS: dict[Right, str] = {
    "write": "#drop, #address, .fn-drop-words, "
    "#documents :is([data-again], [data-ask-remove], [data-restore], [data-retry], [data-dismiss], [data-unlock])",
    "admin": "#chat-models, #answers, #models, #doctor, #model-choice, .fn-offer",
}
"""The parts of the page that are of use to those alone who have a right; what the server does is decided by `ui.web.rights`."""


def build_person(page: gr.Blocks) -> None:
    """Lay the menu out."""
    page.load(show_person, None, gr.HTML(elem_id="person"), **AT_ONCE)


def show_person(request: gr.Request) -> str:
    """The menu, or nothing."""
    caller = caller_of(request.request.scope) if request.request else None
    if caller is None or caller.person is None:
        return ""
    hidden = ", ".join(parts for right, parts in PARTS.items() if not includes(caller.right, right))
    return render("person.html", person=caller.person, hidden=hidden)
