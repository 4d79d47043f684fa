"""Who may use the API: everyone where only this machine reaches it and no token is set, else who has the token."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

CLOSED = "This server can be reached from other machines, so its API needs a token: set RAG_API_TOKEN and restart it."
WRONG = "The token is missing or wrong. Send it as `Authorization: Bearer TOKEN`; the server's RAG_API_TOKEN is the right one."
NOT_YOURS = "Paths are read for programs of the same user on the same machine alone. Upload the files instead."


@dataclass(frozen=True, slots=True)
class Access:
    """What opens the API.

    Attributes:
        token: The setting RAG_API_TOKEN, or "".
        holder_token: In the library's folder, for who may read that anyway.
        is_open: Whether no token is needed where none is set: only this machine reaches the server.
    """

    token: str = ""
    holder_token: str = ""
    is_open: bool = True

    def check(self, authorization: str) -> bool:
        """Whether a request's header shows that it comes from who may read the library's folder; HTTPException where it may not come in."""
        scheme, _, given = authorization.partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if _same(given, self.holder_token):
            return True
        if _same(given, self.token) or (self.is_open and not self.token):
            return False
        if not self.is_open and not self.token:
            raise HTTPException(403, CLOSED)
        raise HTTPException(401, WRONG, {"WWW-Authenticate": "Bearer"})


def _same(given: str, token: str) -> bool:
    return bool(token) and secrets.compare_digest(given.encode("latin-1"), token.encode())  # as it was in the header


def checked(request: Request) -> bool:
    """Let a request in or not; whether it comes from who may read the library's folder."""
    access: Access = request.app.state.access
    return access.check(request.headers.get("authorization", ""))


def checked_owner(owns: Annotated[bool, Depends(checked)]) -> None:
    """Let only those in who may read the library's folder."""
    if not owns:
        raise HTTPException(403, NOT_YOURS)
