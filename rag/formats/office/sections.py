"""The sections of a Word document: how their pages are counted, and what their headers and footers are."""

from collections.abc import Iterator

from lxml import etree

from rag.formats.office.numbering import spelt
from rag.formats.office.package import attribute, child, descendants, local, value, whole


class Sections:
    """Goes from one section to the next; a document may have none."""

    def __init__(self, root: etree._Element) -> None:
        """Begin with the first."""
        self._found = [each for each in descendants(root, "sectPr") if local(each.getparent()) in ("pPr", "body")]
        self._at = 0
        self._number = self._start(1) - 1

    def next_label(self) -> str:
        """What the next page is called."""
        self._number += 1
        counting = self._counting()
        return spelt(self._number, "" if counting is None else attribute(counting, "fmt"))

    def go_on(self) -> bool | None:
        """Go on to the next section: whether it begins a page; None where there is none."""
        if self._at + 1 >= len(self._found):
            return None
        self._at += 1
        begins_page = value(self._found[self._at], "type") != "continuous"
        if begins_page:
            self._number = self._start(self._number + 1) - 1
        return begins_page

    def furniture(self, kind: str, *, everywhere: bool = False) -> Iterator[str]:
        """The ids of the headers or footers of the section, or of all."""
        for section in self._found if everywhere else self._found[self._at : self._at + 1]:
            yield from (attribute(each, "id") for each in section if local(each) == kind)

    def _start(self, default: int) -> int:
        counting = self._counting()
        return default if counting is None else whole(attribute(counting, "start"), default)

    def _counting(self) -> etree._Element | None:
        return child(self._found[self._at], "pgNumType") if self._found else None
