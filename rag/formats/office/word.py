"""Word: the text as the program shows it, with tracked changes accepted; pages where Word last broke them.

Headers stand once, on the first page of their section, and footers at the end; footnotes at the end of their page; comments after the
paragraph or table they belong to. A document that names no page break is one page.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from lxml import etree

from rag.formats.blocks import PageWriter, one_line, raised
from rag.formats.office.drawings import drawing_rows, is_own_alt
from rag.formats.office.numbering import LEVELS, Lists, spelt
from rag.formats.office.package import Package, attribute, child, descendants, is_on, local, value
from rag.formats.office.styles import Styles
from rag.formats.protocol import FileToOpen, TextPages

_SKIPPED = {
    "rPr", "pPr", "del", "moveFrom", "instrText", "delText", "delInstrText", "rt", "fldData", "sectPr", "tblPr", "tblGrid", "tcPr",
    "trPr", "sdtPr", "sdtEndPr", "Fallback", "annotationRef", "footnoteRef", "endnoteRef", "bookmarkStart", "bookmarkEnd",
}  # fmt: skip
_CHARACTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "", "lastRenderedPageBreak": "\v"}
_SYMBOLS = {"F0FE": "☒", "F0FD": "☒", "F0FC": "✓", "F0A8": "☐", "F06F": "☐", "F071": "☐", "F0E0": "→", "F0B7": "•", "F0A7": "•"}
_BREAK = re.compile("([\f\v])")  # neither can stand in XML: a break that is asked for, and one where Word last began a page
_COUNTED = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b")
_HIDDEN_NUMBER = "\0"


def open_docx(file: FileToOpen) -> TextPages:
    """Read it whole: its parts refer to each other."""
    package = Package(file, "wordprocessingml")
    with closing(package.archive):
        return _Reader(package).read()


@dataclass(slots=True)
class _Shown:
    """How a paragraph is shown: its level as a heading (0: none), as a list item, and the mark before it."""

    heading: int = 0
    level: int = 0
    mark: str | None = None


class _Reader:
    """Walks the body once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._relations = package.relations(package.main)
        self._styles = Styles(package.related(package.main, "styles"))
        self._lists = Lists(package.related(package.main, "numbering"))
        self._notes = {kind: self._texts(f"{kind}s", kind) for kind in ("footnote", "endnote")}
        self._comments = self._texts("comments", "comment")
        self._sections = list(_sections(package.root))
        self._section = 0
        self._number = 0
        self._is_fresh = False  # whether the page began by a break that Word may mark once more
        self._held = ""  # of paragraphs whose ends are deleted
        self._fields: list[str] = []
        self._counts = {"footnote": 0, "endnote": 0}
        self._last_notes: list[str] = []
        self._boxes: list[etree._Element] = []
        self._asides: list[Sequence[str | list[str]]] = []
        self._seen: set[str] = set()
        self._writer = PageWriter()

    def read(self) -> TextPages:
        """The pages."""
        body = child(self._package.root, "body")
        self._number = self._first_number() - 1
        self._writer = PageWriter(self._next_label())
        self._furniture("headerReference")
        if body is not None:
            self._blocks(body)
        for index in range(len(self._sections)):
            self._section = index
            self._furniture("footerReference")
        for text in self._last_notes:
            self._writer.note(text)
        contents = self._writer.contents()
        title = self._package.title or next((title for page in contents for _, title, _ in page.headings), "")
        return TextPages(contents, title)

    def _blocks(self, parent: etree._Element) -> None:
        for each in parent:
            match local(each):
                case "p":
                    self._paragraph(each)
                case "tbl":
                    self._table(each)
                case "AlternateContent":
                    self._blocks(_choice(each))
                case name if name not in _SKIPPED:
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
        heading = (int(outline) + 1) % 10 if outline.isdecimal() else style.heading
        list_id = value(properties, "numPr", "numId") or style.list_id
        if not list_id or list_id == "0":
            return _Shown(heading)
        given = value(properties, "numPr", "ilvl") or style.list_level
        level = min(int(given), LEVELS - 1) if given.isdecimal() else 0
        return _Shown(heading, level, self._lists.mark(list_id, level))

    def _emit(self, text: str, shown: _Shown) -> None:
        for piece in _BREAK.split(text):
            if piece in ("\f", "\v"):
                self._break("asked" if piece == "\f" else "rendered")
            elif words := _without_page_numbers(piece).strip():
                self._is_fresh = False
                if shown.heading:
                    self._writer.heading(shown.heading, f"{shown.mark} {words}" if shown.mark and shown.mark != "-" else words)
                elif shown.mark is not None:
                    self._writer.item(words, shown.level, shown.mark)
                else:
                    self._writer.paragraph(words)
                shown = _Shown(mark="" if shown.mark is not None else None, level=shown.level)

    def _emit_asides(self) -> None:
        """What hangs on the paragraph or the table before: text boxes, pictures' descriptions, comments."""
        boxes, self._boxes = self._boxes, []
        asides, self._asides = self._asides, []
        for box in boxes:
            self._blocks(box)
        for aside in asides:
            for index, line in enumerate(aside):
                if isinstance(line, str):
                    self._writer.paragraph(line)
                else:
                    self._writer.row(line, is_first=not index)

    def _table(self, table: etree._Element) -> None:
        rows = [(row, list(_below(row, "tc"))) for row in _below(table, "tr") if child(row, "trPr", "del") is None]
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
        for index, cells in enumerate(header):
            self._writer.row(cells, is_first=not index)
        return not header

    def _cells(self, row: etree._Element, cells: list[etree._Element]) -> list[str]:
        before = value(row, "trPr", "gridBefore")
        texts = [""] * (min(int(before), 50) if before.isdecimal() else 0)
        for cell in cells:
            properties = child(cell, "tcPr")
            merge = child(properties, "vMerge")
            is_below = merge is not None and attribute(merge, "val") != "restart"
            if child(properties, "cellDel") is None:
                texts.append("" if is_below else self._text(cell))
                span = value(properties, "gridSpan")
                texts += [""] * (min(int(span), 100) - 1 if span.isdecimal() else 0)
        return texts

    def _text(self, parent: etree._Element) -> str:
        """All words of a cell or a note, its paragraphs as lines."""
        lines = []
        for paragraph in _below(parent, "p"):
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
            if name in ("t", "delText"):
                parts.append(each.text or "") if name == "t" and not self._is_in_counted() else None
            elif name in _CHARACTERS:
                parts.append(_CHARACTERS[name])
            elif name == "r":
                self._run(each, parts)
            elif name not in _SKIPPED:
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
                parts.append(_SYMBOLS.get(attribute(each, "char").upper(), ""))
            case "fldChar":
                self._field(each, parts)
            case "fldSimple":
                self._fields.append(attribute(each, "instr"))
                parts += [_HIDDEN_NUMBER] if self._is_in_counted() else []
                self._walk(each, parts)
                self._fields.pop()
            case "footnoteReference" | "endnoteReference":
                parts.append(self._note(each, name.removesuffix("Reference")))
            case "AlternateContent":
                self._walk(_choice(each), parts)
            case "f" | "sSup" | "sSub":
                self._walk_formula(each, name, parts)
            case _ if not self._is_aside(each, name):
                self._walk(each, parts)

    def _is_aside(self, each: etree._Element, name: str) -> bool:
        """Keep what is told after the paragraph: a comment, a text box, a picture's description, a chart, a diagram."""
        match name:
            case "commentReference":
                comment = self._comments.get(attribute(each, "id"))
                if comment is not None:
                    author, text = one_line(attribute(comment, "author")), one_line(self._text(comment))
                    self._asides.append([f"Comment ({author}): {text}" if author else text])
            case "txbxContent":
                self._boxes.append(each)
            case "docPr":
                alt = one_line(attribute(each, "descr"))
                self._asides.append([] if is_own_alt(alt) else [alt])
            case "chart" | "relIds":
                self._asides.append(drawing_rows(self._package, each, self._relations))
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

    def _field(self, mark: etree._Element, parts: list[str]) -> None:
        kind = attribute(mark, "fldCharType")
        if kind == "begin":
            self._fields.append(_instruction(mark))
            parts += _form_value(mark)
        elif kind == "separate" and self._is_in_counted():
            parts.append(_HIDDEN_NUMBER)
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _is_in_counted(self) -> bool:
        return any(_COUNTED.match(field) for field in self._fields)

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

    def _furniture(self, kind: str) -> None:
        """The headers or footers of a section, each one once in the document, without page numbers."""
        if not self._sections:
            return
        for reference in (each for each in self._sections[self._section] if local(each) == kind):
            relation = self._relations.get(attribute(reference, "id"))
            if relation and relation.target in self._package.archive and relation.target not in self._seen:
                self._seen.add(relation.target)
                self._blocks(self._package.archive.xml(relation.target))

    def _end_section(self) -> None:
        if self._section + 1 >= len(self._sections):
            return
        self._section += 1
        first = self._first_number()
        if value(self._sections[self._section], "type") != "continuous":
            self._number = first - 1 if first != 1 or self._restarts() else self._number
            self._break("before")
        self._furniture("headerReference")

    def _restarts(self) -> bool:
        counting = child(self._sections[self._section], "pgNumType") if self._sections else None
        return counting is not None and bool(attribute(counting, "start"))

    def _first_number(self) -> int:
        counting = child(self._sections[self._section], "pgNumType") if self._sections else None
        start = "" if counting is None else attribute(counting, "start")
        return int(start) if start.isdecimal() and len(start) < 6 else 1

    def _next_label(self) -> str:
        self._number += 1
        counting = child(self._sections[self._section], "pgNumType") if self._sections else None
        return spelt(self._number, "" if counting is None else attribute(counting, "fmt"))

    def _break(self, kind: str) -> None:
        """Begin a page; "rendered" and "before" add nothing to a break that was "asked" for at the same place."""
        if kind == "asked" or not (self._is_fresh or (self._writer.is_blank and kind == "before")):
            self._writer.page(self._next_label())
        self._is_fresh = kind != "rendered"


def _sections(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in descendants(root, "sectPr") if local(each.getparent()) in ("pPr", "body"))


def _below(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements of a name, through what only wraps them, and not within each other."""
    for each in parent:
        found = local(each)
        if found == name:
            yield each
        elif found == "AlternateContent":
            yield from _below(_choice(each), name)
        elif found not in _SKIPPED:
            yield from _below(each, name)


def _choice(alternatives: etree._Element) -> etree._Element:
    chosen = child(alternatives, "Choice")
    fallback = child(alternatives, "Fallback")
    return chosen if chosen is not None else alternatives if fallback is None else fallback


def _instruction(begin: etree._Element) -> str:
    """What a field is to show, of the runs after its beginning."""
    words = []
    run = begin.getparent()
    for each in [] if run is None else [run, *run.itersiblings()]:
        words += [part.text or "" for part in each if local(part) == "instrText"]
        if words and any(local(part) == "fldChar" for part in each):
            break
    return "".join(words)


def _form_value(begin: etree._Element) -> list[str]:
    """What a form of old versions shows: a box, ticked or not, or the chosen entry of a list."""
    data = child(begin, "ffData")
    if (box := child(data, "checkBox")) is not None:
        is_ticked = is_on(box, "checked") if child(box, "checked") is not None else is_on(box, "default")
        return ["☒" if is_ticked else "☐"]
    if (entries := child(data, "ddList")) is not None:
        chosen = value(entries, "result") or value(entries, "default") or "0"
        listed = [attribute(each, "val") for each in entries if local(each) == "listEntry"]
        return listed[int(chosen) : int(chosen) + 1] if chosen.isdecimal() else []
    return []


def _without_page_numbers(text: str) -> str:
    """A text without the parts, between tabs, that count pages."""
    if _HIDDEN_NUMBER not in text:
        return text
    return "\t".join(part for part in text.split("\t") if _HIDDEN_NUMBER not in part)
