"""OpenDocument: texts, with pages where they are broken, and presentations, a page a slide.

Tracked deletions, hidden text and the fields of headers that count pages are left out. Notes stand at the end of their page.
"""

import re
from collections.abc import Iterator
from contextlib import closing

from lxml import etree

from rag.errors import UnsupportedFileError
from rag.formats.archives import open_archive
from rag.formats.blocks import BULLET, PageWriter, one_line, raised
from rag.formats.cleaning import tidy_title
from rag.formats.office.drawings import is_own_alt
from rag.formats.office.numbering import spelt
from rag.formats.office.order import Box, reading_order
from rag.formats.office.package import attribute, child, descendants, local
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

_MOST_REPEATED = 100  # columns that a cell stands for
_LENGTH = re.compile(r"(-?[\d.]+)(cm|mm|in|pt|pc|px)?")
_CENTIMETRES = {"cm": 1, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96, None: 1}
_NO_TEXT = {"tracked-changes", "note-citation", "page-number", "page-count", "ruby-text", "sequence-decls", "forms", "event-listeners"}
_NO_TEXT |= {
    "index-title-template",
    "alphabetical-index-source",
    "table-of-content-source",
    "variable-decls",
    "glue-point",
    "creator",
    "date",
}
_BLOCKS = {"p", "h", "list", "table", "section", "index-body", "table-of-content", "frame", "g", "custom-shape", "numbered-paragraph"}
_SPACE = re.compile(r"[ \t\r\n]+")
_CHARACTERS = {"tab": "\t", "line-break": "\n", "soft-page-break": "\f"}
_FURNITURE = {"page-number", "date-time", "footer", "header", "notes", "page"}


def open_odt(file: FileToOpen) -> TextPages:
    """Read a text document."""
    return _open(file, "text")


def open_odp(file: FileToOpen) -> TextPages:
    """Read a presentation."""
    return _open(file, "presentation")


def _open(file: FileToOpen, kind: str) -> TextPages:
    with closing(open_archive(file)) as archive:
        if "content.xml" not in archive:
            raise NotReadableError("it is a ZIP archive, but of something else")
        content = archive.xml("content.xml")
        styles = archive.xml("styles.xml") if "styles.xml" in archive else None
        meta = archive.xml("meta.xml") if "meta.xml" in archive else None
    body = child(content, "body")
    other = next((local(each) for each in body), "") if body is not None else ""
    if other in ("text", "presentation", "spreadsheet") and other != kind:
        raise UnsupportedFileError(f"{file.name} is an OpenDocument {other} under another name. Name it for what it is and add it again.")
    reader = _Reader([content] if styles is None else [styles, content])
    root = child(body, kind)
    if root is None:
        raise NotReadableError("it has no text")
    if kind == "text":
        reader.text(root, styles)
    else:
        reader.slides(root)
    contents = reader.writer.contents()
    about = next(descendants(meta, "title"), None) if meta is not None else None
    title = tidy_title(about.text or "") if about is not None else ""
    return TextPages(contents, title or next((title for page in contents for _, title, _ in page.headings), ""))


class _Reader:
    """Walks a body; the styles say what is a list with numbers, hidden, raised, or begins a page."""

    def __init__(self, roots: list[etree._Element]) -> None:
        self.writer = PageWriter()
        self._styles: dict[str, etree._Element] = {}
        self._lists: dict[str, dict[int, tuple[str, str, str, int]]] = {}
        for root in roots:
            for each in descendants(root, "style"):
                self._styles[attribute(each, "name")] = each
            for each in (*descendants(root, "list-style"), *descendants(root, "outline-style")):
                self._lists[attribute(each, "name")] = dict(map(_list_level, each))
        self._number = 1
        self._asides: list[str] = []
        self._counts: dict[str, list[int]] = {}

    def text(self, root: etree._Element, styles: etree._Element | None) -> None:
        """Write a text document: headers ahead, footers at the end."""
        self._furniture(styles, "header")
        self._blocks(root)
        self._furniture(styles, "footer")

    def slides(self, root: etree._Element) -> None:
        """Write a presentation."""
        slides = [each for each in root if local(each) == "page"]
        if not slides:
            raise NotReadableError("it has no slides")
        for number, slide in enumerate(slides, start=1):
            is_hidden = any(attribute(each, "visibility") == "hidden" for each in self._properties(attribute(slide, "style-name")))
            label = f"slide {number} (hidden)" if is_hidden else f"slide {number}"
            if number == 1:
                self.writer = PageWriter(label)
            else:
                self.writer.page(label)
            self._shapes(slide)
            self._emit_asides()
            notes = child(slide, "notes")
            if notes is not None and any(self._line(each).strip() for each in descendants(notes, "p")):
                self.writer.paragraph("Notes:")
                self._blocks(notes)

    def _furniture(self, styles: etree._Element | None, kind: str) -> None:
        seen = set()
        for master in [] if styles is None else descendants(styles, "master-page"):
            for each in master:
                text = "".join(map(str, each.itertext())).strip()
                if local(each) == kind and attribute(each, "display") != "false" and text not in seen:
                    seen.add(text)
                    self._blocks(each)

    def _shapes(self, parent: etree._Element) -> None:
        shapes = [each for each in parent if local(each) not in ("notes", "animations", "par", "forms")]
        shapes = [each for each in shapes if attribute(each, "class") not in _FURNITURE]
        for each in [each for each in shapes if attribute(each, "class") == "title"]:
            self.writer.heading(1, " ".join(map(self._line, descendants(each, "p"))))
        others = [each for each in shapes if attribute(each, "class") != "title"]
        for index in reading_order([_box(each) for each in others]):
            self._block(others[index])

    def _blocks(self, parent: etree._Element) -> None:
        for each in parent:
            self._block(each)

    def _block(self, each: etree._Element) -> None:
        name = local(each)
        match name:
            case "p" | "h":
                self._paragraph(each)
            case "list":
                self._list(each, attribute(each, "style-name"), 0)
            case "table":
                self._table(each)
            case "soft-page-break":
                self._break()
            case "frame":
                self._frame(each)
            case "g":
                self._shapes(each)
            case "annotation":
                self._comment(each)
            case _ if name not in _NO_TEXT:
                self._blocks(each)

    def _frame(self, frame: etree._Element) -> None:
        self._blocks(frame)
        alt = one_line(" ".join(each.text or "" for each in frame if local(each) in ("title", "desc")))
        if not is_own_alt(alt) and child(frame, "text-box") is None:
            self.writer.paragraph(alt)

    def _paragraph(self, paragraph: etree._Element) -> None:
        style = attribute(paragraph, "style-name")
        if any(attribute(each, "break-before") == "page" for each in self._properties(style)) and not self.writer.is_blank:
            self._break()
        pieces = self._line(paragraph).split("\f")
        for index, text in enumerate(pieces):
            if index:
                self._break()
            if local(paragraph) == "h" and not index:
                level = attribute(paragraph, "outline-level")
                self.writer.heading(int(level) if level.isdecimal() else 1, text)
            elif attribute(paragraph, "style-name") == "Title" and not index:
                self.writer.heading(1, text)
            else:
                self.writer.paragraph(text)
        self._emit_asides()
        for each in paragraph.iterdescendants("{*}frame", "{*}custom-shape"):
            if not any(local(above) in ("frame", "custom-shape") for above in each.iterancestors() if above is not paragraph):
                self._block(each)

    def _emit_asides(self) -> None:
        asides, self._asides = self._asides, []
        for aside in asides:
            self.writer.paragraph(aside)

    def _list(self, found: etree._Element, style: str, level: int) -> None:
        style = attribute(found, "style-name") or style
        counts = self._counts.setdefault(style, [0] * 20)
        if not level and attribute(found, "continue-numbering") != "true" and not attribute(found, "continue-list"):
            counts[:] = [0] * 20
        counts[level] = 0 if level else counts[level]
        for item in found:
            mark = self._mark(item, style, min(level, 19), counts)
            for each in item:
                if local(each) in ("p", "h"):
                    if local(each) == "h":
                        self._paragraph(each)
                    else:
                        self.writer.item(self._line(each).replace("\f", "\n"), level, mark)
                    mark = ""
                elif local(each) == "list":
                    self._list(each, style, level + 1)
                else:
                    self._block(each)
            self._emit_asides()

    def _mark(self, item: etree._Element, style: str, level: int, counts: list[int]) -> str:
        if local(item) != "list-item":
            return ""
        kind, before, after, start = self._lists.get(style, {}).get(level, ("", "", "", 1))
        given = attribute(item, "start-value")
        counts[level] = int(given) if given.isdecimal() else counts[level] + 1 if counts[level] else start
        return f"{before}{spelt(counts[level], kind)}{after or ('' if before else '.')}" if kind else BULLET

    def _table(self, table: etree._Element) -> None:
        rows = list(_rows(table))
        if all(len(row) <= 1 for row in rows) or any(local(each) == "table" for row in rows for cell in row for each in cell):
            for cell in (cell for row in rows for cell in row):
                self._blocks(cell)
            return
        is_first = True
        for row in rows:
            texts: list[str] = []
            for cell in row:
                lines = [*descendants(cell, "p"), *descendants(cell, "h")] if local(cell) == "table-cell" else []
                text = one_line("\n".join(map(self._line, lines)).replace("\f", " "))
                repeated = attribute(cell, "number-columns-repeated")
                texts += [text] * (min(int(repeated), _MOST_REPEATED) if repeated.isdecimal() else 1)
            if any(texts):
                self.writer.row(texts, is_first=is_first)
                is_first = False
        self._emit_asides()

    def _line(self, element: etree._Element) -> str:
        parts: list[str] = [_SPACE.sub(" ", element.text or "")]
        for each in element:
            parts += [self._inline(each), _SPACE.sub(" ", each.tail or "")]
        return "".join(parts)

    def _inline(self, each: etree._Element) -> str:
        name = local(each)
        text = _CHARACTERS.get(name, "")
        if name == "s":
            count = attribute(each, "c")
            text = " " * (min(int(count), 100) if count.isdecimal() else 1)
        elif name == "note":
            text = self._note(each)
        elif name == "annotation":
            self._comment(each)
        elif name == "span":
            text = self._span(each)
        elif name and name not in _NO_TEXT and name not in _BLOCKS and name not in _CHARACTERS:
            text = self._line(each)
        return text

    def _span(self, span: etree._Element) -> str:
        properties = list(self._properties(attribute(span, "style-name")))
        if any(attribute(each, "display") == "none" for each in properties):
            return ""
        is_raised = any(attribute(each, "text-position").startswith(("super", "33%", "58%")) for each in properties)
        return raised(self._line(span)) if is_raised else self._line(span)

    def _note(self, note: etree._Element) -> str:
        mark = raised(one_line("".join(map(str, citation.itertext())) if (citation := child(note, "note-citation")) is not None else ""))
        body = child(note, "note-body")
        lines = [] if body is None else [self._line(each) for each in descendants(body, "p")]
        self.writer.note(f"{mark} {' '.join(lines)}".strip())
        return mark

    def _comment(self, comment: etree._Element) -> None:
        author = one_line("".join(each.text or "" for each in comment if local(each) == "creator"))
        text = one_line(" ".join(self._line(each) for each in descendants(comment, "p")))
        if text:
            self._asides.append(f"Comment ({author}): {text}" if author else text)

    def _break(self) -> None:
        self._number += 1
        self.writer.page(str(self._number))

    def _properties(self, name: str) -> Iterator[etree._Element]:
        """The properties of a style."""
        return (each for each in self._styles.get(name, ()) if local(each).endswith("-properties"))


def _list_level(level: etree._Element) -> tuple[int, tuple[str, str, str, int]]:
    """The level, from 0, and how it counts ("" for bullets), what stands before and after the number, and the first number."""
    place, start = attribute(level, "level"), attribute(level, "start-value")
    kind = attribute(level, "num-format") if local(level).endswith("number") else ""
    look = kind, attribute(level, "num-prefix"), attribute(level, "num-suffix"), int(start) if start.isdecimal() else 1
    return int(place) - 1 if place.isdecimal() else 0, look


def _rows(table: etree._Element) -> Iterator[list[etree._Element]]:
    """The rows of a table, its header first, each as its cells."""
    for each in table:
        match local(each):
            case "table-row":
                yield [cell for cell in each if local(cell) in ("table-cell", "covered-table-cell")]
            case "table-header-rows" | "table-rows" | "table-row-group":
                yield from _rows(each)


def _box(shape: etree._Element) -> Box:
    if local(shape) == "g":
        boxes = [_box(each) for each in shape if local(each) not in ("title", "desc")]
        inside = list(zip(*boxes, strict=True))
        return (min(inside[0]), min(inside[1]), max(inside[2]), max(inside[3])) if inside else (0, 0, 0, 0)
    left, top, width, height = (_length(attribute(shape, name)) for name in ("x", "y", "width", "height"))
    return left, top, left + width, top + height


def _length(text: str) -> float:
    found = _LENGTH.fullmatch(text)
    try:
        return float(found[1]) * _CENTIMETRES[found[2]] if found else 0.0
    except ValueError:
        return 0.0
