"""Who has signed in, and which library this is: the menu above the documents.

It is not there where nobody has to sign in and there is one library, and hides what the person may not do.
"""

import gradio as gr

from ui.http.access import caller_of, libraries_of
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
    if not request.request:
        return ""
    caller, readable = caller_of(request.request.scope), [each for each, _ in libraries_of(request.request.scope)]
    libraries = readable if len(readable) > 1 else []
    return render(
        "person.html",
        person=caller.person,
        libraries=libraries,
        current=caller.library,
        here=next((each.name for each in libraries if each.id == caller.library), ""),
        administers=caller.may("administrator"),
        grants=includes(caller.right, "admin"),
        home="../../" if caller.library else "./",
        hidden=", ".join(parts for right, parts in PARTS.items() if not includes(caller.right, right)),
    )
