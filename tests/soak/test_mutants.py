"""Damaged files by the thousand, of every format, through the process that reads them; and files of the greatest size."""

import io
import json
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import pytest

from rag.errors import DocumentError
from rag.formats.loader import Loader
from tests import documents, hostile
from tests.conftest import OpenLibrary
from tests.loading import load
from tests.ole import outlook_message
from tests.workbooks import Xlsx

MUTANTS = int(os.environ.get("SOAK_MUTANTS", "2000"))
A_BATCH = 50
QUESTION = "When does the mill close?"

PDFS: tuple[bytes, ...] = (
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

TABLE = (
    '<table:table table:name="a"><table:table-row><table:table-cell office:value-type="float" office:value="12.5">'
    f"<text:p>{hostile.WORDS}</text:p></table:table-cell></table:table-row></table:table>"
)
HTML = f"<title>Hours</title><h1>Hours</h1><p>{hostile.WORDS}</p><ul><li>one<li>two</ul><table><tr><td colspan=2>a<td>b</table>"
NOTEBOOK = {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "1 + 1", "outputs": []}] * 3}
OTHERS: tuple[tuple[str, bytes], ...] = (
    ("docx", hostile.docx()),
    ("pptx", hostile.pptx()),
    ("xlsx", Xlsx("Hours").add("Prices", [["mill", "closes"], ["noon", 12.0], ["date", (45000.0, "yyyy-mm-dd")]]).bytes()),
    ("odt", hostile.open_document("text", f'<text:h text:outline-level="1">Hours</text:h><text:p>{hostile.WORDS}</text:p>{TABLE}')),
    ("ods", hostile.open_document("spreadsheet", TABLE)),
    ("odp", hostile.open_document("presentation", f"<draw:page><text:p>{hostile.WORDS}</text:p></draw:page>")),
    ("epub", hostile.epub(HTML.replace("<li>two", "<li/>two"))),
    (
        "rtf",
        rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\info{\title Hours}}The mill \b closes\b0  at \u8364? noon.\par\trowd\cellx100 a\cell\row}",
    ),
    ("html", HTML.encode()),
    ("csv", b'name;value\n"mill; old";12,5\n' * 20),
    ("json", json.dumps([{"mill": hostile.WORDS, "hours": [1, 2.5, None]}] * 5).encode()),
    ("ipynb", json.dumps(NOTEBOOK).encode()),
    ("eml", hostile.mail(HTML, b"words", "hours.txt")),
    ("msg", outlook_message({"": {0x0037: "Hours", 0x1000: hostile.WORDS}})),
    ("png", hostile.png(30, 30)),
    ("tiff", hostile.tiff(3)),
    ("txt", "Die Mühle schließt für Gäste.\n".encode("cp1252") * 5),
    ("zip", hostile.zipped({"mill.txt": hostile.WORDS, "deep/mill.md": hostile.WORDS})),
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


def changed(whole: bytes, chance: random.Random) -> bytes:
    data = bytearray(whole)
    for change in chance.sample(CHANGES, chance.choice([1, 1, 2])):
        if len(data) > 8:
            change(data, chance)
    return bytes(data)


def changed_inside(archive: bytes, chance: random.Random) -> bytes:
    """One part is damaged and packed again: else most damage is found in unpacking."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name = chance.choice([name for name, data in parts.items() if data])
    return hostile.zipped({**parts, name: changed(parts[name], chance)})


def mutants(seeds: Sequence[tuple[str, bytes]], count: int) -> Iterator[tuple[str, bytes]]:
    """Suffixes and bytes, the same ones each time."""
    chance = random.Random(13)
    for number in range(count):
        suffix, whole = seeds[number % len(seeds)]
        is_inside = whole.startswith(b"PK") and chance.random() < 0.7
        yield suffix, changed_inside(whole, chance) if is_inside else changed(whole, chance)


@pytest.mark.parametrize("seeds", [[("pdf", data) for data in PDFS], OTHERS], ids=["pdf", "others"])
def test_every_mutant_has_an_outcome_and_the_library_goes_on_working(
    open_library: OpenLibrary, tmp_path: Path, seeds: Sequence[tuple[str, bytes]]
) -> None:
    (tmp_path / "mill.txt").write_text("The mill closes at noon.", encoding="utf-8")
    library = open_library(parse_seconds=20)
    assert library.add(tmp_path / "mill.txt").all_searchable
    statuses: Counter[str] = Counter()
    names: set[str] = set()
    crashes = 0
    mutant = mutants(seeds, MUTANTS)
    for first in range(0, MUTANTS, A_BATCH):
        folder = tmp_path / f"batch-{first}"
        folder.mkdir()
        files: list[Path] = []
        for number in range(first, min(first + A_BATCH, MUTANTS)):
            suffix, data = next(mutant)
            files.append(folder / f"{number:05}.{suffix}")
            files[-1].write_bytes(data)
        outcomes = library.add(files).outcomes
        assert {Path(outcome.path.partition("!/")[0]) for outcome in outcomes} == set(files)  # an archive has several
        assert all(outcome.message for outcome in outcomes)
        crashes += sum("had it open crashed" in outcome.message for outcome in outcomes)  # the child's, which costs its file alone
        statuses.update(outcome.status for outcome in outcomes)
        names |= {outcome.document for outcome in outcomes if outcome.status == "added"}
    told = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    print(f"{MUTANTS} mutants: {told}; {crashes} crashes of the reader")

    assert {record.name for record in library.documents()} == names | {"mill.txt"}
    assert sum(statuses.values()) >= MUTANTS
    assert statuses["added"] > MUTANTS / 10  # most of the damage is to be read through, not refused unseen
    assert library.ask(QUESTION).passages[0].text
    for record in random.Random(13).sample(library.documents(), 20):
        assert isinstance(library.pages.text(record.id, 1), str)


LARGEST: dict[str, Callable[[], bytes]] = {
    "million.csv": lambda: b"name,value\n" + b"mill,12\n" * 1_000_000,
    "million.xlsx": lambda: hostile.xlsx("".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(1, 1_000_001))),
    "unbalanced.csv": lambda: b'a,b\n"' + b"x,\n" * 1_000_000,
    "wide.csv": lambda: b",".join(b"%d" % number for number in range(1_000_000)),
    "pages.tiff": lambda: hostile.tiff(500),
    "one-cell.xlsx": lambda: hostile.xlsx(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{os.urandom(30_000_000).hex()}</t></is></c></row>'),
    "spans.html": lambda: b"<table>" + b"<tr>" + b"<td colspan=1000 rowspan=60000>x" * 20_000,
    "deep.html": lambda: b"<div>" * 200_000 + b"words",
    "deep.odt": lambda: hostile.open_document("text", "<text:section>" * 50_000 + "</text:section>" * 50_000),
    "headers.eml": lambda: b"".join(b"X-%d: a\n" % number for number in range(300_000)) + b"\nwords",
    "parts.eml": lambda: b"".join(b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (b"a" * n, b"a" * n) for n in range(1, 3000)),
    "crowded.docx": lambda: hostile.crowded(4_000_000),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_files_end_in_one_clear_outcome(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(LARGEST[name]())
    (tmp_path / "mill.txt").write_text(hostile.WORDS, encoding="utf-8")
    loader = Loader()
    start = perf_counter()
    try:
        told = f"{len(load(loader, tmp_path / name).document.pages)} pages"
    except DocumentError as error:
        told = str(error)
        assert name in told
        assert "had it open" not in told  # no crash
    print(f"{name}: {perf_counter() - start:.1f} s, {told}")
    assert load(loader, tmp_path / "mill.txt").document.pages[0].text == hostile.WORDS
    loader.close()
