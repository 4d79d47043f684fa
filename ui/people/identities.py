"""People whom somebody else vouches for: an OpenID Connect provider, or a trusted proxy."""

import secrets
import unicodedata
from dataclasses import dataclass

from ui.people.accounts import Accounts, Person, end_sign_ins, insert
from ui.people.file import PersonError, Writing, account_key, checked_name, shortened
from ui.people.libraries import Libraries
from ui.people.rights import Role

MOST_SUBJECT_CHARACTERS = 1_000

NOT_ADDED = "There is no user {name!r} here. Ask an administrator to add one."
NOT_LINKED = "{name!r} signs in here another way. Ask an administrator to run on the server: rag user single-sign-on NAME"
NAMELESS = "Your sign-in came without the name, or the verified e-mail address, by which users are known here. Ask an administrator."
LINKED = "SELECT people.id, name, role FROM identities JOIN people ON people.id = person WHERE issuer = :issuer AND subject = :subject"


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
        linked = self.rows(LINKED, issuer=identity.issuer, subject=identity.subject)
        person = Person(*linked[0]) if linked else None
        is_new = False
        if person is None or identity.groups is not None:
            with self.writing() as file:
                if person is None:
                    person, is_new = self._link(file, identity, newcomers)
                if identity.groups is not None:
                    _set_groups(file, person, identity.groups)
        if is_new and person.role == "guest":
            self.add_private_library(person)
        return person

    def has_password(self, person: Person) -> bool:
        """Whether a person may sign in with one."""
        return bool(self.rows("SELECT 1 FROM people WHERE id = :id AND password != ''", id=person.id))

    def sign_in_elsewhere(self, name: str) -> Person:
        """Take a person's password and identity away: the next identity of that name is linked. Ends all sessions; raises PersonError."""
        person = self.find(name)
        with self.writing() as file:
            file.change("UPDATE people SET password = '' WHERE id = :id", id=person.id)
            file.change("DELETE FROM identities WHERE person = :id", id=person.id)
            end_sign_ins(file, person)
        return person

    def _link(self, file: Writing, identity: Identity, newcomers: Role | None) -> tuple[Person, bool]:
        """The person, and whether there was none before."""
        known = {"issuer": identity.issuer, "subject": identity.subject}
        if linked := file.rows(LINKED, **known):
            return Person(*linked[0]), False  # meanwhile
        if not identity.name or len(identity.subject) > MOST_SUBJECT_CHARACTERS:
            raise PersonError(NAMELESS)
        name = checked_name(identity.name)
        key = account_key(name)
        found = file.rows("SELECT id, name, role, password FROM people WHERE key = :key", key=key)
        if found:
            *facts, password = found[0]
            person = Person(*facts)
            if password or file.rows("SELECT 1 FROM identities WHERE person = :id", id=person.id) or not _is_same(name, person.name):
                raise PersonError(NOT_LINKED.format(name=shortened(name)))
        elif newcomers is None:
            raise PersonError(NOT_ADDED.format(name=shortened(name)))
        else:
            person = Person(secrets.token_hex(16), name, newcomers)
            insert(file, person, key, "")
        file.change("INSERT INTO identities (issuer, subject, person) VALUES (:issuer, :subject, :person)", **known, person=person.id)
        return person, not found


def _set_groups(file: Writing, person: Person, names: frozenset[str]) -> None:
    """Make a person a member of the groups with these names, where there are such, and of no others."""
    keys = {account_key(name) for name in names}
    wanted = [{"team": team, "person": person.id} for team, key in file.rows("SELECT id, key FROM groups") if key in keys]
    file.change("DELETE FROM members WHERE person = :person", person=person.id)
    file.change_each("INSERT INTO members (team, person) VALUES (:team, :person)", wanted)


def _is_same(name: str, other: str) -> bool:
    """Whether names are one and the same: letters that only look alike, which `account_key` takes for each other, are not."""
    return name == unicodedata.normalize("NFC", other) or (name.isascii() and other.isascii() and name.lower() == other.lower())
