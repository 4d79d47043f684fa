"""People whom somebody else vouches for: an OpenID Connect provider, or a trusted proxy."""

import secrets
import sqlite3
import unicodedata
from dataclasses import dataclass

from ui.people.accounts import Accounts, Person
from ui.people.file import PersonError, account_key, checked_name, shortened
from ui.people.libraries import Libraries
from ui.people.rights import Role

MOST_SUBJECT_CHARACTERS = 1_000

NOT_ADDED = "There is no user {name!r} here. Ask an administrator to add one."
NOT_LINKED = "{name!r} signs in here another way. Ask an administrator to run on the server: rag user single-sign-on NAME"
NAMELESS = "Your sign-in came without the name, or the verified e-mail address, by which users are known here. Ask an administrator."
LINKED = "SELECT people.id, name, role FROM identities JOIN people ON people.id = person WHERE issuer = ? AND subject = ?"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as another program knows them.

    Attributes:
        issuer: That program.
        subject: Theirs alone there, for ever.
        name: That program vouches for it; it may be given to somebody else some day. "" where it says none.
        groups: Names of groups; None where these are not for it to say.
    """

    issuer: str
    subject: str
    name: str
    groups: frozenset[str] | None = None


class Identities(Accounts, Libraries):
    """Who is whom. An account with a password, or with another identity, is never given to who comes by its name."""

    def admit(self, identity: Identity, newcomers: Role | None) -> Person:
        """The person with an identity, who gets the role `newcomers` where nobody has added them; raises PersonError.

        The first time, an account without a password is found by its name, and linked: from then on the identity alone counts. A new guest
        gets a private library, to have any.
        """
        linked = self.rows(LINKED, identity.issuer, identity.subject)
        person = Person(*linked[0]) if linked else None
        is_new = False
        if person is None or identity.groups is not None:
            with self.writing() as connection:
                if person is None:
                    person, is_new = self._link(connection, identity, newcomers)
                if identity.groups is not None:
                    _set_groups(connection, person, identity.groups)
        if is_new and person.role == "guest":
            self.add_private_library(person)
        return person

    def has_password(self, person: Person) -> bool:
        """Whether a person may sign in with one."""
        return bool(self.rows("SELECT 1 FROM people WHERE id = ? AND password != ''", person.id))

    def sign_in_elsewhere(self, name: str) -> Person:
        """Take a person's password and identity away: the next identity of that name is linked. Ends all sessions; raises PersonError."""
        person = self.find(name)
        with self.writing() as connection:
            connection.execute("UPDATE people SET password = '' WHERE id = ?", (person.id,))
            connection.execute("DELETE FROM identities WHERE person = ?", (person.id,))
            connection.execute("DELETE FROM sessions WHERE person = ?", (person.id,))
            connection.execute("DELETE FROM links WHERE person = ?", (person.id,))
        return person

    def _link(self, connection: sqlite3.Connection, identity: Identity, newcomers: Role | None) -> tuple[Person, bool]:
        """The person, and whether there was none before."""
        if linked := connection.execute(LINKED, (identity.issuer, identity.subject)).fetchone():
            return Person(*linked), False  # meanwhile
        if not identity.name or len(identity.subject) > MOST_SUBJECT_CHARACTERS:
            raise PersonError(NAMELESS)
        name = checked_name(identity.name)
        found = connection.execute("SELECT id, name, role, password FROM people WHERE key = ?", (account_key(name),)).fetchone()
        if found:
            person = Person(*found[:3])
            has_another = connection.execute("SELECT 1 FROM identities WHERE person = ?", (person.id,)).fetchone()
            if found[3] or has_another or not _is_same(name, person.name):
                raise PersonError(NOT_LINKED.format(name=shortened(name)))
        elif newcomers is None:
            raise PersonError(NOT_ADDED.format(name=shortened(name)))
        else:
            person = Person(secrets.token_hex(16), name, newcomers)
            connection.execute("INSERT INTO people VALUES (?, ?, ?, ?, '')", (person.id, account_key(name), name, newcomers))
        connection.execute("INSERT INTO identities VALUES (?, ?, ?)", (identity.issuer, identity.subject, person.id))
        return person, found is None


def _set_groups(connection: sqlite3.Connection, person: Person, names: frozenset[str]) -> None:
    """Make a person a member of the groups with these names, where there are such, and of no others."""
    keys = {account_key(name) for name in names}
    wanted = [(team, person.id) for team, key in connection.execute("SELECT id, key FROM groups").fetchall() if key in keys]
    connection.execute("DELETE FROM members WHERE person = ?", (person.id,))
    connection.executemany("INSERT INTO members VALUES (?, ?)", wanted)


def _is_same(name: str, other: str) -> bool:
    """Whether names are one and the same: letters that only look alike, which `account_key` takes for each other, are not."""
    return name == unicodedata.normalize("NFC", other) or (name.isascii() and other.isascii() and name.lower() == other.lower())
