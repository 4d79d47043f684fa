"""Word: the text as the program shows it, with tracked changes accepted; pages where Word last broke them.

Headers stand once, on the first page of their section, and footers at the end; footnotes at the end of their page; comments after the
paragraph or table they belong to. A document that names no page break is one page.
"""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace

from lxml import etree

from rag.formats.blocks import Indents, PageWriter, comment, one_line, raised
from rag.formats.office.drawings import drawing_rows, is_own_alt
from rag.formats.office.elements import CHARACTERS, SKIPPED, SYMBOLS, below, choice
from rag.formats.office.fields import Fields, without_page_numbers
from rag.formats.office.numbering import LEVELS, Lists
from rag.formats.office.package import Package, attribute, child, is_on, local, value, whole
from rag.formats.office.sections import Sections
from rag.formats.office.styles import Styles, indent
from rag.formats.protocol import FileToOpen, TextPages

_BREAK = re.compile("([\f\v])")  # neither can stand in XML: a break that is asked for, and one where Word last began a page


def open_docx(file: FileToOpen) -> TextPages:
    """Read it whole: its parts refer to each other."""
    package = Package(file, "wordprocessingml")
    with closing(package.archive):
        return _Reader(package).read()


@dataclass(slots=True)
class _Shown:
    """How a paragraph is shown: its level as a heading (0: none), as a list item, the mark before it, and how far it is indented."""

    heading: int = 0
    level: int = 0
    mark: str | None = None
    indent: str = ""


class _Reader:
    """Walks the body once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._relations = package.relations(package.main)
        self._styles = Styles(package.related(package.main, "styles"))
        self._lists = Lists(package.related(package.main, "numbering"))
        self._indents = Indents()
        self._notes = {kind: self._texts(f"{kind}s", kind) for kind in ("footnote", "endnote")}
        self._comments = self._texts("comments", "comment")
        self._sections = Sections(package.root)
        self._is_fresh = False  # whether the page began by a break that Word may mark once more
        self._held = ""  # of paragraphs whose ends are deleted
        self._fields = Fields()
        self._counts = {"footnote": 0, "endnote": 0}
        self._last_notes: list[str] = []
        self._boxes: list[etree._Element] = []
        self._seen: set[str] = set()
        self._writer = PageWriter(self._sections.next_label())

    def read(self) -> TextPages:
        """The pages."""
        body = child(self._package.root, "body")
        self._furniture(self._sections.furniture("headerReference"))
        if body is not None:
            self._blocks(body)
        self._furniture(self._sections.furniture("footerReference", everywhere=True))
        for text in self._last_notes:
            self._writer.note(text)
        return self._writer.file(self._package.title, self._package.archive.password)

    def _blocks(self, parent: etree._Element) -> None:
        for each in parent:
            match local(each):
                case "p":
                    self._paragraph(each)
                case "tbl":
                    self._table(each)
                case "AlternateContent":
                    self._blocks(choice(each))
                case name if name not in SKIPPED:
                    self._blocks(each)

    def _paragraph(self, paragraph: etree._Element) -> None:
        properties = child(paragraph, "pPr")
        style = self._styles.of(properties)
        if is_on(properties, "pageBreakBefore") or (style.breaks_page and child(properties, "pageBreakBefore") is None):
            self._break("before")
        shown = self._shown(properties)
        text = self._held + self._inline(paragraph)
        self._held = ""
        if child(properties, "rPr", "del") is not None:
            self._held = text
        else:
            self._emit(text, shown)
        self._emit_asides()
        if child(properties, "sectPr") is not None:
            self._end_section()

    def _shown(self, properties: etree._Element | None) -> _Shown:
        style = self._styles.of(properties)
        outline = value(properties, "outlineLvl")
        heading = (whole(outline) + 1) % 10 if outline else style.heading
        list_id = value(properties, "numPr", "numId") or style.list_id
        if not list_id or list_id == "0":
            return _Shown(heading, indent=indent(properties) or style.indent)
        given = value(properties, "numPr", "ilvl") or style.list_level
        level = whole(given, most=LEVELS - 1)
        own, of_list = indent(properties), self._lists.indent(list_id, level)
        is_of_style = list_id == style.list_id  # whose own indentation then counts more than its list's
        return _Shown(heading, level, self._lists.mark(list_id, level), own or (style.indent if is_of_style else "") or of_list)

    def _emit(self, text: str, shown: _Shown) -> None:
        for piece in _BREAK.split(text):
            if piece in ("\f", "\v"):
                self._break("asked" if piece == "\f" else "rendered")
            elif words := without_page_numbers(piece).strip():
                self._is_fresh = False
                depth = self._indents.depth(whole(shown.indent), is_item=shown.mark is not None and not shown.heading)
                if shown.heading:
                    self._writer.heading(shown.heading, f"{shown.mark} {words}" if shown.mark and shown.mark != "-" else words)
                elif shown.mark is not None:
                    self._writer.item(words, max(shown.level, depth), shown.mark)
                else:
                    self._writer.paragraph(words)
                shown = replace(shown, heading=0, mark="" if shown.mark is not None else None)

    def _emit_asides(self) -> None:
        """What hangs on the paragraph or the table before: pictures' descriptions, comments and charts, then text boxes."""
        self._writer.end_asides()
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self._blocks(box)

    def _table(self, table: etree._Element) -> None:
        rows = [(row, list(below(row, "tc"))) for row in below(table, "tr") if child(row, "trPr", "del") is None]
        cells = [cell for _, found in rows for cell in found]
        if all(len(found) <= 1 for _, found in rows) or any(child(cell, "tbl") is not None for cell in cells):
            for cell in cells:  # a frame, or a table that only places things
                self._blocks(cell)
            return
        header: list[list[str]] = []
        is_first, is_top = True, True
        for row, found in rows:
            texts = self._cells(row, found)
            marks = [mark for text in texts for mark in _BREAK.findall(text)]
            is_ahead = _BREAK.match("".join(texts).lstrip(" \t\n"))
            texts = [one_line(_BREAK.sub("", text)) for text in texts]
            is_top = is_top and is_on(row, "trPr", "tblHeader")
            if marks and is_ahead:
                is_first = self._continue_table(header)
            self._writer.row(texts, is_first=is_first)
            self._is_fresh = is_first = False
            header += [texts] if is_top else []
            if marks and not is_ahead:
                is_first = self._continue_table(header)
        self._emit_asides()

    def _continue_table(self, header: list[list[str]]) -> bool:
        """Begin the next page with the rows that Word shows again there; whether the next row begins the table."""
        self._break("rendered")
        self._writer.blocks(header)
        return not header

    def _cells(self, row: etree._Element, cells: list[etree._Element]) -> list[str]:
        texts = [""] * whole(value(row, "trPr", "gridBefore"), most=50)
        for cell in cells:
            properties = child(cell, "tcPr")
            merge = child(properties, "vMerge")
            is_below = merge is not None and attribute(merge, "val") != "restart"
            if child(properties, "cellDel") is None:
                texts.append("" if is_below else self._text(cell))
                texts += [""] * (whole(value(properties, "gridSpan"), 1, most=100) - 1)
        return texts

    def _text(self, parent: etree._Element) -> str:
        """All words of a cell or a note, its paragraphs as lines."""
        lines = []
        for paragraph in below(parent, "p"):
            shown = self._shown(child(paragraph, "pPr"))
            text = self._inline(paragraph)
            boxes, self._boxes = self._boxes, []
            text = "\n".join(filter(None, [text, *map(self._text, boxes)]))
            lines.append(f"{shown.mark} {text}" if shown.mark and text.strip() else text)
        return "\n".join(filter(None, lines))

    def _inline(self, parent: etree._Element) -> str:
        parts: list[str] = []
        self._walk(parent, parts)
        return "".join(parts)

    def _walk(self, parent: etree._Element, parts: list[str]) -> None:
        for each in parent:
            name = local(each)
            if name == "t":
                parts.append("" if self._fields.is_counted else each.text or "")
            elif name in CHARACTERS:
                parts.append(CHARACTERS[name])
            elif name == "r":
                self._run(each, parts)
            elif name not in SKIPPED:
                self._special(each, name, parts)

    def _run(self, run: etree._Element, parts: list[str]) -> None:
        if is_on(run, "rPr", "vanish"):
            return
        inside: list[str] = []
        self._walk(run, inside)
        text = "".join(inside)
        parts.append(raised(text) if value(run, "rPr", "vertAlign") == "superscript" else text)

    def _special(self, each: etree._Element, name: str, parts: list[str]) -> None:
        match name:
            case "br":
                parts.append("\f" if attribute(each, "type") == "page" else "\n")
            case "sym":
                parts.append(SYMBOLS.get(attribute(each, "char").upper(), ""))
            case "fldChar":
                parts.append(self._fields.mark(each))
            case "fldSimple":
                parts.append(self._fields.begin(attribute(each, "instr")))
                self._walk(each, parts)
                self._fields.end()
            case "footnoteReference" | "endnoteReference":
                parts.append(self._note(each, name.removesuffix("Reference")))
            case "AlternateContent":
                self._walk(choice(each), parts)
            case "f" | "sSup" | "sSub":
                self._walk_formula(each, name, parts)
            case _ if not self._is_aside(each, name):
                self._walk(each, parts)

    def _is_aside(self, each: etree._Element, name: str) -> bool:
        """Keep what is told after the paragraph: a comment, a text box, a picture's description, a chart, a diagram."""
        match name:
            case "commentReference":
                note = self._comments.get(attribute(each, "id"))
                if note is not None:
                    self._writer.aside(comment(attribute(note, "author"), self._text(note)))
            case "txbxContent":
                self._boxes.append(each)
            case "docPr":
                alt = one_line(attribute(each, "descr"))
                self._writer.aside("" if is_own_alt(alt) else alt)
            case "chart" | "relIds":
                self._writer.aside(*drawing_rows(self._package, each, self._relations))
            case _:
                return False
        return True

    def _walk_formula(self, each: etree._Element, name: str, parts: list[str]) -> None:
        """Office's mathematics on one line: a/b, x^2, x_2."""
        first, mark, second = {"f": ("num", "/", "den"), "sSup": ("e", "^", "sup"), "sSub": ("e", "_", "sub")}[name]
        for side in (first, mark, second):
            if side == mark:
                parts.append(mark)
            elif (found := child(each, side)) is not None:
                self._walk(found, parts)

    def _note(self, reference: etree._Element, kind: str) -> str:
        note = self._notes[kind].get(attribute(reference, "id"))
        if note is None:
            return ""
        self._counts[kind] += 1
        mark = raised(f"{self._counts[kind]}" if kind == "footnote" else f"({self._counts[kind]})")
        text = f"{mark} {self._text(note).strip()}"
        if kind == "footnote":
            self._writer.note(text)
        else:
            self._last_notes.append(text)
        return mark

    def _texts(self, relation: str, name: str) -> dict[str, etree._Element]:
        """The notes or comments of a part, by id."""
        root = self._package.related(self._package.main, relation)
        return {} if root is None else {attribute(each, "id"): each for each in root if local(each) == name}

    def _furniture(self, ids: Iterable[str]) -> None:
        """Headers or footers, each one once in the document, without page numbers."""
        for relation in filter(None, map(self._relations.get, ids)):
            if relation.target in self._package.archive and relation.target not in self._seen:
                self._seen.add(relation.target)
                self._blocks(self._package.archive.xml(relation.target))

    def _end_section(self) -> None:
        begins_page = self._sections.go_on()
        if begins_page:
            self._break("before")
        if begins_page is not None:
            self._furniture(self._sections.furniture("headerReference"))

    def _break(self, kind: str) -> None:
        """Begin a page; "rendered" and "before" add nothing to a break that was "asked" for at the same place."""
        if kind == "asked" or not (self._is_fresh or (self._writer.is_blank and kind == "before")):
            self._writer.page(self._sections.next_label())
        self._is_fresh = kind != "rendered"
