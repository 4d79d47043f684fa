"""`rag watch`: a library follows folders. `rag restore`: what left it with its file comes back."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError
from rag.settings import Settings
from rag.storing.lock import holder
from rag.types import Outcome
from ui.commands.documents import outcome_line
from ui.commands.terminal import LibraryOption, err, open_library, out, path, print_table, warn

if TYPE_CHECKING:
    from rag.watching.watcher import WatchedFolder

app = typer.Typer()


@app.command()
def watch(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders to watch [RAG_WATCH]", parser=path, metavar="FOLDERS", show_default=False)
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Follow folders: new, changed, renamed and deleted files are taken over within seconds."""
    watched = folders or Settings().watched_folders
    if not watched:
        raise typer.BadParameter("name at least one folder, or set RAG_WATCH.", param_hint="FOLDERS")
    for folder in watched if folders else []:
        if not folder.expanduser().is_dir():
            raise typer.BadParameter(f"there is no folder {folder}. Check the path.", param_hint="FOLDERS")
    try:
        _watch(watched, library)
    except LibraryLockedError as error:
        url, _ = holder(library or Settings().library)
        if not url:
            raise
        message = f"The page at {url} holds this library. To have it watch folders, set RAG_WATCH and restart `rag serve`."
        raise LibraryLockedError(message) from error


def _watch(folders: Sequence[Path], library: Path | None) -> None:
    from rag.watching.watcher import Watcher

    told: list[str] = []  # as it was printed last

    with open_library(library, create=True, from_server=False) as opened:

        def on_outcome(outcome: Outcome) -> None:
            if outcome.status != "unchanged":
                out.print(outcome_line(outcome))

        watcher = Watcher(opened, folders, tell=warn, on_outcome=on_outcome)

        def between() -> bool:
            lines = [summary(folder) for folder in watcher.folders if not folder.waiting and not folder.problem]
            if lines != told:
                told[:] = lines
                for line in lines:
                    err.print(line, markup=False)
            return opened.index_next()

        watcher.run(between)


@app.command()
def restore(
    documents: Annotated[list[str] | None, typer.Argument(help="Names or ids; without any, lists what can be restored.")] = None,
    library: LibraryOption = None,
) -> None:
    """Bring back documents whose files were deleted from a watched folder less than a day ago."""
    with open_library(library) as opened:
        if not documents:
            rows = [
                (escape(each.name), time.strftime("%d %b %H:%M", time.localtime(each.removed)), each.id[:12]) for each in opened.removed()
            ]
            print_table(("document", "removed", "id"), rows) if rows else err.print("There is nothing to restore.")
            return
        outcomes = [opened.restore(document) for document in documents]
    for outcome in outcomes:
        out.print(outcome_line(outcome))
    raise typer.Exit(0 if all(outcome.is_searchable for outcome in outcomes) else 1)


def summary(folder: "WatchedFolder") -> str:
    """A watched folder in a sentence."""
    count = "1 file" if folder.files == 1 else f"{folder.files:,} files"
    unread = f", {len(folder.unread):,} not read" if folder.unread else ""
    left_out = f", {len(folder.left_out):,} left out" if folder.left_out else ""
    changed = f", last change {folder.changed:%H:%M}" if folder.changed else ""
    return f"Watching {folder.folder}: {count}{unread}{left_out}{changed}."
