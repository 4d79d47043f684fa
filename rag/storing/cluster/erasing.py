"""Deletes all that a cluster stores of a library that was removed: chunks, files, tables."""

import time
from contextlib import closing
from pathlib import Path

from rag.errors import LibraryLockedError, SettingsError
from rag.settings import Settings
from rag.storing.chroma_client import collections_of, connect, disconnect, translated
from rag.storing.cluster.bucket import open_bucket
from rag.storing.cluster.membership import Membership
from rag.storing.database import sql
from rag.storing.places import Places

OF_LIBRARY = ("conversations", "queue", "settings", "library")  # last the one with the lease
SECONDS_TO_WAIT = 90  # until the servers that have it open have seen that it was removed
SECONDS_BETWEEN = 0.5
IN_USE = "A server still has the library open. Try again in a minute."


def erase_library(library_id: str, settings: Settings) -> None:
    """Delete what a cluster stores of a library beside its main one, when no server has it open any more.

    Raises `LibraryLockedError` where one goes on with it, and `StorageError`; it can be tried again.
    """
    if not (settings.chroma_url and settings.originals_url):
        raise SettingsError("The library is no cluster's: nothing is stored elsewhere.")
    places = Places(settings.library, settings.database_url, library_id)
    database = places.database("library")
    with database, closing(Membership(database, candidate=True, seconds=settings.lease_seconds)) as membership:
        until = time.monotonic() + SECONDS_TO_WAIT
        while not membership.is_writer:
            if time.monotonic() > until:
                raise LibraryLockedError(IN_USE)
            time.sleep(SECONDS_BETWEEN)
        with database.reading() as connection:
            stored_id = str(connection.execute(sql("SELECT id FROM library")).scalar_one())
        token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
        client = connect(Path(), settings.chroma_url, token)
        try:
            with translated("deleted"):
                for each in collections_of(client, "chunks", stored_id):
                    client.delete_collection(each.name)
        finally:
            disconnect(client)
        with closing(open_bucket(settings.originals_url)) as bucket:
            bucket.delete(*(each.name for each in bucket.list(f"libraries/{library_id}/")))
    for noun in OF_LIBRARY:
        with places.database(noun) as tables:
            tables.drop()
