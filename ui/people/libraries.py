"""The libraries of a server, and who may do what in each."""

import re
import secrets
from dataclasses import dataclass
from itertools import chain, count

from ui.people.accounts import Person
from ui.people.file import PeopleFile, PersonError, account_key, checked_name, shortened
from ui.people.rights import RIGHTS, Right, higher

PRIVATE = "{name} (private)"
LONGEST_OWNER = 80  # characters of the name, in that of a private library
MAIN = ""  # the id of the library in the server's own folder
TAKEN = "There is a library {name!r} already."
UNKNOWN = "There is no library {name!r}. `rag library list` names them."
GONE = "The library, the user or the group has been removed."
NOT_MAIN = "The main library cannot be removed: it is the server's own."
NO_OWNER = "This library has an owner, or is shared: it cannot be given to somebody."
_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_COLUMNS = "id, name, owner, is_private"
_ADD = "INSERT INTO libraries (id, key, name, owner, is_private) VALUES (:id, :key, :name, :owner, :is_private)"
_IS_PERSON = "SELECT 1 FROM people WHERE id = :id"


@dataclass(frozen=True, slots=True)
class HostedLibrary:
    """One of a server's libraries.

    Attributes:
        id: Names its folder and its address; "" is the main one.
        name: Shown to people.
        owner: A person's id, where it is private and that person has not been removed.
        is_private: Whether administrators read it only where they were granted that.
    """

    id: str
    name: str
    owner: str | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A right of a person or a group in a library; `subject` is the id, `name` the person's or group's."""

    subject: str
    name: str
    is_group: bool
    right: Right


class Libraries(PeopleFile):
    """All libraries, and the rights in them. Those of who or what is removed go with it."""

    def libraries(self) -> list[HostedLibrary]:
        """All libraries, the main one first, the others by name."""
        found = self.rows(f"SELECT {_COLUMNS} FROM libraries ORDER BY id != '', key")
        return [_hosted(row) for row in found] or [HostedLibrary(MAIN, "Main library")]  # as `schema` names it

    def library(self, library_id: str) -> HostedLibrary | None:
        """The library with an id."""
        return next((each for each in self.libraries() if each.id == library_id), None)

    def find_library(self, name_or_id: str) -> HostedLibrary:
        """The library with a name, or else an id; raises PersonError."""
        key = account_key(name_or_id)
        library_id = name_or_id if is_library_id(name_or_id) else None
        found = self.rows(f"SELECT {_COLUMNS} FROM libraries WHERE key = :key OR id = :id ORDER BY key != :key", key=key, id=library_id)
        if not found:
            raise PersonError(UNKNOWN.format(name=shortened(name_or_id)))
        return _hosted(found[0])

    def add_library(self, name: str, owner: str | None = None) -> HostedLibrary:
        """Add a library, a person's private one where `owner` is a person's id; raises PersonError."""
        added = HostedLibrary(secrets.token_hex(4), checked_name(name), owner, owner is not None)
        key = account_key(added.name)
        with self.writing() as file:
            if file.rows("SELECT 1 FROM libraries WHERE key = :key", key=key):
                raise PersonError(TAKEN.format(name=added.name))
            if owner is not None and not file.rows(_IS_PERSON, id=owner):
                raise PersonError(GONE)
            file.change(_ADD, id=added.id, key=key, name=added.name, owner=owner, is_private=added.is_private)
        return added

    def add_private_library(self, person: Person) -> HostedLibrary:
        """Add a library of a person's own, under the first name that is free; raises PersonError."""
        taken = {account_key(each.name) for each in self.libraries()}
        own = PRIVATE.format(name=person.name[:LONGEST_OWNER])
        numbered = (f"{own} {number}" for number in count(2))
        return self.add_library(next(name for name in chain([own], numbered) if account_key(name) not in taken), person.id)

    def rename_library(self, library_id: str, name: str) -> None:
        """Give a library another name; raises PersonError."""
        name = checked_name(name)
        key = account_key(name)
        with self.writing() as file:
            if file.rows("SELECT 1 FROM libraries WHERE key = :key AND id != :id", key=key, id=library_id):
                raise PersonError(TAKEN.format(name=name))
            if not file.change("UPDATE libraries SET key = :key, name = :name WHERE id = :id", key=key, name=name, id=library_id):
                raise PersonError(GONE)

    def give_library(self, library_id: str, owner: str) -> None:
        """Give a private library whose owner was removed to another person; raises PersonError."""
        with self.writing() as file:
            if not file.rows(_IS_PERSON, id=owner):
                raise PersonError(GONE)
            sql = "UPDATE libraries SET owner = :owner WHERE id = :id AND is_private AND owner IS NULL"
            if not file.change(sql, owner=owner, id=library_id):
                raise PersonError(NO_OWNER)

    def remove_library(self, library_id: str) -> bool:
        """Remove a library with all rights in it, but not its folder; whether there was one. Raises PersonError for the main one."""
        if library_id == MAIN:
            raise PersonError(NOT_MAIN)
        with self.writing() as file:
            return bool(file.change("DELETE FROM libraries WHERE id = :id", id=library_id))

    def grants(self, library_id: str) -> list[Grant]:
        """The rights given in a library: groups first, each by name."""
        sql = """SELECT coalesce(people.id, groups.id), coalesce(people.name, groups.name), team IS NOT NULL, granted
            FROM grants LEFT JOIN people ON people.id = person LEFT JOIN groups ON groups.id = team
            WHERE library = :id ORDER BY team IS NULL, coalesce(people.key, groups.key)"""
        return [Grant(subject, name, bool(is_group), right) for subject, name, is_group, right in self.rows(sql, id=library_id)]

    def grants_of(self, subject_id: str) -> list[tuple[HostedLibrary, Right]]:
        """The rights given to a person or a group, each with its library, by name."""
        sql = f"SELECT {_COLUMNS}, granted FROM grants JOIN libraries ON id = library WHERE :id IN (person, team) ORDER BY id != '', key"
        return [(_hosted(row), row[4]) for row in self.rows(sql, id=subject_id)]

    def grant(self, library_id: str, subject_id: str, right: Right | None) -> None:
        """Give a person or a group a right instead of the one given before, or take it away; raises PersonError."""
        with self.writing() as file:
            is_person = bool(file.rows(_IS_PERSON, id=subject_id))
            is_there = is_person or bool(file.rows("SELECT 1 FROM groups WHERE id = :id", id=subject_id))
            if not is_there or not file.rows("SELECT 1 FROM libraries WHERE id = :id", id=library_id):
                raise PersonError(GONE)
            file.change(
                "DELETE FROM grants WHERE library = :library AND :subject IN (person, team)", library=library_id, subject=subject_id
            )
            if right is not None:
                sql = f"INSERT INTO grants (library, {'person' if is_person else 'team'}, granted) VALUES (:library, :subject, :right)"
                file.change(sql, library=library_id, subject=subject_id, right=right)

    def right_in(self, person: Person, library_id: str) -> Right | None:
        """What a person may do in a library: the highest of the role's, an owner's, and what was granted. None where there is none."""
        if library_id == MAIN and person.right == RIGHTS[-1]:
            return person.right  # of each request of an administrator
        rows = self.rows(f"{_RIGHTS} AND libraries.id = :library", person=person.id, library=library_id)
        return _highest(person, rows)[1] if rows else None

    def libraries_of(self, person: Person) -> list[tuple[HostedLibrary, Right]]:
        """The libraries that a person may read, and what the person may do in each; the main one first, the others by name."""
        found: dict[str, list[tuple[object, ...]]] = {}
        for row in self.rows(f"{_RIGHTS} ORDER BY libraries.id != '', key", person=person.id):
            found.setdefault(row[0], []).append(row)
        rights = (_highest(person, rows) for rows in found.values())
        return [(library, right) for library, right in rights if right]


_RIGHTS = """SELECT libraries.id, name, owner, is_private, granted FROM libraries LEFT JOIN grants ON library = libraries.id
    AND (person = :person OR team IN (SELECT team FROM members WHERE person = :person)) WHERE TRUE"""


def is_library_id(text: str) -> bool:
    """Whether a text can be the id of a library other than the main one."""
    return _ID.fullmatch(text) is not None


def shared_right(library: HostedLibrary, main: Right | None) -> Right | None:
    """What somebody may do in a library, to whom nothing was granted, and who may do `main` in the main one."""
    return main if library.id == MAIN or (main == RIGHTS[-1] and not library.is_private) else None


def _hosted(row: tuple[object, ...]) -> HostedLibrary:
    library_id, name, owner, is_private = row[:4]
    return HostedLibrary(str(library_id), str(name), owner if owner is None else str(owner), bool(is_private))


def _highest(person: Person, rows: list[tuple[object, ...]]) -> tuple[HostedLibrary, Right | None]:
    """A library and a person's right in it, from the rows of `_RIGHTS`."""
    library = _hosted(rows[0])
    right: Right | None = "admin" if library.owner == person.id else shared_right(library, person.right)
    for *_, granted in rows:
        right = higher(right, granted)  # type: ignore[arg-type] # a column
    return library, right
