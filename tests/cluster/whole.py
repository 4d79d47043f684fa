"""Whether a cluster has what a library that nobody disturbed has: no more, and no less."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag import Library, Settings
from rag.storing.chroma_client import connect, disconnect
from rag.types import ChunkKey
from tests.cluster.harness import EMBEDDING_MODEL, Cluster, Member, until
from tests.integration.test_crash import text_of


@dataclass(frozen=True, slots=True)
class Contents:
    """What is the same wherever the same files were added.

    Attributes:
        documents: Name, pages, chunks and state, by id.
        chunks: Page, start, end and text, by key.
    """

    documents: dict[str, tuple[str, int, int, str]]
    chunks: dict[ChunkKey, tuple[int, int, int, str]]


def contents_of(library: Library, names: Collection[str]) -> Contents:
    """What a library has of the files with these names."""
    records = [record for record in library.documents() if record.name in names]
    assert len({record.name for record in records}) == len(records)
    keys = [(record.id, ordinal) for record in records for ordinal in range(record.chunks)]
    found = library.chunks(keys)
    assert set(found) == set(keys)
    return Contents(
        {record.id: (record.name, record.pages, record.chunks, record.state) for record in records},
        {key: (chunk.page, chunk.start, chunk.end, chunk.text) for key, chunk in found.items()},
    )


def has(expected: Contents, member: Member) -> bool:
    """Whether a server has what is expected of these files; raises AssertionError, and says what is amiss, where it has not."""
    found = contents_of(member.library, {name for name, *_ in expected.documents.values()})
    _compare("documents", found.documents, expected.documents)
    _compare("chunks", found.chunks, expected.chunks)
    return True


def _compare(kind: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    missing, spare = expected.keys() - found.keys(), found.keys() - expected.keys()
    others = [(found[key], expected[key]) for key in expected.keys() & found.keys() if found[key] != expected[key]]
    amiss = f"of {len(expected)} {kind} {len(missing)} are missing, {len(spare)} too many, {len(others)} others, such as {others[:1]}"
    assert found == expected, amiss


def made_files(first: int, count: int, paragraphs: int = 20) -> dict[str, bytes]:
    """Files of different words; each begins with a word that is in no other: see `own_word`."""
    return {f"{n}.txt": f"{own_word(n)}.\n\n{text_of(n, paragraphs)}".encode() for n in range(first, first + count)}


def own_word(n: int) -> str:
    return "quag" + "".join("bdfgklmnpr"[int(digit)] + "a" for digit in str(n))


def undisturbed(folder: Path, files: dict[str, bytes]) -> Contents:
    """What a library on one machine makes of these files."""
    with Library.open(folder, Settings(embedding_model=EMBEDDING_MODEL)) as library:
        for name, data in files.items():
            assert library.add_bytes(data, name).status == "added"
        return contents_of(library, files)


def chunks_in_chroma(cluster: Cluster) -> int:
    """All chunks that the Chroma server has of the cluster, also those that nobody can see."""
    names = cluster.postgres.execute("SELECT collection FROM footnote_library.indexes", cluster.database_url.rpartition("/")[2])
    client = connect(Path(), cluster.chroma.url)
    try:
        return sum(client.get_collection(name).count() for (name,) in names)
    finally:
        disconnect(client)


def words_on(member: Member) -> int:
    """The chunks in a server's keyword index."""
    import tantivy

    member.library.retrieve("boats")  # it commits before it searches
    (folder,) = {meta.parent for meta in (member.folder / "lexical").rglob("meta.json")}
    return int(tantivy.Index.open(str(folder)).searcher().num_docs)


def check_whole(cluster: Cluster, *, is_swept: bool = True) -> None:
    """All servers list the same documents, with all their words; Chroma has their chunks.

    And no others, if `is_swept`: what a writer put there that died, or was cut off, is deleted by the next one that begins to write.
    """
    records = {record.id: record for record in cluster.writer().library.documents()}
    cluster.on_each(lambda member: {record.id: record for record in member.library.documents()} == records, "has what the writer has")
    total = sum(record.chunks for record in records.values())
    if is_swept:
        until(lambda: chunks_in_chroma(cluster) == total, f"{total} chunks in Chroma, where {chunks_in_chroma(cluster)} are")
    assert chunks_in_chroma(cluster) >= total
    cluster.on_each(lambda member: words_on(member) == total, f"{total} chunks in its keyword index")
