"""PowerPoint: a page is a slide, its shapes in reading order, below them the speaker notes and the comments.

Slide numbers, dates and footers are left out. A hidden slide is read, and its label says that it is hidden.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain

from lxml import etree

from rag.formats.blocks import BULLET, PageWriter, comment, one_line, raised
from rag.formats.office.drawings import drawing_rows, is_own_alt, relation_id
from rag.formats.office.numbering import LEVELS, spelt
from rag.formats.office.order import Box, reading_order
from rag.formats.office.package import Package, attribute, child, descendants, local, whole
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

_FURNITURE = {"sldNum", "dt", "ftr", "hdr"}
_TITLES = {"title", "ctrTitle"}
_BODIES = {"body", "obj", "", "subTitle"}
_NOWHERE = (0.0, 0.0, 0.0, 0.0)
_SHAPES = {"sp", "pic", "graphicFrame", "grpSp", "cxnSp", "AlternateContent"}


def open_pptx(file: FileToOpen) -> TextPages:
    """Read all slides."""
    package = Package(file, "presentationml")
    with closing(package.archive):
        return _Reader(package).read().file(package.title, package.archive.password)


@dataclass(frozen=True, slots=True)
class _Shape:
    element: etree._Element
    kind: str  # of its placeholder, "" for the usual one; "-" where it is none
    index: str
    box: Box


class _Reader:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._layouts: dict[str, list[list[_Shape]]] = {}
        self._text_styles: dict[str, etree._Element | None] = {}  # by slide and by master: how texts look where no shape says it
        self._writer = PageWriter(None)

    def read(self) -> PageWriter:
        """The slides in the order in which they are shown."""
        relations = self._package.relations(self._package.main)
        names = [relations[key].target for each in descendants(self._package.root, "sldId") if (key := relation_id(each)) in relations]
        if not names:
            raise NotReadableError("it has no slides")
        for number, name in enumerate(names, start=1):
            slide = self._package.archive.xml(name)
            self._writer.page(f"slide {number}{' (hidden)' if attribute(slide, 'show') in ('0', 'false') else ''}")
            self._slide(slide, name)
        return self._writer

    def _slide(self, slide: etree._Element, name: str) -> None:
        shapes = [each for each in self._placed(_shapes(child(slide, "cSld", "spTree")), name) if each.kind not in _FURNITURE]
        titles = [each for each in shapes if each.kind in _TITLES]
        for each in titles:
            self._writer.heading(1, " ".join(_paragraph_text(line) for line in descendants(each.element, "p")))
        others = [each for each in shapes if each.kind not in _TITLES]
        for index in reading_order([each.box for each in others]):
            self._shape(others[index], name)
        self._notes(name)
        self._comments(name)

    def _placed(self, shapes: list[_Shape], name: str) -> Iterator[_Shape]:
        """Shapes with the place that a placeholder has of its layout, or of the master."""
        for each in shapes:
            box = each.box
            if box == _NOWHERE and each.kind != "-":
                box = next((known.box for known in self._models(each, name) if known.box != _NOWHERE), box)
            yield _Shape(each.element, each.kind, each.index, box)

    def _models(self, shape: _Shape, name: str) -> list[_Shape]:
        """What a placeholder inherits from: that of the layout, that of the master."""
        if name not in self._layouts:
            self._layouts[name] = list(self._inherited(name))
        return [model for level in self._layouts[name] if (model := _same(shape, level))]

    def _inherited(self, slide: str) -> Iterator[list[_Shape]]:
        name = slide
        for kind in ("slideLayout", "slideMaster"):
            targets = [each.target for each in self._package.relations(name).values() if each.kind == kind]
            if not targets or targets[0] not in self._package.archive:
                return
            name = targets[0]
            if name not in self._layouts:
                root = self._package.archive.xml(name)
                self._layouts[name] = [_shapes(child(root, "cSld", "spTree"))]
                self._text_styles[name] = child(root, "txStyles")
            self._text_styles[slide] = self._text_styles[name]
            yield self._layouts[name][0]

    def _shape(self, shape: _Shape, name: str) -> None:
        element = shape.element
        match local(element):
            case "grpSp":
                inside = list(self._placed(_shapes(element), name))
                for index in reading_order([each.box for each in inside]):
                    self._shape(inside[index], name)
            case "graphicFrame":
                self._frame(element, name)
            case _:
                self._text(shape, name)
        alt = one_line(next((attribute(each, "descr") for each in descendants(element, "cNvPr")), ""))
        if local(element) == "pic" and not is_own_alt(alt):
            self._writer.paragraph(alt)

    def _text(self, shape: _Shape, name: str) -> None:
        body = child(shape.element, "txBody")
        if body is None:
            return
        paragraphs = [each for each in body if local(each) == "p"]
        models = self._models(shape, name)
        styles = self._text_styles.get(name)
        looks = [child(each, "txBody", "lstStyle") for each in (shape.element, *(model.element for model in models))]
        looks.append(child(styles, "bodyStyle" if shape.kind in _BODIES else "otherStyle"))
        is_list = styles is None and shape.kind in _BODIES and len(paragraphs) > 1  # a guess where no master says it
        counts = [0] * LEVELS
        lines: list[str] = []
        for each in paragraphs:
            given = attribute(properties, "lvl") if (properties := child(each, "pPr")) is not None else ""
            level = whole(given, most=LEVELS - 1)
            mark = _mark(each, level, looks, counts, is_list=is_list)
            text = _paragraph_text(each)
            if mark and text.strip():
                self._flush(lines)
                self._writer.item(text, level, mark)
            else:
                lines.append(text)
        self._flush(lines)

    def _flush(self, lines: list[str]) -> None:
        for line in lines:
            self._writer.paragraph(line)
        lines.clear()

    def _frame(self, frame: etree._Element, name: str) -> None:
        relations = self._package.relations(name)
        for table in descendants(frame, "tbl"):
            rows = (row for row in table if local(row) == "tr")
            self._writer.blocks([_cell(each) for each in row if local(each) == "tc"] for row in rows)
        for each in (*descendants(frame, "chart"), *descendants(frame, "relIds")):
            self._writer.blocks(drawing_rows(self._package, each, relations))

    def _part(self, name: str) -> etree._Element | None:
        with suppress(NotReadableError):
            return self._package.archive.xml(name)
        return None

    def _notes(self, name: str) -> None:
        notes = self._package.related(name, "notesSlide")
        if notes is None:
            return
        bodies = (each for each in _shapes(child(notes, "cSld", "spTree")) if each.kind == "body")
        lines = [_paragraph_text(line) for each in bodies for line in descendants(each.element, "p")]
        if any(line.strip() for line in lines):
            self._writer.paragraph("Notes:")
            self._flush(lines)

    def _comments(self, name: str) -> None:
        authors = self._authors()
        for relation in self._package.relations(name).values():
            root = self._part(relation.target) if relation.kind in ("comments", "comment") else None
            for each in [] if root is None else chain(descendants(root, "cm"), descendants(root, "reply")):
                texts = [line.text or "" for line in each if local(line) == "text"]
                texts += [_paragraph_text(line) for body in each if local(body) == "txBody" for line in descendants(body, "p")]
                self._writer.paragraph(comment(authors.get(attribute(each, "authorId"), ""), " ".join(texts)))

    def _authors(self) -> dict[str, str]:
        found = {}
        for kind in ("commentAuthors", "authors"):
            root = self._package.related(self._package.main, kind)
            for each in [] if root is None else root:
                found[attribute(each, "id")] = attribute(each, "name")
        return found


def _shapes(tree: etree._Element | None) -> list[_Shape]:
    """The shapes of a slide or a group that are shown."""
    found = []
    for each in [] if tree is None else tree:
        element = each
        if local(each) == "AlternateContent":
            chosen = child(each, "Choice")
            element = next((shape for shape in (each if chosen is None else chosen) if local(shape) in _SHAPES), each)
        about = next(descendants(element, "cNvPr"), None)
        if local(element) in _SHAPES and (about is None or attribute(about, "hidden") not in ("1", "true")):
            holder = next((ph for part in element if local(part).startswith("nv") for ph in descendants(part, "ph")), None)
            kind, index = ("-", "") if holder is None else (attribute(holder, "type"), attribute(holder, "idx"))
            found.append(_Shape(element, kind, index, _box(element)))
    return found


def _box(element: etree._Element) -> Box:
    place = child(element, "xfrm")
    for properties in ("spPr", "grpSpPr"):
        place = child(element, properties, "xfrm") if place is None else place
    offset, size = child(place, "off"), child(place, "ext")
    if offset is None or size is None:
        return _NOWHERE
    try:
        left, top = float(attribute(offset, "x")), float(attribute(offset, "y"))
        return left, top, left + float(attribute(size, "cx")), top + float(attribute(size, "cy"))
    except ValueError:
        return _NOWHERE


def _same(shape: _Shape, models: list[_Shape]) -> _Shape | None:
    """The placeholder that another one inherits from: by its index, else by its kind."""
    holders = [each for each in models if each.kind != "-"]
    by_index = next((each for each in holders if shape.index and each.index == shape.index), None)
    return by_index or next((each for each in holders if each.kind == shape.kind or {each.kind, shape.kind} <= _BODIES), None)


def _mark(paragraph: etree._Element, level: int, looks: Sequence[etree._Element | None], counts: list[int], *, is_list: bool) -> str:
    """What stands before a paragraph; "" for nothing. The first of its own and the inherited properties that says so decides."""
    own = child(paragraph, "pPr")
    inherited = (child(look, f"lvl{level + 1}pPr") for look in looks)
    for properties in (own, *inherited):
        for each in [] if properties is None else properties:
            match local(each):
                case "buNone":
                    return ""
                case "buChar" | "buBlip":
                    return BULLET
                case "buAutoNum":
                    start = attribute(each, "startAt")
                    counts[level] = counts[level] + 1 if counts[level] else whole(start, 1)
                    counts[level + 1 :] = [0] * (LEVELS - level - 1)
                    return _framed(spelt(counts[level], attribute(each, "type")), attribute(each, "type"))
    return BULLET if is_list else ""


def _framed(number: str, style: str) -> str:
    if style.endswith("ParenBoth"):
        return f"({number})"
    return f"{number})" if style.endswith("ParenR") else f"{number}."


def _cell(cell: etree._Element) -> str:
    """The words of a cell; none where it is part of the one before it or above it."""
    if attribute(cell, "hMerge") in ("1", "true") or attribute(cell, "vMerge") in ("1", "true"):
        return ""
    return "\n".join(_paragraph_text(each) for each in descendants(cell, "p"))


def _paragraph_text(paragraph: etree._Element) -> str:
    parts = []
    for run in descendants(paragraph, "*"):
        name = local(run)
        if name == "br":
            parts.append("\n")
        elif name == "t":
            above = run.getparent()
            properties = child(above, "rPr")
            shift = "" if properties is None else attribute(properties, "baseline")
            text = run.text or ""
            parts.append(raised(text) if shift.rstrip("%").isdecimal() and shift.strip("0%") else text)
    return "".join(parts)
