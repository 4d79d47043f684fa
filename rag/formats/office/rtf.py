r"""RTF, a stream of words and commands in groups: the libraries that read it keep hidden words and drop notes, boxes and pages.

A page ends where the file says `\page`, or where a section begins on a new one. Footnotes stand at the end of their page.
"""

import codecs
import re
from dataclasses import dataclass, field, replace

from rag.errors import UnreadableFileError
from rag.formats.blocks import BULLET, PageWriter, one_line, raised
from rag.formats.cleaning import tidy_title
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

MOST_GROUPS = 10_000  # within each other

_TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\", re.DOTALL)
_FONT = re.compile(rb"\\f(\d{1,5})[^;{}]*?\\fcharset(\d{1,3})")
_HEADING_STYLE = re.compile(rb"\{\\s(\d{1,5})\b[^{};]*?\bheading ([1-9])[;,]")
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255",
    178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437",
}  # fmt: skip
_CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "zwj": "\u200d", "zwnj": "\u200c", "nestcell": " ", "nestrow": " ",
}  # fmt: skip
_SIGNS = {b"~": " ", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\"}
_TARGETS = {
    "footnote": "note", "annotation": "comment", "atnauthor": "author", "title": "title", "listtext": "mark", "pntext": "mark",
    "shptxt": "box", "header": "header", "headerr": "header", "headerl": "header", "headerf": "header", "footer": "footer",
    "footerr": "footer", "footerl": "footer", "footerf": "footer", "fldrslt": "", "mmathPr": "",
}  # fmt: skip
"""Groups that are read, and as what; "" as what is around them."""
_SKIPPED = {
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "fldinst", "xe", "tc", "filetbl", "bkmkstart", "bkmkend", "sp",
    "shprslt", "nonshppict", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "private", "template",
    "listtable", "shpinst", "author",
    "operator", "subject", "keywords", "comment", "doccomm", "company", "category", "manager", "creatim", "revtim", "printim", "buptim",
}  # fmt: skip
_CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_COUNTED = "\f"  # where a header counts pages


def open_rtf(file: FileToOpen) -> TextPages:
    """Read it from end to end."""
    data = file.path.read_bytes()
    if not data:
        raise UnreadableFileError(f"{file.name} is empty (0 bytes).")
    start = data.find(b"{\\rtf")
    if start < 0:
        raise NotReadableError("it does not begin as one")
    reader = _Reader(data)
    reader.read(start)
    contents = reader.writer.contents()
    return TextPages(contents, reader.title or next((title for page in contents for _, title, _ in page.headings), ""))


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within a group."""

    target: str = "body"
    around: str = "body"  # the target before the group that gives the same words twice, of which one is read
    depth: int = 0  # of the group that chose the target
    is_hidden: bool = False
    is_raised: bool = False
    codec: str = ""
    skip: int = 1  # characters for old programs after one of Unicode


@dataclass(slots=True)
class _Paragraph:
    """How the paragraph that is being read is shown."""

    heading: int = 0
    is_in_table: bool = False
    level: int = 0
    mark: str = ""


@dataclass(slots=True)
class _Pending:
    """What waits for its place: cells of a row, boxes and comments of a paragraph, footers."""

    cells: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    author: str = ""
    breaks_page: bool = False


class _Reader:
    """Goes from one token to the next."""

    def __init__(self, data: bytes) -> None:
        self.writer = PageWriter()
        self.title = ""
        self._data = data
        self._fonts = {number: _CHARSETS[int(kind)] for number, kind in _FONT.findall(data) if int(kind) in _CHARSETS}
        self._headings = {int(number): int(level) for number, level in _HEADING_STYLE.findall(data)}
        self._ansi = "cp1252"
        self._state = _State()
        self._stack: list[_State] = []
        self._texts: dict[str, list[str]] = {}
        self._raw = bytearray()
        self._to_skip = 0
        self._is_optional = False  # after "\*": a group that is read only by those who know it
        self._paragraph = _Paragraph()
        self._pending = _Pending()
        self._notes = 0
        self._page = 1

    def read(self, at: int) -> None:
        """Read the group that begins at an offset."""
        while token := _TOKEN.match(self._data, at):
            at = token.end()
            word, number, pair, sign, brace, text = token.groups()
            if text is not None or pair is not None:
                self._bytes(text if text is not None else bytes([int(pair, 16)]))
                continue
            if word is None and sign is None and brace is None:
                continue
            self._decode()
            if word is not None:
                at += self._word(word.decode("ascii"), None if number is None else int(number))
            elif sign is not None:
                self._sign(sign)
            elif brace == b"{":
                self._open()
            elif not self._close():
                break
        self._decode()
        self._end_paragraph()
        for text in self._pending.footers:
            self.writer.paragraph(text)

    def _open(self) -> None:
        self._stack.append(self._state)
        self._to_skip = 0
        if len(self._stack) > MOST_GROUPS:
            raise NotReadableError("its groups are nested too deeply")

    def _close(self) -> bool:
        """End a group; whether it was not the last."""
        before, depth = self._state, len(self._stack)
        self._state = self._stack.pop() if self._stack else before
        self._to_skip = 0
        if before.depth == depth and before.target in self._texts and before.target != "body":
            self._deliver(before.target, "".join(self._texts.pop(before.target)))
        return bool(self._stack)

    def _deliver(self, target: str, text: str) -> None:
        """What a group of its own held goes where it belongs."""
        pending = self._pending
        match target:
            case "note":
                self.writer.note(text)
            case "author":
                pending.author = one_line(text)
            case "comment":
                pending.asides.append(f"Comment ({pending.author}): {one_line(text)}" if pending.author else text)
            case "box":
                pending.asides.append(text)
            case "title":
                self.title = self.title or tidy_title(text)
            case "mark":
                mark = text.strip()
                self._paragraph.mark = mark if any(map(str.isalnum, mark)) else BULLET
            case "header" | "footer":
                words = "\t".join(part for part in text.strip().split("\t") if _COUNTED not in part)
                if words and words not in pending.seen:
                    pending.seen.add(words)
                    self.writer.paragraph(words) if target == "header" else pending.footers.append(words)

    def _put(self, text: str) -> None:
        state = self._state
        if text and state.target != "skip" and not state.is_hidden:
            if self._pending.breaks_page and state.target == "body" and text.strip():
                self._new_page()
            self._texts.setdefault(state.target, []).append(raised(text) if state.is_raised else text)

    def _bytes(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if self._state.target != "skip":
            self._raw += data[skipped:]

    def _decode(self) -> None:
        if self._raw:
            text = self._raw.decode(self._state.codec or self._ansi, "replace")
            self._raw.clear()
            self._put(text)

    def _sign(self, sign: bytes) -> None:
        self._to_skip = 0
        if sign == b"*":
            self._is_optional = True
        elif sign in b"\r\n":
            self._end_line()
        else:
            self._put(_SIGNS.get(sign, ""))

    def _word(self, word: str, number: int | None) -> int:
        """Follow a command; how many bytes of data after it are no text."""
        is_optional, self._is_optional = self._is_optional, False
        self._to_skip = 0
        if word == "bin":
            return max(number or 0, 0)
        if word in _TARGETS and (self._state.target != "skip" or word in ("title", "shptxt")):
            if _TARGETS[word]:
                self._state = replace(self._state, target=_TARGETS[word], depth=len(self._stack))
        elif word == "upr":
            self._state = replace(self._state, target="skip", around=self._state.target)
        elif word == "ud":
            self._state = replace(self._state, target=self._state.around)
        elif word in _SKIPPED or is_optional:
            self._state = replace(self._state, target="skip")
        elif self._state.target != "skip" or word == "ansicpg":
            self._text_word(word, number)
        return 0

    def _text_word(self, word: str, number: int | None) -> None:
        if word in _CHARACTERS:
            self._put(_CHARACTERS[word])
        elif word == "u" and number is not None:
            self._put(chr(number % 0x10000))
            self._to_skip = self._state.skip
        elif word in ("par", "sect", "page", "cell", "row"):
            self._end(word)
        elif word == "chftn":
            self._notes += self._state.target == "body"
            self._put(raised(str(self._notes)))
        elif word in ("chpgn", "sectnum"):
            self._put(_COUNTED)
        else:
            self._look(word, number)

    def _look(self, word: str, number: int | None) -> None:
        """A command that changes how what follows is shown."""
        state, paragraph = self._state, self._paragraph
        match word:
            case "v" | "deleted" | "super" | "nosupersub" | "sub" | "plain":
                is_hidden = number != 0 if word in ("v", "deleted") else state.is_hidden and word != "plain"
                is_raised = number != 0 if word == "super" else state.is_raised and word in ("v", "deleted")
                self._state = replace(state, is_hidden=is_hidden, is_raised=is_raised)
            case "uc":
                self._state = replace(state, skip=max(number or 0, 0))
            case "f":
                self._state = replace(state, codec=self._fonts.get(str(number).encode(), ""))
            case "ansicpg" | "mac" | "pc" | "pca":
                self._ansi = _CODE_PAGES.get(word) or _codec(number)
            case "pagebb" | "sbkpage":
                self._pending.breaks_page = True
            case "sbknone":
                self._pending.breaks_page = False
            case _ if state.target == "body":
                _look_of_paragraph(paragraph, word, number or 0, self._headings)
                if word == "pard":
                    self._paragraph = _Paragraph(mark=paragraph.mark)

    def _end(self, word: str) -> None:
        if self._state.target != "body":
            self._put("\n")
        elif word == "cell":
            self._pending.cells.append(self._taken())
            self._paragraph.mark = ""
        elif word == "row":
            cells, self._pending.cells = self._pending.cells, []
            self.writer.row(cells)
            self._emit_asides()
        else:
            self._end_line()
            self._pending.breaks_page = self._pending.breaks_page or word == "sect"
            if word == "page":
                self._new_page()

    def _end_line(self) -> None:
        if self._state.target != "body" or self._paragraph.is_in_table:
            self._put("\n")
        else:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        text, paragraph = self._taken(), self._paragraph
        if paragraph.heading:
            self.writer.heading(paragraph.heading, f"{paragraph.mark} {text}" if paragraph.mark not in ("", BULLET) else text)
        elif paragraph.mark:
            self.writer.item(text, paragraph.level, paragraph.mark)
        else:
            self.writer.paragraph(text)
        paragraph.mark = ""
        self._emit_asides()

    def _emit_asides(self) -> None:
        asides, self._pending.asides = self._pending.asides, []
        for aside in asides:
            self.writer.paragraph(aside)

    def _taken(self) -> str:
        return "".join(self._texts.pop("body", []))

    def _new_page(self) -> None:
        self._pending.breaks_page = False
        if self._page > 1 or not self.writer.is_blank:
            self._page += 1
            self.writer.page(str(self._page))


def _look_of_paragraph(paragraph: _Paragraph, word: str, number: int, headings: dict[int, int]) -> None:
    match word:
        case "s":
            paragraph.heading = headings.get(number, 0)
        case "outlinelevel":
            paragraph.heading = number + 1 if 0 <= number < 9 else 0
        case "intbl":
            paragraph.is_in_table = True
        case "ilvl":
            paragraph.level = max(number, 0)


def _codec(number: int | None) -> str:
    try:
        return codecs.lookup("mac_roman" if number == 10000 else f"cp{number}").name
    except LookupError:
        return "cp1252"
