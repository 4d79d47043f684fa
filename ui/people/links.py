"""One-time links, with which people choose their own passwords: who was just added, or forgot theirs. Stored as hashes alone."""

import secrets
import time

from ui.people.accounts import GONE, Accounts, Person
from ui.people.file import PersonError, hash_of

LINK_SECONDS = 3 * 86_400.0
USED = "This link has expired, has been used, or was replaced by another one. Ask an administrator for a new one."
_REPLACE = """INSERT INTO links (person, hash, expires) SELECT id, :hash, :expires FROM people WHERE id = :id
    ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, expires = excluded.expires"""


class Links(Accounts):
    """A person has one link at most; it ends with the first password that is set after it was made."""

    def make_link(self, person: Person) -> str:
        """The secret of a new link, which replaces the one before; raises PersonError."""
        secret = secrets.token_urlsafe(32)
        with self.writing() as file:
            if not file.change(_REPLACE, id=person.id, hash=hash_of(secret), expires=time.time() + LINK_SECONDS):
                raise PersonError(GONE)
        return secret

    def of_link(self, secret: str) -> Person:
        """Whose link it is; raises PersonError."""
        sql = "SELECT people.id, name, role FROM links JOIN people ON people.id = person WHERE hash = :hash AND expires > :now"
        found = self.rows(sql, hash=hash_of(secret), now=time.time())
        if not found:
            raise PersonError(USED)
        return Person(*found[0])

    def choose_password(self, secret: str, password: str) -> Person:
        """Use a link: set the password of its person, and end all sessions. Raises PersonError; a poor password does not use it up."""
        person = self.of_link(secret)
        hashed = self._hashed(person, password)
        with self.writing() as file:
            if not file.change("DELETE FROM links WHERE hash = :hash", hash=hash_of(secret)):
                raise PersonError(USED)
            self._change(file, person, hashed)
        return person
