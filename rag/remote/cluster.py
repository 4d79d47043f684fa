"""A library of a cluster: each server reads it from what all of them share, and has the one that writes change it."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from rag.errors import ServerError
from rag.library import Library
from rag.remote.connection import Connection
from rag.remote.library import RemoteLibrary
from rag.settings import Settings
from rag.storing.cluster.membership import Writer

Verb = TypeVar("Verb", bound=Callable[..., Any])

NOBODY = "No server of the cluster writes to this library at present. One takes over within {seconds:.0f} seconds: try again then."


def _by_the_writer(verb: Verb) -> Verb:
    """A verb that is carried out here where this server writes, and by the one that does where it does not."""

    @wraps(verb)
    def carried_out(self: "ClusterLibrary", *given: Any, **options: Any) -> Any:
        if self.role == "writer":
            return verb(self, *given, **options)
        done = getattr(self.writer(), verb.__name__)(*given, **options)
        self.look()
        return done

    return cast(Verb, carried_out)


class ClusterLibrary(Library):
    """A library of a cluster, on one of its servers. It is opened whether or not another server writes: see `role`.

    What changes documents is passed on to the writer, over HTTP; it may raise `ServerError`. All else is answered here.
    """

    _stands_by = True

    def __init__(self, folder: Path | str | None = None, settings: Settings | None = None, **given: Any) -> None:
        """As `Library`; the settings name a database."""
        super().__init__(folder, settings, **given)
        self._remote: tuple[Writer, RemoteLibrary] | None = None

    def writer(self) -> RemoteLibrary:
        """The library on the server that writes; raises `ServerError` where none does."""
        writer = self.cluster.membership.writer() if self.cluster else None
        if writer is None or not writer.url:
            raise ServerError(NOBODY.format(seconds=self.settings.lease_seconds))
        if self._remote is None or self._remote[0] != writer:
            self._disconnect()
            self._remote = writer, RemoteLibrary(Connection(writer.url, writer.token), self._opened_with)
        return self._remote[1]

    def look(self) -> None:
        """Follow what the writer has changed by now, rather than within a second."""
        if self.cluster:
            self.cluster.following.look()

    def close(self) -> None:
        """As `Library.close`."""
        self._disconnect()
        super().close()

    def _disconnect(self) -> None:
        if self._remote:
            self._remote[1].close()
            self._remote = None

    add = _by_the_writer(Library.add)
    add_bytes = _by_the_writer(Library.add_bytes)
    add_text = _by_the_writer(Library.add_text)
    add_upload = _by_the_writer(Library.add_upload)
    import_ = _by_the_writer(Library.import_)
    reindex = _by_the_writer(Library.reindex)
    remove = _by_the_writer(Library.remove)
    repair = _by_the_writer(Library.repair)
    restore = _by_the_writer(Library.restore)
    set_metadata = _by_the_writer(Library.set_metadata)
