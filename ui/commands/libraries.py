"""`rag library`: the libraries of a server, and who may do what in each; also while the server runs."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError, storage_errors
from rag.settings import Settings
from ui.commands.page import ask_page
from ui.commands.terminal import JsonOption, LibraryOption, err, open_people, print_json, print_table
from ui.people.folders import REMOVED, put_away
from ui.people.rights import Right

if TYPE_CHECKING:
    from ui.people.libraries import HostedLibrary
    from ui.people.store import People

LibraryArgument = Annotated[str, typer.Argument(metavar="LIBRARY", help="The library's name or id.")]
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user's name.")]
SubjectArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, or with --group the group's.")]
GroupOption = Annotated[bool, typer.Option("--group", help="NAME is a group's.")]

app = typer.Typer()
libraries = typer.Typer(no_args_is_help=True)
app.add_typer(libraries, name="library", help="Add, list and remove the libraries of a server, and say who may use each.")


@libraries.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    owner: Annotated[str, typer.Option("--owner", metavar="USER", help="Make it private to this user.")] = "",
    library: LibraryOption = None,
) -> None:
    """Add an empty library. Nobody but administrators may use it yet; a private one is its owner's alone."""
    with open_people(library) as people:
        added = people.add_library(name, people.find(owner).id if owner else None)
    err.print(f"{added.name} was added. The server has it at /libraries/{added.id}/.", markup=False)


@libraries.command("list")
def list_libraries(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the libraries of a server."""
    with open_people(library) as people:
        names = {each.id: each.name for each in people.listed()}
        rows = [(each.id, each.name, _owner(each, names), f"/libraries/{each.id}/" if each.id else "/") for each in people.libraries()]
    if as_json:
        print_json(dict(zip(("id", "name", "owner", "path"), row, strict=True)) for row in rows)
    else:
        print_table(("library", "private to", "path"), ((escape(name), escape(owner), path) for _, name, owner, path in rows))


@libraries.command("rename")
def rename(
    found: LibraryArgument, name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")], library: LibraryOption = None
) -> None:
    """Give a library another name; its address stays."""
    with open_people(library) as people:
        people.rename_library(people.find_library(found).id, name)


@libraries.command("remove")
def remove(
    found: LibraryArgument,
    library: LibraryOption = None,
    erase: Annotated[bool, typer.Option("--erase", help="Delete what it held as well, for good.")] = False,
) -> None:
    """Remove a library for everybody. What it held is kept apart, unless it is erased."""
    with open_people(library) as people:
        gone = people.find_library(found)
        people.remove_library(gone.id)
    if erase:
        erase_removed(library, gone.id)
        err.print(f"{gone.name} and all that it held was deleted.", markup=False)
        return
    where = f"stored by the cluster as {gone.id}" if Settings().database_url else f"in {move_aside(library, gone.id)}"
    err.print(f"{gone.name} was removed. What it held is {where} until you delete it.", markup=False)


def erase_removed(library: Path | None, removed: str) -> None:
    """Delete what a removed library held."""
    if (settings := Settings()).database_url:
        from rag.storing.cluster.erasing import erase_library

        erase_library(removed, settings)
    aside = move_aside(library, removed)
    with storage_errors(f"{aside} could not be deleted"):
        if aside.exists():
            shutil.rmtree(aside)


def move_aside(library: Path | None, removed: str) -> Path:
    """Move a removed library's folder aside, which the server does where it has it open; where to."""
    server = library or Settings().library
    try:
        put_away(server, removed)
    except LibraryLockedError as error:
        ask_page(library, "DELETE", f"/api/libraries/{removed}", error)
    return server / REMOVED / removed


@libraries.command("give")
def give(found: LibraryArgument, user: UserArgument, library: LibraryOption = None) -> None:
    """Give a private library to another user, where its owner has been removed."""
    with open_people(library) as people:
        people.give_library(people.find_library(found).id, people.find(user).id)


@libraries.command("rights")
def rights(found: LibraryArgument, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the rights given in a library, besides those of its owner and of administrators."""
    with open_people(library) as people:
        grants = people.grants(people.find_library(found).id)
    if as_json:
        print_json({"name": each.name, "group": each.is_group, "right": each.right} for each in grants)
    else:
        print_table(("name", "", "right"), ((escape(each.name), "group" if each.is_group else "", each.right) for each in grants))


@libraries.command("grant")
def grant(
    found: LibraryArgument,
    name: SubjectArgument,
    right: Annotated[Right, typer.Argument(metavar="RIGHT", help="read, ask, write or admin; each includes those before it.")],
    group: GroupOption = False,
    library: LibraryOption = None,
) -> None:
    """Give a user or a group a right in a library, instead of the one given before. It counts at once."""
    with open_people(library) as people:
        people.grant(people.find_library(found).id, _subject(people, name, group), right)


@libraries.command("revoke")
def revoke(found: LibraryArgument, name: SubjectArgument, group: GroupOption = False, library: LibraryOption = None) -> None:
    """Take the right away that a user or a group was given in a library. It counts at once."""
    with open_people(library) as people:
        people.grant(people.find_library(found).id, _subject(people, name, group), None)


def _owner(library: "HostedLibrary", names: dict[str, str]) -> str:
    return names.get(library.owner or "", "nobody" if library.is_private else "")


def _subject(people: "People", name: str, is_group: bool) -> str:
    return people.find_group(name).id if is_group else people.find(name).id
