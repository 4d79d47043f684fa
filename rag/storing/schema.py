"""Schema versions of what is stored: read by field name, brought up to date step by step, refused where a newer program wrote it.

part                      where its version stands                    an older one                    unknown fields
chunks, document records  metadata of their Chroma collections        is migrated when opened         stay when a record is updated
pending.sqlite3           `PRAGMA user_version`                       is migrated when opened         stay when a record is updated
about/*.json              "schema" in each file                       is read with defaults           stay when it is rewritten
library.json, lease       "schema" in the file; collection metadata   is read with defaults           are ignored
settings.json             "schema" in the file                        is read with defaults           are dropped when it is rewritten
lexical/                  identity.json                               any other one is rebuilt: it is derived from the record
tables of `database`      `alembic_version`; SQLite: `user_version`   is migrated when first used       stay: revisions only add

A migration step is atomic, or safe to run again after a crash. To change what is stored: raise the version, append the step, and keep a
library of the version before as a fixture (tests/fixtures/make_library.py).
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from rag.errors import LibraryDamagedError, NewerSchemaError
from rag.formats.registry import format_of
from rag.types import Chunk, ChunkKey, DateSource, DocumentRecord

log = logging.getLogger(__name__)

HIGHEST_VERSION = 1_000  # a number above it is no version but damage

Migration = Callable[[sqlite3.Connection], object]
"""Takes a SQLite database from one schema version to the next, within a transaction that it neither begins nor ends."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], name: str, *, known: int = 0) -> None:
    """Bring a SQLite database up to date; `PRAGMA user_version` counts the migrations it has had, and others up to `known`.

    Each step is committed together with its number, so a process that is killed in between resumes with the next opening. The first
    migration creates the tables; it must accept tables that are there already, made before there were versions. Never remove or reorder
    any. Raises `NewerSchemaError`, having changed nothing, or sqlite3.DatabaseError; a damaged version is one too, as SQLITE_CORRUPT.
    """
    while (version := user_version(connection)) < len(migrations):
        with connection:  # commits, or rolls back
            connection.execute("BEGIN IMMEDIATE")
            if user_version(connection) == version:  # else another process has migrated it meanwhile
                migrations[version](connection)
                connection.execute(f"PRAGMA user_version = {version + 1}")
    check_version(version or 1, max(1, known, len(migrations)), name)  # 0 without any migration


def check_version(version: object, known: int, name: str) -> None:
    """Raise `NewerSchemaError` for a stored schema version above `known`, `LibraryDamagedError` where it is no version."""
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= HIGHEST_VERSION:
        raise LibraryDamagedError(f"{name} is damaged: its schema version is {version!r}. Restore it from a backup.")
    if version > known:
        raise NewerSchemaError(
            f"{name} was written by a newer version of Footnote (schema {version}; this version reads up to {known}). "
            "Update Footnote to open it. Nothing was changed."
        )


def user_version(connection: sqlite3.Connection) -> int:
    """The schema version of a SQLite database; raises sqlite3.DatabaseError, as SQLITE_CORRUPT, where it is damaged."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= HIGHEST_VERSION:
        error = sqlite3.DatabaseError(f"its schema version is damaged: {version}")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"
        raise error
    return version


def stored_fields(value: DocumentRecord | Chunk, *without: str) -> dict[str, Any]:
    """The fields to store of a record or chunk, lists and mappings as JSON; `indexed` follows from where the record is stored."""
    fields = {name: each for name, each in asdict(value).items() if name not in {"indexed", *without}}
    return {name: json.dumps(each) if isinstance(each, tuple | dict) else each for name, each in fields.items()}


def read_record(fields: Mapping[str, Any]) -> DocumentRecord | None:
    """The record in stored fields, with defaults for all but `id`, `name` and `chunks`; None where it is damaged."""
    try:
        pages = int(fields.get("pages", 1))
        is_drawn = format_of(str(fields.get("media_type", "text/plain"))).is_drawn  # OCR may not have seen its pages without text
        return DocumentRecord(
            id=str(fields["id"]),
            name=str(fields["name"]),
            title=str(fields.get("title", "")),
            media_type=str(fields.get("media_type", "text/plain")),
            sources=_items(fields.get("sources", ())),
            pages=pages,
            chunks=int(fields["chunks"]),
            empty_pages=_items(fields.get("empty_pages", ())),
            labels=_items(fields.get("labels", ())) or tuple(map(str, range(1, pages + 1))),
            added=str(fields.get("added", "")),
            size=int(fields.get("size", 0)),
            password=str(fields.get("password", "")),
            ocr_pages=_items(fields.get("ocr_pages", ())),
            ocr_waiting=_items(fields.get("ocr_waiting", fields.get("empty_pages", ()) if is_drawn else ())),
            ocr_failed=_items(fields.get("ocr_failed", ())),
            ocr_total=int(fields.get("ocr_total", 0)),
            language=str(fields.get("language", "")),
            author=str(fields.get("author", "")),
            date=str(fields.get("date", "")),
            date_source=_date_source(fields.get("date_source")),
            metadata=dict(json.loads(fields.get("metadata") or "{}")),
        )
    except (KeyError, TypeError, ValueError):
        log.warning("A document's record is damaged and is left out: %s", fields.get("name") or fields.get("id"))
        return None


def read_chunk(key: ChunkKey, text: str, fields: Mapping[str, Any]) -> Chunk:
    """The chunk in stored fields, with defaults; raises ValueError where they are damaged."""
    start = int(fields.get("start", 0))
    return Chunk(
        document_id=key[0],
        ordinal=key[1],
        page=int(fields.get("page", 1)),
        start=start,
        end=int(fields.get("end", start + len(text))),
        text=text,
        heading=str(fields.get("heading", "")),
        gap=str(fields.get("gap", "")),
        sections=tuple((place, path) for place, path in _items(fields.get("sections", ()))),
        header=str(fields.get("header", "")),
    )


def _date_source(stored: Any) -> DateSource:
    return stored if stored in get_args(DateSource) else ""


def _items(stored: Any) -> tuple[Any, ...]:
    """A stored list: as it is, or as JSON."""
    return tuple(json.loads(stored) if isinstance(stored, str) else stored)
