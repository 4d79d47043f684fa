"""What each of the page's events needs, by the name of its handler; one that is not here needs "admin"."""

from collections.abc import Mapping
from typing import Any

from ui.people.rights import Right

READ = """
    ChatHandlers.resume ChatHandlers.examples ChatHandlers.fresh ChatHandlers.open HistoryHandlers.show id_of show_person
    DocumentsHandlers.show DocumentsHandlers.look DocumentsHandlers.view
    SourceHandlers.cite SourceHandlers.passage SourceHandlers.open SourceHandlers.place SourceHandlers.close SourceHandlers.details
    SettingsHandlers.check ConnectionsHandlers.show ConnectionsHandlers.look AnswerSettingsHandlers.show ModelsHandlers.show
    MapHandlers.arrive MapHandlers.draw MapHandlers.title MapHandlers.choose MapHandlers.choose_cluster DuplicatesHandlers.show
    DuplicatesHandlers.look
    RelatedHandlers.show RelatedHandlers.choose RelatedHandlers.near RelatedHandlers.like CompareHandlers.choose CompareHandlers.compare
    ClassifyHandlers.classify ClassifyHandlers.check TokensHandlers.split TokensHandlers.pool TokensHandlers.compare TokensHandlers.heat
    ArithmeticHandlers.solve load build.<locals>.<lambda> str
"""
ASK = """
    ChatHandlers.ask ChatHandlers.ask_example ChatHandlers.ask_passages ChatHandlers.retry ChatHandlers.everywhere ChatHandlers.stop
    AskingHandlers.choose AskingHandlers.open_filters AskingHandlers.add_filter AskingHandlers.drop_filter AskingHandlers.edit
    AskingHandlers.cancel AskingHandlers.vote AskingHandlers.open_note AskingHandlers.save_note AskingHandlers.close_note
    HistoryHandlers.rename HistoryHandlers.share HistoryHandlers.unshare HistoryHandlers.delete
    CheckHandlers.check CheckHandlers.check_file CheckHandlers.stopped ConnectionsHandlers.prefer AskingHandlers.correct
"""
WRITE = """
    DocumentsHandlers.upload DocumentsHandlers.add_address DocumentsHandlers.restore DocumentsHandlers.again DocumentsHandlers.remove
    DocumentsHandlers.dismiss DocumentsHandlers.retry DocumentsHandlers.unlock
"""
QUIET = """
    ChatHandlers.ask ChatHandlers.ask_example ChatHandlers.ask_passages ChatHandlers.retry ChatHandlers.everywhere CheckHandlers.check
    ChatHandlers.stop AskingHandlers.choose AskingHandlers.open_filters AskingHandlers.add_filter AskingHandlers.drop_filter
    AskingHandlers.edit AskingHandlers.cancel AskingHandlers.open_note AskingHandlers.close_note CheckHandlers.stopped
    CheckHandlers.check_file
"""
"""Of those that need more than "read", the ones that change nothing, or ask, which has a record of its own; all others are recorded."""
HANDLERS: dict[str, Right] = {
    **dict.fromkeys(READ.split(), "read"),
    **dict.fromkeys(ASK.split(), "ask"),
    **dict.fromkeys(WRITE.split(), "write"),
}


def event_rights(events: Mapping[int, Any]) -> dict[int, Right]:
    """What each of Gradio's events needs, by its number; one without a handler does nothing on the server."""
    return {number: right_of(event.fn) if event.fn else "read" for number, event in events.items()}


def right_of(handler: Any) -> Right:
    """What an event needs."""
    return HANDLERS.get(handler_name(handler), "admin")


def is_recorded(handler: Any) -> bool:
    """Whether an event is recorded where no record says more of it."""
    return right_of(handler) != "read" and handler_name(handler) not in QUIET.split()


def handler_name(handler: Any) -> str:
    """A handler's class and name."""
    return str(getattr(handler, "func", handler).__qualname__)  # a partial fills an example in
