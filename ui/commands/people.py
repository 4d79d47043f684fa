"""`rag user` and `rag token`: who may sign in to the server of a library, and what programs may do; also while the server runs."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryError
from rag.settings import Settings
from ui.commands.terminal import FILE, JsonOption, LibraryOption, err, out, print_json, print_table
from ui.people import PEOPLE_FILE
from ui.people.rights import Right, Role

if TYPE_CHECKING:
    from ui.people.store import People, Person

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
RoleOption = Annotated[Role, typer.Option(help="A reader may read and ask, a writer add and remove documents too.")]
PasswordOption = Annotated[Path | None, typer.Option("--password-file", help="File with the password; asked for if not given.", **FILE)]
UserOption = Annotated[str, typer.Option("--user", help="Whose token; not needed where there is one user.")]

app = typer.Typer()
user, token = typer.Typer(no_args_is_help=True), typer.Typer(no_args_is_help=True)
app.add_typer(user, name="user", help="Add, list and remove the users who sign in to the server.")
app.add_typer(token, name="token", help="Make, list and revoke the tokens with which programs use the server.")


@user.command("add")
def add_user(name: NameArgument, role: RoleOption = "reader", password_file: PasswordOption = None, library: LibraryOption = None) -> None:
    """Add a user. From the first one on, everyone has to sign in."""
    with _people(library) as people:
        first = not people.exist()
        added = people.add(name, _password(password_file), "administrator" if first else role)
        assert added
        err.print(f"{added.name} was added{' as the first user, and so as an administrator' if first else f' as {role}'}.", markup=False)


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
    """Remove a user; sessions and tokens end at once. Nobody else can read the user's conversations."""
    with _people(library) as people:
        err.print(f"{people.remove(name).name} was removed.", markup=False)
        if not people.exist():
            err.print("There are no users any more: on this machine nobody has to sign in.")


@user.command("role")
def set_role(
    name: NameArgument,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="reader, writer or administrator.")],
    library: LibraryOption = None,
) -> None:
    """Give a user another role."""
    with _people(library) as people:
        people.set_role(name, role)


@user.command("password")
def set_password(name: NameArgument, password_file: PasswordOption = None, library: LibraryOption = None) -> None:
    """Give a user another password, and end all sessions."""
    with _people(library) as people:
        people.set_password(people.find(name), _password(password_file))


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


@contextmanager
def _people(library: Path | None) -> "Iterator[People]":
    from ui.people.store import People

    folder = library or Settings().library
    if not folder.is_dir():
        raise LibraryError(f"There is no library at {folder}. `rag add PATH` creates one; --library selects another.")
    with People(folder / PEOPLE_FILE) as people:
        yield people


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
