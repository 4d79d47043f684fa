"""Libraries that other versions stored: earlier ones are brought up to date, later and damaged ones lose nothing.

`tests/fixtures/library-1.zip` was made by the last version without migrations; `tests/fixtures/make_library.py` says what is in it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from rag import Library, NewerSchemaError
from rag.embedding.protocol import Embeddings
from rag.ingesting import chunking
from rag.storing.chroma_client import NO_VECTOR, connect, disconnect
from rag.storing.integrity import Seal
from rag.storing.protocol import WRITE_BATCH
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.fixtures.make_library import FILES, NAME
from ui.chats.schema import LOCAL
from ui.chats.store import ConversationStore

EARLIER = Path(__file__).parents[1] / "fixtures" / "library-1.zip"
READY = ["harbour.pdf", "vault.pdf", "leave.md"]
LEAVE = "Unused leave of up to five days may be carried over until the end of March."


class Counting(BagOfWordsEmbedder):
    """Counts the texts that it embeds."""

    texts = 0

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        self.texts += len(texts)
        return super().embed_documents(texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The earlier library, unpacked."""
    return unpacked(tmp_path / "library")


def unpacked(folder: Path) -> Path:
    """Unpack the earlier library; its chunks, none of which is of a table, pass for today's."""
    with ZipFile(EARLIER) as packed:
        packed.extractall(folder)
    identities = [f"{BagOfWordsEmbedder().identity} cosine chunker={version} tokens=200" for version in (3, chunking.VERSION)]
    before, after = (hashlib.sha256(identity.encode()).hexdigest()[:16] for identity in identities)

    def rename(collection: Any) -> None:
        if collection.name.endswith(before):
            collection.modify(collection.name.replace(before, after), {**collection.metadata, "index": identities[1]})

    collections(folder, rename)
    with_database(folder, f"UPDATE documents SET fingerprint = '{after}' WHERE fingerprint = '{before}'")
    return folder


def check(library: Library) -> None:
    """All documents are there, in their states, and are found."""
    assert [(record.name, record.state) for record in library.documents()] == [
        *((name, "ready") for name in READY),
        ("tides.txt", "keyword_ready"),
        ("late.txt", "keyword_ready"),
    ]
    assert [record.name for record in library.left_behind()] == ["old.txt"]
    assert library.document("harbour.pdf").labels == ("i", "ii", "1", "2", "A-1")
    assert (library.document("vault.pdf").password, library.document("leave.md").sources) == ("sesame", ("upload:leave.md",))
    assert library.document("tides.txt").indexed == pytest.approx(WRITE_BATCH / library.document("tides.txt").chunks)
    (passage,) = library.retrieve("How many days of unused leave may be carried over?", top_k=1)
    assert (passage.document, passage.text.endswith(LEAVE)) == ("leave.md", True)
    assert [path for _, path in passage.sections] == ["Leave > Carrying over"]
    assert library.pages.text("vault.pdf", 1).startswith("The vault")


def collections(folder: Path, change: Callable[[Any], None] = lambda collection: None) -> dict[str, Any]:
    """Schema by name of a closed library's collections, after a change to each; the folder is sealed, as a library leaves it."""
    seal = Seal(folder / "chroma")
    client = connect(folder / "chroma", None)
    try:
        for collection in client.list_collections():
            change(collection)
        return {collection.name: (collection.metadata or {}).get("schema") for collection in client.list_collections()}
    finally:
        disconnect(client)
        seal.close()


def with_database(folder: Path, *statements: str, file: str = "pending.sqlite3") -> list[Any]:
    with closing(sqlite3.connect(folder / file, isolation_level=None)) as database:
        return [row for statement in statements for row in database.execute(statement).fetchall()]


def test_an_earlier_library_is_brought_up_to_date_and_nothing_is_embedded_again(open_library: OpenLibrary, folder: Path) -> None:
    assert {name.partition("-")[0] for name in collections(folder)} == {"chunks", "documents"}
    embedder = Counting()
    with open_library(embedder=embedder) as library:
        assert len(library.documents()) == len(FILES) - 2  # gone.txt, old.txt
        assert embedder.texts == 0
        check(library)
    assert {(name.partition("-")[0], schema) for name, schema in collections(folder).items()} == {("chunks", 1), ("records", 2)}
    again = Counting()
    with open_library(embedder=again) as library:
        check(library)
        again.texts = 0
        chunks = library.document("tides.txt").chunks
        while library.index_next():
            pass
        assert again.texts == chunks - WRITE_BATCH + 1
        assert {record.state for record in library.documents()} == {"ready"}
        assert [outcome.status for outcome in library.reindex().outcomes] == ["added"]
        assert len(library.vectors()) == sum(record.chunks for record in library.documents())
    with closing(ConversationStore.open(folder / "conversations.sqlite3")) as conversations:
        assert NAME in [summary.title for summary in conversations.listed(LOCAL, [], 10)]


def test_a_migration_that_was_interrupted_is_resumed(open_library: OpenLibrary, folder: Path) -> None:
    names = collections(folder)
    client = connect(folder / "chroma", None)  # as a process leaves it that is killed after the first of several rows
    for name in names:
        if name.startswith("documents-"):
            half = client.create_collection(f"records-{name.partition('-')[2]}", embedding_function=None, metadata={"schema": 2})
            half.add(ids=["a" * 64], embeddings=[NO_VECTOR], metadatas=[{"id": "a" * 64, "name": "half.txt", "chunks": 1}])
    disconnect(client)
    collections(folder)
    check(open_library())


def test_a_damaged_chunk_stops_no_migration(open_library: OpenLibrary, folder: Path) -> None:
    with_database(folder, "UPDATE chunks SET chunk = '[' WHERE chunk LIKE '%last ferry%'")
    check(open_library())  # it is read again from its file


def test_unknown_fields_are_harmless_and_stay_when_a_record_is_updated(open_library: OpenLibrary, folder: Path) -> None:
    def enrich(collection: Any) -> None:
        ids = collection.get()["ids"]
        collection.update(ids=ids, metadatas=[{"colour": "blue"}] * len(ids))

    with open_library() as library:
        library.documents()
        ids = {record.name: record.id for record in library.documents()}
    collections(folder, enrich)
    with_database(
        folder,
        *(
            f"UPDATE {table} SET {column} = json_set({column}, '$.colour', 'blue')"
            for table, column in (("documents", "record"), ("chunks", "chunk"))
        ),
    )
    for about in (folder / "about").iterdir():
        about.write_text(json.dumps({**json.loads(about.read_text()), "colour": "blue"}))
    with open_library() as library:
        check(library)
        for name in ("leave.md", "late.txt"):
            assert library.add_upload(library.pages.original(name), f"copy of {name}").status == "duplicate"
    fields: list[Any] = []
    collections(folder, lambda each: fields.extend(each.get(ids=[ids["leave.md"]])["metadatas"]))
    assert [(each["colour"], "copy of leave.md" in each["sources"]) for each in fields] == [("blue", True)]
    about = json.loads((folder / "about" / f"{ids['leave.md']}.json").read_text())
    assert (about["colour"], about["sources"]) == ("blue", ["upload:leave.md", "upload:copy of leave.md"])


def raise_schema(kind: str) -> Callable[[Path], object]:
    return lambda folder: collections(
        folder, lambda each: each.modify(metadata={**each.metadata, "schema": 99}) if each.name.startswith(kind) else None
    )


NEWER: dict[str, Callable[[Path], object]] = {
    "chunks": raise_schema("chunks-"),
    "records": raise_schema("records-"),
    "keyword-ready documents": lambda folder: with_database(folder, "PRAGMA user_version = 99"),
}


@pytest.mark.parametrize("newer", NEWER.values(), ids=NEWER)
def test_what_a_newer_version_stored_is_refused_and_not_changed(
    open_library: OpenLibrary, folder: Path, newer: Callable[[Path], object]
) -> None:
    with open_library() as library:
        library.documents()
    newer(folder)
    before = contents(folder)
    with open_library() as library:
        for use in (library.documents, library.repair):
            with pytest.raises(NewerSchemaError, match=r"newer version of Footnote \(schema 99.*Update Footnote"):
                use()
        assert ("fault", "Update Footnote.") in [(finding.state, finding.cure) for finding in library.examine()]
    assert contents(folder) == before


def test_a_newer_description_of_a_file_is_refused_when_it_is_needed(open_library: OpenLibrary, folder: Path) -> None:
    with open_library() as library:
        id_ = library.document("leave.md").id
    about = folder / "about" / f"{id_}.json"
    about.write_text(newer := json.dumps({**json.loads(about.read_text()), "schema": 99}))
    with open_library() as library:
        library.add_upload(library.pages.original("leave.md"), "copy.md")
    collections(folder, lambda each: each.delete(ids=[id_]) if each.name.startswith("records-") else None)
    with open_library() as library, pytest.raises(NewerSchemaError, match="description of a file"):
        library.documents()
    assert about.read_text() == newer
    assert (folder / "originals" / f"{id_}.md").exists()


def contents(folder: Path) -> dict[str, object]:
    """All that is stored: bytes of files, rows of databases."""
    files = {file.name: file.read_bytes() for part in ("about", "originals", "lexical") for file in (folder / part).iterdir()}
    rows = with_database(folder, "SELECT * FROM documents", "SELECT * FROM chunks", "PRAGMA user_version")
    record = with_database(folder, "SELECT * FROM embeddings", "SELECT * FROM embedding_metadata", file="chroma/chroma.sqlite3")
    return {**files, "pending": rows, "record": record, "schemas": collections(folder)}


DAMAGED: dict[str, Callable[[Path], object]] = {
    "the record's": lambda folder: collections(folder, lambda each: each.modify(metadata={"index": each.metadata["index"]})),
    "the keyword-ready documents'": lambda folder: with_database(folder, "PRAGMA user_version = -7"),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_version_is_damage_and_costs_no_document(
    open_library: OpenLibrary, folder: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    damage(folder)
    names = {*READY, "tides.txt", "late.txt"}
    assert names <= {record.name for record in open_library().documents()}
    assert "index is damaged" in caplog.text
    assert len(list((folder / "quarantine").glob("damaged-*"))) == 1


def test_a_record_that_cannot_be_read_is_made_again_from_its_file(open_library: OpenLibrary, folder: Path) -> None:
    with open_library() as library:
        record = library.document("leave.md")
    collections(
        folder,
        lambda each: each.update(ids=[record.id], metadatas=[{"chunks": "many"}]) if each.name.startswith("records-") else None,
    )
    with_database(folder, "UPDATE documents SET record = '[' WHERE record LIKE '%late.txt%'")
    with open_library() as library:
        assert {each.name: each.state for each in library.documents()} == {
            **dict.fromkeys(READY, "ready"),
            **dict.fromkeys(("leave.md", "tides.txt", "late.txt"), "keyword_ready"),
        }
        while library.index_next():
            pass
        assert library.retrieve("unused leave", top_k=1)[0].text.endswith(LEAVE)
        assert {each.state for each in library.documents()} == {"ready"}
