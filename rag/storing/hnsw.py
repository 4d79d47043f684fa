"""Chroma's files of vectors, as hnswlib writes them: which part is in use, and whether its links are sound.

`header.bin` has the sizes; `data_level0.bin` has an element for each vector: its links, the vector, its number; `link_lists.bin` has the
links of the few that are on higher levels too. A process that follows a broken link crashes.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

VERSION = 1
BLOCK_BYTES = 1 << 20
NO_ENTRY = 0xFFFFFFFF  # the entry of an empty index
UNIT = 0.01  # how far a vector's length may be from 1
_LAYOUT = struct.Struct("<iQQQQQQiIQQQdQ")
_LINK = 4  # bytes


@dataclass(frozen=True, slots=True)
class Header:
    """The values of `header.bin`, in its order; offsets and sizes in bytes."""

    links_at: int  # in an element of level 0
    capacity: int  # elements; the file may end after those in use
    count: int  # elements in use
    size: int  # of an element
    end_at: int  # of the vector in an element
    vector_at: int
    levels: int  # above level 0; -1 in an empty index
    entry: int  # the element that searches begin with
    most_links: int  # of an element on a higher level
    most_links_0: int  # of an element on level 0

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Read it; None for an unknown version. Raises OSError or struct.error where it cannot be read, or is cut."""
        version, *values = _LAYOUT.unpack_from((folder / "header.bin").read_bytes())
        return cls(*values[:10]) if version == VERSION else None


def blank_unused(chroma: Path) -> None:
    """Overwrite the unused part of closed files, where hnswlib writes whatever was in memory. An unexpected file is left as it is."""
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
    """What is wrong with the files, as part of a sentence, or "", also for an unknown version."""
    for header in sorted(chroma.glob("*/header.bin")):
        try:
            found = Header.of(header.parent)
            if found and not _is_sound(found, header.parent):
                return f"{header.parent.name} has broken vectors or links"
        except (OSError, struct.error, ValueError, IndexError, MemoryError):
            return f"{header.parent.name}/{header.name} does not fit the files beside it"
    return ""


def _is_sound(header: Header, folder: Path) -> bool:
    if not header.count:
        return header.entry == NO_ENTRY
    if header.entry >= header.count or header.count > header.capacity:
        return False
    data = np.memmap(folder / "data_level0.bin", dtype=np.uint8, mode="r")[: header.count * header.size].reshape(header.count, header.size)
    step = max(1, BLOCK_BYTES // header.size)
    for first in range(0, header.count, step):
        rows = data[first : min(first + step, header.count)]
        links = rows[:, header.links_at : header.links_at + _LINK * (header.most_links_0 + 1)].copy().view("<u4")
        vectors = rows[:, header.vector_at : header.end_at].copy().view("<f4")
        if not _are_links_sound(links, header.count) or not (np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT).all():
            return False
    return _are_upper_links_sound(header, np.fromfile(folder / "link_lists.bin", dtype="<u4"))


def _are_upper_links_sound(header: Header, lists: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> bool:
    """Whether the links of the higher levels are sound: for each element, the number of bytes that follow, and these."""
    width, place = header.most_links + 1, 0
    for _ in range(header.count):
        words, rest = divmod(int(lists[place]), _LINK)
        if rest or words % width or words > width * header.levels:
            return False
        if words and not _are_links_sound(lists[place + 1 : place + 1 + words].reshape(-1, width), header.count):
            return False
        place += 1 + words
    return place == len(lists)


def _are_links_sound(links: np.ndarray[tuple[int, int], np.dtype[np.uint32]], count: int) -> bool:
    """Whether each row's number of links is possible, and each link less than `count`."""
    used = links[:, :1] & 0xFFFF
    is_link = np.arange(links.shape[1] - 1)[np.newaxis] < used
    return bool((used <= links.shape[1] - 1).all() and (links[:, 1:][is_link] < count).all())
