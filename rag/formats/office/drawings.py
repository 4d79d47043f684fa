"""What charts, diagrams and pictures of Office files say in words."""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from rag.formats.blocks import one_line
from rag.formats.office.package import Package, Relation, attribute, child, descendants, local

MOST_POINTS = 1000  # of a chart; the rest are left out

_OWN_ALT = re.compile(
    r"(?i)(?:a )?(?:picture|image|graphic|icon|shape|text ?box|bild|grafik|imagen?)?[\s\d]*|.*\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)"
    r"|https?://.*|.*description automatically generated.*"
)


def is_own_alt(alt: str) -> bool:
    """Whether a picture's description was put there by a program: a number, a file's name, a guess."""
    return bool(_OWN_ALT.fullmatch(alt))


def drawing_rows(package: Package, element: etree._Element, relations: Mapping[str, Relation]) -> list[str | list[str]]:
    """What an element that stands for a chart or a diagram shows: paragraphs, and rows of a table."""
    relation = relations.get(relation_id(element) or attribute(element, "dm"))
    if relation is None or relation.target not in package.archive:
        return []
    root = package.archive.xml(relation.target)
    return [*_chart(root)] if local(element) == "chart" else [*_diagram(root)]


def relation_id(element: etree._Element) -> str:
    """The id by which an element refers to a part; its own id has the same name in no namespace."""
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith("relationships}id")), "")


def _chart(root: etree._Element) -> Iterator[str | list[str]]:
    """Its title; the names of its series, then a row for each category."""
    series = list(descendants(root, "ser"))
    names = [_points(child(each, "tx")).get(0, "") for each in series]
    values = [_points(child(each, "val") if child(each, "val") is not None else child(each, "yVal")) for each in series]
    categories: dict[int, str] = {}
    for each in series:
        categories = categories or _points(child(each, "cat") if child(each, "cat") is not None else child(each, "xVal"))
    title = one_line(" ".join(text.text or "" for each in descendants(root, "title") for text in descendants(each, "t")))
    yield title
    if any(names):
        yield ["", *names]
    for index in sorted({key for each in values for key in each})[:MOST_POINTS]:
        yield [categories.get(index, ""), *(each.get(index, "") for each in values)]


def _diagram(root: etree._Element) -> list[str]:
    """The texts of a diagram (SmartArt)."""
    points = [each for each in descendants(root, "pt") if attribute(each, "type") in ("", "node", "asst")]
    lines = (one_line("".join(text.text or "" for text in descendants(each, "t"))) for each in points)
    return [line for line in lines if line]


def _points(parent: etree._Element | None) -> dict[int, str]:
    """The values that a chart keeps of its sheet, by their places."""
    found = {}
    for each in [] if parent is None else descendants(parent, "pt"):
        index = attribute(each, "idx")
        value = child(each, "v")
        if index.isdecimal() and value is not None and local(each.getparent()) != "lvl":
            found[int(index)] = one_line(value.text or "")
    return found
