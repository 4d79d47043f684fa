"""Charts and sheets that an OpenDocument file embeds: files of their own, put where they are shown."""

from contextlib import suppress
from posixpath import normpath

from lxml import etree

from rag.formats.archives import Archive
from rag.formats.office.package import attribute, descendants, local
from rag.formats.protocol import NotReadableError

MOST_OBJECTS = 1_000
_TITLES = ("title", "subtitle")


def embed_objects(content: etree._Element, archive: Archive) -> None:
    """Put the titles and tables of each embedded file into the element that stands for it, where they are read as any other."""
    for each in list(descendants(content, "object"))[:MOST_OBJECTS]:
        if (root := embedded(each, archive)) is not None:
            each.extend([*titles_of(root), *descendants(root, "table")])


def embedded(element: etree._Element, archive: Archive) -> etree._Element | None:
    """The file that an element stands for, if it is in the archive; a damaged one leaves the rest."""
    path = normpath(f"{attribute(element, 'href')}/content.xml")
    with suppress(NotReadableError):
        return archive.xml(path) if path in archive else None
    return None


def titles_of(root: etree._Element) -> list[etree._Element]:
    """The paragraphs of a chart's titles."""
    return [paragraph for name in _TITLES for title in descendants(root, name) for paragraph in title if local(paragraph) == "p"]
