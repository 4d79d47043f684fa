"""OpenDocument: texts, with pages where they are broken, and presentations, a page a slide.

Tracked deletions, hidden text and the fields of headers that count pages are left out. Notes stand at the end of their page.
"""

import re
from collections.abc import Iterator
from contextlib import closing

from lxml import etree

from rag.errors import UnsupportedFileError
from rag.formats.archives import open_archive
from rag.formats.blocks import Indents, PageWriter, comment, one_line, raised
from rag.formats.cleaning import tidy_title
from rag.formats.office.drawings import is_own_alt
from rag.formats.office.objects import embed_objects
from rag.formats.office.opendocument_styles import Styles, centimetres
from rag.formats.office.order import Box, reading_order
from rag.formats.office.package import attribute, child, descendants, local, whole
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

_MOST_REPEATED = 100  # columns that a cell stands for
_MOST_LEVELS = 20  # of lists within each other
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
        embed_objects(content, archive)
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
    about = next(descendants(meta, "title"), None) if meta is not None else None
    return reader.writer.file(tidy_title(about.text or "") if about is not None else "")


class _Reader:
    """Walks a body; the styles say what is a list with numbers, hidden, raised, or begins a page."""

    def __init__(self, roots: list[etree._Element]) -> None:
        self.writer = PageWriter()
        self._styles = Styles(roots)
        self._number = 1
        self._counts: dict[str, list[int]] = {}
        self._indents = Indents()

    def text(self, root: etree._Element, styles: etree._Element | None) -> None:
        """Write a text document: headers ahead, footers at the end."""
        self._furniture(styles, "header")
        self._blocks(root)
        self._furniture(styles, "footer")

    def slides(self, root: etree._Element) -> None:
        """Write a presentation."""
        self.writer = PageWriter(None)
        slides = [each for each in root if local(each) == "page"]
        if not slides:
            raise NotReadableError("it has no slides")
        for number, slide in enumerate(slides, start=1):
            is_hidden = self._styles.look(attribute(slide, "style-name"), "visibility") == "hidden"
            self.writer.page(f"slide {number}{' (hidden)' if is_hidden else ''}")
            self._shapes(slide)
            self.writer.end_asides()
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
        self._indents = Indents()
        self._blocks(frame)
        alt = one_line(" ".join(each.text or "" for each in frame if local(each) in ("title", "desc")))
        if not is_own_alt(alt) and child(frame, "text-box") is None:
            self.writer.paragraph(alt)

    def _paragraph(self, paragraph: etree._Element) -> None:
        style = attribute(paragraph, "style-name")
        if self._styles.look(style, "break-before") == "page" and not self.writer.is_blank:
            self._break()
        pieces = self._line(paragraph).split("\f")
        self._indents.depth(centimetres(self._styles.look(style, "margin-left")), is_item=False)
        for index, text in enumerate(pieces):
            if index:
                self._break()
            if local(paragraph) == "h" and not index:
                level = attribute(paragraph, "outline-level")
                self.writer.heading(whole(level, 1), text)
            elif not index and any(attribute(each, "name") == "Title" for each in self._styles.bases(style)):
                self.writer.heading(1, text)
            else:
                self.writer.paragraph(text)
        self.writer.end_asides()
        for each in paragraph.iterdescendants("{*}frame", "{*}custom-shape"):
            if not any(local(above) in ("frame", "custom-shape") for above in each.iterancestors() if above is not paragraph):
                self._block(each)

    def _list(self, found: etree._Element, style: str, level: int) -> None:
        style = attribute(found, "style-name") or style
        counts = self._counts.setdefault(style, [0] * _MOST_LEVELS)
        if not level and attribute(found, "continue-numbering") != "true" and not attribute(found, "continue-list"):
            counts[:] = [0] * _MOST_LEVELS
        counts[level] = 0 if level else counts[level]
        look = self._styles.level(style, level)
        for item in found:
            mark = look.mark(item, level, counts) if local(item) == "list-item" else ""
            for each in item:
                match local(each):
                    case "p":
                        indent = look.indent or centimetres(self._styles.look(attribute(each, "style-name"), "margin-left"))
                        depth = max(level, self._indents.depth(indent))
                        self.writer.item(self._line(each).replace("\f", "\n"), depth, mark)
                        mark = ""
                    case "list":
                        self._list(each, style, min(level + 1, _MOST_LEVELS - 1))
                    case _:
                        self._block(each)
            self.writer.end_asides()

    def _table(self, table: etree._Element) -> None:
        rows = list(_rows(table))
        if all(len(row) <= 1 for row in rows) or any(local(each) == "table" for row in rows for cell in row for each in cell):
            for cell in (cell for row in rows for cell in row):
                self._blocks(cell)
            return
        self.writer.blocks(list(self._cells(row)) for row in rows)
        self.writer.end_asides()

    def _cells(self, row: list[etree._Element]) -> Iterator[str]:
        for cell in row:
            lines = [*descendants(cell, "p"), *descendants(cell, "h")] if local(cell) == "table-cell" else []
            text = one_line("\n".join(map(self._line, lines)).replace("\f", " "))
            yield from [text] * whole(attribute(cell, "number-columns-repeated"), 1, most=_MOST_REPEATED)

    def _line(self, element: etree._Element) -> str:
        parts: list[str] = [_SPACE.sub(" ", element.text or "")]
        for each in element:
            parts += [self._inline(each), _SPACE.sub(" ", each.tail or "")]
        return "".join(parts)

    def _inline(self, each: etree._Element) -> str:
        name = local(each)
        text = _CHARACTERS.get(name, "")
        if name == "s":
            text = " " * whole(attribute(each, "c"), 1, most=100)
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
        style = attribute(span, "style-name")
        if self._styles.look(style, "display") == "none":
            return ""
        is_raised = self._styles.look(style, "text-position").startswith(("super", "33%", "58%"))
        return raised(self._line(span)) if is_raised else self._line(span)

    def _note(self, note: etree._Element) -> str:
        mark = raised(one_line("".join(map(str, citation.itertext())) if (citation := child(note, "note-citation")) is not None else ""))
        body = child(note, "note-body")
        lines = [] if body is None else [self._line(each) for each in descendants(body, "p")]
        self.writer.note(f"{mark} {' '.join(lines)}".strip())
        return mark

    def _comment(self, annotation: etree._Element) -> None:
        author = "".join(each.text or "" for each in annotation if local(each) == "creator")
        self.writer.aside(comment(author, " ".join(self._line(each) for each in descendants(annotation, "p"))))

    def _break(self) -> None:
        self._number += 1
        self.writer.page(str(self._number))


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
    left, top, width, height = (centimetres(attribute(shape, name)) for name in ("x", "y", "width", "height"))
    return left, top, left + width, top + height
