"""What a person or a token may do: one ladder, each step includes those below it."""

from typing import Literal, get_args

Right = Literal["read", "ask", "write", "admin"]
RIGHTS: tuple[Right, ...] = get_args(Right)

Role = Literal["reader", "writer", "administrator"]
RIGHT_OF: dict[Role, Right] = {"reader": "ask", "writer": "write", "administrator": "admin"}


def includes(has: Right | None, needed: Right) -> bool:
    """Whether who has a right, or none, may do what needs another."""
    return has is not None and RIGHTS.index(has) >= RIGHTS.index(needed)


def lower(one: Right, other: Right) -> Right:
    """The lower of two rights."""
    return min(one, other, key=RIGHTS.index)
