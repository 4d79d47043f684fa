"""What the servers of a cluster share of one library, and this process's part in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LibraryLockedError
from rag.storing.cluster.bucket import Bucket, claim
from rag.storing.cluster.following import Following
from rag.storing.cluster.membership import Membership
from rag.storing.cluster.opening import SharedPlace
from rag.storing.cluster.snapshots import Snapshots
from rag.storing.database import sql
from rag.storing.lexical import identity_of
from rag.storing.opening import fingerprint_of
from rag.storing.places import Places
from rag.types import Role

ELSEWHERE = "Another server of the cluster writes to this library{where}. Add and change documents there."


@dataclass(frozen=True, slots=True)
class Cluster:
    """The shared parts.

    Attributes:
        places: Where tables are.
        bucket: Where files are.
        index: Where chunks and records are.
        membership: Who writes.
        following: Takes over here what the writer has changed.
    """

    places: Places
    bucket: Bucket
    index: SharedPlace
    membership: Membership
    following: Following

    @property
    def role(self) -> Role:
        """Of this process."""
        return self.membership.state().role

    def snapshots(self, folder: Path, describe: Callable[[], str]) -> Snapshots:
        """The snapshots of the index that `describe` names."""
        return Snapshots(self.bucket, folder / "lexical", identity_of(fingerprint_of(describe())))

    def check_bucket(self, *, may_write: bool) -> None:
        """Raise `StorageError` where the place for files is another cluster's, or cannot be used; mark it as this one's."""
        with self.index.database.reading() as connection:
            library_id = str(connection.execute(sql("SELECT id FROM library")).scalar_one())
        claim(self.bucket, library_id, may_write=may_write)

    def is_writer(self) -> bool:
        """Whether this process writes."""
        return self.membership.is_writer

    def check_writer(self) -> None:
        """Raise `LibraryLockedError` where another process writes, or none does."""
        if self.role != "writer":
            writer = self.membership.writer()
            raise LibraryLockedError(ELSEWHERE.format(where=f", at {writer.url}" if writer and writer.url else ""))
