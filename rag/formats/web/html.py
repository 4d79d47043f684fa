"""HTML: what a browser shows of it, without scripts, styles, hidden parts and menus. Nothing that it refers to is fetched."""

import re
from collections.abc import Iterator

from lxml import etree

from rag.errors import UnreadableFileError
from rag.formats.blocks import BULLET, PageWriter, one_line, raised
from rag.formats.cleaning import tidy_title
from rag.formats.protocol import FileToOpen, TextPages
from rag.formats.web.parsing import DROPPED, decode_html, parse_html

DEEPEST = 150  # elements within each other that are told apart; what is deeper is one text
MOST_COLUMNS = 200

_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main",
    "menu", "nav", "ol", "optgroup",
    "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "listing", "xmp", "plaintext",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_BOILERPLATE_ROLES = {"navigation", "search", "banner", "contentinfo"}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BROKEN_LINE = re.compile(r" *\n *")


def open_html(file: FileToOpen) -> TextPages:
    """A page, or parts of one that is long."""
    data = file.path.read_bytes()
    if not data:
        raise UnreadableFileError(f"{file.name} is empty (0 bytes).")
    decoded = decode_html(data, file.name)
    root = parse_html(decoded.text)
    writer = PageWriter()
    title = html_title(root)
    write_html(root, writer)
    return writer.file(title, notice=decoded.notice)


def html_title(root: etree._Element) -> str:
    """The title in its head, or ""."""
    found = next(root.iter("{*}title"), None)
    return tidy_title(found.text or "") if found is not None else ""


def write_html(root: etree._Element, writer: PageWriter) -> None:
    """Write what is seen of a document that `parse_html` made; menus too, where there is nothing else."""
    etree.strip_elements(root, *(f"{{*}}{tag}" for tag in DROPPED), etree.Comment, with_tail=False)
    has_main = any(one_line("".join(map(str, each.itertext()))) for each in root.iter("{*}main", "{*}article"))
    for skips in (True, False):
        walk = _Walk(writer, skips_menus=skips, skips_frame=has_main and skips)
        walk.blocks(root)
        if not writer.is_blank:
            return


class _Walk:
    """Collects words until a block begins or ends."""

    def __init__(self, writer: PageWriter, *, skips_menus: bool, skips_frame: bool) -> None:
        self._writer = writer
        self._skips_menus, self._skips_frame = skips_menus, skips_frame
        self._words: list[str] = []
        self._items: list[list[str]] = []  # for each list that is open, the mark of its item, "" once that is written
        self._depth = 0

    def blocks(self, element: etree._Element) -> None:
        """An element and what is in it, as blocks."""
        self._visit(element)
        self.flush()

    def _visit(self, element: etree._Element) -> None:
        name = _name(element)
        if not name or self._is_left_out(element, name):
            return
        self._depth += 1
        if self._depth > DEEPEST:
            self._words.append(_SPACE.sub(" ", _flat(element)))
        elif name in _BLOCKS or name in _HEADINGS:
            self.flush()
            self._block(element, name)
            self.flush()
        else:
            self._inline(element, name)
        self._depth -= 1

    def inside(self, element: etree._Element) -> None:
        self._words.append(_SPACE.sub(" ", element.text or ""))
        for each in element:
            self._visit(each)
            self._words.append(_SPACE.sub(" ", each.tail or ""))

    def _inline(self, element: etree._Element, name: str) -> None:
        match name:
            case "br":
                self._words.append("\n")
            case "img":
                self._words.append(f" {_SPACE.sub(' ', element.get('alt') or '')} ")
            case "input":
                is_typed = element.get("type", "text").lower() in ("text", "email", "number", "date", "tel", "url", "search")
                self._words.append(f" {_SPACE.sub(' ', element.get('value') or '')} " if is_typed else "")
            case "sup":
                before, self._words = self._words, []
                self.inside(element)
                self._words = [*before, raised("".join(self._words))]
            case "q":
                self._words.append("“")
                self.inside(element)
                self._words.append("”")
            case _:
                self.inside(element)

    def _block(self, element: etree._Element, name: str) -> None:
        match name:
            case "pre" | "listing" | "xmp" | "plaintext":
                self._writer.verbatim(_preformatted(element))
            case "table":
                self._table(element)
            case "ul" | "ol" | "menu" | "dir":
                self._list(element, name)
            case "dl":
                self._definitions(element)
            case _ if name in _HEADINGS:
                self._writer.heading(_HEADINGS[name], self._text(element))
            case _:
                self.inside(element)

    def flush(self) -> None:
        text = _BROKEN_LINE.sub("\n", re.sub(" {2,}", " ", "".join(self._words))).strip()
        self._words.clear()
        if not text:
            return
        if self._items:
            self._writer.item(text, len(self._items) - 1, self._items[-1][0])
            self._items[-1][0] = ""
        else:
            self._writer.paragraph(text)

    def _list(self, element: etree._Element, name: str) -> None:
        start = element.get("start", "1")
        number = int(start) - 1 if re.fullmatch(r"-?\d{1,6}", start) else 0
        for each in element:
            if _name(each) == "li" and not self._is_left_out(each, "li"):
                given = each.get("value", "")
                number = int(given) if re.fullmatch(r"-?\d{1,6}", given) else number + 1
                self._items.append([f"{number}." if name == "ol" else BULLET])
                self._visit(each)
                self._items.pop()
            else:
                self._visit(each)
            self.flush()

    def _definitions(self, element: etree._Element) -> None:
        """Each term and what follows it, on a line where that is no block of its own."""
        term = ""
        groups = ([each] if _name(each) != "div" else list(each) for each in element)
        for each in (each for group in groups for each in group):
            name = _name(each)
            if name == "dd" and term and not any(_name(below) in _BLOCKS for below in each.iterdescendants()):
                self._writer.paragraph(f"{term} {self._text(each)}" if term.endswith(":") else f"{term}: {self._text(each)}")
                term = ""
                continue
            self._writer.paragraph(term)
            term = self._text(each) if name == "dt" else ""
            if name != "dt":
                self._visit(each)
                self.flush()
        self._writer.paragraph(term)

    def _table(self, table: etree._Element) -> None:
        for caption in (each for each in table if _name(each) == "caption"):
            self._writer.paragraph(self._text(caption))
        rows = [row for row in _rows(table) if not self._is_left_out(row, "tr")]
        cells = [[each for each in row if _name(each) in ("td", "th") and not self._is_left_out(each, "td")] for row in rows]
        if _only_places(table, cells):
            for cell in (cell for row in cells for cell in row):
                self._visit(cell)
                self.flush()
            return
        open_spans: dict[int, int] = {}
        for index, row in enumerate(cells):
            texts: list[str] = []
            for cell in row:
                _skip(texts, open_spans)
                width, height = _span(cell, "colspan"), _span(cell, "rowspan")
                open_spans |= {place: height for place in range(len(texts), len(texts) + width) if height > 1}
                texts += [one_line(self._text(cell)), *[""] * (width - 1)]
            _skip(texts, {place: left for place, left in open_spans.items() if place >= len(texts)})
            open_spans = {place: left - 1 for place, left in open_spans.items() if left > 1}
            self._writer.row(texts, is_first=not index)

    def _text(self, element: etree._Element) -> str:
        """The words of an element, its blocks as lines."""
        writer = PageWriter()
        walk = _Walk(writer, skips_menus=self._skips_menus, skips_frame=self._skips_frame)
        walk._depth = self._depth
        walk.inside(element)
        walk.flush()
        return "\n".join(page.text for page in writer.contents())

    def _is_left_out(self, element: etree._Element, name: str) -> bool:
        attributes = element.attrib
        if "hidden" in attributes or ("style" in attributes and _HIDDEN_STYLE.search(str(attributes["style"]))):
            return True
        if name == "dialog" and "open" not in attributes:
            return True
        role = str(attributes.get("role", ""))
        if self._skips_menus and (name == "nav" or role in ("navigation", "search")):
            return True
        above = element.getparent()
        is_frame = name in ("header", "footer") and above is not None and _name(above) in ("body", "div")
        return self._skips_frame and (role in _BOILERPLATE_ROLES or (is_frame and not _is_within_main(element)))


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _is_within_main(element: etree._Element) -> bool:
    return any(_name(above) in ("main", "article") for above in element.iterancestors())


def _flat(element: etree._Element) -> str:
    """All words of an element as one text."""
    parts = []
    for event, each in etree.iterwalk(element, events=("start", "end")):
        parts.append(" " if _name(each) in _BLOCKS else "")
        parts.append((each.text if event == "start" else each.tail if each is not element else "") or "")
    return "".join(parts)


def _preformatted(element: etree._Element) -> str:
    for each in element.iter("{*}br"):
        each.tail = "\n" + (each.tail or "")
    return "".join(map(str, element.itertext()))


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for each in table:
        if _name(each) == "tr":
            yield each
        elif _name(each) in ("thead", "tbody", "tfoot"):
            yield from (row for row in each if _name(row) == "tr")


def _only_places(table: etree._Element, cells: list[list[etree._Element]]) -> bool:
    """Whether a table is there for the look of the page: one column, or with tables, headings or lists of items in its cells."""
    if table.get("role") in ("presentation", "none") or all(len(row) <= 1 for row in cells):
        return True
    return next(table.iterdescendants("{*}table", *(f"{{*}}{name}" for name in _HEADINGS)), None) is not None


def _span(cell: etree._Element, name: str) -> int:
    given = cell.get(name, "")
    return max(1, min(int(given), MOST_COLUMNS)) if re.fullmatch(r"\d{1,5}", given) else 1


def _skip(texts: list[str], open_spans: dict[int, int]) -> None:
    """Leave the places empty that cells of the rows above reach down to."""
    while len(texts) in open_spans:
        texts.append("")
