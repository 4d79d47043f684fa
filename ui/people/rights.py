"""What a person or a token may do: one ladder, each step includes those below it."""

from typing import Literal, get_args

Right = Literal["read", "ask", "write", "admin"]
RIGHTS: tuple[Right, ...] = get_args(Right)

Role = Literal["guest", "reader", "writer", "administrator"]
RIGHT_OF: dict[Role, Right | None] = {"guest": None, "reader": "ask", "writer": "write", "administrator": "admin"}
"""What a role gives in the main library; to a guest, nothing but what is granted."""


def includes(has: Right | None, needed: Right) -> bool:
    """Whether who has a right, or none, may do what needs another."""
    return has is not None and RIGHTS.index(has) >= RIGHTS.index(needed)


def lower(one: Right | None, other: Right | None) -> Right | None:
    """The lower of two rights."""
    return min(one, other, key=RIGHTS.index) if one and other else None


def higher(one: Right | None, other: Right | None) -> Right | None:
    """The higher of two rights."""
    return max(one, other, key=RIGHTS.index) if one and other else one or other
