"""The files of the keyword index: are they as tantivy wrote them?"""

import json
import shutil
import zlib
from pathlib import Path

IDENTITY = "identity.json"  # our file beside tantivy's: the index's schema, analysis and fingerprint
SEGMENT_FILES = ("idx", "pos", "term", "store", "fast", "fieldnorm")
FOOTER_MAGIC = 1337


def is_whole(folder: Path, identity: str) -> bool:
    """Whether this is the index wanted, and intact. tantivy does not let Python verify its checksums, and may crash on a damaged file."""
    try:
        if (folder / IDENTITY).read_text(encoding="utf-8") != identity:
            return False
        segments = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["segments"]
        for segment in segments:
            name, deletes = segment["segment_id"].replace("-", ""), segment["deletes"]
            endings = [*SEGMENT_FILES, *([f"{deletes['opstamp']}.del"] if deletes else [])]
            if not all(_is_as_written((folder / f"{name}.{ending}").read_bytes()) for ending in endings):
                return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _is_as_written(content: bytes) -> bool:
    """Compare a file with its footer: JSON with the checksum, the JSON's length, and a magic number."""
    length, magic = int.from_bytes(content[-8:-4], "little"), int.from_bytes(content[-4:], "little")
    footer = content[-8 - length : -8]
    return magic == FOOTER_MAGIC and json.loads(footer)["crc"] == zlib.crc32(memoryview(content)[: -8 - length])


def reset_folder(folder: Path) -> None:
    """Leave an empty folder."""
    if folder.is_dir() and not folder.is_symlink():
        (folder / IDENTITY).unlink(missing_ok=True)  # first: half a folder is no index
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    folder.mkdir(parents=True)
