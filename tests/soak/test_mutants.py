"""Damaged PDFs by the thousand, through the process that reads them."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import documents
from tests.conftest import OpenLibrary

MUTANTS = int(os.environ.get("SOAK_MUTANTS", "2000"))
A_BATCH = 50
QUESTION = "When does the mill close?"

SEEDS: tuple[bytes, ...] = (
    documents.plain_pdf("The mill closes at noon.", "The bakery opens at six.", title="Hours"),
    documents.labelled_pdf(),
    documents.encrypted_pdf(),
    documents.encrypted_pdf(algorithm="RC4-128"),
    documents.scanned_pdf(),
    documents.hyphenated_pdf(),
    documents.half_broken_pdf(),
    documents.turned_pdf("The harbour is closed.", 90),
    documents.mapped_pdf(0x41, 0x42, 0xD83D),
    documents.written_pdf(["BT /F1 12 Tf 72 700 Td (The well is deep.) Tj ET"]),
)


def flipped(data: bytearray, chance: random.Random) -> None:
    """Some bytes are others."""
    for _ in range(chance.choice([1, 4, 32])):
        data[chance.randrange(len(data))] = chance.randrange(256)


def cut(data: bytearray, chance: random.Random) -> None:
    """A piece is missing."""
    start = chance.randrange(len(data))
    del data[start : start + chance.choice([1, 50, len(data)])]


def swapped(data: bytearray, chance: random.Random) -> None:
    """Two pieces have changed places."""
    size = chance.randrange(1, len(data) // 4)
    first, second = sorted(chance.sample(range(len(data) - size), 2))
    data[first : first + size], data[second : second + size] = data[second : second + size], data[first : first + size]


def doubled(data: bytearray, chance: random.Random) -> None:
    """A piece stands there again and again."""
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.choice([8, 200])] * chance.choice([2, 100])


def renumbered(data: bytearray, chance: random.Random) -> None:
    """A number is another one: a length, an offset, a reference, a count."""
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    for place in chance.sample(places, min(len(places), 3)):
        data[place : place + 1] = chance.choice([b"0", b"9", b"-1", b"99999999"])


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (flipped, cut, swapped, doubled, renumbered)


def mutants(count: int) -> Iterator[bytes]:
    """The same ones each time."""
    chance = random.Random(13)
    for number in range(count):
        data = bytearray(SEEDS[number % len(SEEDS)])
        for change in chance.sample(CHANGES, chance.choice([1, 1, 2])):
            if len(data) > 8:
                change(data, chance)
        yield bytes(data)


def test_every_mutant_has_an_outcome_and_the_library_goes_on_working(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "mill.txt").write_text("The mill closes at noon.", encoding="utf-8")
    library = open_library(parse_seconds=20)
    assert library.add(tmp_path / "mill.txt").all_searchable
    statuses: Counter[str] = Counter()
    names: set[str] = set()
    crashes = 0
    mutant = mutants(MUTANTS)
    for first in range(0, MUTANTS, A_BATCH):
        folder = tmp_path / f"batch-{first}"
        folder.mkdir()
        files = [folder / f"{number:05}.pdf" for number in range(first, min(first + A_BATCH, MUTANTS))]
        for file in files:
            file.write_bytes(next(mutant))
        outcomes = library.add(files).outcomes
        assert [Path(outcome.path) for outcome in outcomes] == files
        assert all(outcome.message for outcome in outcomes)
        crashes += sum("had it open crashed" in outcome.message for outcome in outcomes)  # the child's, which costs its file alone
        statuses.update(outcome.status for outcome in outcomes)
        names |= {outcome.document for outcome in outcomes if outcome.status == "added"}
    print(
        f"{MUTANTS} mutants: {', '.join(f'{count} {status}' for status, count in statuses.most_common())}; {crashes} crashes of the reader"
    )

    assert {record.name for record in library.documents()} == names | {"mill.txt"}
    assert sum(statuses.values()) == MUTANTS
    assert statuses["added"] > MUTANTS / 10  # most of the damage is to be read through, not refused unseen
    assert library.ask(QUESTION).passages[0].text
    for record in random.Random(13).sample(library.documents(), 20):
        assert isinstance(library.pages.text(record.id, 1), str)
