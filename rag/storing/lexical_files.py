"""The files of the keyword index: are they as tantivy wrote them?

tantivy never changes a file of a segment. So the checksum of each is compared once, and its size and time are noted; a million chunks
have some gigabytes, which are not read again at each opening.
"""

import json
import os
import shutil
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

META = "meta.json"  # tantivy's list of what is committed, replaced as a whole
MANAGED = ".managed.json"  # tantivy's list of the files that it may delete when they are merged
IDENTITY = "identity.json"  # our file beside tantivy's: the index's schema, analysis and fingerprint
FOLLOWED = "followed.json"  # in a cluster: up to which version of the record it has the words, see `rag.storing.cluster.following`
SOUND = "sound.json"  # and another: size in bytes and time of the last change, in nanoseconds, of each file that was as it should be
SEGMENT_FILES = ("idx", "pos", "term", "store", "fast", "fieldnorm")
FOOTER_MAGIC = 1337
ATTEMPTS = 10  # to link files before a merge deletes them
FOOTER_BYTES = 1 << 16  # more than a footer ever has
BLOCK_BYTES = 1 << 22


def is_whole(folder: Path, identity: str) -> bool:
    """Whether this is the index wanted, and intact. tantivy does not let Python verify its checksums, and may crash on a damaged file."""
    try:
        if (folder / IDENTITY).read_text(encoding="utf-8") != identity:
            return False
        stamps, known = _stamps(folder), _known(folder)
        if not all(known.get(name) == stamp or _is_as_written(folder / name) for name, stamp in stamps.items()):
            return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if stamps != known:
        _note(folder, stamps)
    return True


def segment_files(meta: str) -> list[str]:
    """The names of the files that a meta.json needs, none of which is ever changed; raises ValueError and others where it is damaged."""
    names = []
    for segment in json.loads(meta)["segments"]:
        name, deletes = segment["segment_id"].replace("-", ""), segment["deletes"]
        endings = [*SEGMENT_FILES, *([f"{deletes['opstamp']}.del"] if deletes else [])]
        names += [f"{name}.{ending}" for ending in endings]
    return names


def link_files(folder: Path, target: Path) -> None:
    """Link what is committed to an empty folder on the same disk. tantivy may merge files and delete the old ones meanwhile."""
    for attempt in range(ATTEMPTS):
        reset_folder(target)
        with suppress(FileNotFoundError):
            shutil.copyfile(folder / FOLLOWED, target / FOLLOWED)  # first: what is committed later has these words, too
        meta = (folder / META).read_text(encoding="utf-8")
        try:
            for name in segment_files(meta):
                os.link(folder / name, target / name)
        except FileNotFoundError:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        (target / MANAGED).write_text(json.dumps([*segment_files(meta), META]), encoding="utf-8")
        (target / META).write_text(meta, encoding="utf-8")
        shutil.copyfile(folder / IDENTITY, target / IDENTITY)
        return


def note_sound(folder: Path) -> None:
    """Note that the files are as tantivy wrote them, just now. What the disk refuses costs time at the next opening."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        _note(folder, _stamps(folder))


def _stamps(folder: Path) -> dict[str, list[int]]:
    """Size and time of each file of the index. Raises what a damaged `meta.json`, or a missing file, raises."""
    names = segment_files((folder / META).read_text(encoding="utf-8"))
    statuses = {name: (folder / name).stat() for name in names}
    return {name: [status.st_size, status.st_mtime_ns] for name, status in statuses.items()}


def _known(folder: Path) -> Mapping[str, object]:
    try:
        known = json.loads((folder / SOUND).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _note(folder: Path, stamps: Mapping[str, object]) -> None:
    with suppress(OSError):
        unfinished = folder / f"{SOUND}.partial"
        unfinished.write_text(json.dumps(stamps), encoding="utf-8")
        unfinished.replace(folder / SOUND)


def _is_as_written(file: Path) -> bool:
    """Compare a file with its footer: JSON with the checksum, the JSON's length, and a magic number."""
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - FOOTER_BYTES))
        end = opened.read()
        length, magic = int.from_bytes(end[-8:-4], "little"), int.from_bytes(end[-4:], "little")
        if magic != FOOTER_MAGIC or length > len(end) - 8:
            return False
        footer = end[-8 - length : -8]
        crc, rest = 0, size - 8 - length
        opened.seek(0)
        while rest > 0 and (block := opened.read(min(rest, BLOCK_BYTES))):
            crc, rest = zlib.crc32(block, crc), rest - len(block)
    return bool(json.loads(footer)["crc"] == crc)


def reset_folder(folder: Path) -> None:
    """Leave an empty folder."""
    if folder.is_dir() and not folder.is_symlink():
        (folder / IDENTITY).unlink(missing_ok=True)  # first: half a folder is no index
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    folder.mkdir(parents=True)
