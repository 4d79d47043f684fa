"""How a server stands in its cluster: its role, and how far it follows the one that writes."""

from dataclasses import dataclass
from typing import Protocol

from rag.library import Library
from rag.types import Role

MOST_SECONDS_BEHIND = 30.0  # a replica further behind the writer than this is not ready


class Membership(Protocol):
    """Of a server in a library's cluster, as far as it knows at the moment; see `rag.storing.cluster.membership`."""

    @property
    def role(self) -> Role:
        """Of this process."""

    @property
    def epoch(self) -> int:
        """Of the lease, raised whenever another server takes it."""

    @property
    def heartbeat_seconds(self) -> float | None:
        """Since the writer was last heard of; None where that is not known."""

    @property
    def takeovers(self) -> int:
        """How often this process has taken the lease."""


class Following(Protocol):
    """How far a server follows the writer; see `rag.storing.cluster.following`."""

    @property
    def is_open(self) -> bool:
        """Whether its index is open."""

    @property
    def records(self) -> int:
        """Changes that the writer has committed, and this server has not seen."""

    @property
    def seconds(self) -> float | None:
        """Since it had seen all of them; None if it never had."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Both."""

    membership: Membership
    following: Following

    @property
    def problem(self) -> str:
        """Why questions should go to another server at present; "" where they need not."""
        if self.membership.role == "writer":
            return ""
        if not self.following.is_open:
            return "The index is being opened."
        if self.following.seconds is None:
            return "The index is not complete yet."
        if self.following.seconds > MOST_SECONDS_BEHIND:
            return f"This server is {self.following.seconds:.0f} seconds behind the one that writes."
        return ""


def standing_of(library: Library) -> Standing | None:
    """How a library's server stands; None where one machine is all there is."""
    cluster = library.cluster
    return Standing(cluster.membership.state(), cluster.following.state()) if cluster else None
