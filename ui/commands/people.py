"""`rag user`, `rag group` and `rag token`: who may sign in to a server, and what programs may do; also while it runs."""

import re
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryError
from ui.commands.libraries import erase_removed
from ui.commands.terminal import FILE, JsonOption, LibraryOption, err, open_library, out, places_of, print_json, print_table
from ui.commands.terminal import open_people as _people
from ui.people.folders import folder_of
from ui.people.rights import Right, Role

if TYPE_CHECKING:
    from ui.people.accounts import Person
    from ui.people.store import People

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
RoleOption = Annotated[
    Role, typer.Option(help="A reader may read and ask, a writer add and remove documents; a guest, only what is granted.")
]
PasswordOption = Annotated[Path | None, typer.Option("--password-file", help="File with the password; asked for if not given.", **FILE)]
GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="The group's name.")]
PrivateOption = Annotated[
    bool | None, typer.Option("--private-library/--no-private-library", help="Whether to add a library of the user's own; guests get one.")
]
UserOption = Annotated[str, typer.Option("--user", help="Whose token; not needed where there is one user.")]

app = typer.Typer()
user, group, token = (typer.Typer(no_args_is_help=True) for _ in range(3))
app.add_typer(user, name="user", help="Add, list and remove the users who sign in to the server.")
app.add_typer(group, name="group", help="Add and remove groups of users, who are given rights in libraries together.")
app.add_typer(token, name="token", help="Make, list and revoke the tokens with which programs use the server.")


@user.command("add")
def add_user(
    name: NameArgument,
    role: RoleOption = "reader",
    password_file: PasswordOption = None,
    single_sign_on: Annotated[bool, typer.Option("--single-sign-on", help="Without a password: by RAG_OIDC_... or a proxy alone.")] = False,
    private_library: PrivateOption = None,
    library: LibraryOption = None,
) -> None:
    """Add a user. From the first one on, everyone has to sign in."""
    with _people(library) as people:
        first = not people.exist()
        added = people.add(name, None if single_sign_on else _password(password_file), "administrator" if first else role)
        assert added
        err.print(f"{added.name} was added{' as the first user, and so as an administrator' if first else f' as {role}'}.", markup=False)
        if private_library or (private_library is None and added.role == "guest"):
            err.print(f"The library {people.add_private_library(added).name} is the user's own.", markup=False)


@user.command("list")
def list_users(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the users."""
    with _people(library) as people:
        listed = people.listed()
    if as_json:
        print_json({"name": each.name, "role": each.role} for each in listed)
    elif listed:
        print_table(("user", "role"), ((escape(each.name), each.role) for each in listed))
    else:
        err.print("There are no users: on this machine nobody has to sign in.")


@user.command("remove")
def remove_user(name: NameArgument, library: LibraryOption = None) -> None:
    """Remove a user with all conversations; sessions and tokens end at once."""
    from ui.chats.keeping import sweep_stored

    with _people(library) as people:
        err.print(f"{people.remove(name).name} was removed.", markup=False)
        sweep_stored(places_of(library), people.removed(), None, [each.id for each in people.libraries()])
        if not people.exist():
            err.print("There are no users any more: on this machine nobody has to sign in.")


@user.command("erase")
def erase_user(name: NameArgument, library: LibraryOption = None) -> None:
    """Remove a user with all conversations, and delete the user's private libraries with their documents."""
    with _people(library) as people:
        person = people.find(name)
        private = [each for each in people.libraries() if each.owner == person.id]
    remove_user(name, library)
    with _people(library) as people:
        for each in private:
            people.remove_library(each.id)
            erase_removed(library, each.id)
            err.print(f"The private library {each.name} was deleted.", markup=False)


@user.command("export")
def export_user(
    name: NameArgument, file: Annotated[Path, typer.Argument(help="The file, such as data.zip.", **FILE)], library: LibraryOption = None
) -> None:
    """Write what the server has of a user to a ZIP file: account, conversations, private libraries."""
    from ui.personal import export_person

    server = places_of(library)

    def export(library_id: str, path: Path) -> None:
        with open_library(folder_of(server.folder, library_id)) as opened:
            opened.export(path)

    with _people(library) as people:
        person = people.find(name)
        export_person(file, people, person, server, export)
    err.print(f"What the server has of {person.name} was written to {file}.", markup=False)


@user.command("role")
def set_role(
    name: NameArgument,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="guest, reader, writer or administrator.")],
    library: LibraryOption = None,
) -> None:
    """Give a user another role."""
    with _people(library) as people:
        people.set_role(name, role)


@user.command("single-sign-on")
def sign_on_alone(name: NameArgument, library: LibraryOption = None) -> None:
    """Take a user's password away, and end all sessions: the provider or proxy that next names the user becomes the one to ask."""
    with _people(library) as people:
        people.sign_in_elsewhere(name)


@user.command("password")
def set_password(name: NameArgument, password_file: PasswordOption = None, library: LibraryOption = None) -> None:
    """Give a user another password, and end all sessions."""
    with _people(library) as people:
        people.set_password(people.find(name), _password(password_file))


@group.command("add")
def add_group(name: GroupArgument, library: LibraryOption = None) -> None:
    """Add a group."""
    with _people(library) as people:
        err.print(f"{people.add_group(name).name} was added.", markup=False)


@group.command("list")
def list_groups(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the groups and their members."""
    with _people(library) as people:
        groups = [(each.name, [member.name for member in people.members(each.id)]) for each in people.groups()]
    if as_json:
        print_json({"name": name, "members": members} for name, members in groups)
    elif groups:
        print_table(("group", "members"), ((escape(name), escape(", ".join(members))) for name, members in groups))
    else:
        err.print("There are no groups.")


@group.command("remove")
def remove_group(name: GroupArgument, library: LibraryOption = None) -> None:
    """Remove a group with its rights. Its members stay users."""
    with _people(library) as people:
        found = people.find_group(name)
        people.remove_group(found.id)
        err.print(f"{found.name} was removed.", markup=False)


@group.command("join")
def join_group(name: GroupArgument, member: NameArgument, library: LibraryOption = None) -> None:
    """Make a user a member of a group."""
    with _people(library) as people:
        found, person = people.find_group(name), people.find(member)
        people.join(found.id, person.id)
        err.print(f"{person.name} is now a member of {found.name}.", markup=False)


@group.command("leave")
def leave_group(name: GroupArgument, member: NameArgument, library: LibraryOption = None) -> None:
    """Take a user out of a group."""
    with _people(library) as people:
        found, person = people.find_group(name), people.find(member)
        if not people.leave(found.id, person.id):
            raise LibraryError(f"{person.name} is no member of {found.name}.")
        err.print(f"{person.name} is no longer a member of {found.name}.", markup=False)


@token.command("add")
def add_token(
    name: Annotated[str, typer.Option("--name", help="What the token is for.")],
    scope: Annotated[Right, typer.Option(help="What it may do; each includes those before it.")] = "ask",
    expires: Annotated[str, typer.Option(metavar="DAYS", help="For how long, such as 90d.")] = "90d",
    whose: UserOption = "",
    library: LibraryOption = None,
) -> None:
    """Make a token, and print it: it is not shown again."""
    found = re.fullmatch(r"([0-9]{1,5})d?", expires)
    if not found:
        raise typer.BadParameter("give a number of days, such as 90d.", param_hint="--expires")
    with _people(library) as people:
        out.print(people.add_token(_one(people, whose), name, scope, int(found[1])), markup=False)


@token.command("list")
def list_tokens(whose: UserOption = "", library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List a user's tokens."""
    with _people(library) as people:
        tokens = people.tokens(_one(people, whose))
    if as_json:
        print_json(asdict(each) for each in tokens)
        return
    dates = (time.strftime("%d %b %Y", time.localtime(each.expires)) for each in tokens)
    rows = ((each.id, escape(each.name), each.scope, date) for each, date in zip(tokens, dates, strict=True))
    print_table(("token", "name", "scope", "expires"), rows)


@token.command("remove")
def remove_token(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="As `rag token list` has it.")],
    whose: UserOption = "",
    library: LibraryOption = None,
) -> None:
    """Revoke a token."""
    with _people(library) as people:
        if not people.revoke(_one(people, whose), token_id):
            raise LibraryError(f"There is no token {token_id!r}. `rag token list` names them.")


def _one(people: "People", name: str) -> "Person":
    listed = people.listed()
    if name or len(listed) != 1:
        if not name:
            raise LibraryError("Say whose token with --user." if listed else "Tokens belong to users: add one with `rag user add NAME`.")
        return people.find(name)
    return listed[0]


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise LibraryError(f"{file} cannot be read: {error}.") from error
