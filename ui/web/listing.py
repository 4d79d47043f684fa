"""Which documents the list shows: searched, sorted, by folder, and no more of a folder than a page holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from rag.fetching.addresses import is_address
from rag.filters import folder_parts, kind_of
from rag.origins import UPLOAD
from rag.types import DocumentRecord
from ui import text
from ui.chats.turns import searchable
from ui.limits import MOST_SEARCH_CHARACTERS, limited
from ui.text import DocumentOrder

FEW = 10  # documents that need neither a search nor folders
MOST_ROWS = 100  # of a folder, until its reader asks for more; a library with more documents begins with its folders closed
MOST_ASKED = 5_000  # rows of a folder, however often a reader asks


@dataclass(frozen=True, slots=True)
class View:
    """How a reader wants the list; `toggled` are the folders that are not as they would be, `most` is the number of rows of one."""

    query: str = ""
    order: DocumentOrder = "newest"
    has_folders: bool = True
    toggled: frozenset[str] = frozenset()
    most: int = MOST_ROWS


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with its documents that are shown; `count` are those in it. Without a name where the list has no folders."""

    name: str | None
    count: int
    is_open: bool
    records: tuple[DocumentRecord, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The list: its folders, how many of how many documents match, and how many rows of a folder come next."""

    folders: tuple[Folder, ...]
    found: int
    count: int
    next_most: int

    @property
    def is_long(self) -> bool:
        """Whether the list needs a search."""
        return self.count > FEW


def view_of(event: gr.EventData) -> View:
    """The view that a script asks for, as far as it is one."""
    toggled, most = getattr(event, "toggled", None), getattr(event, "most", None)
    order: DocumentOrder = next((each for each in get_args(DocumentOrder) if each == getattr(event, "order", None)), "newest")
    return View(
        limited(getattr(event, "query", ""), MOST_SEARCH_CHARACTERS, text.SEARCH),
        order,
        getattr(event, "folders", True) is not False,
        frozenset(map(str, toggled)) if isinstance(toggled, list) else frozenset(),
        min(max(most, MOST_ROWS), MOST_ASKED) if isinstance(most, int) else MOST_ROWS,
    )


def listed(records: Sequence[DocumentRecord], view: View) -> Listed:
    """The documents as a view shows them, `records` in the order in which they were added."""
    folders = folders_of(records)
    words = searchable(view.query).split()
    found = [record for record in records if not words or _matches(record, folders[record.id], words)]
    found.reverse()
    found.sort(key=_ORDERS[view.order])
    if not view.has_folders or len(records) <= FEW or len({*folders.values()}) < 2:
        groups: dict[str | None, list[DocumentRecord]] = {None: found}
    else:
        groups = {name: [] for name in sorted({folders[record.id] for record in found}, key=_natural)}
        for record in found:
            groups[folders[record.id]].append(record)
    shown, rows = list[Folder](), 0
    for name, group in groups.items():
        is_usual = rows < MOST_ROWS if words else len(records) <= MOST_ROWS  # what is found is open, as far as a page holds it
        shown.append(_folder(name, group, is_usual != (name in view.toggled), view.most))
        rows += len(shown[-1].records)
    return Listed(tuple(shown[: view.most]), len(found), len(records), view.most + 2 * MOST_ROWS)


def folders_of(records: Sequence[DocumentRecord]) -> dict[str, str]:
    """Each document's folder below the one that all files have in common; the server of one from the web, "" of an upload."""
    paths = {record.id: folder_parts(record)[0] if record.sources else () for record in records}
    is_local = {each.id: _is_path(each.sources[0]) if each.sources else False for each in records}
    local = {paths[record.id] for record in records if is_local[record.id]}
    depth = 0
    while local and all(len(parts) > depth for parts in local) and len({parts[depth] for parts in local}) == 1:
        depth += 1
    folders = {}
    for record in records:
        parts = paths[record.id]
        if record.sources and is_address(record.sources[0]):
            folders[record.id] = parts[1] if len(parts) > 1 else parts[0]
        else:
            folders[record.id] = "/".join(parts[depth:] if is_local[record.id] else parts)
    return folders


def _is_path(source: str) -> bool:
    return not source.startswith(UPLOAD) and not is_address(source)


def _folder(name: str | None, records: Sequence[DocumentRecord], is_open: bool, most: int) -> Folder:
    return Folder(name, len(records), is_open or name is None, tuple(records[:most]) if is_open or name is None else ())


def _matches(record: DocumentRecord, folder: str, words: Sequence[str]) -> bool:
    said = searchable(" ".join((record.name, record.title, record.author, folder, *map(str, record.metadata.values()))))
    return all(word in said for word in words)


def _natural(name: str | None) -> list[tuple[int, str]]:
    """Compares "page 9" before "page 10"."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,18})", searchable(name or ""))]


_ORDERS: dict[DocumentOrder, Callable[[DocumentRecord], Any]] = {
    "newest": lambda _: 0,
    "name": lambda record: _natural(record.name),
    "kind": lambda record: (text.KINDS[kind_of(record)], _natural(record.name)),
    "size": lambda record: -record.size,
    "pages": lambda record: -record.pages,
}
