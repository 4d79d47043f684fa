"""Makes compound files, as Outlook saves messages in: streams in folders, in sectors of 512 bytes."""

import struct
from collections.abc import Mapping

_SECTOR = 512
_LEAST = 4096  # bytes of a stream; shorter ones would be kept in sectors of their own kind
_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file of streams by their paths, "folder/name"; each is filled up with zeros to 4,096 bytes."""
    folders = sorted({path.partition("/")[0] for path in streams if "/" in path})
    names = ["", *folders, *streams]
    children = {folder: [path for path in streams if path.startswith(f"{folder}/")] for folder in folders}
    children[""] = [*folders, *(path for path in streams if "/" not in path)]
    data = {path: words.ljust(_LEAST, b"\0") for path, words in streams.items()}
    size = -(-len(names) * 128 // _SECTOR)  # sectors of the directory
    sectors = size + sum(-(-len(words) // _SECTOR) for words in data.values())
    fats = next(count for count in range(1, 100) if count * 128 >= sectors + count)
    chains: list[int] = [_FAT] * fats

    def chain(length: int) -> int:
        first = len(chains)
        chains.extend([*range(first + 1, first + length), _END])
        return first

    directory_at = chain(size)
    firsts = {path: chain(-(-len(words) // _SECTOR)) for path, words in data.items()}
    entries = b""
    for place, path in enumerate(names):
        siblings = children["" if path in folders else path.rpartition("/")[0]] if place else []
        after = siblings.index(path) + 1 if siblings else 0
        right = names.index(siblings[after]) if 0 < after < len(siblings) else _NONE
        below = names.index(children[path][0]) if children.get(path) else _NONE
        kind = _ROOT if not place else _STORAGE if path in folders else _STREAM
        entries += _entry(path.rpartition("/")[2] or "Root Entry", kind, (right, below), (firsts.get(path, _END), len(data.get(path, b""))))
    table = struct.pack(f"<{len(chains)}I", *chains).ljust(fats * _SECTOR, b"\xff")
    places = struct.pack("<IIIIIIIII", fats, directory_at, 0, _LEAST, _END, 0, _END, 0, 0)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH10x", 0x3E, 3, 0xFFFE, 9, 6) + places[:-4]
    header += struct.pack(f"<{fats}I", *range(fats)).ljust(_SECTOR - len(header), b"\xff")
    blocks = [words.ljust(-(-len(words) // _SECTOR) * _SECTOR, b"\0") for words in (entries, *data.values())]
    return header + table + b"".join(blocks)


def _entry(name: str, kind: int, tree: tuple[int, int], place: tuple[int, int]) -> bytes:
    letters = (name + "\0").encode("utf-16-le")
    right, below = tree
    head = letters.ljust(64, b"\0") + struct.pack("<HBBIII", len(letters), kind, 1, _NONE, right, below)
    return head + bytes(36) + struct.pack("<IQ", *place)


def outlook_message(folders: Mapping[str, Mapping[int, str | bytes | int]]) -> bytes:
    """A message by its folders ("" for its own) and their properties: words, bytes and numbers by their ids."""
    streams: dict[str, bytes] = {}
    for folder, values in folders.items():
        prefix = f"{folder}/" if folder else ""
        known = bytes(8 if folder else 32)
        for number, value in values.items():
            kind = 0x001F if isinstance(value, str) else 0x0102 if isinstance(value, bytes) else 0x0003
            payload = struct.pack("<Q", value) if isinstance(value, int) else bytes(8)
            known += struct.pack("<HHI", kind, number, 6) + payload
            if not isinstance(value, int):
                streams[f"{prefix}__substg1.0_{number:04X}{kind:04X}"] = value.encode("utf-16-le") if isinstance(value, str) else value
        streams[f"{prefix}__properties_version1.0"] = known
    return compound(streams)
