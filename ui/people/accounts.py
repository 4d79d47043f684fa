"""People and their passwords."""

import secrets
import threading
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rag.storing.database import Database
from ui.people.file import PeopleFile, PersonError, Writing, account_key, checked_name, shortened
from ui.people.rights import RIGHT_OF, Right, Role

LEAST_PASSWORD_CHARACTERS = 12
MOST_PASSWORD_CHARACTERS = 1_000
HASHES_AT_ONCE = 2  # 64 MiB each

TAKEN = "There is a user {name!r} already."
UNKNOWN = "There is no user {name!r}."
GONE = "This user has been removed."
LAST = "{name!r} is the last administrator. Make somebody else an administrator first."
BAD_PASSWORD = f"A password has {LEAST_PASSWORD_CHARACTERS} to {MOST_PASSWORD_CHARACTERS:,} characters, and is not the name."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in; the `id` owns conversations, and never comes again, as a name may."""

    id: str
    name: str
    role: Role

    @property
    def right(self) -> Right | None:
        """What the role gives in the main library."""
        return RIGHT_OF[self.role]


class Accounts(PeopleFile):
    """Everybody."""

    def __init__(self, where: Path | Database, hasher: PasswordHasher | None = None) -> None:
        super().__init__(where)
        self._hasher = hasher or PasswordHasher()
        self._hashing = threading.Semaphore(HASHES_AT_ONCE)

    def exist(self) -> bool:
        """Whether there is anybody."""
        return bool(self.rows("SELECT 1 FROM people LIMIT 1"))

    def listed(self) -> list[Person]:
        """Everybody, by name."""
        return [Person(*row) for row in self.rows("SELECT id, name, role FROM people ORDER BY key")]

    def find(self, name: str) -> Person:
        """The person with a name; raises PersonError."""
        found = self.rows("SELECT id, name, role FROM people WHERE key = :key", key=account_key(name))
        if not found:
            raise PersonError(UNKNOWN.format(name=shortened(name)))
        return Person(*found[0])

    def person(self, person_id: str) -> Person:
        """The person with an id; raises PersonError."""
        found = self.rows("SELECT id, name, role FROM people WHERE id = :id", id=person_id)
        if not found:
            raise PersonError(GONE)
        return Person(*found[0])

    def add(self, name: str, password: str | None, role: Role, *, only_first: bool = False) -> Person | None:
        """Add a person; None where only the first one was to be added, and there is one. Raises PersonError.

        Without a password nobody can sign in by one, until one is set; and whoever first comes by that name from a provider or a proxy
        is that person: see `identities`.
        """
        person = Person(secrets.token_hex(16), checked_name(name), role)
        hashed, key = "" if password is None else self._hashed(person, password), account_key(person.name)
        with self.writing() as file:
            if only_first and file.rows("SELECT 1 FROM people LIMIT 1"):
                return None
            if file.rows("SELECT 1 FROM people WHERE key = :key", key=key):
                raise PersonError(TAKEN.format(name=person.name))
            insert(file, person, key, hashed)
        return person

    def remove(self, who: str | Person) -> Person:
        """Remove a person with all sessions, tokens and rights; raises PersonError, also for the last administrator among others.

        A private library stays, without an owner. Conversations, which nobody could read any more, are deleted by `ui.chats.keeping`.
        """
        person = who if isinstance(who, Person) else self.find(who)
        with self.writing() as file:
            _check_last(file, person)
            if not file.change("DELETE FROM people WHERE id = :id", id=person.id):
                raise PersonError(GONE)
            file.change("INSERT INTO removed (id) VALUES (:id)", id=person.id)
        return person

    def removed(self) -> list[str]:
        """The ids of those who were removed."""
        return [str(row[0]) for row in self.rows("SELECT id FROM removed")]

    def set_role(self, who: str | Person, role: Role) -> None:
        """Give a person another role, which counts from the next request on; raises PersonError."""
        person = who if isinstance(who, Person) else self.find(who)
        with self.writing() as file:
            if role != "administrator":
                _check_last(file, person)
            if not file.change("UPDATE people SET role = :role WHERE id = :id", role=role, id=person.id):
                raise PersonError(GONE)

    def set_password(self, person: Person, password: str) -> None:
        """Change a password and end all sessions; raises PersonError."""
        hashed = self._hashed(person, password)
        with self.writing() as file:
            self._change(file, person, hashed)

    def checked(self, name: str, password: str) -> Person | None:
        """The person with a name and a password. It takes as long for a name that nobody has."""
        found = self.rows("SELECT id, name, role, password FROM people WHERE key = :key", key=account_key(name))
        nobodys = self._nobodys  # made by whoever comes first, whether or not there is such a person
        *facts, hashed = found[0] if found else ("", "", "guest", nobodys)
        is_short = len(password) <= MOST_PASSWORD_CHARACTERS
        with self._hashing:
            try:
                self._hasher.verify(hashed or nobodys, _normal(password if is_short else ""))
            except (VerificationError, InvalidHashError):
                return None
        return Person(*facts) if found and is_short else None

    @staticmethod
    def _change(file: Writing, person: Person, hashed: str) -> None:
        if not file.change("UPDATE people SET password = :hashed WHERE id = :id", hashed=hashed, id=person.id):
            raise PersonError(GONE)
        end_sign_ins(file, person)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(16))

    def _hashed(self, person: Person, password: str) -> str:
        is_long_enough = LEAST_PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS
        if not is_long_enough or account_key(password) == account_key(person.name):
            raise PersonError(BAD_PASSWORD)
        with self._hashing:
            return self._hasher.hash(_normal(password))


def insert(file: Writing, person: Person, key: str, hashed: str) -> None:
    """Add a person whom nobody has added."""
    columns = {"id": person.id, "key": key, "name": person.name, "role": person.role, "password": hashed}
    file.change("INSERT INTO people (id, key, name, role, password) VALUES (:id, :key, :name, :role, :password)", **columns)


def end_sign_ins(file: Writing, person: Person) -> None:
    """End a person's sessions, and the link with which to choose a password."""
    file.change("DELETE FROM sessions WHERE person = :id", id=person.id)
    file.change("DELETE FROM links WHERE person = :id", id=person.id)


def _check_last(file: Writing, person: Person) -> None:
    """Raise PersonError where nobody would administer the others any more."""
    others = [role for (role,) in file.rows("SELECT role FROM people WHERE id != :id", id=person.id)]
    if others and "administrator" not in others:
        raise PersonError(LAST.format(name=person.name))


def _normal(words: str) -> bytes:
    """One form of what different keyboards type; half a surrogate, which no keyboard types, stands for itself."""
    return unicodedata.normalize("NFKC", words).encode("utf-8", "surrogatepass")
