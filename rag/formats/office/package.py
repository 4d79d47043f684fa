"""The parts of an Office Open XML file (docx, pptx, xlsx) and how they refer to each other; XML by local names, of both dialects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from lxml import etree

from rag.errors import UnsupportedFileError
from rag.formats.archives import Archive, open_archive
from rag.formats.cleaning import tidy_title
from rag.formats.protocol import FileToOpen, NotReadableError

_NUMBER = re.compile(r"[0-9]{1,9}")
_KINDS = {
    "wordprocessingml": ("a Word document", ".docx"),
    "spreadsheetml": ("an Excel workbook", ".xlsx"),
    "presentationml": ("a PowerPoint presentation", ".pptx"),
}


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to: "image", "slide", and the part's name."""

    kind: str
    target: str


class Package:
    """An open file of Office Open XML."""

    def __init__(self, file: FileToOpen, dialect: str) -> None:
        """Open it; `dialect`, such as "wordprocessingml", is that of its main part. `UnsupportedFileError` where it is of another one."""
        self.archive: Archive = open_archive(file)
        self._relations: dict[str, dict[str, Relation]] = {}
        if "[Content_Types].xml" not in self.archive:
            raise NotReadableError("it is a ZIP archive, but of something else")
        main = next((each.target for each in self.relations("").values() if each.kind == "officeDocument"), "")
        types = self.archive.xml("[Content_Types].xml")
        kind = next((attribute(each, "ContentType") for each in types if attribute(each, "PartName").lower() == f"/{main}".lower()), "")
        other = next((names for word, names in _KINDS.items() if word in kind and word != dialect), None)
        if other:
            raise UnsupportedFileError(f"{file.name} is {other[0]} under another name. Name it {other[1]} and add it again.")
        self.main = main
        self.root = self.archive.xml(main)

    @property
    def title(self) -> str:
        """The title in the properties, or ""."""
        for relation in self.relations("").values():
            if relation.kind == "core-properties" and relation.target in self.archive:
                found = next((each.text for each in self.archive.xml(relation.target) if local(each) == "title"), "")
                return tidy_title(found or "")
        return ""

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part refers to within the file, by id; "" is the package itself. What lies outside is left out."""
        if part in self._relations:
            return self._relations[part]
        folder, name = dirname(part), part.rpartition("/")[2]
        listed = join(folder, "_rels", f"{name}.rels")
        found = self._relations[part] = {}
        for each in self.archive.xml(listed) if listed in self.archive else ():
            if attribute(each, "TargetMode") != "External":
                target = unquote(attribute(each, "Target"))
                path = normpath(join("/" + folder, target)).lstrip("/")
                found[attribute(each, "Id")] = Relation(attribute(each, "Type").rpartition("/")[2], path)
        return found

    def related(self, part: str, kind: str) -> etree._Element | None:
        """The first part of a kind that a part refers to, if it is there."""
        targets = (each.target for each in self.relations(part).values() if each.kind == kind)
        return next((self.archive.xml(target) for target in targets if target in self.archive), None)


def local(element: etree._Element) -> str:
    """The name of an element without its namespace, of which there are two dialects."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element, name: str) -> str:
    """An attribute by its name without a namespace, or ""."""
    found = element.get(name)
    if found is not None:
        return str(found)
    return next((str(each) for key, each in element.attrib.items() if str(key).endswith(f"}}{name}")), "")


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The element down a path of names, the first at each step; None where there is none."""
    for name in path:
        if element is None:
            return None
        element = next(element.iterchildren(f"{{*}}{name}"), None)
    return element


def value(element: etree._Element | None, *path: str) -> str:
    """The attribute "val" of the element down a path, or ""."""
    found = child(element, *path)
    return "" if found is None else attribute(found, "val")


def whole(text: str, default: int = 0, *, most: int = 999_999) -> int:
    """The whole number that an attribute holds, `most` at most; `default` where it holds none."""
    return min(int(text), most) if _NUMBER.fullmatch(text) else default


def is_on(element: etree._Element | None, *path: str) -> bool:
    """Whether the element down a path is there and is not switched off."""
    found = child(element, *path)
    return found is not None and attribute(found, "val") not in ("0", "false", "off", "none")


def descendants(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """All elements of a name below an element, in order."""
    yield from element.iter(f"{{*}}{name}")
