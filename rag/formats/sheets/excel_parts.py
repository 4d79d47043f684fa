"""The parts of an .xlsx file, and which of them each refers to."""

from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath

from rag.formats.archives import Archive


@dataclass(frozen=True, slots=True)
class Relations:
    """The parts that a part refers to, by their ids, and what kind each is."""

    paths: dict[str, str]
    kinds: dict[str, str]

    def of_kind(self, kind: str) -> list[str]:
        """The paths of those of a kind."""
        return [path for name, path in self.paths.items() if self.kinds[name] == kind]


def relations(archive: Archive, part: str) -> Relations:
    """What a part, or the file itself for "", refers to: of this, what is in the archive."""
    place = f"{dirname(part)}/_rels/{basename(part)}.rels".lstrip("/")
    found = archive.xml(place) if place in archive else []
    paths = {str(each.get("Id")): normpath(join("/", dirname(part), str(each.get("Target")))).lstrip("/") for each in found}
    kinds = {str(each.get("Id")): basename(str(each.get("Type"))) for each in found}
    return Relations({name: path for name, path in paths.items() if path in archive}, kinds)
