"""Chroma's files of vectors, as hnswlib writes them: what is in use of them, and whether it can be followed.

`header.bin` says how large everything is; `data_level0.bin` has an element for each vector: its links, the vector, its number;
`link_lists.bin` has the links of the few that stand on higher levels too. A link to nowhere ends the process that follows it.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

VERSION = 1
BLOCK_BYTES = 1 << 20
NOWHERE = 0xFFFFFFFF
"""Where an empty index is entered."""

UNIT = 0.01
"""How far a vector's length may be from 1."""

_LAYOUT = struct.Struct("<iQQQQQQiIQQQdQ")
_LINK = 4  # bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What `header.bin` says.

    Attributes:
        links_at: Where the links begin in an element of level 0, in bytes.
        capacity: Elements that there is room for; the file may end after those in use.
        count: Elements in use.
        size: Bytes of an element.
        end_at: Where the vector ends in an element.
        vector_at: Where it begins.
        levels: Above level 0; -1 in an empty index.
        entry: The element that searches begin with.
        most_links: Of an element on a higher level.
        most_links_0: Of an element on level 0.
    """

    links_at: int
    capacity: int
    count: int
    size: int
    end_at: int
    vector_at: int
    levels: int
    entry: int
    most_links: int
    most_links_0: int

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Read it; None where it is of a version that is not known.

        Raises:
            OSError, struct.error: It cannot be read, or is cut.
        """
        version, *values = _LAYOUT.unpack_from((folder / "header.bin").read_bytes())
        return cls(*values[:10]) if version == VERSION else None


def blank_unused(chroma: Path) -> None:
    """Overwrite what the closed files have no use for: hnswlib writes what happened to be in the process's memory there.

    A file that is not as expected is left as it is.
    """
    for header in chroma.glob("*/header.bin"):
        with suppress(OSError, struct.error):
            found = Header.of(header.parent)
            vectors = header.with_name("data_level0.bin")
            end = vectors.stat().st_size
            if found and found.count * found.size < end <= found.capacity * found.size:
                with vectors.open("r+b") as file:
                    file.seek(found.count * found.size)
                    while (unused := end - file.tell()) > 0:
                        file.write(bytes(min(unused, BLOCK_BYTES)))


def vectors_problem(chroma: Path) -> str:
    """What is wrong with the files, as part of a sentence, or "". Of a version that is not known, nothing is said."""
    for header in sorted(chroma.glob("*/header.bin")):
        try:
            found = Header.of(header.parent)
            if found and not _is_sound(found, header.parent):
                return f"{header.parent.name} has vectors or links that lead nowhere"
        except (OSError, struct.error, ValueError, IndexError, MemoryError):
            return f"{header.parent.name}/{header.name} does not fit the files beside it"
    return ""


def _is_sound(header: Header, folder: Path) -> bool:
    if not header.count:
        return header.entry == NOWHERE
    if header.entry >= header.count or header.count > header.capacity:
        return False
    data = np.memmap(folder / "data_level0.bin", dtype=np.uint8, mode="r")[: header.count * header.size].reshape(header.count, header.size)
    step = max(1, BLOCK_BYTES // header.size)
    for first in range(0, header.count, step):
        rows = data[first : min(first + step, header.count)]
        links = rows[:, header.links_at : header.links_at + _LINK * (header.most_links_0 + 1)].copy().view("<u4")
        vectors = rows[:, header.vector_at : header.end_at].copy().view("<f4")
        if not _lead_somewhere(links, header.count) or not (np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT).all():
            return False
    return _are_sound_above(header, np.fromfile(folder / "link_lists.bin", dtype="<u4"))


def _are_sound_above(header: Header, lists: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> bool:
    """Whether the links of the higher levels lead somewhere: of each element the bytes that follow, and so many."""
    width, place = header.most_links + 1, 0
    for _ in range(header.count):
        words, rest = divmod(int(lists[place]), _LINK)
        if rest or words % width or words > width * header.levels:
            return False
        if words and not _lead_somewhere(lists[place + 1 : place + 1 + words].reshape(-1, width), header.count):
            return False
        place += 1 + words
    return place == len(lists)


def _lead_somewhere(links: np.ndarray[tuple[int, int], np.dtype[np.uint32]], count: int) -> bool:
    """Whether each row's number of links is possible, and each of them less than `count`."""
    used = links[:, :1] & 0xFFFF
    is_link = np.arange(links.shape[1] - 1)[np.newaxis] < used
    return bool((used <= links.shape[1] - 1).all() and (links[:, 1:][is_link] < count).all())
