"""The paragraph styles of a Word document: which of them are headings, lists, indented, or begin a page."""

import re
from dataclasses import dataclass, replace

from lxml import etree

from rag.formats.office.package import attribute, child, descendants, is_on, value, whole

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph has of its style: its level as a heading, 0 for none; its list and level there; whether it begins a page.

    `indent` is how far it is indented, "" where its list says that.
    """

    heading: int = 0
    list_id: str = ""
    list_level: str = ""
    indent: str = ""
    breaks_page: bool = False


class Styles:
    """Styles by their ids; a style has what the one it is based on has."""

    def __init__(self, root: etree._Element | None) -> None:
        """Read the part "styles", where there is one."""
        self._elements: dict[str, etree._Element] = {}
        self._resolved: dict[str, Style] = {"": Style()}
        self._default = ""
        for each in [] if root is None else descendants(root, "style"):
            if attribute(each, "type") in ("paragraph", ""):
                name = attribute(each, "styleId")
                self._elements[name] = each
                if attribute(each, "default") in ("1", "true", "on"):
                    self._default = name

    def of(self, properties: etree._Element | None) -> Style:
        """The style of a paragraph with these properties."""
        return self._resolve(value(properties, "pStyle") or self._default, 0)

    def _resolve(self, name: str, depth: int) -> Style:
        if name in self._resolved:
            return self._resolved[name]
        element = self._elements.get(name)
        if element is None or depth > 20:
            return Style(heading=_level(name))
        style = self._resolve(value(element, "basedOn"), depth + 1)
        properties = child(element, "pPr")
        outline = value(properties, "outlineLvl")
        heading = (whole(outline) + 1) % 10 if outline else _level(value(element, "name")) or style.heading
        style = replace(style, heading=heading, indent=indent(properties) or style.indent)
        if child(properties, "numPr") is not None:
            list_id, level = value(properties, "numPr", "numId"), value(properties, "numPr", "ilvl")
            style = replace(style, list_id=list_id or style.list_id, list_level=level or style.list_level, indent=indent(properties))
        if child(properties, "pageBreakBefore") is not None:
            style = replace(style, breaks_page=is_on(properties, "pageBreakBefore"))
        self._resolved[name] = style
        return style


def indent(properties: etree._Element | None) -> str:
    """How far paragraphs with these properties are indented, in twentieths of a point; "" where that is not said."""
    found = child(properties, "ind")
    return "" if found is None else attribute(found, "left") or attribute(found, "start")


def _level(name: str) -> int:
    found = _HEADING.fullmatch(name) or re.fullmatch(r"Heading([1-9])", name)
    return int(found[1]) if found else int(name.lower() == "title")
