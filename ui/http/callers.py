"""Who sends a request, and what that is enough for."""

from dataclasses import dataclass, field

from ui.chats.schema import LOCAL
from ui.http.rules import Need
from ui.people.accounts import Person
from ui.people.libraries import MAIN
from ui.people.rights import RIGHTS, Right, includes

LEVELS: dict[Right, str] = {"read": "read", "ask": "ask questions", "write": "add and remove documents", "admin": "administer the library"}
NOT_ALLOWED = "This needs the right to {needed}. Yours is to {has}."
NOT_HERE = "There is no such library, or you have no right in it."
NO_RIGHT = "You have no right in this library. An administrator can give you one."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    Attributes:
        owner: Of conversations: a person's id, or `LOCAL`.
        right: The highest in the library that is asked; None where there is none.
        person: Where one has signed in on the page.
        session: The secret of that.
        owns: Whether the caller can read the library's folder anyway.
        connects: Whether chat models may be connected from there: this machine, or somebody of the server's own people.
        library: The id of the library that is asked, "" for the main one.
        account: Who it is, on the page or by a token; None for the server's own tokens, and where nobody has to sign in.
        scope: The highest right that a token gives in any library; None where the server does not know who it is.
        way: How somebody without an account came in, or "".
    """

    owner: str = LOCAL
    right: Right | None = None
    person: Person | None = None
    session: str = field(default="", repr=False)
    owns: bool = False
    connects: bool = False
    library: str = MAIN
    account: Person | None = None
    scope: Right | None = None
    way: str = ""

    @property
    def name(self) -> str:
        """Of the person, also where a token stands for it; of others, how they came in."""
        return self.account.name if self.account else self.way

    @property
    def administers(self) -> bool:
        """Whether it belongs to an administrator of the server, however little a token of one may do."""
        return self.account.role == "administrator" if self.account else self.scope == RIGHTS[-1]

    def may(self, needed: Need) -> bool:
        """Whether this is enough for what a route needs."""
        match needed:
            case "anyone":
                return True
            case "known":
                return self.scope is not None
            case "person":
                return self.person is not None
            case "administrator":
                return self.person is not None and self.administers
            case _:
                return includes(self.right, needed)

    def refusal(self, needed: Right) -> tuple[int, str]:
        """The status and the words for somebody whom the server knows."""
        if self.right:
            return 403, not_allowed(needed, self.right)
        return (404, NOT_HERE) if self.library != MAIN else (403, NO_RIGHT)


def not_allowed(needed: Right, has: Right) -> str:
    """What is said to who lacks a right."""
    return NOT_ALLOWED.format(needed=LEVELS[needed], has=LEVELS[has])
