"""The elements of a Word document: which are passed over, which stand for characters, and how to reach those within others."""

from collections.abc import Iterator

from lxml import etree

from rag.formats.office.package import child, local

SKIPPED = {
    "rPr", "pPr", "del", "moveFrom", "instrText", "delText", "delInstrText", "rt", "fldData", "sectPr", "tblPr", "tblGrid", "tcPr",
    "trPr", "sdtPr", "sdtEndPr", "Fallback", "annotationRef", "footnoteRef", "endnoteRef", "bookmarkStart", "bookmarkEnd",
}  # fmt: skip
CHARACTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "", "lastRenderedPageBreak": "\v"}
SYMBOLS = {"F0FE": "☒", "F0FD": "☒", "F0FC": "✓", "F0A8": "☐", "F06F": "☐", "F071": "☐", "F0E0": "→", "F0B7": "•", "F0A7": "•"}


def below(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements of a name, through what only wraps them, and not within each other."""
    for each in parent:
        found = local(each)
        if found == name:
            yield each
        elif found == "AlternateContent":
            yield from below(choice(each), name)
        elif found not in SKIPPED:
            yield from below(each, name)


def choice(alternatives: etree._Element) -> etree._Element:
    """The one of several forms of the same thing that is read."""
    chosen = child(alternatives, "Choice")
    fallback = child(alternatives, "Fallback")
    return chosen if chosen is not None else alternatives if fallback is None else fallback
