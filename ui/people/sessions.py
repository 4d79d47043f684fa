"""What people are known by: sessions on the page, and tokens of programs. The secrets are stored as hashes alone."""

import secrets
import time
from dataclasses import dataclass

from ui.people.accounts import Person
from ui.people.file import PeopleFile, PersonError, checked_name, hash_of
from ui.people.rights import Right

SESSION_SECONDS = 14 * 86_400.0
MOST_TOKENS = 100  # of a person
MOST_TOKEN_DAYS = 3_650

BAD_EXPIRY = f"A token is valid for 1 to {MOST_TOKEN_DAYS:,} days."
TOO_MANY_TOKENS = f"{MOST_TOKENS} tokens are the most that a user can have. Revoke one first."

_ADD_TOKEN = """INSERT INTO tokens (id, hash, person, name, scope, expires)
    SELECT :id, :hash, people.id, :name, :scope, :expires FROM people WHERE people.id = :person"""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: the secret itself is shown once, and not kept."""

    id: str
    name: str
    scope: Right
    expires: float


class Sessions(PeopleFile):
    """Sessions and tokens."""

    def begin_session(self, person: Person) -> str:
        """The secret of a new session."""
        secret = secrets.token_urlsafe(32)
        with self.writing() as file:
            file.change("DELETE FROM sessions WHERE expires < :now", now=time.time())
            row = {"hash": hash_of(secret), "expires": time.time() + SESSION_SECONDS, "id": person.id}
            file.change("INSERT INTO sessions (hash, person, expires) SELECT :hash, id, :expires FROM people WHERE id = :id", **row)
        return secret

    def of_session(self, secret: str) -> Person | None:
        """Whose session it is; None where it has expired or was ended."""
        sql = "SELECT people.id, name, role FROM sessions JOIN people ON people.id = person WHERE hash = :hash AND expires > :now"
        found = self.rows(sql, hash=hash_of(secret), now=time.time()) if secret else []
        return Person(*found[0]) if found else None

    def open_sessions(self) -> int:
        """How many sessions have neither expired nor been ended."""
        rows = self.rows("SELECT count(*) FROM sessions WHERE expires > :now", now=time.time())
        return int(rows[0][0]) if rows else 0

    def sessions(self, person: Person) -> list[float]:
        """When the sessions of a person end, in seconds since 1970; each began `SESSION_SECONDS` before."""
        return [float(row[0]) for row in self.rows("SELECT expires FROM sessions WHERE person = :id ORDER BY expires", id=person.id)]

    def end_session(self, secret: str) -> None:
        """End a session."""
        with self.writing() as file:
            file.change("DELETE FROM sessions WHERE hash = :hash", hash=hash_of(secret))

    def end_sessions(self, person: Person) -> None:
        """End all sessions of a person."""
        with self.writing() as file:
            file.change("DELETE FROM sessions WHERE person = :id", id=person.id)

    def add_token(self, person: Person, name: str, scope: Right, days: int) -> str:
        """The secret of a new token; raises PersonError."""
        name = checked_name(name)
        if not 1 <= days <= MOST_TOKEN_DAYS:
            raise PersonError(BAD_EXPIRY)
        secret = f"fn_{secrets.token_urlsafe(32)}"
        row = {"id": secrets.token_hex(4), "hash": hash_of(secret), "name": name, "scope": scope, "expires": time.time() + days * 86_400.0}
        with self.writing() as file:
            if file.rows("SELECT count(*) FROM tokens WHERE person = :id", id=person.id)[0][0] >= MOST_TOKENS:
                raise PersonError(TOO_MANY_TOKENS)
            file.change(_ADD_TOKEN, **row, person=person.id)
        return secret

    def of_token(self, secret: str) -> tuple[Person, Right] | None:
        """Whose token it is, and its scope: it may do no more than its person may. None where it has expired or was revoked."""
        sql = (
            "SELECT people.id, people.name, role, scope FROM tokens JOIN people ON people.id = person WHERE hash = :hash AND expires > :now"
        )
        found = self.rows(sql, hash=hash_of(secret), now=time.time())
        if not found:
            return None
        *facts, scope = found[0]
        return Person(*facts), scope

    def tokens(self, person: Person) -> list[Token]:
        """A person's tokens, expired ones too."""
        sql = "SELECT id, name, scope, expires FROM tokens WHERE person = :id ORDER BY name"
        return [Token(*row) for row in self.rows(sql, id=person.id)]

    def revoke(self, person: Person, token_id: str) -> bool:
        """Revoke a person's token; whether there was one."""
        with self.writing() as file:
            return bool(file.change("DELETE FROM tokens WHERE person = :person AND id = :id", person=person.id, id=token_id))
